//! Pictures on their way into files and into the page.

use std::path::{Path, PathBuf};

use retrograd_plot::{Picture, Section};

use super::{Drawn, ReportError};
use crate::files;

/// Folder of pictures within the run folder.
const FOLDER: &str = "pictures";

/// A run folder that is being filled with pictures.
#[derive(Debug)]
pub(super) struct Sheet {
    folder: PathBuf,
    drawn: Drawn,
}

impl Sheet {
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self { folder, drawn: Drawn::default() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Draws a picture, writes its file and adds it to a section. If that fails, the section stays
    /// as it is, and the reason becomes a warning.
    pub(super) fn figure(
        &mut self,
        section: Section,
        name: &str,
        caption: impl Into<String>,
        draw: impl FnOnce() -> Result<Picture, ReportError>,
    ) -> Section {
        match self.picture(name, draw) {
            Ok(png) => section.figure_png(png, caption),
            Err(error) => {
                self.warn(name, &error);
                section
            }
        }
    }

    fn picture(
        &mut self,
        name: &str,
        draw: impl FnOnce() -> Result<Picture, ReportError>,
    ) -> Result<Vec<u8>, ReportError> {
        let png = draw()?.png()?;
        let folder = self.folder.join(FOLDER);
        std::fs::create_dir_all(&folder)
            .map_err(|error| files::io_error(&folder, files::Action::Create, error))?;
        self.write(folder.join(name), &png)?;
        Ok(png)
    }

    /// Writes a file of the report.
    pub(super) fn write(&mut self, path: PathBuf, bytes: &[u8]) -> Result<(), ReportError> {
        files::write(&path, bytes)?;
        self.drawn.files.push(path);
        Ok(())
    }

    /// Says what is missing, and why.
    pub(super) fn warn(&mut self, what: &str, reason: &dyn std::fmt::Display) {
        self.drawn.warnings.push(format!("{what} is missing from the report: {reason}"));
    }

    /// Ends the report: pictures of an earlier one of this run that it did not draw again go.
    pub(super) fn finish(self) -> Drawn {
        let entries = std::fs::read_dir(self.folder.join(FOLDER)).into_iter().flatten();
        for path in entries.flatten().map(|entry| entry.path()) {
            let picture = path.extension().is_some_and(|extension| extension == "png");
            if picture && !self.drawn.files.contains(&path) {
                // One that stays is no reason for a report to fail.
                let _ = std::fs::remove_file(path);
            }
        }
        self.drawn
    }
}
