//! Times one schedule: how long it takes to make it, and to iterate all its actions.
//!
//! ```text
//! cargo run --release -p retrograd-checkpoint --example schedule_time -- h-revolve 10000 10 10
//! ```
//!
//! | family | numbers after the steps |
//! |---|---|
//! | `revolve` | slots |
//! | `multistage` | slots in RAM, on disk |
//! | `two-level` | period, slots in RAM |
//! | `disk-revolve`, `disk-revolve-one-read`, `periodic-disk-revolve` | slots in RAM |
//! | `h-revolve` | slots in RAM, on disk |
//! | `mixed` | units, one for the restart data and one for the adjoint data of a step |
//! | `chain` | levels of memory; for steps read stages, of sizes and times without pattern |
//! | `executor` | slots; Revolve followed by the executor over a model without work |
//!
//! Advanced and reversed steps cost 1, writes to disk and reads from it 5, memory nothing. Prints
//! one JSON object: `made_s` and `walked_s` in seconds, `actions`, and the `makespan` summed over
//! the actions, on a second walk that is not timed. `benches/peers/schedules.py` runs it.

#[path = "../benches/common/mod.rs"]
mod common;

use std::error::Error;
use std::time::Instant;

use common::{Idle, chain, walk};
use retrograd_checkpoint::{
    Action, ChainOptions, CostModel, DiskRevolve, Executor, HRevolve, Mixed, Multistage,
    Persistence, Revolve, ScheduleError, TierCost, TierSpec, TwoLevel,
};
use serde::Serialize;

const MEMORY: TierCost = TierCost { write: 0.0, read: 0.0 };
const DISK: TierCost = TierCost { write: 5.0, read: 5.0 };
/// Costs of an advanced and of a reversed step.
const UF: f64 = 1.0;
const UB: f64 = 1.0;

/// What took how long.
#[derive(Serialize)]
struct Timed {
    made_s: f64,
    walked_s: f64,
    actions: u64,
    makespan: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (family, numbers) = arguments.split_first().ok_or("which family, and how many steps?")?;
    let numbers: Vec<u64> =
        numbers.iter().map(|number| number.parse()).collect::<Result<_, _>>()?;
    let tiers =
        |ram, disk| [(ram, MEMORY), (disk, DISK)].map(|(slots, cost)| TierSpec { slots, cost });
    let timed = match (family.as_str(), numbers.as_slice()) {
        ("revolve", &[n, slots]) => timed(|| Revolve::new(n, slots)),
        ("multistage", &[n, ram, disk]) => timed(|| Multistage::new(n, ram, disk)),
        ("two-level", &[n, period, slots]) => timed(|| TwoLevel::new(n, period, slots)),
        ("disk-revolve", &[n, slots]) => timed(|| DiskRevolve::new(n, slots, DISK, UF, UB)),
        ("disk-revolve-one-read", &[n, slots]) => {
            timed(|| DiskRevolve::one_read(n, slots, DISK, UF, UB))
        }
        ("periodic-disk-revolve", &[n, slots]) => {
            timed(|| DiskRevolve::periodic(n, slots, DISK, UF, UB))
        }
        ("h-revolve", &[n, ram, disk]) => timed(|| HRevolve::new(n, &tiers(ram, disk), UF, UB)),
        ("mixed", &[n, units]) => timed(|| Mixed::new(n, units, 1, 1)),
        ("chain", &[stages, levels]) => timed_chain(stages, levels),
        ("executor", &[n, slots]) => timed_executor(n, slots),
        _ => return Err(format!("no `{family}` of {} numbers", numbers.len()).into()),
    };
    println!("{}", serde_json::to_string(&timed?)?);
    Ok(())
}

fn timed<S>(make: impl FnOnce() -> Result<S, ScheduleError>) -> Result<Timed, Box<dyn Error>>
where
    S: Iterator<Item = Action> + Clone,
{
    let start = Instant::now();
    let schedule = make()?;
    let made_s = start.elapsed().as_secs_f64();
    let again = schedule.clone();
    let start = Instant::now();
    let actions = walk(schedule);
    let walked_s = start.elapsed().as_secs_f64();
    Ok(Timed { made_s, walked_s, actions, makespan: makespan(again) })
}

/// Persistent schedules, as Rotor's are.
fn timed_chain(stages: u64, levels: u64) -> Result<Timed, Box<dyn Error>> {
    let (chain, budget) = chain(usize::try_from(stages)?);
    let options = ChainOptions { persistence: Persistence::Persistent, levels: Some(levels) };
    let start = Instant::now();
    let schedule = chain.solve_with(budget, options)?;
    let made_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let actions = walk(schedule.actions());
    let walked_s = start.elapsed().as_secs_f64();
    Ok(Timed { made_s, walked_s, actions, makespan: schedule.makespan() })
}

fn timed_executor(steps: u64, slots: u64) -> Result<Timed, Box<dyn Error>> {
    let start = Instant::now();
    let schedule = Revolve::new(steps, slots)?;
    let mut executor = Executor::new(slots)?;
    let made_s = start.elapsed().as_secs_f64();
    let again = schedule.clone();
    let start = Instant::now();
    let done = executor.run(&mut Idle, schedule)?;
    let walked_s = start.elapsed().as_secs_f64();
    Ok(Timed { made_s, walked_s, actions: done.actions, makespan: makespan(again) })
}

fn makespan(actions: impl Iterator<Item = Action>) -> f64 {
    CostModel { tiers: vec![MEMORY, DISK], ..CostModel::steps(UF, UB) }.makespan(actions)
}
