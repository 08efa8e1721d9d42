//! When every lane of a machine does what, as the discrete-event simulator predicts it.

use std::collections::BTreeMap;

use retrograd_checkpoint::TierId;
use retrograd_checkpoint::simulate::{
    LaneId, Machine, Prediction, Span, TierSpeed, Work, simulate_watched,
};
use retrograd_plot::{Drawing, KindId, Look, TimeChart};
use serde::Serialize;

use super::draw::{FORWARD, RECORDED, REVERSE, TIERS};
use super::{Plan, Solved};
use crate::cli::schedule::TimelineArgs;
use crate::numerics::RunError;

const BAR: f64 = 22.0;
const WAITING: [u8; 3] = [222, 226, 230];
const LOADING: [u8; 3] = [196, 144, 16];

/// What a run would take.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Lanes {
    /// From the first action to the last.
    pub seconds: f64,
    /// Of these, steps.
    pub compute_seconds: f64,
    /// Of these, waiting for tiers.
    pub waited_seconds: f64,
    /// For how long each tier is busy.
    pub busy_seconds: BTreeMap<u32, f64>,
}

/// Simulates a schedule over several tiers, and draws what happens.
///
/// # Errors
/// If the times are too large to be added up, or there is nothing to draw.
pub fn timeline(solved: &Solved, args: &TimelineArgs) -> Result<(Lanes, Drawing), RunError> {
    let Plan::Steps { schedule, memory } = &solved.plan else {
        return Err(RunError::new("a timeline is for steps that are alike"));
    };
    let machine = machine(args, memory.tiers.len());
    // Background writes may go on behind the last action.
    let mut last: f64 = 0.0;
    let done =
        simulate_watched(&machine, schedule.clone(), |span| last = last.max(span.seconds.end));
    if !last.is_finite() {
        return Err(RunError::new("the times are too large to be added up").help("lower them"));
    }
    let queued = 1..if args.queue > 0 { memory.tiers.len() } else { 1 };
    let names = queued.clone().map(|k| format!("tier {k}"));
    let lanes = std::iter::once("compute".to_owned()).chain(names);
    let mut chart = TimeChart::lanes(&solved.title, [0.0, last], lanes)
        .remark(remark(args, &done))
        .time_axis("Time (s)");
    let kinds = Kinds::new(&mut chart);
    simulate_watched(&machine, schedule.clone(), |Span { lane, work, seconds, .. }| {
        let lane = match lane {
            LaneId::Compute => 0,
            LaneId::Tier(TierId(tier)) => tier,
        };
        let row = f64::from(lane);
        chart.add(kinds.of(work), [seconds.start, row], [seconds.end, row]);
    });
    let drawing =
        chart.draw().map_err(|error| RunError::of(error).help("draw one step at least"))?;
    Ok((lanes_of(&done), drawing))
}

fn lanes_of(done: &Prediction) -> Lanes {
    Lanes {
        seconds: done.seconds,
        compute_seconds: done.compute_seconds,
        waited_seconds: done.waited_seconds,
        busy_seconds: (0..).zip(done.busy_seconds.iter().copied()).collect(),
    }
}

fn remark(args: &TimelineArgs, done: &Prediction) -> String {
    let [write, read] = [args.write_seconds, args.read_seconds].map(Option::unwrap_or_default);
    let (forward, reverse) = (args.forward_seconds, args.reverse_seconds);
    let rounded = |seconds: f64| (1e6 * seconds).round() / 1e6;
    format!(
        "{} s, of which {} s waiting: a forward step takes {forward} s, a reverse step \
         {reverse} s, a write {write} s, a read {read} s, queues of {}",
        rounded(done.seconds),
        rounded(done.waited_seconds),
        args.queue
    )
}

/// The first tier is handles in RAM; the others take the times given for a snapshot of one byte.
fn machine(args: &TimelineArgs, tiers: usize) -> Machine {
    let per_second = |seconds: Option<f64>| 1.0 / seconds.unwrap_or_default();
    let slow = TierSpeed {
        write_bytes_per_second: per_second(args.write_seconds),
        read_bytes_per_second: per_second(args.read_seconds),
        queue: args.queue.into(),
        ..TierSpeed::HANDLES
    };
    let beyond = std::iter::repeat_n(slow, tiers.saturating_sub(1));
    Machine {
        forward_seconds: args.forward_seconds.into(),
        record_seconds: args.forward_seconds.into(),
        reverse_seconds: args.reverse_seconds.into(),
        restart_seconds: 0.0,
        restart_bytes: 1.into(),
        adjoint_bytes: 1.into(),
        tiers: std::iter::once(TierSpeed::HANDLES).chain(beyond).collect(),
    }
}

struct Kinds([KindId; 6]);

impl Kinds {
    fn new(chart: &mut TimeChart) -> Self {
        let kinds = [
            ("forward", FORWARD),
            ("recorded", RECORDED),
            ("reverse", REVERSE),
            ("write", TIERS[1]),
            ("read", LOADING),
            ("waiting", WAITING),
        ];
        Self(kinds.map(|(name, color)| chart.kind(name, Look::solid(color, BAR))))
    }

    fn of(&self, work: Work) -> KindId {
        let Self([forward, recorded, reverse, write, read, waiting]) = *self;
        match work {
            Work::Advance => forward,
            Work::Record => recorded,
            Work::Reverse => reverse,
            Work::Store => write,
            Work::Load => read,
            Work::Wait => waiting,
        }
    }
}
