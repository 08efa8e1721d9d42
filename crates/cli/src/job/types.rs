//! A job that passed every check. Constructed only by the parser.

use std::path::PathBuf;

use serde::Serialize;

use super::units::{Bytes, Hertz, Metres, MetresPerSecond, Seconds};

/// A full-waveform inversion, or a part of one, ready to run.
///
/// All paths are absolute, all quantities in SI units, all positions inside the model.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Job {
    /// Names the run folder and the report.
    pub name: String,
    /// Seed of the random vectors of `check`.
    pub seed: u64,
    /// The run folder; it may not exist yet.
    pub output: PathBuf,
    /// The equation and its discretisation.
    pub physics: Physics,
    /// The mesh, absorbing layer excluded.
    pub grid: Grid,
    /// Velocities: true, start, and what may change.
    pub model: Model,
    /// The absorbing layer, outside the grid.
    pub boundary: Boundary,
    /// Length and step of the recording.
    pub time: Time,
    /// Where the experiment was done.
    pub survey: Survey,
    /// What the sources emit.
    pub wavelet: Wavelet,
    /// The recordings to be explained.
    pub data: Data,
    /// Stages of the inversion, at least one.
    pub stages: Vec<Stage>,
    /// The optimiser.
    pub invert: Invert,
    /// The memory promise.
    pub memory: Memory,
    /// How the machine is used.
    pub run: Run,
    /// What is drawn.
    pub report: Report,
    /// The commented job file that says all of this, overrides applied and paths absolute: the
    /// `job.toml` of the run folder.
    #[serde(skip)]
    pub text: String,
}

/// The equation and its discretisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Physics {
    /// What is solved.
    pub equation: Equation,
    /// Order of the space derivatives: even, 2 to 16.
    pub space_order: u8,
    /// Working precision of the wavefields.
    pub dtype: DType,
}

/// What is solved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Equation {
    /// Constant-density acoustics.
    Acoustic,
}

/// Working precision.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DType {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

/// The mesh; the last axis is depth, positive down. All vectors have one entry per axis.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Grid {
    /// Nodes.
    pub shape: Vec<usize>,
    /// Distance of neighbouring nodes.
    pub spacing: Vec<Metres>,
    /// Position of the first node.
    pub origin: Vec<Metres>,
}

/// Velocities.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Model {
    /// The true model; known where data are synthetic.
    pub truth: Truth,
    /// The start model.
    pub start: Start,
    /// Least and greatest velocity that the inversion may reach.
    pub bounds: [MetresPerSecond; 2],
    /// What the inversion leaves alone.
    pub frozen: Frozen,
}

/// A model on disk: m/s, of the grid's shape, depth fastest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ModelFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is written.
    pub format: ModelFormat,
}

/// How a model is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelFormat {
    /// NPY, f4 or f8, little-endian, C order.
    Npy,
    /// Little-endian f32 without a header.
    RawF32,
}

/// The true model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truth {
    /// The synthetic basin of this seed, sampled on the grid.
    Basin {
        /// Another seed, another basin.
        seed: u64,
    },
    /// A file.
    File(ModelFile),
    /// Real data: nobody knows.
    Unknown,
}

/// The start model.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// The laterally constant start model that belongs to the basin.
    Basin,
    /// A file.
    File(ModelFile),
    /// The true model under a Gaussian of this standard deviation; frozen nodes stay true.
    SmoothTrue(Metres),
    /// Linear in depth.
    Linear {
        /// At the first node in depth.
        top: MetresPerSecond,
        /// At the last node in depth.
        bottom: MetresPerSecond,
    },
}

/// A node is frozen if **all** the conditions given hold; none given freezes nothing.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Frozen {
    /// Slower than this in the start model (in the true one for [`Start::SmoothTrue`]).
    pub below_velocity: Option<MetresPerSecond>,
    /// Above this depth.
    pub depth: Option<Metres>,
    /// Not 0 in this NPY file of the grid's shape.
    pub mask: Option<PathBuf>,
}

/// The absorbing layer, on all sides.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Boundary {
    /// How it absorbs.
    pub kind: Absorber,
    /// How wide it is.
    pub width: Width,
    /// What is left of a wave that runs through the layer and back; `None` suits the width.
    pub reflection: Option<f64>,
}

/// How a boundary absorbs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absorber {
    /// Damping that grows towards the edge.
    Sponge,
}

/// Width of the absorbing layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Width {
    /// What the lowest frequency needs.
    Auto,
    /// Nodes per side.
    Nodes(usize),
}

/// Length and step of the recording.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Time {
    /// How long.
    pub length: RecordLength,
    /// How fine.
    pub step: TimeStep,
}

/// Length of the recording.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordLength {
    /// In time.
    Duration(Seconds),
    /// In steps.
    Steps(usize),
}

/// The time step.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeStep {
    /// This fraction of the stability limit at the upper velocity bound.
    Courant(f64),
    /// As given; stability is checked before anything runs.
    Fixed(Seconds),
}

/// Where the experiment was done: one [`Shot`](Survey::sources) per source.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Survey {
    /// One shot each.
    pub sources: Vec<Position>,
    /// The same for all shots.
    pub receivers: Vec<Position>,
    /// How points between nodes are reached.
    pub interpolation: Interpolation,
}

