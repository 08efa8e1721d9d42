//! Tables of the page, and how its numbers are written.

use std::path::Path;

use retrograd_plot::Table;

use super::gathers::percent;
use super::view::distance;
use crate::inversion::{DataSource, InversionSetup, MemoryPlan, Outcome, SourceSignature};

/// `6 Hz`, `1.75 Hz`.
pub(super) fn hertz(frequency_hz: f64) -> String {
    format!("{} Hz", rounded(frequency_hz))
}

/// At most three decimals, no trailing zeros.
fn rounded(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `76.4 KiB`, `317 MiB`, `1.25 GiB`.
pub(super) fn bytes(count: u64) -> String {
    let mib = count as f64 / f64::from(1 << 20);
    match mib {
        tiny if tiny < 1.0 => format!("{:.1} KiB", 1024.0 * tiny),
        small if small < 10.0 => format!("{small:.1} MiB"),
        usual if usual < 1024.0 => format!("{usual:.0} MiB"),
        large => format!("{:.2} GiB", large / 1024.0),
    }
}

/// `12.3 s`, `4 min 12 s`, `2 h 05 min`.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Stages, and the rule that ended each.
pub(super) fn stages(setup: &InversionSetup, outcome: &Outcome) -> Table {
    let header = [
        "Stage",
        "Frequency",
        "Iterations",
        "Evaluations",
        "J/J0",
        "Model error",
        "Smoothing",
        "Ended by",
    ];
    let mut table = Table::new(header).caption(
        "J0 is the misfit at the start of the stage; evaluations of misfit and gradient include \
         the line search",
    );
    for (k, stage) in outcome.stages.iter().enumerate() {
        let last = outcome.rows.iter().rfind(|row| row.stage == k + 1);
        let error = last.and_then(|row| row.model_error);
        let smoothing = setup.stages.get(k).map_or(0.0, |s| s.smoothing_m);
        table = table.row([
            (k + 1).to_string(),
            hertz(stage.frequency_hz),
            stage.iterations.to_string(),
            stage.evaluations.to_string(),
            format!("{:.4}", stage.misfit_ratio),
            error.map_or("–".to_owned(), percent),
            if smoothing > 0.0 { distance(smoothing) } else { "none".to_owned() },
            stage.stopped_by.clone(),
        ]);
    }
    table
}

/// Mesh, time axis, survey, data.
pub(super) fn problem(setup: &InversionSetup) -> Table {
    let experiment = &setup.experiment;
    let times = |values: &[String]| values.join(" × ");
    let shape: Vec<String> = experiment.grid.shape().iter().map(ToString::to_string).collect();
    let spacing: Vec<String> = experiment.grid.spacing_m().iter().map(|&h| rounded(h)).collect();
    let widths = || experiment.layer.iter().flatten();
    let (thin, wide) = (widths().min().unwrap_or(&0), widths().max().unwrap_or(&0));
    let layer = if thin == wide { thin.to_string() } else { format!("{thin} to {wide}") };
    let survey = &experiment.survey;
    let shots = survey.shots.len();
    let receivers = survey.traces() / shots.max(1);
    let source = match &setup.signature {
        SourceSignature::RickerOfStage { .. } => "Ricker wavelet, peak at the stage's frequency",
        SourceSignature::Fixed(_) => "one wavelet, low-passed at the stage's frequency",
    };
    let data = match &setup.data {
        DataSource::SameGrid => "modelled by the operator that inverts them".to_owned(),
        DataSource::Finer { refine, space_order, .. } => {
            format!("modelled on a grid {refine} times finer, order {space_order} in space")
        }
        DataSource::Measured(_) => "measured".to_owned(),
    };
    let frozen = setup.frozen.iter().filter(|&&f| f).count() as f64;
    let share = frozen / setup.frozen.len().max(1) as f64;
    let [low, high] = setup.bounds_m_s;
    let duration_s = experiment.steps.saturating_sub(1) as f64 * experiment.dt_s;
    let (steps, dt_ms) = (experiment.steps, 1e3 * experiment.dt_s);
    Table::new(["What", "Value"])
        .row(["Mesh", &format!("{} nodes, {} m apart", times(&shape), times(&spacing))])
        .row(["Absorbing layer", &format!("{layer} nodes outside the mesh")])
        .row(["Order in space", &experiment.space_order.to_string()])
        .row(["Time axis", &format!("{steps} steps of {dt_ms:.3} ms: {duration_s:.2} s")])
        .row(["Survey", &format!("{shots} shots, {receivers} receivers each")])
        .row(["Source", source])
        .row(["Data", &data])
        .row(["Velocity bounds", &format!("{low:.0} to {high:.0} m/s")])
        .row(["Frozen nodes", &percent(share)])
}

/// What was planned and what was measured.
pub(super) fn memory(setup: &InversionSetup, plan: &MemoryPlan, peak_bytes: u64) -> Table {
    let measured = if peak_bytes == 0 { "not known here".to_owned() } else { bytes(peak_bytes) };
    Table::new(["What", "Value"])
        .row(["Budget", &bytes(setup.memory.budget_bytes)])
        .row(["Predicted peak", &bytes(plan.predicted_peak_bytes())])
        .row(["Measured peak", &measured])
        .row(["Per shot in flight", &bytes(plan.bytes_per_shot())])
        .row(["Everything else", &bytes(plan.other_bytes)])
}

/// What computed it.
pub(super) fn versions(setup: &InversionSetup) -> Table {
    let kernels = match setup.resources.options.backend {
        retrograd::Backend::C => "C, compiled by the system's compiler",
        retrograd::Backend::Interpreter => "reference interpreter",
    };
    let precision = match setup.experiment.dtype {
        retrograd::DType::F32 => "single (f32)",
        retrograd::DType::F64 => "double (f64)",
    };
    Table::new(["What", "Value"])
        .row(["Retrograd", concat!("version ", env!("CARGO_PKG_VERSION"))])
        .row(["Machine", &format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH)])
        .row(["Threads", &setup.resources.threads.to_string()])
        .row(["Kernels", kernels])
        .row(["Precision", precision])
}

