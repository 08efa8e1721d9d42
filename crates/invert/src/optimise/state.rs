//! The state of the optimiser as bytes: exact, compact, checked.
//!
//! Little-endian words of 64 bits: a mark, a version, the fields in the order of the structs, and
//! a checksum. Floats are their bits, so infinities, NaN and signed zeros come back; nothing is
//! printed and parsed. The mask of frozen cells takes one bit per cell.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use super::lbfgs::{Evaluated, Iteration, Lbfgs, Line, Phase};
use super::line_search::{LineSearch, Sample};
use super::options::LbfgsOptions;
use super::pairs::{Pair, Pairs};
use super::stop::StopReason;
use super::unknowns::Unknowns;
use crate::files::{self, FileError};
use crate::words::{Bad, Sink, Source};

/// `RGLBFGS` and the version of the layout.
const MARK: u64 = u64::from_le_bytes(*b"RGLBFGS1");

/// A state that cannot be continued from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file cannot be opened, read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The bytes are not a state, or not all of one.
    #[error(
        "{path}: not a state of the optimiser: {reason}\n  \
         help: the file is damaged or of another version; resume from an older one",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Lbfgs {
    /// Writes the whole state to a file, all or nothing. About `16 n (memory + 4)` bytes.
    ///
    /// # Errors
    /// [`FileError`] when the disk refuses.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        files::write_with(path, |writer| self.write_to(writer))
    }

    /// Reads a state that [`save`](Self::save) wrote, and continues with the same bits.
    ///
    /// # Errors
    /// [`StateError`] if the file cannot be read, or is not a whole, undamaged state.
    pub fn load(path: &Path) -> Result<Self, StateError> {
        let unreadable = |e| files::io_error(path, files::Action::Read, e);
        let file = File::open(path).map_err(unreadable)?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        Self::read_from(&mut reader).map_err(|error| match error {
            Bad::Io(error) => unreadable(error).into(),
            Bad::Bytes(reason) => StateError::Damaged { path: path.to_owned(), reason },
        })
    }

    fn write_to(&self, writer: &mut dyn Write) -> io::Result<()> {
        let mut sink = Sink::new(writer);
        sink.word(MARK)?;
        options(&mut sink, &self.options)?;
        sink.floats(&self.unknowns.start)?;
        sink.floats(&self.unknowns.lower)?;
        sink.floats(&self.unknowns.upper)?;
        sink.mask(&self.unknowns.frozen)?;
        phase(&mut sink, &self.phase)?;
        sink.floats(&self.point)?;
        evaluated(&mut sink, &self.at_point)?;
        sink.floats(&self.direction)?;
        sink.floats(&self.trial)?;
        sink.count(usize::from(self.at_low.is_some()))?;
        if let Some(at_low) = &self.at_low {
            evaluated(&mut sink, at_low)?;
        }
        sink.count(self.pairs.0.len())?;
        for pair in &self.pairs.0 {
            sink.floats(&pair.s)?;
            sink.floats(&pair.y)?;
        }
        sink.count(self.evaluations)?;
        sink.count(self.history.len())?;
        for iteration in &self.history {
            sink.count(iteration.evaluations)?;
            sink.float(iteration.value)?;
            sink.float(iteration.projected_gradient)?;
            sink.float(iteration.step)?;
            sink.float(iteration.largest_change)?;
        }
        sink.finish()
    }

    fn read_from(reader: &mut dyn Read) -> Result<Self, Bad> {
        let mut source = Source::new(reader);
        if source.word()? != MARK {
            return Err(Bad::Bytes("it does not begin as one"));
        }
        let options = read_options(&mut source)?;
        let unknowns = Unknowns {
            start: source.floats()?,
            lower: source.floats()?,
            upper: source.floats()?,
            frozen: source.mask()?,
        };
        let phase = read_phase(&mut source)?;
        let point = source.floats()?;
        let at_point = read_evaluated(&mut source)?;
        let (direction, trial) = (source.floats()?, source.floats()?);
        let at_low = match source.count()? {
            0 => None,
            _ => Some(read_evaluated(&mut source)?),
        };
        let mut pairs = Pairs::default();
        for _ in 0..source.count()? {
            pairs.0.push_back(Pair { s: source.floats()?, y: source.floats()? });
        }
        let evaluations = source.count()?;
        let mut history = Vec::new();
        for number in 0..source.count()? {
            history.push(Iteration {
                number,
                evaluations: source.count()?,
                value: source.float()?,
                projected_gradient: source.float()?,
                step: source.float()?,
                largest_change: source.float()?,
            });
        }
        source.finish()?;
        Ok(Self {
            options,
            unknowns,
            phase,
            point,
            at_point,
            direction,
            trial,
            at_low,
            pairs,
            evaluations,
            history,
        })
    }
}

fn options(sink: &mut Sink<'_>, options: &LbfgsOptions) -> io::Result<()> {
    for count in [
        options.memory,
        options.max_iterations,
        options.max_evaluations,
        options.max_trials,
        options.decrease_window,
        usize::from(options.largest_step.is_some()),
        usize::from(options.target.is_some()),
    ] {
        sink.count(count)?;
    }
    for float in [
        options.c1,
        options.c2,
        options.first_step,
        options.largest_step.unwrap_or(0.0),
        options.gradient_tolerance,
        options.relative_decrease_tolerance,
        options.target.unwrap_or(0.0),
        options.noise,
    ] {
        sink.float(float)?;
    }
    Ok(())
}

