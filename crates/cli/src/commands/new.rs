//! `retrograd new`: a runnable job file in which every key is explained.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::NewArgs;
use crate::numerics::RunError;
use crate::output::{self, Failure};

#[derive(Serialize)]
struct Written {
    job: PathBuf,
    models: Vec<PathBuf>,
    missing: Vec<PathBuf>,
}

/// Writes the job and, for `files`, two small models. Overwrites nothing.
///
/// # Errors
/// If a file exists already or cannot be written.
pub fn run(args: &NewArgs) -> Result<(), Failure> {
    let template = args.template;
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(template.name()));
    let data = args.data.as_deref().map(std::path::absolute).transpose().map_err(|error| {
        Failure::from(RunError::new(format!("the folder of --data is unknown: {error}")))
    })?;
    let job = folder.join("job.toml");
    let models = match data {
        Some(_) => Vec::new(),
        None => template.models(),
    };
    let text = template.document(data.as_deref())?;
    let model_paths: Vec<PathBuf> = models.iter().map(|model| folder.join(model.name)).collect();
    // Looked at before the first byte is written, so that nothing is left half made.
    for path in model_paths.iter().chain([&job]) {
        if path.exists() {
            return Err(exists(path));
        }
    }
    fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    write(&job, text.as_bytes())?;
    for (model, path) in models.iter().zip(&model_paths) {
        write(path, &model.bytes)?;
    }
    let base = data.unwrap_or_else(|| folder.clone());
    let missing = missing_models(args, &base);
    let human = describe(&job, &missing);
    output::print(args.format(), &Written { job, models: model_paths, missing }, &human)
}

fn missing_models(args: &NewArgs, base: &Path) -> Vec<PathBuf> {
    let files = args.template.model_file_names();
    files.into_iter().map(|name| base.join(name)).filter(|path| !path.is_file()).collect()
}

fn describe(job: &Path, missing: &[PathBuf]) -> String {
    let mut text = format!("wrote {}\n", job.display());
    for path in missing {
        let _ = writeln!(text, "put the model {} in place before it runs", path.display());
    }
    let _ = writeln!(text, "next: retrograd check {}", job.display());
    text
}

/// Creates `path`; a file that appeared since we looked is not overwritten either.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let created = OpenOptions::new().write(true).create_new(true).open(path);
    match created.and_then(|mut file| file.write_all(bytes)) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(unwritable(path, &error)),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::Usage {
        message: format!("{} exists and is not overwritten", path.display()),
        help: "name another folder: retrograd new <template> <folder>".to_owned(),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    RunError::new(format!("{} cannot be written: {error}", path.display())).into()
}
