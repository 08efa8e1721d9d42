//! Each section of the job file as a typed value. Rules across sections are in `geometry` and
//! `rules`.

use std::path::PathBuf;

use retrograd::checkpoint::codec::Codec;

use super::decode::Decoded;
use super::reader::Reader;
use super::tree::Value;
use super::types::{
    Absorber, Backend, Boundary, DType, Data, Equation, Frozen, Invert, Memory, ModelFile,
    ModelFormat, Optimiser, Physics, Pictures, Precondition, RecordLength, Report, Run, Smoothing,
    Stage, Start, Stop, Strategy, Time, TimeStep, Truth, Tuning, Wavelet, Width,
};
use super::units::{Bytes, Dimension, Hertz, Metres, MetresPerSecond, Seconds};

/// `[physics]`.
pub(super) fn physics(reader: &mut Reader<'_>) -> Physics {
    // One choice so far; read for its checks.
    reader.text("physics.equation");
    Physics {
        equation: Equation::Acoustic,
        space_order: reader.count("physics.space_order") as u8,
        dtype: match reader.text("physics.dtype").as_str() {
            "f64" => DType::F64,
            _ => DType::F32,
        },
    }
}

/// Where the models come from; `None` where a file is missing (already reported).
pub(super) struct Models {
    /// The true model.
    pub(super) truth: Truth,
    /// The start model.
    pub(super) start: Option<Start>,
}

/// `[model]` except bounds and frozen nodes.
pub(super) fn models(reader: &mut Reader<'_>) -> Models {
    let format = match reader.text("model.format").as_str() {
        "raw-f32" => ModelFormat::RawF32,
        _ => ModelFormat::Npy,
    };
    let basin = reader.text("model.source") == "basin";
    let seed = reader.count("model.seed") as u64;
    let file = |path| ModelFile { path, format };
    let truth_file = reader.file("model.vp_true").map(file);
    let start_file = reader.file("model.vp_start").map(file);
    let smooth = reader.maybe_real("model.start.smooth_true").map(Metres);
    let linear = reader.reals("model.start.linear");
    if basin && reader.given("model.vp_true").is_some() {
        let help = "set model.source = \"files\" to use it, or leave it out".to_owned();
        let message = "`model.vp_true` has no use with model.source = \"basin\"".to_owned();
        reader.reject("model.vp_true", message, "the basin is the true model", help);
    }
    let truth = match truth_file {
        _ if basin => Truth::Basin { seed },
        Some(file) => Truth::File(file),
        None => Truth::Unknown,
    };
    one_start(reader, basin);
    let linear = linear.as_deref().and_then(|ends| match ends {
        &[top, bottom] => {
            Some(Start::Linear { top: MetresPerSecond(top), bottom: MetresPerSecond(bottom) })
        }
        _ => None,
    });
    let start = match (start_file, smooth, linear) {
        (Some(file), _, _) => Some(Start::File(file)),
        (None, Some(sigma), _) => Some(Start::SmoothTrue(sigma)),
        (None, None, Some(linear)) => Some(linear),
        (None, None, None) => basin.then_some(Start::Basin),
    };
    Models { truth, start }
}

/// Exactly one way to the start model; the basin has its own.
fn one_start(reader: &mut Reader<'_>, basin: bool) {
    const WAYS: [&str; 3] = ["model.vp_start", "model.start.smooth_true", "model.start.linear"];
    let given: Vec<&'static str> =
        WAYS.into_iter().filter(|path| reader.given(path).is_some()).collect();
    let help = format!("give exactly one of {}", WAYS.join(", "));
    match given.as_slice() {
        [] if !basin => {
            let message = "the start model is missing".to_owned();
            reader.reject("model.vp_start", message, "no start model in this section", help);
        }
        [_, second, ..] => {
            let message = format!("`{}` and `{second}` are two start models", given[0]);
            reader.reject(second, message, "the second one", help);
        }
        _ => {}
    }
}

/// `model.bounds`.
pub(super) fn bounds(reader: &mut Reader<'_>) -> [MetresPerSecond; 2] {
    let bounds = reader.reals("model.bounds").unwrap_or_default();
    if let &[low, high] = bounds.as_slice() {
        if low < high {
            return [MetresPerSecond(low), MetresPerSecond(high)];
        }
        let message = format!("`model.bounds` are inverted: {low} m/s is not below {high} m/s");
        let help = format!("write [least, greatest], such as [{high}, {low}]");
        reader.reject("model.bounds", message, "least first", help);
    }
    [MetresPerSecond(0.0), MetresPerSecond(0.0)]
}

/// `[model.freeze]`.
pub(super) fn frozen(reader: &mut Reader<'_>) -> Frozen {
    Frozen {
        below_velocity: reader.maybe_real("model.freeze.below_velocity").map(MetresPerSecond),
        depth: reader.maybe_real("model.freeze.depth").map(Metres),
        mask: reader.file("model.freeze.mask"),
    }
}