fn read_options(source: &mut Source<'_>) -> Result<LbfgsOptions, Bad> {
    let mut options = LbfgsOptions::new(1.0);
    options.memory = source.count()?;
    options.max_iterations = source.count()?;
    options.max_evaluations = source.count()?;
    options.max_trials = source.count()?;
    options.decrease_window = source.count()?;
    let (is_limited, has_target) = (source.count()? != 0, source.count()? != 0);
    options.c1 = source.float()?;
    options.c2 = source.float()?;
    options.first_step = source.float()?;
    let largest_step = source.float()?;
    options.largest_step = is_limited.then_some(largest_step);
    options.gradient_tolerance = source.float()?;
    options.relative_decrease_tolerance = source.float()?;
    let target = source.float()?;
    options.target = has_target.then_some(target);
    options.noise = source.float()?;
    Ok(options)
}

fn evaluated(sink: &mut Sink<'_>, evaluated: &Evaluated) -> io::Result<()> {
    sink.float(evaluated.value)?;
    sink.floats(&evaluated.gradient)?;
    sink.floats(&evaluated.diagonal)
}

fn read_evaluated(source: &mut Source<'_>) -> Result<Evaluated, Bad> {
    Ok(Evaluated { value: source.float()?, gradient: source.floats()?, diagonal: source.floats()? })
}

fn sample(sink: &mut Sink<'_>, sample: Sample) -> io::Result<()> {
    sink.float(sample.step)?;
    sink.float(sample.value)?;
    sink.float(sample.slope)
}

fn read_sample(source: &mut Source<'_>) -> Result<Sample, Bad> {
    Ok(Sample { step: source.float()?, value: source.float()?, slope: source.float()? })
}

fn phase(sink: &mut Sink<'_>, phase: &Phase) -> io::Result<()> {
    match phase {
        Phase::First => sink.word(0),
        Phase::Searching(search, line) => {
            sink.word(match line {
                Line::Lbfgs => 1,
                Line::SteepestDescent => 2,
            })?;
            sample(sink, search.start)?;
            sample(sink, search.low)?;
            sink.count(usize::from(search.high.is_some()))?;
            if let Some(high) = search.high {
                sample(sink, high)?;
            }
            sink.float(search.step)?;
            sink.float(search.largest)?;
            sink.count(search.trials)?;
            sink.float(search.smallest_change)?;
            sink.float(search.demanded)
        }
        Phase::Finished(reason) => {
            sink.word(3)?;
            stop(sink, reason)
        }
    }
}

fn read_phase(source: &mut Source<'_>) -> Result<Phase, Bad> {
    let line = match source.word()? {
        0 => return Ok(Phase::First),
        1 => Line::Lbfgs,
        2 => Line::SteepestDescent,
        3 => return Ok(Phase::Finished(read_stop(source)?)),
        _ => return Err(Bad::Bytes("it names an unknown phase")),
    };
    let (start, low) = (read_sample(source)?, read_sample(source)?);
    let high = match source.count()? {
        0 => None,
        _ => Some(read_sample(source)?),
    };
    let search = LineSearch {
        start,
        low,
        high,
        step: source.float()?,
        largest: source.float()?,
        trials: source.count()?,
        smallest_change: source.float()?,
        demanded: source.float()?,
    };
    Ok(Phase::Searching(search, line))
}

/// A kind, two floats and two counts hold any reason.
fn stop(sink: &mut Sink<'_>, reason: &StopReason) -> io::Result<()> {
    let (kind, a, b, m, n) = match *reason {
        StopReason::Iterations { limit, done } => (0, 0.0, 0.0, limit, done),
        StopReason::Evaluations { limit, done } => (1, 0.0, 0.0, limit, done),
        StopReason::Gradient { norm, limit } => (2, norm, limit, 0, 0),
        StopReason::Decrease { relative, limit, window } => (3, relative, limit, window, 0),
        StopReason::Target { value, limit } => (4, value, limit, 0, 0),
        StopReason::LineSearch { change, demanded, trials } => (5, change, demanded, trials, 0),
        StopReason::StartNotFinite { value } => (6, value, 0.0, 0, 0),
    };
    sink.word(kind)?;
    sink.float(a)?;
    sink.float(b)?;
    sink.count(m)?;
    sink.count(n)
}

fn read_stop(source: &mut Source<'_>) -> Result<StopReason, Bad> {
    let kind = source.word()?;
    let (a, b, m, n) = (source.float()?, source.float()?, source.count()?, source.count()?);
    Ok(match kind {
        0 => StopReason::Iterations { limit: m, done: n },
        1 => StopReason::Evaluations { limit: m, done: n },
        2 => StopReason::Gradient { norm: a, limit: b },
        3 => StopReason::Decrease { relative: a, limit: b, window: m },
        4 => StopReason::Target { value: a, limit: b },
        5 => StopReason::LineSearch { change: a, demanded: b, trials: m },
        6 => StopReason::StartNotFinite { value: a },
        _ => return Err(Bad::Bytes("it names an unknown reason to stop")),
    })
}
