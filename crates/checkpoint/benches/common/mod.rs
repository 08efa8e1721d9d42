//! What several benchmarks time: a model without work, chains without pattern, and a walk through
//! all actions of a schedule.
#![allow(dead_code, reason = "every benchmark uses its part")]

use std::convert::Infallible;
use std::hint::black_box;
use std::ops::Range;

use retrograd_checkpoint::{Action, Chain, ChainColumns, Data, Model};

/// A model without work: what is left is the executor's time.
pub(crate) struct Idle;

impl Model for Idle {
    type Snapshot = u64;
    type Error = Infallible;
    fn advance(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        black_box(steps);
        Ok(())
    }
    fn record(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        self.advance(steps)
    }
    fn reverse(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        self.advance(steps)
    }
    fn save(&mut self, _: Data, _: u64) -> Result<u64, Infallible> {
        Ok(black_box(0))
    }
    fn restore(&mut self, kind: Data, step: u64, from: &u64) -> Result<(), Infallible> {
        self.take(kind, step, *from)
    }
    fn take(&mut self, _: Data, _: u64, from: u64) -> Result<(), Infallible> {
        black_box(from);
        Ok(())
    }
}

/// Iterates `actions` to the end and counts them. They are folded into a checksum, without which
/// the loop would be optimised away.
pub(crate) fn walk(actions: impl Iterator<Item = Action>) -> u64 {
    let (count, sum) = actions.fold((0_u64, 0_u64), |(count, sum), action| {
        (count + 1, sum.wrapping_mul(3).wrapping_add(first_step(&action)))
    });
    black_box(sum);
    count
}

fn first_step(action: &Action) -> u64 {
    match action {
        Action::Advance { steps } | Action::Record { steps } | Action::Reverse { steps } => {
            steps.start
        }
        Action::Store { step, .. } | Action::Load { step, .. } | Action::Discard { step, .. } => {
            *step
        }
    }
}

/// Numbers without pattern below a bound, by a linear congruence.
pub(crate) fn draws() -> impl FnMut(u64) -> u64 {
    let mut state = 1_u64;
    move |below| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    }
}

/// A chain whose sizes and times vary without pattern, and the bytes of a quarter of what keeping
/// everything takes.
pub(crate) fn chain(stages: usize) -> (Chain, u64) {
    let mut draw = draws();
    let x: Vec<u64> = (0..=stages).map(|_| 1 + draw(20)).collect();
    let times =
        |draw: &mut dyn FnMut(u64) -> u64| (0..stages).map(|_| 1.0 + draw(9) as f64).collect();
    let f: Vec<f64> = times(&mut draw);
    let columns = ChainColumns {
        xb: x.iter().map(|x| x + draw(40)).collect(),
        ff: f.clone(),
        b: f.iter().map(|f| 2.0 * f).collect(),
        f,
        tf: (0..stages).map(|_| draw(3)).collect(),
        tn: (0..stages).map(|_| draw(3)).collect(),
        tb: (0..=stages).map(|_| draw(3)).collect(),
        x,
    };
    let chain = Chain::from_columns(&columns).expect("should be a chain");
    let everything: u64 = chain.stages().iter().map(|stage| stage.recordings[0].bytes).sum();
    (chain, everything / 4)
}