/// `[boundary]`.
pub(super) fn boundary(reader: &mut Reader<'_>) -> Boundary {
    // One choice so far; read for its checks.
    reader.text("boundary.kind");
    Boundary {
        kind: Absorber::Sponge,
        width: reader.maybe_count("boundary.width").map_or(Width::Auto, Width::Nodes),
        reflection: reader.maybe_real("boundary.reflection"),
    }
}

/// `[time]`.
pub(super) fn time(reader: &mut Reader<'_>) -> Time {
    let duration = reader.real("time.duration");
    let steps = reader.maybe_count("time.steps");
    if steps.is_some() && reader.given("time.duration").is_some() {
        let message = "`time.steps` and `time.duration` both give the length".to_owned();
        let help = "keep one of them".to_owned();
        reader.reject("time.steps", message, "the length again", help);
    }
    let courant = reader.real("time.courant");
    Time {
        length: steps.map_or(RecordLength::Duration(Seconds(duration)), RecordLength::Steps),
        step: match reader.maybe_real("time.dt") {
            Some(dt) => TimeStep::Fixed(Seconds(dt)),
            None => TimeStep::Courant(courant),
        },
    }
}

/// `[wavelet]`.
pub(super) fn wavelet(reader: &mut Reader<'_>) -> Option<Wavelet> {
    let kind = reader.text("wavelet.kind");
    let peak = reader.maybe_real("wavelet.peak").map(Hertz);
    let delay = reader.maybe_real("wavelet.delay").map(Seconds);
    let file = reader.file("wavelet.file");
    let dt = reader.maybe_real("wavelet.dt").map(Seconds);
    if kind == "ricker" {
        only_for(reader, &["wavelet.file", "wavelet.dt"], "wavelet.kind = \"file\"");
        return Some(match peak {
            Some(peak) => Wavelet::Ricker { peak, delay },
            None => Wavelet::RickerOfStage { delay },
        });
    }
    only_for(reader, &["wavelet.peak", "wavelet.delay"], "wavelet.kind = \"ricker\"");
    for path in ["wavelet.file", "wavelet.dt"] {
        require(reader, path, "wavelet.kind = \"file\"");
    }
    Some(Wavelet::Sampled { file: file?, dt: dt? })
}

/// `[data]`, without the rules that need the survey and the model.
pub(super) fn data(reader: &mut Reader<'_>) -> Option<Data> {
    let kind = reader.text("data.kind");
    let refine = reader.count("data.refine");
    let space_order = reader.count("data.space_order") as u8;
    let files = reader.existing_files("data.files");
    if kind != "files" {
        only_for(reader, &["data.files"], "data.kind = \"files\"");
    }
    if kind != "synthetic" {
        only_for(reader, &["data.refine", "data.space_order"], "data.kind = \"synthetic\"");
    }
    match kind.as_str() {
        "files" => {
            require(reader, "data.files", "data.kind = \"files\"");
            Some(Data::Files(files?))
        }
        "same-grid" => Some(Data::SameGrid),
        _ => Some(Data::Synthetic { refine, space_order }),
    }
}

/// `[[stage]]`: as many as there are, one with the defaults if there is none.
pub(super) fn stages(reader: &mut Reader<'_>, inherited: Smoothing) -> Vec<Stage> {
    match reader.given("stage").map(|node| &node.value) {
        Some(Value::List(items)) if !items.is_empty() => items
            .iter()
            .map(|item| {
                reader.enter("stage", item);
                let stage = stage(reader, inherited);
                reader.leave();
                stage
            })
            .collect(),
        // Absent, or a shape that the structure check has reported.
        _ => vec![stage(reader, inherited)],
    }
}

fn stage(reader: &mut Reader<'_>, inherited: Smoothing) -> Stage {
    Stage {
        frequency: Hertz(reader.real("stage.frequency")),
        iterations: reader.count("stage.iterations"),
        evaluations: reader.count("stage.evaluations"),
        smoothing: smoothing(reader, "stage.smoothing").unwrap_or(inherited),
    }
}

fn smoothing(reader: &mut Reader<'_>, path: &'static str) -> Option<Smoothing> {
    match reader.get(path) {
        Some(Decoded::Real(x, Some(Dimension::Wavelengths))) => Some(Smoothing::Wavelengths(x)),
        Some(Decoded::Real(x, _)) => Some(Smoothing::Metres(x)),
        _ => None,
    }
}

/// `[invert]`.
pub(super) fn invert(reader: &mut Reader<'_>) -> Invert {
    // One choice so far; read for its checks.
    reader.text("invert.optimiser");
    Invert {
        optimiser: Optimiser::Lbfgs { memory: reader.count("invert.memory") },
        first_step: MetresPerSecond(reader.real("invert.first_step")),
        smoothing: smoothing(reader, "invert.smoothing").unwrap_or(Smoothing::Metres(0.0)),
        precondition: match reader.text("invert.precondition").as_str() {
            "none" => Precondition::None,
            _ => Precondition::Illumination,
        },
        stop: Stop {
            misfit_below: threshold(reader, "invert.stop.misfit_below"),
            decrease_below: threshold(reader, "invert.stop.decrease_below"),
            over: reader.count("invert.stop.over"),
            gradient_below: threshold(reader, "invert.stop.gradient_below"),
        },
    }
}

