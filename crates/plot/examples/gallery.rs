//! Draws one picture of each kind from synthetic data, and a report of all of them.
//!
//! ```text
//! cargo run -p retrograd-plot --example gallery -- <folder>
//! ```

use std::error::Error;
use std::path::Path;

use retrograd_plot::{
    Array2, AxisScale, ColorMap, Curves, Gather, Heatmap, Panels, Picture, PlotError, Profiles,
    Report, Section, Table, Tile, Tone, TraceComparison,
};

const SHAPE: [usize; 2] = [202, 68];
const SPACING_M: f64 = 40.0;
const DT_S: f64 = 4e-3;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: gallery <folder>")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let pictures = [
        ("model", model()?),
        ("absorbing", absorbing()?),
        ("gradient", gradient()?),
        ("panels", panels()?),
        ("stacked", stacked()?),
        ("curves", curves()?),
        ("model-error", model_error()?),
        ("gather", gather()?),
        ("traces", traces()?),
        ("profiles", profiles()?),
        ("small", small()?),
    ];
    for (name, picture) in &pictures {
        picture.save(folder.join(format!("{name}.png")))?;
        println!("{name}.png {:?}", picture.size_px());
    }
    report(&pictures)?.save(folder.join("report.html"))?;
    Ok(())
}

/// Velocity in m/s: water over dipping layers, cut by a fault, and a gas lens.
fn velocity(x: f64, z: f64) -> f64 {
    let bottom = 450.0 + 60.0 * (x / 1300.0).sin();
    if z < bottom {
        return 1500.0;
    }
    let throw = if x > 4700.0 - 0.35 * z { 260.0 } else { 0.0 };
    let depth = z - bottom + throw + 0.07 * x + 90.0 * (x / 900.0).sin();
    let layer = (depth / 190.0).floor();
    let wiggle = 170.0 * (layer * 2.4).sin();
    let lens = ((x - 2600.0) / 700.0).powi(2) + ((z - 1250.0) / 110.0).powi(2);
    let gas = if lens < 1.0 { -520.0 } else { 0.0 };
    1750.0 + 0.95 * (z - bottom) + 110.0 * layer.min(14.0) * 0.6 + wiggle + gas
}

fn sampled(f: impl Fn(f64, f64) -> f64) -> Vec<f32> {
    let [nx, nz] = SHAPE;
    let at = |k: usize| f((k / nz) as f64 * SPACING_M, (k % nz) as f64 * SPACING_M) as f32;
    (0..nx * nz).map(at).collect()
}

/// Mean over a box of `radius` cells, below the water bottom only.
fn smoothed(values: &[f32], radius: isize) -> Vec<f32> {
    let [nx, nz] = [SHAPE[0] as isize, SHAPE[1] as isize];
    let mut smooth = Vec::with_capacity(values.len());
    for i in 0..nx {
        for j in 0..nz {
            let old = values[(i * nz + j) as usize];
            let (mut sum, mut count) = (0.0, 0.0);
            for p in (i - radius).max(0)..=(i + radius).min(nx - 1) {
                for q in (j - radius).max(0)..=(j + radius).min(nz - 1) {
                    sum += values[(p * nz + q) as usize];
                    count += 1.0;
                }
            }
            smooth.push(if old <= 1500.0 { old } else { sum / count });
        }
    }
    smooth
}

fn section(values: &[f32]) -> Result<Array2, PlotError> {
    Array2::new(values, SHAPE)
}

fn velocity_map(title: &str, values: &[f32]) -> Result<Heatmap, PlotError> {
    Ok(Heatmap::model(title, section(values)?)
        .spacing_m([SPACING_M; 2])
        .quantity("P velocity", "m/s"))
}

fn model() -> Result<Picture, PlotError> {
    let sources: Vec<[f64; 2]> = (0..8).map(|k| [500.0 + 1000.0 * f64::from(k), 40.0]).collect();
    let receivers: Vec<[f64; 2]> = (0..90).map(|k| [60.0 + 90.0 * f64::from(k), 450.0]).collect();
    velocity_map("True model with acquisition", &sampled(velocity))?
        .sources_m(&sources)
        .receivers_m(&receivers)
        .draw()
}

fn absorbing() -> Result<Picture, PlotError> {
    let bottom: Vec<[f64; 2]> = (0..=80)
        .map(|k| f64::from(k) * 100.0)
        .map(|x| [x, 450.0 + 60.0 * (x / 1300.0).sin()])
        .collect();
    let receivers: Vec<[f64; 2]> = (0..24).map(|k| [1200.0 + 245.0 * f64::from(k), 80.0]).collect();
    velocity_map("Overlays: absorbing layer, water bottom, 3000 m/s contour", &sampled(velocity))?
        .colors(ColorMap::Turbo)
        .sources_m(&[[4000.0, 80.0]])
        .receivers_m(&receivers)
        .line_m("water bottom", &bottom)
        .rectangle_m("inside of the absorbing layer", [1000.0, -20.0], [7040.0, 2080.0])
        .contour(3000.0)
        .draw()
}

