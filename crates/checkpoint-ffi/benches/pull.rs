//! Nanoseconds per adjoint step that a caller of C spends on a schedule, beside its own steps.
//!
//! ```text
//! cargo bench -p retrograd-checkpoint-ffi --bench pull
//! ```
//!
//! Revolve, pulled one action at a time, and by the array; the Rust iterator beside it. The
//! functions are those of the interface, which nobody inlines. The least of several interleaved
//! runs is printed.

use std::hint::black_box;
use std::ptr::null_mut;
use std::time::Instant;

use retrograd_checkpoint::Revolve;
use retrograd_checkpoint_ffi::handle::{Owned, Shared};
use retrograd_checkpoint_ffi::schedule::{
    rg_schedule_free, rg_schedule_reset, rg_schedule_revolve,
};
use retrograd_checkpoint_ffi::{
    rg_action, rg_schedule, rg_schedule_next, rg_schedule_pull, rg_status,
};

const RUNS: usize = 15;

/// Actions per call.
const ROOM: usize = 64;

fn main() {
    let head = ["steps", "slots", "actions/step", "Rust", "one by one", "by 64"];
    println!(
        "{:>9} {:>6} {:>13} {:>8} {:>11} {:>8}   ns per adjoint step",
        head[0], head[1], head[2], head[3], head[4], head[5]
    );
    for (steps, slots) in [(1_000, 10), (100_000, 10), (100_000, 100), (1_000_000, 30)] {
        let mut schedule: *mut rg_schedule = null_mut();
        let status = rg_schedule_revolve(steps, slots, 0, (&mut schedule).into());
        assert_eq!(status, rg_status::RG_OK);
        let mut least = [f64::INFINITY; 3];
        let mut actions = [0; 3];
        for _ in 0..RUNS {
            let ways: [&dyn Fn() -> u64; 3] = [
                &|| Revolve::new(steps, slots).map_or(0, |all| all.map(black_box).count() as u64),
                &|| one_by_one(schedule),
                &|| by_the_array(schedule),
            ];
            for ((way, least), actions) in ways.iter().zip(&mut least).zip(&mut actions) {
                let start = Instant::now();
                *actions = way();
                *least = least.min(start.elapsed().as_secs_f64() * 1e9 / steps as f64);
            }
        }
        assert!(actions[0] == actions[1] && actions[1] == actions[2], "{actions:?}");
        let each = actions[0] as f64 / steps as f64;
        let [rust, one, many] = least;
        println!("{steps:>9} {slots:>6} {each:>13.2} {rust:>8.1} {one:>11.1} {many:>8.1}");
        // SAFETY: made above, and not used again.
        rg_schedule_free(unsafe { Owned::new(schedule) });
    }
}

/// Pulls the whole schedule by `rg_schedule_next`.
fn one_by_one(schedule: *mut rg_schedule) -> u64 {
    // SAFETY: the caller's, who frees it afterwards.
    let handle = || unsafe { Shared::new(schedule) };
    rg_schedule_reset(handle());
    let (mut count, mut action) = (0, rg_action::default());
    while rg_schedule_next(handle(), (&mut action).into()) == rg_status::RG_OK {
        black_box(&action);
        count += 1;
    }
    count
}

/// Pulls the whole schedule by `rg_schedule_pull`.
fn by_the_array(schedule: *mut rg_schedule) -> u64 {
    // SAFETY: the caller's, who frees it afterwards.
    let handle = || unsafe { Shared::new(schedule) };
    rg_schedule_reset(handle());
    let (mut count, mut pulled, mut actions) = (0, 0, [rg_action::default(); ROOM]);
    // SAFETY: as much room as said.
    while unsafe {
        rg_schedule_pull(handle(), actions.as_mut_ptr(), ROOM as u64, (&mut pulled).into())
    } == rg_status::RG_OK
    {
        black_box(&actions[..pulled as usize]);
        count += pulled;
    }
    count
}
