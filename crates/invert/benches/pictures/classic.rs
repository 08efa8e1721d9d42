//! Time and space of store-all, store-none, no reuse and memory reuse.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;

use retrograd::Storage;
use retrograd::checkpoint::plan::TierPlan;
use retrograd::checkpoint::schedule::AnySchedule;
use retrograd::checkpoint::{MemoryReuse, NoReuse, StoreAll, StoreNone};
use retrograd_invert::inversion::peak_rss_bytes;
use retrograd_plot::{AxisScale, Curves};

use crate::common::{Case, Failure, MIB, Shot};

const STEPS: [u64; 7] = [50, 100, 200, 400, 800, 1600, 3000];

/// Slots of the two with snapshots.
const SLOTS: u64 = 20;

/// Beyond this, the quadratic growth of store-none is clear.
const STORE_NONE_STEPS: u64 = 800;

const STRATEGIES: [&str; 4] = ["store-all", "store-none", "no-reuse", "memory-reuse"];

/// Draws seconds and peak memory of one gradient against the number of steps, each point a process
/// of its own.
pub(crate) fn draw(out: &Path) -> Result<(), Failure> {
    let chart =
        |title: &str, y: &str| Curves::new(title).x_axis("Steps").y_axis(y).scale(AxisScale::Log10);
    let title = format!("One gradient of Marmousi; {SLOTS} snapshots where any are kept");
    let mut times = chart(&title, "Time (s)");
    let mut spaces = chart(&title, "Peak memory (MiB)");
    for strategy in STRATEGIES {
        let (mut at, mut seconds, mut mib) = (Vec::new(), Vec::new(), Vec::new());
        for steps in STEPS {
            if strategy == "store-none" && steps > STORE_NONE_STEPS {
                continue;
            }
            let row = format!("{strategy} {steps}");
            let done = Command::new(std::env::current_exe()?).args(["--classic", &row]).output()?;
            if !done.status.success() {
                return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
            }
            let text = String::from_utf8(done.stdout)?;
            let numbers: Vec<f64> = text.lines().map(str::parse).collect::<Result<_, _>>()?;
            let [taken, peak] = numbers[..] else { return Err("two numbers are due".into()) };
            println!("classic, {row} steps: {taken:.3} s, peak {peak:.1} MiB");
            at.push(steps as f64);
            seconds.push(taken);
            mib.push(peak);
        }
        times = times.line(strategy, &at, &seconds);
        spaces = spaces.line(strategy, &at, &mib);
    }
    times.draw()?.save(out.join("classic-time.png"))?;
    spaces.draw()?.save(out.join("classic-space.png"))?;
    Ok(())
}

/// One point: prints seconds and MiB.
pub(crate) fn run_row(row: &str, model: &Path) -> Result<(), Failure> {
    let Some((strategy, steps)) = row.split_once(' ') else { return Err("no such row".into()) };
    let steps: u64 = steps.parse()?;
    let (actions, slots) = match strategy {
        "store-all" => (AnySchedule::new(StoreAll::new(steps)), 0),
        "store-none" => (AnySchedule::new(StoreNone::new(steps)), 1),
        "no-reuse" => (AnySchedule::new(NoReuse::new(steps, SLOTS)?), SLOTS),
        "memory-reuse" => (AnySchedule::new(MemoryReuse::new(steps, SLOTS)?), SLOTS),
        _ => return Err(format!("no strategy {strategy}").into()),
    };
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut shot = Shot::new((Case::Marmousi, Some(steps as usize)), model, threads.get())?;
    let tiers = [TierPlan::Handles { slots }];
    let mut executor = Storage::default().executor(&tiers, &shot.simulation, threads)?;
    shot.evaluate(&mut executor, actions.clone())?;
    let seconds = shot.evaluate(&mut executor, actions)?;
    println!("{seconds}\n{}", peak_rss_bytes() as f64 / MIB as f64);
    Ok(())
}