fn update(scale: f64) -> Vec<f32> {
    let truth = sampled(velocity);
    let start = smoothed(&truth, 9);
    let near = |x: f64, z: f64| 5.0 * (-((x - 4000.0).powi(2) + (z - 80.0).powi(2)) / 3e4).exp();
    let spikes = sampled(near);
    let all = truth.iter().zip(&start).zip(&spikes);
    all.map(|((t, s), n)| ((f64::from(t - s) / 400.0 + f64::from(*n)) * scale) as f32).collect()
}

fn gradient() -> Result<Picture, PlotError> {
    Heatmap::gradient("Gradient, shot 4 of 8", section(&update(3.1e-7))?)
        .spacing_m([SPACING_M; 2])
        .quantity("∂J/∂v", "J s/m")
        .sources_m(&[[4000.0, 80.0]])
        .draw()
}

fn models() -> [Vec<f32>; 3] {
    let truth = sampled(velocity);
    [smoothed(&truth, 9), smoothed(&truth, 1), truth]
}

fn panels() -> Result<Picture, PlotError> {
    let [start, inverted, truth] = models();
    let error = section(&inverted)?.minus(&section(&truth)?)?;
    Panels::new("Inversion of the faulted model, 0–12 Hz", 2)
        .panel(velocity_map("Start", &start)?)
        .panel(velocity_map("Inverted, 60 iterations", &inverted)?)
        .panel(velocity_map("True", &truth)?)
        .panel(
            Heatmap::gradient("Inverted − true", error)
                .spacing_m([SPACING_M; 2])
                .quantity("Velocity error", "m/s"),
        )
        .draw()
}

fn stacked() -> Result<Picture, PlotError> {
    let [start, inverted, truth] = models();
    Panels::new("Start, inverted and true model", 1)
        .panel(velocity_map("Start", &start)?)
        .panel(velocity_map("Inverted", &inverted)?)
        .panel(velocity_map("True", &truth)?)
        .draw()
}

fn iterations() -> Vec<f64> {
    (0..=60).map(f64::from).collect()
}

/// A misfit that falls within each stage and rises where the band is widened.
fn misfit(rate: f64) -> Vec<f64> {
    let fall = |k: f64| {
        let stage = (k / 20.0).floor().min(2.0);
        (0.55_f64).powf(stage) * (0.02 + (-(k - 20.0 * stage) * rate).exp())
    };
    iterations().into_iter().map(fall).collect()
}

fn curves() -> Result<Picture, PlotError> {
    let x = iterations();
    Curves::new("Misfit")
        .x_axis("Iteration")
        .y_axis("Misfit relative to the start")
        .scale(AxisScale::Log10)
        .stage(0.0, "stage 1: 0–3 Hz")
        .stage(20.0, "stage 2: 0–6 Hz")
        .stage(40.0, "stage 3: 0–12 Hz")
        .line("L-BFGS, memory 8", &x, &misfit(0.3))
        .line("Gauss–Newton", &x, &misfit(0.45))
        .line("steepest descent", &x, &misfit(0.12))
        .draw()
}

fn model_error() -> Result<Picture, PlotError> {
    let x = iterations();
    let y: Vec<f64> = x.iter().map(|k| 4.0 + 9.0 * (-k / 22.0).exp()).collect();
    Curves::new("Model error")
        .x_axis("Iteration")
        .y_axis("‖m − m true‖ / ‖m true‖ (%)")
        .stage(0.0, "0–3 Hz")
        .stage(20.0, "0–6 Hz")
        .stage(40.0, "0–12 Hz")
        .line("", &x, &y)
        .draw()
}

/// A shot gather: direct wave and three reflections, travel times changed by `slowness`.
fn shot(traces: usize, samples: usize, slowness: f64) -> Vec<f32> {
    let ricker = |t: f64| {
        let a = (std::f64::consts::PI * 8.0 * t).powi(2);
        (1.0 - 2.0 * a) * (-a).exp()
    };
    let value = |k: usize| {
        let (x, t) = ((k / samples) as f64 * SPACING_M - 4000.0, (k % samples) as f64 * DT_S);
        let direct = ricker(t - 0.15 - x.abs() / 1500.0) / (1.0 + x.abs() / 300.0);
        let events = [(0.9, 1650.0, 0.25), (1.5, 2000.0, -0.2), (2.1, 2400.0, 0.16)];
        let reflected = events.iter().map(|(t0, v, a)| {
            let time = (t0 * t0 + (x * slowness / v).powi(2)).sqrt() * slowness;
            a * ricker(t - 0.15 - time) / (1.0 + x.abs() / 2500.0)
        });
        (direct + reflected.sum::<f64>()) as f32
    };
    (0..traces * samples).map(value).collect()
}

