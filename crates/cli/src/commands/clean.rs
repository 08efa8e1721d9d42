//! `retrograd clean`: removes what killed runs have left of their snapshots.

use std::path::PathBuf;

use retrograd_checkpoint::tier::folder::{FolderError, abandoned, clean};
use serde::Serialize;

use crate::cli::CleanArgs;
use crate::numerics::RunError;
use crate::output::{self, Failure};

#[derive(Serialize)]
struct Cleaned {
    folder: PathBuf,
    dry_run: bool,
    removed: Vec<PathBuf>,
}

/// Removes folders of snapshots that no process owns.
///
/// # Errors
/// If the folder cannot be read, or one of those in it not be removed.
pub fn run(args: &CleanArgs) -> Result<(), Failure> {
    let found = if args.dry_run { abandoned(&args.folder) } else { clean(&args.folder) };
    let removed = found.map_err(|error| RunError::new(error_text(&error)))?;
    let verb = if args.dry_run { "would be removed" } else { "removed" };
    let lines: Vec<String> =
        removed.iter().map(|path| format!("{verb}: {}", path.display())).collect();
    let mut text = lines.join("\n") + "\n";
    if removed.is_empty() {
        text = format!("nothing is left of killed runs in {}\n", args.folder.display());
    }
    let cleaned = Cleaned { folder: args.folder.clone(), dry_run: args.dry_run, removed };
    output::print(args.format(), &cleaned, &text)
}

/// An error with its cause.
fn error_text(error: &FolderError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
