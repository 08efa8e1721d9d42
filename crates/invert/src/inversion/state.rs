//! Where a run stands, on disk: written aside and renamed, after every evaluation.
//!
//! Whatever decides how a run goes on is sealed by a checksum: `state.json` by one of its own text,
//! vectors by one of their words. A file that was cut short or changed is refused by its name.

use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::InversionError;
use super::run::{IterationRow, StageSummary};
use crate::files;
use crate::optimise::Lbfgs;
use crate::words::{Bad, Sink, Source, checksum};

const STATE_FILE: &str = "state.json";
/// Rises when a run folder of an older version cannot be resumed.
const VERSION: u32 = 2;
/// What a file of numbers begins with: `RGMODEL` and the version of its layout.
const MARK: u64 = u64::from_le_bytes(*b"RGMODEL1");

/// Everything beside the optimiser's vectors.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    /// Checksum of this state as compact JSON with an empty seal.
    seal: String,
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
    /// Names the run wherever it leaves something outside its folder; none of an older program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<String>,
}

/// A name that no other run has: random, as the keys of hash tables are.
fn run_name() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

/// What every version of a state has.
#[derive(Deserialize)]
struct Header {
    version: u32,
}

impl State {
    pub(super) fn new(fingerprint: &str, base_file: &str) -> Self {
        Self {
            version: VERSION,
            seal: String::new(),
            fingerprint: fingerprint.into(),
            stage: 0,
            base_file: base_file.into(),
            optimiser_file: None,
            stages: Vec::new(),
            rows: Vec::new(),
            seconds: 0.0,
            evaluations: 0,
            run: Some(run_name()),
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
        self.seal = self.sealed();
        files::write_json(&folder.join(STATE_FILE), self)?;
        remove_stale(folder, self);
        Ok(())
    }

    /// The seal that belongs to everything else.
    fn sealed(&self) -> String {
        let open = Self { seal: String::new(), ..self.clone() };
        // Nothing in a state fails to serialise; if it did, no seal would fit.
        let text = serde_json::to_vec(&open).unwrap_or_default();
        format!("{:016x}", checksum(&text))
    }

    /// Reads the state of a run folder.
    ///
    /// # Errors
    /// No state, one that is damaged, or one of another version or job.
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
        let Header { version } = files::read_json(&path)?;
        if version != VERSION {
            let reason = format!("{STATE_FILE} was written by version {version} of the format");
            return Err(refuse(reason, "resume it with the program that began it"));
        }
        let state: Self = files::read_json(&path)?;
        if state.seal != state.sealed() {
            let reason = format!("{STATE_FILE} is damaged: its seal does not fit");
            return Err(refuse(reason, "restore the file, or start the run anew"));
        }
        if state.fingerprint != fingerprint {
            let help = "resume with the job that began it, or start a new run folder with --out";
            return Err(refuse("it belongs to another job".into(), help));
        }
        // The run may have been killed before it came to that.
        remove_stale(folder, &state);
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

/// Writes numbers without loss: their bits between a mark and a checksum.
pub(super) fn write_exact(path: &Path, values: &[f64]) -> Result<(), InversionError> {
    Ok(files::write_with(path, |writer| {
        let mut sink = Sink::new(writer);
        sink.word(MARK)?;
        sink.floats(values)?;
        sink.finish()
    })?)
}

/// Reads so many numbers written by [`write_exact`].
///
/// # Errors
/// A file that is missing, cut short, changed, or holds another number of values.
pub(super) fn read_exact(path: &Path, len: usize) -> Result<Vec<f64>, InversionError> {
    let unreadable = |e| files::io_error(path, files::Action::Read, e);
    let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
    let values = match exact(&mut reader) {
        Ok(values) => values,
        Err(Bad::Io(error)) => return Err(unreadable(error).into()),
        Err(Bad::Bytes(reason)) => {
            return Err(InversionError::Damaged { path: path.to_owned(), reason });
        }
    };
    if values.len() != len {
        return Err(InversionError::Shape {
            what: path.display().to_string(),
            found: values.len(),
            expected: len,
            help: "the file belongs to another run; start the run anew".into(),
        });
    }
    Ok(values)
}

fn exact(reader: &mut dyn Read) -> Result<Vec<f64>, Bad> {
    let mut source = Source::new(reader);
    if source.word()? != MARK {
        return Err(Bad::Bytes("it does not begin as one"));
    }
    let values = source.floats()?;
    source.finish()?;
    Ok(values)
}

#[cfg(test)]
mod tests;
