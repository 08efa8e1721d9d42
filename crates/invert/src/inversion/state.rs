//! Where a run stands, on disk: written aside and renamed, after every evaluation.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::InversionError;
use super::run::{IterationRow, StageSummary};
use crate::files;
use crate::optimise::Lbfgs;

const STATE_FILE: &str = "state.json";
/// Rises when a run folder of an older version cannot be resumed.
const VERSION: u32 = 1;

/// Everything beside the optimiser's vectors.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    pub(super) fingerprint: String,
    /// Stage in progress, from 0; as many as there are stages when the run is finished.
    pub(super) stage: usize,
    /// File with the model at the start of the stage.
    pub(super) base_file: String,
    /// File with the optimiser, if the stage has begun.
    pub(super) optimiser_file: Option<String>,
    /// Finished stages.
    pub(super) stages: Vec<StageSummary>,
    /// All accepted iterations.
    pub(super) rows: Vec<IterationRow>,
    /// Seconds of earlier sessions.
    pub(super) seconds: f64,
    /// Evaluations of all stages so far.
    pub(super) evaluations: usize,
}

impl State {
    pub(super) fn new(fingerprint: &str, base_file: &str) -> Self {
        Self {
            version: VERSION,
            fingerprint: fingerprint.into(),
            stage: 0,
            base_file: base_file.into(),
            optimiser_file: None,
            stages: Vec::new(),
            rows: Vec::new(),
            seconds: 0.0,
            evaluations: 0,
        }
    }

    /// Saves the optimiser under a new name, then the state that names it, then removes what no
    /// state names any more: at any instant the state on disk is whole.
    pub(super) fn save(
        &mut self,
        folder: &Path,
        optimiser: Option<&Lbfgs>,
    ) -> Result<(), InversionError> {
        if let Some(optimiser) = optimiser {
            let name = format!("optimiser-{:06}.bin", self.evaluations);
            optimiser.save(&folder.join(&name))?;
            self.optimiser_file = Some(name);
        } else {
            self.optimiser_file = None;
        }
        files::write_json(&folder.join(STATE_FILE), self)?;
        remove_stale(folder, self);
        Ok(())
    }

    /// Reads the state of a run folder.
    pub(super) fn load(folder: &Path, fingerprint: &str) -> Result<Self, InversionError> {
        let refuse = |reason: String, help: &str| InversionError::Resume {
            folder: folder.display().to_string(),
            reason,
            help: help.into(),
        };
        let path = folder.join(STATE_FILE);
        if !path.is_file() {
            let help = "start the inversion without --resume";
            return Err(refuse(format!("it holds no {STATE_FILE}"), help));
        }
        let state: Self = files::read_json(&path)?;
        if state.version != VERSION {
            let reason = format!("it was written by version {} of the format", state.version);
            return Err(refuse(reason, "resume it with the program that began it"));
        }
        if state.fingerprint != fingerprint {
            let help = "resume with the job that began it, or start a new run folder with --out";
            return Err(refuse("it belongs to another job".into(), help));
        }
        Ok(state)
    }
}

/// Optimiser files that the state does not name; a failure to remove one does no harm.
fn remove_stale(folder: &Path, state: &State) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let named = state.optimiser_file.as_deref() == Some(name.as_str());
        if name.starts_with("optimiser-") && !named {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Writes numbers without loss.
pub(super) fn write_exact(path: &Path, values: &[f64]) -> Result<(), InversionError> {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Ok(files::write(path, &bytes)?)
}

/// Reads numbers written by [`write_exact`].
pub(super) fn read_exact(path: &PathBuf, len: usize) -> Result<Vec<f64>, InversionError> {
    let bytes = fs::read(path).unwrap_or_default();
    if bytes.len() != 8 * len {
        return Err(InversionError::Shape {
            what: path.display().to_string(),
            found: bytes.len() / 8,
            expected: len,
            help: "the file is missing or damaged; start the run anew".into(),
        });
    }
    let number = |b: &[u8]| {
        let mut eight = [0; 8];
        eight.copy_from_slice(b);
        f64::from_le_bytes(eight)
    };
    Ok(bytes.chunks_exact(8).map(number).collect())
}
