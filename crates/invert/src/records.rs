//! Recordings in files: `.npy` arrays of traces, as others write and read them.
//!
//! ```text
//! file      (receiver, time) per shot, or (shot, receiver, time) for all shots
//! record    all receivers at step 0, then at step 1, and so on: what a simulation fills
//! ```
//!
//! Samples are `f32` in a [`Record`]: writing and reading back changes no bit.

use std::path::{Path, PathBuf};

use crate::engine::Record;
use crate::npy::{self, NpyError};
use crate::survey::Survey;

/// Recordings that do not fit the experiment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordsError {
    /// A file that cannot be used.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// An array that does not end in the time axis, or has not two or three axes.
    #[error(
        "{path}: shape {found:?}; allowed are (receivers, {steps}) per shot or (shots, \
         receivers, {steps})\n  help: sample the records at the time step of the run, and check \
         its number of steps",
        path = path.display()
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// Its shape.
        found: Vec<usize>,
        /// Time steps of the run.
        steps: usize,
    },
    /// A shot recorded by another number of receivers.
    #[error(
        "{path}: {found} receivers for shot {shot}, which the survey has {expected} of\n  \
         help: give one trace per receiver, in the order of the receivers; shots count from 0",
        path = path.display()
    )]
    Receivers {
        /// The file.
        path: PathBuf,
        /// The shot, from 0.
        shot: usize,
        /// Traces of the record.
        found: usize,
        /// Receivers of the survey.
        expected: usize,
    },
    /// More or fewer records than shots.
    #[error(
        "{found} shot records for {shots} sources\n  \
         help: give one record per source, in the order of the sources"
    )]
    Count {
        /// Records in all files.
        found: usize,
        /// Shots of the survey.
        shots: usize,
    },
}

/// Reads the records of a survey of `steps` time steps, in the order of the files.
///
/// # Errors
/// [`RecordsError`]: a file that is no array of finite numbers; another shape; another number of
/// shots, or of receivers of a shot, than the survey has.
pub fn read(paths: &[PathBuf], survey: &Survey, steps: usize) -> Result<Vec<Record>, RecordsError> {
    let mut all = Vec::new();
    for path in paths {
        let array = npy::read(path)?;
        let receivers = match array.shape.as_slice() {
            [.., receivers, time] if array.shape.len() <= 3 && *time == steps => *receivers,
            _ => 0,
        };
        if receivers == 0 {
            let path = path.clone();
            return Err(RecordsError::Shape { path, found: array.shape, steps });
        }
        for traces in array.values.into_f32().chunks_exact(receivers * steps) {
            let shot = all.len();
            let expected = survey.shots.get(shot).map_or(receivers, |s| s.receivers.len());
            if receivers != expected {
                let (path, found) = (path.clone(), receivers);
                return Err(RecordsError::Receivers { path, shot, found, expected });
            }
            all.push(from_traces(traces, receivers));
        }
    }
    let shots = survey.shots.len();
    if all.len() == shots { Ok(all) } else { Err(RecordsError::Count { found: all.len(), shots }) }
}

/// Writes the record of one shot as `(receiver, time)`.
///
/// # Errors
/// [`NpyError`] when the disk refuses.
///
/// # Panics
/// If the record is not a whole number of samples per receiver.
pub fn write(path: &Path, record: &[f32], receivers: usize) -> Result<(), NpyError> {
    let traces = to_traces(record, receivers);
    npy::write_f32(path, &[receivers, record.len() / receivers.max(1)], &traces)
}

/// A record from its traces, one after the other.
///
/// # Panics
/// If there is not the same number of samples for each receiver.
pub fn from_traces(traces: &[f32], receivers: usize) -> Record {
    transposed(traces, receivers)
}

/// The traces of a record, one after the other.
///
/// # Panics
/// If there is not the same number of samples for each receiver.
pub fn to_traces(record: &[f32], receivers: usize) -> Vec<f32> {
    transposed(record, record.len() / receivers.max(1))
}

/// Column by column of a matrix with so many rows.
fn transposed(values: &[f32], rows: usize) -> Vec<f32> {
    let columns = values.len() / rows.max(1);
    assert_eq!(rows * columns, values.len(), "all traces should have one length");
    (0..columns).flat_map(|c| (0..rows).map(move |r| values[r * columns + c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::Line;

    const STEPS: usize = 4;

    fn survey(shots: usize) -> Survey {
        let receivers = Line { count: 3, depth_m: 0.0 };
        let sources = Line { count: shots, depth_m: 0.0 };
        Survey::surface_line(100.0, sources, receivers)
    }

    fn record(seed: f32) -> Record {
        (0..3 * STEPS).map(|i| seed + 0.1 * i as f32).collect()
    }

    #[test]
    fn a_record_is_ordered_by_time_and_a_file_by_receiver() {
        let traces = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(from_traces(&traces, 2), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(to_traces(&from_traces(&traces, 2), 2), traces);
        assert_eq!(to_traces(&[], 0), [0.0; 0]);
    }

    #[test]
    fn files_come_back_to_the_bit_one_per_shot_or_all_in_one() {
        let dir = tempfile::tempdir().unwrap();
        let shots = [record(0.0), record(-7.0)];
        let paths: Vec<PathBuf> = (0..2).map(|i| dir.path().join(format!("{i}.npy"))).collect();
        for (path, record) in paths.iter().zip(&shots) {
            write(path, record, 3).unwrap();
        }
        assert_eq!(npy::read(&paths[0]).unwrap().shape, [3, STEPS]);
        assert_eq!(read(&paths, &survey(2), STEPS).unwrap(), shots);
        let all: Vec<f32> = shots.iter().flat_map(|r| to_traces(r, 3)).collect();
        let path = dir.path().join("all.npy");
        npy::write_f32(&path, &[2, 3, STEPS], &all).unwrap();
        assert_eq!(read(&[path], &survey(2), STEPS).unwrap(), shots);
    }

    #[track_caller]
    fn check_refused(shape: &[usize], shots: usize, reason: &str) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.npy");
        npy::write_f32(&path, shape, &vec![0.0; shape.iter().product()]).unwrap();
        let error = read(&[path], &survey(shots), STEPS).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        check_refused(&[3, STEPS + 1], 1, "data.npy: shape [3, 5]; allowed are (receivers, 4)");
        check_refused(&[STEPS], 1, "data.npy: shape [4]");
        check_refused(&[1, 1, 3, STEPS], 1, "data.npy: shape [1, 1, 3, 4]");
        check_refused(&[0, STEPS], 1, "data.npy: shape [0, 4]");
        check_refused(&[3, 3, STEPS], 2, "3 shot records for 2 sources");
        check_refused(&[2, STEPS], 1, "data.npy: 2 receivers for shot 0, which the survey has 3");
    }
}
