//! One evaluation of misfit and gradient, as the checkpointing executor sees it.

use std::ops::Range;

use retrograd_checkpoint::codec::{Element, FieldShape};
use retrograd_checkpoint::tier::Payload;
use retrograd_checkpoint::{Data, Model, Resumable};
use retrograd_compile::Adjoint;
use retrograd_compile::adjoint::{FORWARD, RECORD, REVERSE};
use retrograd_ir::{DType, FieldId, SparseId};
use retrograd_runtime::{Session, Snapshot};

use crate::error::Error;
use crate::gradient::{Progress, Residual};
use crate::simulation::Simulation;

/// Restart data (the kept levels of the wavefields) or adjoint data (what is recorded of a step).
#[derive(Clone, Debug)]
pub struct State(pub(crate) Snapshot);

impl Payload for State {
    fn fields(&self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &[u8])) {
        self.0.for_each(scratch, &mut |dtype, extents, bytes| each(shape(dtype, extents), bytes));
    }

    fn fields_mut(&mut self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &mut [u8])) {
        self.0
            .for_each_mut(scratch, &mut |dtype, extents, bytes| each(shape(dtype, extents), bytes));
    }

    fn append_to(&self, out: &mut Vec<u8>, _scratch: &mut Vec<u8>) {
        self.0.append_to(out);
    }

    fn fill_from(&mut self, from: &[u8], _scratch: &mut Vec<u8>) -> bool {
        self.0.fill_from(from)
    }
}

fn shape(dtype: DType, extents: [usize; 3]) -> FieldShape {
    let element = match dtype {
        DType::F32 => Element::F32,
        DType::F64 => Element::F64,
    };
    FieldShape::new(element, extents).expect("a function that is in memory can be counted")
}

/// One evaluation, as the checkpointing executor sees it.
pub(crate) struct Sweep<'a, F> {
    pub(crate) simulation: &'a mut Simulation,
    pub(crate) adjoint: &'a Adjoint,
    pub(crate) states: Vec<FieldId>,
    pub(crate) misfit: F,
    /// The misfit, once the forward sweep has reached its end.
    pub(crate) value: Option<f64>,
}

