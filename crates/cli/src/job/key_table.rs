//! The keys of the job file, as data.

use super::keys::{Count, Key, Kind, Range, Repeat, Section};
use super::units::Dimension::{Frequency, Length, Size, Time, Velocity, Wavelengths};

const fn once(path: &'static str, doc: &'static str) -> Section {
    Section { path, repeat: Repeat::Once, doc }
}

const fn key(
    path: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    doc: &'static str,
) -> Key {
    Key { path, kind, default, doc }
}

const fn count(min: u64, max: u64) -> Count {
    Count { min, max, step: 1 }
}

const fn even(min: u64, max: u64) -> Count {
    Count { min, max, step: 2 }
}

/// The most nodes per axis, steps or shots of a key: a slip of the finger lies above it.
const MANY: u64 = 100_000_000;

/// The sections, in the order in which `retrograd new` prints them.
pub const SECTIONS: &[Section] = &[
    once("job", "Name and place of the results."),
    once("physics", "The equation and its discretisation."),
    once("grid", "The mesh. x points right, z points down; the last axis is depth."),
    once("model", "Velocities: true, start, and what may change."),
    once("model.start", "How to make the start model, in place of the file `vp_start`."),
    once("model.freeze", "Nodes that the inversion leaves alone: all of these conditions hold."),
    once("boundary", "The absorbing layer around the model. It is added outside the grid."),
    once("time", "Length and step of the recording."),
    once("survey", "Where the experiment was done. All positions are in metres."),
    once("survey.sources", "One shot per source."),
    once("survey.receivers", "The receivers, the same for all shots."),
    once("wavelet", "What the sources emit."),
    once("data", "The recordings to be explained."),
    Section {
        path: "stage",
        repeat: Repeat::Many,
        doc: "One stage of the inversion; write several, low frequencies first.",
    },
    once("invert", "The optimiser."),
    once("invert.stop", "When a stage ends early; 0 switches a rule off."),
    once("memory", "The most memory that a gradient may hold, and how it is used."),
    once("run", "How the machine is used. None of these keys changes a result."),
    once("report", "What is drawn."),
];