fn gather() -> Result<Picture, PlotError> {
    let shape = [202, 1000];
    let observed = Array2::new(&shot(202, 1000, 1.0), shape)?;
    let synthetic = Array2::new(&shot(202, 1000, 1.02), shape)?;
    let residual = synthetic.minus(&observed)?;
    Gather::new("Shot 4, pressure at the surface", DT_S)
        .positions_m(0.0, SPACING_M)
        .quantity("Pressure", "Pa")
        .panel("Observed", observed)
        .panel("Synthetic", synthetic)
        .panel("Residual", residual)
        .draw()
}

fn traces() -> Result<Picture, PlotError> {
    let picked = |slowness: f64| {
        let all = Array2::new(&shot(202, 800, slowness), [202, 800])?;
        let rows = [20, 50, 75, 110, 150].into_iter().filter_map(|k| all.row(k));
        Array2::new(&rows.flatten().copied().collect::<Vec<f64>>(), [5, 800])
    };
    let names = ["x = 0.8 km", "x = 2.0 km", "x = 3.0 km", "x = 4.4 km", "x = 6.0 km"];
    TraceComparison::new("Data fit, shot 4", DT_S, names)
        .series("observed", picked(1.0)?)
        .series("start model", picked(1.04)?)
        .series("final model", picked(1.004)?)
        .draw()
}

fn profiles() -> Result<Picture, PlotError> {
    let [start, inverted, truth] = models().map(|m| section(&m));
    let (start, inverted, truth) = (start?, inverted?, truth?);
    let mut picture =
        Profiles::new("Velocity profiles", 0.0, SPACING_M).quantity("P velocity", "m/s");
    for column in [50, 100, 150] {
        picture = picture.panel(format!("x = {:.1} km", column as f64 * SPACING_M / 1000.0));
        for (name, model) in [("true", &truth), ("start", &start), ("inverted", &inverted)] {
            picture = picture.line(name, model.row(column).unwrap_or_default());
        }
    }
    picture.draw()
}

/// The least model that makes sense, with a missing value.
fn small() -> Result<Picture, PlotError> {
    let mut values: Vec<f64> = (0..24 * 18).map(|k| 1500.0 + f64::from(k % 18) * 60.0).collect();
    values[200] = f64::NAN;
    Heatmap::model("A small model with a hole", Array2::new(&values, [24, 18])?)
        .spacing_m([10.0; 2])
        .quantity("P velocity", "m/s")
        .colors(ColorMap::Viridis)
        .draw()
}

fn report(pictures: &[(&str, Picture)]) -> Result<Report, PlotError> {
    let summary = Section::new("Summary")
        .tiles([
            Tile::new("Misfit", "0.62 %").note("of the start model"),
            Tile::new("Model error", "4.6 %").note("started at 13.0 %"),
            Tile::new("Dot-product test", "3.1e-16").note("relative error").tone(Tone::Good),
            Tile::new("Taylor slope", "1.93").note("expected 2.00 ± 0.05").tone(Tone::Bad),
            Tile::new("Peak memory", "256 MB").note("as planned"),
        ])
        .paragraph("Stopped because the misfit changed by less than 0.1 % in five iterations.")
        .table(
            Table::new(["Stage", "Band", "Iterations", "Misfit", "Seconds"])
                .caption("One row per stage")
                .row(["1", "0–3 Hz", "20", "0.31", "41.2"])
                .row(["2", "0–6 Hz", "20", "0.084", "40.8"])
                .row(["3", "0–12 Hz", "20", "0.0062", "77.5"]),
        );
    let mut figures = Section::new("Pictures");
    for (name, picture) in pictures {
        figures = figures.figure(picture, format!("The picture called “{name}”."))?;
    }
    let job = Section::new("Job").preformatted(
        "job.toml",
        "[model]\nvp = { start = \"vp.npy\", spacing = [\"40 m\", \"40 m\"] }\n\
         [[stage]]\nband = [0, 3]   # Hz, a < b & c > d\niterations = 20\n",
    );
    Ok(Report::new("faulted-layers")
        .subtitle("Acoustic inversion, 8 shots, 202 × 68 points, 60 iterations")
        .section(summary)
        .section(figures)
        .section(job)
        .footer("Retrograd"))
}