/// Files of the run folder, and what they are: results first.
pub(super) fn files(folder: &Path) -> Table {
    let mut found: Vec<(Kind, String, u64)> = Vec::new();
    for prefix in ["", "data/", "pictures/"] {
        let entries = std::fs::read_dir(folder.join(prefix)).into_iter().flatten().flatten();
        for entry in entries {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let Some(kind) = Kind::of(&name) else { continue };
            if let Some(data) = entry.metadata().ok().filter(std::fs::Metadata::is_file) {
                found.push((kind, name, data.len()));
            }
        }
    }
    found.sort();
    let mut table = Table::new(["File", "What it holds", "Size"]);
    for (kind, name, size) in found {
        table = table.row([name.clone(), kind.describe(&name).to_owned(), bytes(size)]);
    }
    table
}

/// What a file of a run folder is for, in the order of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Result,
    Picture,
    Resume,
}

impl Kind {
    /// `None` for files that are not of the run, and for the page itself.
    fn of(name: &str) -> Option<Self> {
        let ends = |end: &str| name.ends_with(end);
        if name.starts_with("pictures/") {
            return ends(".png").then_some(Self::Picture);
        }
        if name == "state.json" || ends("stage-base.f64") || name.starts_with("optimiser-") {
            return Some(Self::Resume);
        }
        let result = name == "run.json" || name == "job.toml" || ends(".npy");
        (result && !name.starts_with('.')).then_some(Self::Result)
    }

    fn describe(self, name: &str) -> &'static str {
        match self {
            Self::Picture => "a picture of this page",
            Self::Resume => "exact state of the run, for --resume",
            Self::Result => match name {
                "run.json" => "numbers of the run, for programs",
                "job.toml" => "the job, every key written out: runs it again",
                "vp.npy" => "the inverted model, m/s, f32, depth last",
                "gradient.npy" => "the first gradient, dJ/dvp in Pa² s per m/s",
                "illumination.npy" => "the first illumination, by which gradients are scaled",
                record if record.starts_with("data/") => {
                    "recordings of a shot, Pa, (receiver, time)"
                }
                stage if stage.starts_with("vp_stage_") => "the model after a stage, m/s",
                _ => "an array",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([hertz(6.0), hertz(1.75), hertz(10.0)], ["6 Hz", "1.75 Hz", "10 Hz"]);
        assert_eq!(bytes(317 << 20), "317 MiB");
        assert_eq!([bytes(78_212), bytes(5 << 28)], ["76.4 KiB", "1.25 GiB"]);
        assert_eq!([duration(12.34), duration(252.0)], ["12.3 s", "4 min 12 s"]);
        assert_eq!([duration(59.97), duration(7500.0)], ["1 min 00 s", "2 h 05 min"]);
    }
}