/// The keys, in the order in which `retrograd new` prints them.
pub const KEYS: &[Key] = &[
    key("job.name", Kind::Text, Some("\"job\""), "Names the run folder and the report."),
    key(
        "job.seed",
        Kind::Count(count(0, i64::MAX as u64)),
        Some("1"),
        "Seed of the random vectors of `check`.",
    ),
    key(
        "job.output",
        Kind::Folder("auto"),
        Some("\"auto\""),
        "Run folder, relative to where the command is run; \"auto\" is runs/<name>.",
    ),
    key(
        "physics.equation",
        Kind::Choice(&["acoustic"]),
        Some("\"acoustic\""),
        "Constant-density acoustic wave equation, second order in time.",
    ),
    key(
        "physics.space_order",
        Kind::Count(even(2, 16)),
        Some("8"),
        "Order of the space derivatives.",
    ),
    key(
        "physics.dtype",
        Kind::Choice(&["f32", "f64"]),
        Some("\"f32\""),
        "Working precision of the wavefields.",
    ),
    key(
        "grid.spacing",
        Kind::Quantities(Length, Range::Positive),
        Some("[\"20 m\", \"20 m\"]"),
        "Distance of neighbouring nodes, per axis. Required for models from files.",
    ),
    key(
        "grid.origin",
        Kind::Quantities(Length, Range::Finite),
        None,
        "Position of the first node, per axis. Left out: 0 on every axis.",
    ),
    key(
        "grid.extent",
        Kind::Quantities(Length, Range::Positive),
        Some("[\"6 km\", \"2 km\"]"),
        "Size of the synthetic basin, per axis. Models from files bring their own.",
    ),
    key(
        "grid.shape",
        Kind::Counts(count(2, MANY)),
        None,
        "Nodes per axis. Required for raw-f32 files; NPY files must agree with it if given.",
    ),
    key(
        "model.source",
        Kind::Choice(&["basin", "files"]),
        Some("\"basin\""),
        "The built-in synthetic basin (layers, faults, water), or models from files.",
    ),
    key(
        "model.seed",
        Kind::Count(count(0, i64::MAX as u64)),
        Some("7"),
        "Seed of the synthetic basin: another number, another basin.",
    ),
    key(
        "model.format",
        Kind::Choice(&["npy", "raw-f32"]),
        Some("\"npy\""),
        "Format of the model files. raw-f32 is little-endian, depth fastest, and needs grid.shape.",
    ),
    key(
        "model.vp_start",
        Kind::File,
        None,
        "File with the start model, m/s. Paths are relative to the job file.",
    ),
    key(
        "model.vp_true",
        Kind::File,
        None,
        "File with the true model, m/s, if known: for synthetic data and model errors.",
    ),
    key(
        "model.bounds",
        Kind::Pair(Velocity, Range::Positive),
        Some("[\"1400 m/s\", \"5500 m/s\"]"),
        "Least and greatest velocity that the inversion may reach.",
    ),
    key(
        "model.start.smooth_true",
        Kind::Quantity(&[Length], Range::Positive),
        None,
        "Start from the true model smoothed by a Gaussian of this standard deviation.",
    ),
    key(
        "model.start.linear",
        Kind::Pair(Velocity, Range::Positive),
        None,
        "Start from a velocity that grows linearly with depth: [at the top, at the bottom].",
    ),
    key(
        "model.freeze.below_velocity",
        Kind::QuantityOr(&[Velocity], Range::Positive, "off"),
        Some("\"1510 m/s\""),
        "Freeze nodes slower than this (water) in the start model; in the true one if smoothed.",
    ),
    key(
        "model.freeze.depth",
        Kind::Quantity(&[Length], Range::Positive),
        None,
        "Freeze only nodes above this depth.",
    ),
    key(
        "model.freeze.mask",
        Kind::File,
        None,
        "NPY file of the model's shape; freeze only nodes where it is not 0.",
    ),
    key(
        "boundary.kind",
        Kind::Choice(&["sponge"]),
        Some("\"sponge\""),
        "Damping that grows towards the edge, on all sides.",
    ),
    key(
        "boundary.width",
        Kind::CountOr(count(0, 1000), "auto"),
        Some("\"auto\""),
        "Nodes per side; \"auto\" takes what the lowest frequency needs.",
    ),
    key(
        "boundary.reflection",
        Kind::Number(Range::Between(1e-8, 0.5)),
        None,
        "Amplitude that is left of a wave that runs through the layer and back; sets its \
         strength. Without it, what suits the width at the lowest frequency best.",
    ),
    key(
        "time.duration",
        Kind::Quantity(&[Time], Range::Positive),
        Some("\"3 s\""),
        "Length of the recording; or give time.steps.",
    ),
    key(
        "time.steps",
        Kind::Count(count(1, MANY)),
        None,
        "Number of time steps, in place of time.duration.",
    ),
    key(
        "time.dt",
        Kind::QuantityOr(&[Time], Range::Positive, "auto"),
        Some("\"auto\""),
        "Time step; \"auto\" is the stability limit at the upper bound times time.courant.",
    ),
    key(
        "time.courant",
        Kind::Number(Range::Between(0.01, 1.0)),
        Some("0.8"),
        "Fraction of the stability limit that dt = \"auto\" takes.",
    ),
    key(
        "survey.interpolation",
        Kind::Choice(&["linear", "sinc"]),
        Some("\"linear\""),
        "How points between nodes are reached; sinc is windowed by a Kaiser window.",
    ),
    key("survey.radius", Kind::Count(count(1, 8)), Some("4"), "Half-width of the sinc in nodes."),
    key(
        "survey.sources.count",
        Kind::Count(count(1, 1_000_000)),
        Some("12"),
        "Sources on a line from `first` to `last`.",
    ),
    key(
        "survey.sources.first",
        Kind::QuantityOr(&[Length], Range::Finite, "edge"),
        Some("\"edge\""),
        "x of the first source; \"edge\" is the left edge of the model.",
    ),
    key(
        "survey.sources.last",
        Kind::QuantityOr(&[Length], Range::Finite, "edge"),
        Some("\"edge\""),
        "x of the last source; \"edge\" is the right edge of the model.",
    ),
    key(
        "survey.sources.depth",
        Kind::Quantity(&[Length], Range::Finite),
        Some("\"20 m\""),
        "z of all sources on the line.",
    ),
    key(
        "survey.sources.positions",
        Kind::Points,
        None,
        "Explicit positions, in place of a line: [[x, z], ...], or [[x, y, z], ...] in 3-D.",
    ),
    key(
        "survey.sources.file",
        Kind::File,
        None,
        "Text file, one position per line (x, z or x, y, z in metres), in place of a line.",
    ),
    key(
        "survey.receivers.count",
        Kind::CountOr(count(1, 1_000_000), "auto"),
        Some("\"auto\""),
        "Receivers on a line from `first` to `last`; \"auto\" follows from `spacing`.",
    ),
    key(
        "survey.receivers.spacing",
        Kind::QuantityOr(&[Length], Range::Positive, "auto"),
        Some("\"auto\""),
        "Distance of neighbours, in place of `count`; \"auto\" is one receiver per node.",
    ),
    key(
        "survey.receivers.first",
        Kind::QuantityOr(&[Length], Range::Finite, "edge"),
        Some("\"edge\""),
        "x of the first receiver; \"edge\" is the left edge of the model.",
    ),
    key(
        "survey.receivers.last",
        Kind::QuantityOr(&[Length], Range::Finite, "edge"),
        Some("\"edge\""),
        "x of the last receiver; \"edge\" is the right edge of the model.",
    ),
    key(
        "survey.receivers.depth",
        Kind::Quantity(&[Length], Range::Finite),
        Some("\"20 m\""),
        "z of all receivers on the line.",
    ),
    key(
        "survey.receivers.positions",
        Kind::Points,
        None,
        "Explicit positions, in place of a line: [[x, z], ...], or [[x, y, z], ...] in 3-D.",
    ),
    key(
        "survey.receivers.file",
        Kind::File,
        None,
        "Text file, one position per line (x, z or x, y, z in metres), in place of a line.",
    ),
    key(
        "wavelet.kind",
        Kind::Choice(&["ricker", "file"]),
        Some("\"ricker\""),
        "A Ricker wavelet, or samples from a file.",
    ),
    key(
        "wavelet.peak",
        Kind::QuantityOr(&[Frequency], Range::Positive, "stage"),
        Some("\"stage\""),
        "Peak of the Ricker; \"stage\" is the frequency of each stage, else stages low-pass.",
    ),
    key(
        "wavelet.delay",
        Kind::QuantityOr(&[Time], Range::NotNegative, "auto"),
        Some("\"auto\""),
        "Time of the Ricker's maximum; \"auto\" is 1.5 periods.",
    ),
    key("wavelet.file", Kind::File, None, "NPY file with the samples of the wavelet."),
    key(
        "wavelet.dt",
        Kind::Quantity(&[Time], Range::Positive),
        None,
        "Sampling interval of wavelet.file.",
    ),
    key(
        "data.kind",
        Kind::Choice(&["synthetic", "same-grid", "files"]),
        Some("\"synthetic\""),
        "Synthetic on a finer grid and of another order, on the same grid, or recorded.",
    ),
    key(
        "data.refine",
        Kind::Count(count(1, 8)),
        Some("2"),
        "How many times finer the grid of synthetic data is.",
    ),
    key(
        "data.space_order",
        Kind::Count(even(2, 16)),
        Some("12"),
        "Space order of synthetic data; another one than physics.space_order.",
    ),
    key(
        "data.files",
        Kind::Files,
        None,
        "NPY files of recorded data: one per shot (receiver, time), or one for all.",
    ),
    key(
        "stage.frequency",
        Kind::Quantity(&[Frequency], Range::Positive),
        Some("\"4 Hz\""),
        "Peak of the Ricker if wavelet.peak is \"stage\"; else the corner of a low-pass filter.",
    ),
    key("stage.iterations", Kind::Count(count(1, 100_000)), Some("10"), "The most iterations."),
    key(
        "stage.evaluations",
        Kind::Count(count(1, 1_000_000)),
        Some("30"),
        "The most evaluations of misfit and gradient, line search included.",
    ),
    key(
        "stage.smoothing",
        Kind::QuantityOr(&[Length, Wavelengths], Range::NotNegative, "inherit"),
        Some("\"inherit\""),
        "Smoothing of the update in this stage; \"inherit\" takes invert.smoothing.",
    ),
    key(
        "invert.optimiser",
        Kind::Choice(&["lbfgs"]),
        Some("\"lbfgs\""),
        "Limited-memory BFGS within the bounds.",
    ),
    key(
        "invert.memory",
        Kind::Count(count(1, 100)),
        Some("8"),
        "Pairs of steps and gradient changes that L-BFGS keeps.",
    ),
    key(
        "invert.first_step",
        Kind::Quantity(&[Velocity], Range::Positive),
        Some("\"50 m/s\""),
        "Greatest change of velocity in the first step of a stage.",
    ),
    key(
        "invert.smoothing",
        Kind::Quantity(&[Length, Wavelengths], Range::NotNegative),
        Some("\"0.1 wavelengths\""),
        "Standard deviation of the Gaussian that updates pass through: metres or wavelengths.",
    ),
    key(
        "invert.precondition",
        Kind::Choice(&["illumination", "none"]),
        Some("\"illumination\""),
        "Initial inverse Hessian of L-BFGS: one over the energy that the sources send to a node.",
    ),
    key(
        "invert.stop.misfit_below",
        Kind::Number(Range::NotNegative),
        Some("0.0"),
        "Misfit relative to that at the start of the stage.",
    ),
    key(
        "invert.stop.decrease_below",
        Kind::Number(Range::NotNegative),
        Some("0.0"),
        "Relative decrease of the misfit over invert.stop.over iterations.",
    ),
    key(
        "invert.stop.over",
        Kind::Count(count(1, 1000)),
        Some("5"),
        "Iterations over which invert.stop.decrease_below is measured.",
    ),
    key(
        "invert.stop.gradient_below",
        Kind::Number(Range::NotNegative),
        Some("0.0"),
        "Norm of the projected gradient relative to that at the start of the stage.",
    ),
    key(
        "memory.budget",
        Kind::Quantity(&[Size], Range::Positive),
        Some("\"1 GiB\""),
        "The most memory of the process: fields, snapshots, data, optimiser, all shots at once.",
    ),
    key(
        "memory.strategy",
        Kind::Choice(&["auto", "store-all", "revolve"]),
        Some("\"auto\""),
        "Keep every state, or recompute by Revolve; \"auto\" takes what is predicted to be fastest.",
    ),
    key(
        "memory.snapshots",
        Kind::CountOr(count(1, 1_000_000), "auto"),
        Some("\"auto\""),
        "Snapshots that Revolve keeps, initial state included; \"auto\" takes all that fit.",
    ),
    key(
        "memory.tiers",
        Kind::Texts,
        Some("[\"ram\"]"),
        "Where snapshots may be: \"ram\", and \"disk:FOLDER\" for files in a folder that exists.",
    ),
    key(
        "memory.codec",
        Kind::Text,
        Some("\"none\""),
        "How snapshots may be encoded, such as \"zfp:lossless\" or \"zfp:relative=1e-4\".",
    ),
    key(
        "memory.gradient_error",
        Kind::Number(Range::NotNegative),
        Some("0.0"),
        "The relative error that encoding may cause in the gradient; 0 is none. `check` measures it.",
    ),
    key(
        "memory.save_every",
        Kind::Quantity(&[Time], Range::NotNegative),
        Some("\"30 s\""),
        "With a disk: time between two saves of a half-done gradient, for `invert --resume`.",
    ),
    key("run.threads", Kind::CountOr(count(1, 4096), "all"), Some("\"all\""), "Worker threads."),
    key(
        "run.shots_in_parallel",
        Kind::CountOr(count(1, 4096), "auto"),
        Some("\"auto\""),
        "Shots computed at the same time; \"auto\" follows threads and budget.",
    ),
    key(
        "run.backend",
        Kind::Choice(&["c", "interpreter"]),
        Some("\"c\""),
        "Compiled C, or the slow reference interpreter that needs no compiler.",
    ),
    key(
        "run.tune",
        Kind::Switch,
        Some("false"),
        "Whether tiles are found by timing, once; what was found is kept beside the kernels.",
    ),
    key("report.pictures", Kind::Switch, Some("true"), "Whether pictures are drawn."),
    key(
        "report.shots",
        Kind::CountsOr(count(0, MANY), "auto"),
        Some("\"auto\""),
        "Shots whose data fit is drawn, counted from 0; \"auto\" takes first, middle and last.",
    ),
];