impl<F: FnMut(usize, Residual<'_>) -> f64> Sweep<'_, F> {
    fn session(&mut self) -> &mut Session {
        &mut self.simulation.session
    }

    /// Both sweeps with adjoint data of every `every`-th step alone, multiplied by `every`; the
    /// others read zeros.
    pub(crate) fn run_sampled(&mut self, every: usize) -> Result<Progress, Error> {
        let steps = self.simulation.steps();
        self.session().set_tape_window(0..steps);
        for step in 0..steps {
            let kind = if step % every == every / 2 { RECORD } else { FORWARD };
            self.session().run(kind, [step])?;
            if kind == RECORD && every > 1 {
                self.session().scale_tape_entry(step, every as f64);
            }
        }
        self.turn()?;
        for step in (0..steps).rev() {
            self.session().run(REVERSE, [step])?;
            self.session().drop_tape_entry(step);
        }
        let recorded = (0..steps).filter(|step| step % every == every / 2).count() as u64;
        let (advances, reversed) = (steps as u64 - recorded, steps as u64);
        Ok(Progress { advances, recorded, reversed, ..Progress::default() })
    }

    /// The turn: all samples are there, the reverse sweep is about to begin.
    fn turn(&mut self) -> Result<(), Error> {
        let steps = self.simulation.steps();
        self.simulation.check_finite(steps)?;
        let mut total = 0.0;
        for (number, &(series, twin)) in self.adjoint.outputs.iter().enumerate() {
            let session = &mut self.simulation.session;
            let synthetic: Vec<f64> = session.series(series);
            let mut cotangent = vec![0.0; synthetic.len()];
            let points = session.points(series);
            let residual =
                Residual { points, steps, synthetic: &synthetic, cotangent: &mut cotangent };
            total += (self.misfit)(number, residual);
            session.set_series(twin, &cotangent);
        }
        self.value = Some(total);
        Ok(())
    }
}

fn range(steps: &Range<u64>) -> Range<usize> {
    steps.start as usize..steps.end as usize
}

impl<F: FnMut(usize, Residual<'_>) -> f64> Model for Sweep<'_, F> {
    type Snapshot = State;
    type Error = Error;

    fn advance(&mut self, steps: Range<u64>) -> Result<(), Error> {
        Ok(self.session().run(FORWARD, range(&steps))?)
    }

    fn record(&mut self, steps: Range<u64>) -> Result<(), Error> {
        let steps = range(&steps);
        self.session().set_tape_window(steps.clone());
        Ok(self.session().run(RECORD, steps)?)
    }

    fn reverse(&mut self, steps: Range<u64>) -> Result<(), Error> {
        if self.value.is_none() {
            self.turn()?;
        }
        self.session().run(REVERSE, range(&steps).rev())?;
        range(&steps).for_each(|step| self.session().drop_tape_entry(step));
        Ok(())
    }

    fn save(&mut self, kind: Data, step: u64) -> Result<State, Error> {
        let states = self.states.clone();
        Ok(State(match kind {
            Data::Restart => self.session().save(&states)?,
            Data::Adjoint => self.session().save_tape_entry(step as usize),
        }))
    }

    fn restore(&mut self, kind: Data, step: u64, from: &State) -> Result<(), Error> {
        self.take(kind, step, from.clone())
    }

    fn take(&mut self, kind: Data, step: u64, from: State) -> Result<(), Error> {
        match kind {
            Data::Restart => self.session().take(from.0),
            Data::Adjoint => self.session().take_tape_entry(step as usize, from.0),
        }
        Ok(())
    }

    fn stores_adjoint(&self) -> bool {
        true
    }

    /// Every run starts from a zero wavefield.
    fn restart(&mut self) -> Option<Result<(), Error>> {
        let states = self.states.clone();
        self.session().release(&states);
        Some(Ok(()))
    }
}

impl Simulation {
    /// Bytes that [`evaluate_resumable`](Self::evaluate_resumable) takes beside everything else,
    /// to write the state of the reverse sweep or to read it: the misfit, cotangents and gradients
    /// of series, gradients of functions and adjoint wavefields as f64, and the largest of these
    /// once more. Points are to be placed before; 0 without adjoint.
    pub fn sweep_bytes(&self) -> u64 {
        let Some(adjoint) = self.compiled.adjoint() else { return 0 };
        let pieces = self.sweep_pieces(adjoint);
        let largest = pieces.iter().max().copied().unwrap_or(0);
        (SWEEP_HEAD_BYTES + size_of::<f64>() * (pieces.iter().sum::<usize>() + largest)) as u64
    }

    /// Numbers of each piece of the state of a reverse sweep.
    fn sweep_pieces(&self, adjoint: &Adjoint) -> Vec<usize> {
        let session = &self.session;
        let mut pieces = vec![1];
        pieces.extend(twins(adjoint).iter().map(|s| session.points(*s) * session.steps()));
        pieces.extend(self.accumulators(adjoint).iter().map(|f| session.points_of(*f)));
        for field in self.adjoint_states() {
            pieces.extend(std::iter::repeat_n(session.points_of(field), session.levels(field)));
        }
        pieces
    }
}

/// What stands before the model's part in the file of a sweep, at most.
const SWEEP_HEAD_BYTES: usize = 64;

/// Series that the reverse sweep reads or writes: cotangents and gradients.
fn twins(adjoint: &Adjoint) -> Vec<SparseId> {
    let pairs = adjoint.outputs.iter().chain(&adjoint.inputs);
    pairs.map(|(_, twin)| *twin).collect()
}

/// What a reverse sweep has made, one behind the other: the misfit, cotangents and gradients of
/// series, gradients of functions, levels of the adjoint wavefields. All as f64, which holds
/// every f32.
impl<F: FnMut(usize, Residual<'_>) -> f64> Resumable for Sweep<'_, F> {
    fn save_sweep(&mut self, into: &mut Vec<u8>) -> Result<(), Error> {
        let numbers = self.simulation.sweep_pieces(self.adjoint).iter().sum::<usize>();
        into.reserve_exact(size_of::<f64>() * numbers);
        into.extend(self.value.unwrap_or(f64::NAN).to_le_bytes());
        let session = &self.simulation.session;
        for series in twins(self.adjoint) {
            put(into, &session.series::<f64>(series));
        }
        for field in self.simulation.accumulators(self.adjoint) {
            put(into, &session.function::<f64>(field));
        }
        for field in self.simulation.adjoint_states() {
            for back in 0..session.levels(field) {
                put(into, &session.level::<f64>(field, back));
            }
        }
        Ok(())
    }

    fn load_sweep(&mut self, from: &[u8]) -> Result<(), Error> {
        let mut rest = from;
        let value = get(&mut rest, 1)?[0];
        self.value = (!value.is_nan()).then_some(value);
        for series in twins(self.adjoint) {
            let session = &mut self.simulation.session;
            let count = session.points(series) * session.steps();
            session.set_series(series, &get(&mut rest, count)?);
        }
        for field in self.simulation.accumulators(self.adjoint) {
            let session = &mut self.simulation.session;
            let values = get(&mut rest, session.points_of(field))?;
            session.set_function(field, &values)?;
        }
        for field in self.simulation.adjoint_states() {
            let session = &mut self.simulation.session;
            for back in 0..session.levels(field) {
                let values = get(&mut rest, session.points_of(field))?;
                session.set_level(field, back, &values)?;
            }
        }
        if rest.is_empty() { Ok(()) } else { Err(not_ours()) }
    }
}

fn put(into: &mut Vec<u8>, values: &[f64]) {
    for value in values {
        into.extend(value.to_le_bytes());
    }
}

fn get(from: &mut &[u8], count: usize) -> Result<Vec<f64>, Error> {
    let (head, rest) = from.split_at_checked(8 * count).ok_or_else(not_ours)?;
    *from = rest;
    Ok(head.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}

fn not_ours() -> Error {
    Error::Schedule("the state of the reverse sweep is not that of this simulation".to_owned())
}
