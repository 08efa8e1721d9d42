//! `retrograd bench`: kernel speed beside the machine's own copy bandwidth.

use crate::cli::BenchArgs;
use crate::numerics;
use crate::output::{self, Failure};

/// Measures one case.
///
/// # Errors
/// If the kernel cannot be compiled or run.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    let outcome = numerics::bench(args.case, args.threads.map(usize::from))?;
    let text = format!(
        "{} on {} threads: {:.3} Gpoints/s\n{:.1} bytes per point, {:.1} GB/s, {:.0} % of a copy \
         ({:.1} GB/s, same run)\n",
        outcome.case,
        outcome.threads,
        outcome.gpoints_per_s,
        outcome.bytes_per_point,
        outcome.gb_per_s,
        100.0 * outcome.fraction_of_copy,
        outcome.copy_gb_per_s
    );
    output::print(args.format(), &outcome, &text)
}
