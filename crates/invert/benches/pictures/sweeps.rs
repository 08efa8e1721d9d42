//! Where the sweep is, against the time of the clock.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::Path;

use retrograd::Storage;
use retrograd::checkpoint::codec::Codec;
use retrograd::checkpoint::plan::TierPlan;
use retrograd::checkpoint::schedule::{AnySchedule, Asynchronous};
use retrograd::checkpoint::{Action, Multistage, Revolve, StoreAll};
use retrograd_plot::{Look, TimeChart};

use crate::common::{Case, Failure, MIB, Shot};

const STEPS: u64 = 1000;

/// Draws one gradient each under store-all, Revolve, multistage and asynchronous.
pub(crate) fn draw(model: &Path, disk: &Path, out: &Path) -> Result<(), Failure> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut shot = Shot::new((Case::Marmousi, Some(STEPS as usize)), model, threads.get())?;
    let bytes = shot.simulation.workload(1, 1).snapshot_bytes;
    let handles = |slots| TierPlan::Handles { slots };
    let file = |slots: u64| TierPlan::File {
        folder: disk.to_owned(),
        capacity_bytes: (slots + 1) * (bytes + MIB),
        snapshot_bytes: bytes,
        codec: Codec::None,
        queue: 1,
    };
    let whole = Asynchronous::recording(STEPS, 50)?;
    let strategies: [(&str, &str, Vec<TierPlan>, AnySchedule); 4] = [
        (
            "store-all",
            "everything is kept",
            vec![handles(0)],
            AnySchedule::new(StoreAll::new(STEPS)),
        ),
        (
            "revolve",
            "10 snapshots in RAM",
            vec![handles(10)],
            AnySchedule::new(Revolve::new(STEPS, 10)?),
        ),
        (
            "multistage",
            "4 snapshots in RAM, 6 on disk",
            vec![handles(4), file(6)],
            AnySchedule::new(Multistage::new(STEPS, 4, 6)?),
        ),
        (
            "asynchronous",
            "a snapshot on disk every 50 steps, blocks recorded whole",
            vec![handles(0), file(whole.slow_slots())],
            AnySchedule::new(whole),
        ),
    ];
    let storage = Storage::default();
    for (name, what, tiers, actions) in strategies {
        let mut executor = storage.executor(&tiers, &shot.simulation, threads)?;
        shot.evaluate(&mut executor, actions.clone())?;
        let trace = shot.traced(&mut executor, actions.clone())?;
        let title = format!("{name}: one gradient of Marmousi, {STEPS} steps");
        let drawing = chart(&title, what, &trace.spans(actions), trace.seconds)?;
        drawing.save(out.join(format!("run-{name}.svg")))?;
        println!("sweep, {name} ({what}): {:.3} s", trace.seconds);
    }
    Ok(())
}

fn chart(
    title: &str,
    what: &str,
    spans: &[(Action, Range<f64>)],
    seconds: f64,
) -> Result<retrograd_plot::Drawing, Failure> {
    let mut chart = TimeChart::new(title, [0.0, seconds], [0.0, STEPS as f64])
        .remark(what)
        .time_axis("Time (s)")
        .y_axis("Step");
    let kept = [
        chart.kind("snapshot in RAM", Look::solid([112, 120, 130], 1.0)),
        chart.kind("snapshot on disk", Look::solid([128, 78, 160], 1.0)),
    ];
    let forward = chart.kind("forward", Look::solid([31, 102, 173], 1.6));
    let recorded = chart.kind("recorded", Look::solid([214, 84, 33], 2.2));
    let reverse = chart.kind("reverse", Look::solid([38, 139, 98], 2.2));
    let mut alive = BTreeMap::new();
    for (action, at) in spans {
        let mut stroke = |kind, from: u64, to: u64| {
            chart.add(kind, [at.start, from as f64], [at.end, to as f64]);
        };
        match action {
            Action::Advance { steps } => stroke(forward, steps.start, steps.end),
            Action::Record { steps } => stroke(recorded, steps.start, steps.end),
            Action::Reverse { steps } => stroke(reverse, steps.end, steps.start),
            Action::Store { step, tier, .. } => {
                alive.insert((*step, tier.0), at.start);
            }
            Action::Discard { step, tier, .. } => {
                if let Some(from) = alive.remove(&(*step, tier.0)) {
                    let level = *step as f64;
                    chart.add(kept[tier.0 as usize], [from, level], [at.end, level]);
                }
            }
            Action::Load { .. } => {}
        }
    }
    Ok(chart.draw()?)
}
