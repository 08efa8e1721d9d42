//! What an inversion is made of.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use retrograd::checkpoint::codec::Codec;

use crate::basin::{BASIN_SAMPLES, Basin};
use crate::engine::{Experiment, Record, Resources};
use crate::models::{interpolated, mean_m_s};
use crate::resample::RegularGrid;
use crate::wavelet::Wavelet;

/// Samples the true model on any grid, in m/s: for data from a finer grid.
#[derive(Clone)]
pub struct FinerModel(pub Arc<SampleModel>);

impl FinerModel {
    /// The basin itself: structures finer than the run's grid are there.
    pub fn basin(basin: Basin) -> Self {
        Self(Arc::new(move |grid| basin.sample(grid, BASIN_SAMPLES)))
    }

    /// A model on a coarser grid, in m/s, by linear interpolation of its slowness.
    ///
    /// # Panics
    /// When sampled, if there is not one velocity per node of `grid`.
    pub fn interpolated(grid: RegularGrid, vp_m_s: Vec<f64>) -> Self {
        Self(Arc::new(move |finer| interpolated(&grid, &vp_m_s, finer)))
    }
}

/// A function that samples a model on a grid.
pub type SampleModel = dyn Fn(&RegularGrid) -> Vec<f64> + Send + Sync;

impl std::fmt::Debug for FinerModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FinerModel")
    }
}

/// What the sources emit.
#[derive(Clone, PartialEq, Debug)]
pub enum SourceSignature {
    /// A Ricker wavelet with the frequency of the stage as its peak.
    RickerOfStage {
        /// Time of the maximum, in seconds; 1.5 periods if none.
        delay_s: Option<f64>,
    },
    /// One wavelet, as the sources emit it; stages low-pass it, and the data alike, at their
    /// frequency.
    Fixed(Wavelet),
}

/// Where the recordings come from.
#[derive(Clone, Debug)]
pub enum DataSource {
    /// Modelled in the true model by the operator that inverts them, an inverse crime.
    SameGrid,
    /// Modelled in the true model on a finer grid with another order: no inverse crime.
    Finer {
        /// Times finer, in space and time.
        refine: usize,
        /// Order of the space derivatives.
        space_order: usize,
        /// The true model.
        model: FinerModel,
    },
    /// Measured: one record per shot, on the run's time axis, not filtered; with
    /// [`SourceSignature::Fixed`] only.
    Measured(Arc<Vec<Record>>),
}

/// A stage of an inversion.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stage {
    /// Peak of the Ricker, or corner of the low-pass, in Hz.
    pub frequency_hz: f64,
    /// Most iterations.
    pub iterations: usize,
    /// Most evaluations of misfit and gradient, line search included.
    pub evaluations: usize,
    /// Standard deviation of the Gaussian through which updates are seen, in metres; 0 for none.
    pub smoothing_m: f64,
}

impl Stage {
    /// Smoothing by so many wavelengths of `frequency_hz` at the mean velocity of a model, in
    /// metres.
    pub fn smoothing_of_wavelengths(wavelengths: f64, frequency_hz: f64, vp_m_s: &[f64]) -> f64 {
        wavelengths * mean_m_s(vp_m_s) / frequency_hz
    }
}

/// Scaling of the gradient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precondition {
    /// None.
    None,
    /// By the illumination of each evaluation.
    Illumination,
}

/// The optimiser.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OptimiserSettings {
    /// Pairs of L-BFGS.
    pub memory: usize,
    /// Largest change in the first step of a stage, in m/s.
    pub first_step_m_s: f64,
    /// Scaling of the gradient.
    pub precondition: Precondition,
    /// End a stage when its misfit has fallen to this part of its start.
    pub misfit_below: Option<f64>,
    /// End a stage when the misfit falls by less than this part of itself.
    pub decrease_below: Option<f64>,
    /// Iterations over which that is measured.
    pub over: usize,
    /// End a stage when the projected gradient has fallen to this part of its start.
    pub gradient_below: Option<f64>,
}

/// How states of the forward run reach the adjoint run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemoryStrategy {
    /// Store all if the budget allows, else Revolve with the snapshots given or all that fit.
    Auto {
        /// Snapshots of Revolve.
        snapshots: Option<u64>,
    },
    /// Store all.
    StoreAll,
    /// Revolve.
    Revolve {
        /// Snapshots, the initial state included; all that fit if none.
        snapshots: Option<u64>,
    },
}

/// The memory promise.
#[derive(Clone, PartialEq, Debug)]
pub struct Memory {
    /// Most bytes of the process.
    pub budget_bytes: u64,
    /// How states reach the adjoint run.
    pub strategy: MemoryStrategy,
    /// Shots at a time; one per thread if none.
    pub shots_in_parallel: Option<usize>,
    /// A folder for snapshots on disk.
    pub disk: Option<PathBuf>,
    /// How snapshots may be encoded.
    pub codecs: Vec<Codec>,
    /// With a disk: the least time between two saves of a half-done gradient beside its snapshots,
    /// and about what a kill may cost. Saves take a twentieth of the time at most, whatever this is;
    /// gradients of shots that are shorter are not saved.
    pub save_every: Duration,
}

impl Memory {
    /// What [`Memory::save_every`] is where nothing is said.
    pub const SAVE_EVERY: Duration = Duration::from_secs(30);
}

/// Everything that an inversion needs.
#[derive(Clone, Debug)]
pub struct InversionSetup {
    /// Mesh, discretisation, time axis, geometry.
    pub experiment: Experiment,
    /// Kernels and threads.
    pub resources: Resources,
    /// The true model on the grid, in m/s, if it is known.
    pub truth: Option<Vec<f64>>,
    /// The start model, in m/s.
    pub start: Vec<f64>,
    /// Cells that do not change.
    pub frozen: Vec<bool>,
    /// Least and greatest velocity, in m/s.
    pub bounds_m_s: [f64; 2],
    /// What the sources emit.
    pub signature: SourceSignature,
    /// The recordings.
    pub data: DataSource,
    /// The stages.
    pub stages: Vec<Stage>,
    /// The optimiser.
    pub optimiser: OptimiserSettings,
    /// The memory promise.
    pub memory: Memory,
    /// The run folder.
    pub folder: PathBuf,
    /// Identifies the job: a run folder of another one is not resumed.
    pub fingerprint: String,
}
