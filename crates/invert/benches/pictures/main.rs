//! The pictures of the literature, from runs of our own.
//!
//! ```sh
//! RETROGRAD_SHARED=../shared cargo bench -p retrograd-invert --bench pictures -- \
//!     [--out FOLDER] [--disk FOLDER] [--only sweeps|compression|speedup|classic]
//! ```
//! `sweeps`: where the sweep is, against time, under four strategies. `compression`: how far every
//! state of a run can be compressed. `speedup`: compression and recomputation beside recomputation
//! alone, against memory. `classic`: time and space of four classic strategies against the number
//! of steps. One shot over Marmousi each; numbers are printed, pictures written to the folder.

mod classic;
#[path = "../common/mod.rs"]
mod common;
mod compression;
mod speedup;
mod sweeps;

use std::path::PathBuf;

use common::{Failure, model_file, option};

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(model) = model_file() else { return Ok(()) };
    if let Some(row) = option(&arguments, "--classic") {
        return classic::run_row(row, &model);
    }
    let out = option(&arguments, "--out").map_or("docs/memory".into(), PathBuf::from);
    let disk = option(&arguments, "--disk").map_or(std::env::temp_dir(), PathBuf::from);
    let only = option(&arguments, "--only").unwrap_or("");
    std::fs::create_dir_all(&out)?;
    if "sweeps".contains(only) {
        sweeps::draw(&model, &disk, &out)?;
    }
    if "compression".contains(only) {
        compression::draw(&model, &out)?;
    }
    if "speedup".contains(only) {
        speedup::draw(&model, &out)?;
    }
    if "classic".contains(only) {
        classic::draw(&out)?;
    }
    Ok(())
}