/// A threshold; 0 switches its rule off.
fn threshold(reader: &mut Reader<'_>, path: &'static str) -> Option<f64> {
    reader.maybe_real(path).filter(|&x| x > 0.0)
}

/// `[memory]`.
pub(super) fn memory(reader: &mut Reader<'_>) -> Memory {
    let budget = Bytes(reader.real("memory.budget").round() as u64);
    let snapshots = reader.maybe_count("memory.snapshots");
    let strategy = match reader.text("memory.strategy").as_str() {
        "store-all" => {
            if snapshots.is_some() {
                only_for(reader, &["memory.snapshots"], "Revolve");
            }
            Strategy::StoreAll
        }
        "revolve" => Strategy::Revolve { snapshots },
        _ => Strategy::Auto { snapshots },
    };
    let disk = disk(reader);
    let gradient_error = reader.real("memory.gradient_error");
    let codec = codec(reader, gradient_error);
    if (disk.is_some() || codec.is_some()) && strategy != (Strategy::Auto { snapshots: None }) {
        let keys = if disk.is_some() { "memory.tiers" } else { "memory.codec" };
        let message = format!("`{keys}` is for the strategy \"auto\" without `memory.snapshots`");
        let help = "leave `memory.strategy` and `memory.snapshots` out: the fastest is chosen";
        reader.reject(keys, message, "not used", help.to_owned());
    }
    let save_every = Seconds(reader.real("memory.save_every"));
    Memory { budget, strategy, disk, codec, gradient_error, save_every }
}

/// The folder of `memory.tiers`, if there is one.
fn disk(reader: &mut Reader<'_>) -> Option<PathBuf> {
    let mut folder = None;
    for tier in reader.texts("memory.tiers") {
        match tier.split_once(':') {
            None if tier == "ram" => {}
            Some(("disk", path)) if !path.is_empty() && folder.is_none() => {
                folder = Some(PathBuf::from(path));
            }
            _ => {
                let message = format!("`memory.tiers`: `{tier}` is no tier");
                let help = "allowed are \"ram\" and one \"disk:FOLDER\", such as \"disk:/scratch\"";
                reader.reject("memory.tiers", message, "unknown tier", help.to_owned());
            }
        }
    }
    folder
}

/// `memory.codec`, unless it is none.
fn codec(reader: &mut Reader<'_>, gradient_error: f64) -> Option<String> {
    let text = reader.text("memory.codec");
    let parsed = text.parse::<Codec>().and_then(|codec| codec.check().map(|()| codec));
    match parsed {
        Ok(Codec::None) => None,
        Ok(codec) if codec.is_lossless() || gradient_error > 0.0 => Some(text),
        Ok(_) => {
            let message = format!("`memory.codec`: `{text}` changes the gradient");
            let help = "say how much it may: `memory.gradient_error = 1e-3`; `retrograd check` \
                        measures it. Or take a codec without loss, such as \"zfp:lossless\"";
            reader.reject("memory.codec", message, "loses digits", help.to_owned());
            None
        }
        Err(error) => {
            let text = error.to_string();
            let (message, help) = text.split_once("\n  help: ").unwrap_or((&text, ""));
            let message = format!("`memory.codec`: {message}");
            reader.reject("memory.codec", message, "no such codec", help.to_owned());
            None
        }
    }
}

/// `[run]`.
pub(super) fn run(reader: &mut Reader<'_>) -> Run {
    Run {
        threads: reader.maybe_count("run.threads"),
        shots_in_parallel: reader.maybe_count("run.shots_in_parallel"),
        backend: match reader.text("run.backend").as_str() {
            "interpreter" => Backend::Interpreter,
            _ => Backend::C,
        },
        tuning: match reader.get("run.tune") {
            Some(Decoded::Switch(true)) => Tuning::Timed,
            _ => Tuning::Caches,
        },
    }
}

/// `[report]`.
pub(super) fn report(reader: &mut Reader<'_>) -> Report {
    Report {
        pictures: match reader.get("report.pictures") {
            Some(Decoded::Switch(false)) => Pictures::Off,
            _ => Pictures::On,
        },
        shots: reader.counts("report.shots"),
    }
}

/// Reports those of `paths` that are given although only `condition` gives them a meaning.
///
/// The special word of a key says "nothing given" and is let through.
pub(super) fn only_for(reader: &mut Reader<'_>, paths: &[&'static str], condition: &str) {
    for &path in paths {
        let Some(node) = reader.given(path) else { continue };
        if matches!(&node.value, Value::Text(word) if word == "auto" || word == "stage") {
            continue;
        }
        let message = format!("`{path}` has a meaning only for {condition}");
        reader.reject(path, message, "has no effect here", "leave it out".to_owned());
    }
}

/// Reports `path` if it is absent although `condition` needs it.
pub(super) fn require(reader: &mut Reader<'_>, path: &'static str, condition: &str) {
    if reader.given(path).is_none() {
        let message = format!("`{path}` is missing: {condition} needs it");
        let help = super::keys::find(path).map_or(String::new(), super::decode::key_help);
        reader.reject(path, message, "not in this section", help);
    }
}
