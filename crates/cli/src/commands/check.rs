//! `retrograd check`: the rules that need numbers, and the gradient certificate.

use std::fmt::Write as _;

use crate::cli::JobArgs;
use crate::job::Job;
use crate::numerics::{self, RunError};
use crate::outcome::{CheckOutcome, Verdict};
use crate::output::{self, Failure};
use crate::progress::Progress;

/// Checks `job`; a certificate that fails is printed and fails the command.
///
/// # Errors
/// If the tests cannot be run, or one of them fails.
pub fn run(args: &JobArgs, job: &Job) -> Result<(), Failure> {
    let format = args.common.format();
    let outcome = numerics::check(job, &Progress::new(format))?;
    output::print(format, &outcome, &describe(&outcome))?;
    if outcome.passed {
        return Ok(());
    }
    Err(RunError::new("the check failed").help("see the lines marked `failed`").into())
}

fn describe(outcome: &CheckOutcome) -> String {
    let mut text = String::new();
    for rule in &outcome.rules {
        let verdict = match rule.verdict {
            Verdict::Passed => "ok",
            Verdict::Warned => "warning",
            Verdict::Failed => "failed",
        };
        let _ = writeln!(text, "{verdict:<8} {}: {}", rule.name, rule.message);
    }
    let dot = outcome.dot_product;
    let _ = writeln!(
        text,
        "dot product   |<Fx, y> - <x, F^T y>| / |Fx| |y| = {:.2e}, allowed {:.0e}",
        dot.relative_error, dot.allowed
    );
    let _ = writeln!(text, "Taylor slopes first order  {}", slopes(&outcome.taylor.slopes_first));
    let _ = writeln!(text, "              second order {}", slopes(&outcome.taylor.slopes_second));
    if let Some(error) = outcome.gradient_error {
        let _ = writeln!(
            text,
            "encoded snapshots change the gradient by {:.1e}, allowed {:.1e}{}",
            error.relative_error,
            error.allowed,
            if error.relative_error > error.allowed {
                ": failed, take a smaller tolerance"
            } else {
                ""
            }
        );
    }
    text.push_str(if outcome.passed { "passed\n" } else { "failed\n" });
    text
}

fn slopes(slopes: &[f64]) -> String {
    slopes.iter().map(|slope| format!("{slope:.3}")).collect::<Vec<_>>().join("  ")
}