/// A point inside the model: metres, one entry per axis.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Position(pub Vec<f64>);

/// How points between nodes are reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// From the corners of the cell.
    Linear,
    /// By a Kaiser-windowed sinc.
    Sinc {
        /// Half-width in nodes.
        radius: usize,
    },
}

/// What the sources emit.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wavelet {
    /// A Ricker wavelet whose peak is the frequency of the stage.
    RickerOfStage {
        /// Time of the maximum; 1.5 periods if not given.
        delay: Option<Seconds>,
    },
    /// A Ricker wavelet; stages low-pass it and the data.
    Ricker {
        /// Peak of the spectrum.
        peak: Hertz,
        /// Time of the maximum; 1.5 periods if not given.
        delay: Option<Seconds>,
    },
    /// Samples; stages low-pass them and the data.
    Sampled {
        /// NPY file.
        file: PathBuf,
        /// Sampling interval.
        dt: Seconds,
    },
}

/// The recordings to be explained.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// Modelled on a finer grid and with another order: no inverse crime.
    Synthetic {
        /// How many times finer.
        refine: usize,
        /// Order of the space derivatives.
        space_order: u8,
    },
    /// Modelled by the very operator that explains them.
    SameGrid,
    /// NPY files: one per shot (receiver, time), or one for all (shot, receiver, time).
    Files(Vec<PathBuf>),
}

/// A stage of the inversion.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Stage {
    /// Peak of the Ricker ([`Wavelet::RickerOfStage`]) or corner of the low-pass.
    pub frequency: Hertz,
    /// The most iterations.
    pub iterations: usize,
    /// The most evaluations of misfit and gradient, line search included.
    pub evaluations: usize,
    /// Smoothing of updates, that of [`Invert`] if the stage says nothing.
    pub smoothing: Smoothing,
}

/// Standard deviation of the Gaussian through which updates are seen; 0 does nothing.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Smoothing {
    /// A length.
    Metres(f64),
    /// In wavelengths at the frequency of the stage and the mean velocity of the start model.
    Wavelengths(f64),
}

/// The optimiser.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Invert {
    /// Which one.
    pub optimiser: Optimiser,
    /// Greatest change of velocity in the first step of a stage.
    pub first_step: MetresPerSecond,
    /// Smoothing of updates.
    pub smoothing: Smoothing,
    /// Scaling of the gradient.
    pub precondition: Precondition,
    /// When a stage ends early.
    pub stop: Stop,
}

/// Which optimiser.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    /// Limited-memory BFGS within the bounds.
    Lbfgs {
        /// Pairs that are kept.
        memory: usize,
    },
}

/// Scaling of the gradient.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precondition {
    /// None.
    None,
    /// Division by the energy of the source wavefield.
    Illumination,
}

/// When a stage ends early; `None` switches a rule off.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Stop {
    /// Misfit relative to the start of the stage.
    pub misfit_below: Option<f64>,
    /// Relative decrease of the misfit over [`Stop::over`] iterations.
    pub decrease_below: Option<f64>,
    /// Iterations.
    pub over: usize,
    /// Projected gradient relative to the start of the stage.
    pub gradient_below: Option<f64>,
}

/// The memory promise.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Memory {
    /// The most bytes that the process may hold.
    pub budget: Bytes,
    /// How the states of the forward run reach the adjoint run.
    pub strategy: Strategy,
    /// A folder for snapshots on disk.
    pub disk: Option<PathBuf>,
    /// How snapshots may be encoded, as text.
    pub codec: Option<String>,
    /// The relative error that encoding may cause in the gradient; 0 is none.
    pub gradient_error: f64,
    /// Least time between two saves of a half-done gradient beside its snapshots on disk.
    pub save_every: Seconds,
}

/// How the states of the forward run reach the adjoint run. `None` snapshots: all that fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Store all if the budget allows, else Revolve.
    Auto {
        /// Of Revolve, initial state included.
        snapshots: Option<usize>,
    },
    /// Keep what the adjoint reads at every step.
    StoreAll,
    /// Recompute between snapshots.
    Revolve {
        /// Initial state included.
        snapshots: Option<usize>,
    },
}

/// How the machine is used; changes no result. `None` leaves the choice to the planner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Run {
    /// Worker threads; `None` is one per core.
    pub threads: Option<usize>,
    /// Shots computed at the same time.
    pub shots_in_parallel: Option<usize>,
    /// What computes.
    pub backend: Backend,
    /// How steps go over the grid together.
    pub tuning: Tuning,
}

/// How the shape of blocks of time steps is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tuning {
    /// By the caches of the machine.
    Caches,
    /// By timing, once; what was found is kept.
    Timed,
}

/// What computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// C, compiled by the system's compiler.
    C,
    /// The reference interpreter.
    Interpreter,
}

/// What is drawn.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Whether.
    pub pictures: Pictures,
    /// Shots whose data fit is drawn, counted from 0; `None` is first, middle and last.
    pub shots: Option<Vec<usize>>,
}

/// Whether pictures are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pictures {
    /// Drawn.
    On,
    /// Left out.
    Off,
}
