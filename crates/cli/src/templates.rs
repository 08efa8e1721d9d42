//! Jobs that `retrograd new` writes: a few values each, every other key documented around them.

use std::path::Path;

use clap::ValueEnum;

use crate::job;
use crate::job::document::{self, Paths};
use crate::job::finding::{JobErrors, Source};
use crate::job::tree::{self, Override, Value};

/// A job to begin with.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Template {
    /// The embedded default: a synthetic basin, about a minute
    Basin,
    /// Marmousi2, 202 x 68 nodes of 52 m, three stages
    Marmousi2,
    /// Marmousi, 601 x 221 nodes of 15 m, four stages
    Marmousi,
    /// Your own NPY models; small ones to start with are written too
    Files,
}

/// A model file to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelBytes {
    /// File name.
    pub name: &'static str,
    /// NPY, little-endian f4.
    pub bytes: Vec<u8>,
}

impl Template {
    /// The name on the command line, and of the default folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Basin => "basin",
            Self::Marmousi2 => "marmousi2",
            Self::Marmousi => "marmousi",
            Self::Files => "files",
        }
    }

    /// The values that differ from the defaults.
    pub fn values(self) -> &'static str {
        match self {
            Self::Basin => job::DEFAULT_JOB,
            Self::Marmousi2 => include_str!("templates/marmousi2.toml"),
            Self::Marmousi => include_str!("templates/marmousi.toml"),
            Self::Files => include_str!("templates/files.toml"),
        }
    }

    /// Keys that name model files.
    pub fn model_files(self) -> &'static [&'static str] {
        match self {
            Self::Basin => &[],
            Self::Marmousi => &["model.vp_true"],
            Self::Marmousi2 | Self::Files => &["model.vp_true", "model.vp_start"],
        }
    }

    /// Names of the model files.
    pub fn model_file_names(self) -> Vec<String> {
        let Ok(root) = tree::parse(self.values(), 0) else { return Vec::new() };
        let text = |key: &&str| match root.at(key).map(|node| &node.value) {
            Some(Value::Text(name)) => Some(name.clone()),
            _ => None,
        };
        self.model_files().iter().filter_map(text).collect()
    }

    /// The commented job file; model files are looked for in `data`, else beside the job.
    ///
    /// # Errors
    /// Only if a template of ours is broken.
    pub fn document(self, data: Option<&Path>) -> Result<String, JobErrors> {
        let source = Source { name: self.name().to_owned(), text: self.values().to_owned() };
        let mut sources = vec![source];
        let mut root = match tree::parse(self.values(), 0) {
            Ok(root) => root,
            Err(findings) => return Err(JobErrors::new(sources, findings)),
        };
        if let Some(data) = data {
            let sets: Vec<Override> = self
                .model_files()
                .iter()
                .zip(self.model_file_names())
                .map(|(key, name)| {
                    let path = data.join(name).display().to_string();
                    let text = format!("{key} = {}", toml::Value::String(path));
                    Override { flag: "--data".to_owned(), text }
                })
                .collect();
            let findings = tree::merge(&mut root, &sets, &mut sources);
            if !findings.is_empty() {
                return Err(JobErrors::new(sources, findings));
            }
        }
        Ok(document::commented(self.title(), &root, Paths::AsWritten))
    }

    fn title(self) -> &'static str {
        match self {
            Self::Basin => "A synthetic basin: layers, faults and water. Run it as it stands.",
            Self::Marmousi2 => {
                "Marmousi2, 202 x 68 nodes of 52.2 m, P velocity in m/s: vp_true.npy and \
                 vp_smooth.npy, little-endian f4, axes x, z."
            }
            Self::Marmousi => {
                "Marmousi, 601 x 221 nodes of 15 m, P velocity in m/s: vp.npy, little-endian f4, \
                 axes x, z. The start model is the true one, smoothed."
            }
            Self::Files => {
                "Your own models. The two small files beside this job make it run at once; put \
                 your own in their place and set grid.spacing."
            }
        }
    }

    /// Model files to be written beside the job so that it runs at once.
    pub fn models(self) -> Vec<ModelBytes> {
        match self {
            Self::Basin | Self::Marmousi2 | Self::Marmousi => Vec::new(),
            Self::Files => vec![
                ModelBytes { name: "vp_true.npy", bytes: npy(|x, z| background(z) + lens(x, z)) },
                ModelBytes { name: "vp_start.npy", bytes: npy(|_, z| background(z)) },
            ],
        }
    }
}

/// Nodes of the small models.
const SMALL: (u16, u16) = (101, 51);

/// Velocity in m/s that grows with depth, `z` from 0 to 1.
fn background(z: f64) -> f64 {
    1800.0 + 1200.0 * z
}

/// A round, slow anomaly in the middle; `x` and `z` from 0 to 1.
fn lens(x: f64, z: f64) -> f64 {
    let (dx, dz) = ((x - 0.5) / 0.12, (z - 0.5) / 0.18);
    -250.0 * (-(dx * dx + dz * dz)).exp()
}

/// The bytes of an NPY file of [`SMALL`] nodes, depth fastest.
fn npy(velocity: impl Fn(f64, f64) -> f64) -> Vec<u8> {
    let (nx, nz) = SMALL;
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({nx}, {nz}), }}");
    // The format wants the data to begin at a multiple of 64 bytes.
    let padded = (10 + header.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(padded as u16).to_le_bytes());
    bytes.extend_from_slice(format!("{header:<width$}\n", width = padded - 1).as_bytes());
    for x in 0..nx {
        for z in 0..nz {
            let place = (f64::from(x) / f64::from(nx - 1), f64::from(z) / f64::from(nz - 1));
            bytes.extend_from_slice(&(velocity(place.0, place.1) as f32).to_le_bytes());
        }
    }
    bytes
}
