//! The job file: TOML in, a checked [`Job`] out, or every fault at once.
//!
//! ```text
//! text, --set  ->  tree (values with places)  ->  structure (known keys only)
//!              ->  reader (types, units, ranges by the key table)
//!              ->  sections, geometry, rules  ->  Job
//! ```
//!
//! * Pure, but for [`load`] at the edge; files are asked about through [`Files`].
//! * The tables in [`keys`] are the one source of truth about keys and their documentation.
//! * Not here: anything that needs numerics (stability, sampling, memory): see `check`, `plan`.

pub mod decode;
pub mod document;
pub mod files;
pub mod finding;
mod geometry;
mod key_table;
pub mod keys;
pub mod reader;
mod rules;
mod sections;
mod structure;
pub(crate) mod suggest;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod types;
pub mod units;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use document::Paths;
use files::{Disk, Files};
use finding::{Finding, JobErrors, Place, Source};
use reader::{Folders, Reader};
use tree::{Node, Override};

pub use types::Job;

/// The job that runs when no file is named.
pub const DEFAULT_JOB: &str = include_str!("../default_job.toml");

/// How the job in a run folder is titled, up to its name.
pub const TITLE_OF_RUN: &str = "Job `";

/// Parses the job file at `path`, or the embedded default, under `overrides`.
///
/// # Errors
/// Every fault of the job, or one that says why the file cannot be read.
pub fn load(path: Option<&Path>, overrides: &[Override], current: &Path) -> Result<Job, JobErrors> {
    let (source, folder) = match path {
        None => (default_source(), current.to_path_buf()),
        Some(path) => {
            let text = read(path)?;
            let folder = current.join(path).parent().map_or_else(PathBuf::new, Path::to_path_buf);
            (Source { name: path.display().to_string(), text }, folder)
        }
    };
    let folders = Folders { job: folder, current: current.to_path_buf() };
    parse(source, overrides, &folders, &Disk)
}

/// The embedded default job, under the name that messages give it.
pub fn default_source() -> Source {
    Source { name: "the embedded default job".to_owned(), text: DEFAULT_JOB.to_owned() }
}

fn read(path: &Path) -> Result<String, JobErrors> {
    let fault = match fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(_) => "it is not UTF-8 text".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    let finding = Finding {
        place: None,
        message: format!("the job file {} cannot be read: {fault}", path.display()),
        label: String::new(),
        help: "`retrograd new basin` writes a job file with every key explained".to_owned(),
    };
    let source = Source { name: path.display().to_string(), text: String::new() };
    Err(JobErrors::new(vec![source], vec![finding]))
}

/// Parses and checks a job.
///
/// # Errors
/// Every fault, each with its place. Syntax errors are reported alone: what follows from them
/// would only confuse.
pub fn parse(
    source: Source,
    overrides: &[Override],
    folders: &Folders,
    files: &dyn Files,
) -> Result<Job, JobErrors> {
    let text = source.text.clone();
    let mut sources = vec![source];
    let mut root = match tree::parse(&text, 0) {
        Ok(root) => root,
        Err(findings) => return Err(JobErrors::new(sources, findings)),
    };
    let mut findings = tree::merge(&mut root, overrides, &mut sources);
    findings.extend(structure::check(&root));
    let (job, more, _) = build(&root, folders, files);
    findings.extend(more);
    match job {
        Some(job) if findings.is_empty() => Ok(job),
        _ => {
            for finding in &mut findings {
                anchor(finding);
            }
            Err(JobErrors::new(sources, findings))
        }
    }
}

/// What is missing everywhere is reported at the beginning of the file.
fn anchor(finding: &mut Finding) {
    if finding.place.is_none() {
        finding.place = Some(Place::new(0, &(0..0)));
    }
}

/// The job if it is complete, the faults, and the keys that were asked for.
fn build(
    root: &Node,
    folders: &Folders,
    files: &dyn Files,
) -> (Option<Job>, Vec<Finding>, BTreeSet<&'static str>) {
    let mut reader = Reader::new(root, folders, files);
    let job = build_job(&mut reader, root, folders);
    let (findings, used) = reader.finish();
    (job, findings, used)
}

fn build_job(reader: &mut Reader<'_>, root: &Node, folders: &Folders) -> Option<Job> {
    let name = reader.text("job.name");
    let seed = reader.count("job.seed") as u64;
    let output = output(reader, &name, folders);
    let physics = sections::physics(reader);
    let models = sections::models(reader);
    let bounds = sections::bounds(reader);
    let frozen = sections::frozen(reader);
    let grid = geometry::grid(reader, &models.truth, models.start.as_ref());
    let boundary = sections::boundary(reader);
    let time = sections::time(reader);
    let survey = geometry::survey(reader, grid.as_ref());
    let wavelet = sections::wavelet(reader);
    let data = sections::data(reader);
    let invert = sections::invert(reader);
    let stages = sections::stages(reader, invert.smoothing);
    let memory = sections::memory(reader);
    let run = sections::run(reader);
    let report = sections::report(reader);

    let start = models.start.unwrap_or(types::Start::Basin);
    let model = types::Model { truth: models.truth, start, bounds, frozen };
    rules::truth_is_known(reader, &model, data.as_ref());
    rules::no_hidden_inverse_crime(reader, physics, data.as_ref());
    rules::data_files_match_shots(reader, &survey, data.as_ref());
    rules::recorded_data_have_their_wavelet(reader, wavelet.as_ref(), data.as_ref());
    rules::report_shots_exist(reader, &survey, report.shots.as_deref());
    let grid = grid?;
    let nodes = grid.shape.iter().map(|&n| n as f64).product();
    rules::budget_is_plausible(reader, nodes, physics, memory.budget.0);

    let title = format!("{TITLE_OF_RUN}{name}`, as it ran.");
    let text = document::commented(&title, root, Paths::Absolute(folders));
    Some(Job {
        name,
        seed,
        output,
        physics,
        grid,
        model,
        boundary,
        time,
        survey,
        wavelet: wavelet?,
        data: data?,
        stages,
        invert,
        memory,
        run,
        report,
        text,
    })
}

fn output(reader: &mut Reader<'_>, name: &str, folders: &Folders) -> PathBuf {
    if name.contains(['/', '\\']) || name.starts_with('.') {
        let message = format!("`job.name` \"{name}\" cannot name a folder");
        let help = "leave out slashes and leading dots; job.output takes a path".to_owned();
        reader.reject("job.name", message, "not a folder name", help);
    }
    match reader.get("job.output") {
        Some(decode::Decoded::Text(text)) => folders.current.join(text),
        _ => folders.current.join("runs").join(name),
    }
}
