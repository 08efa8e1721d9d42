//! Points per second of the standard problems beside the machine's own copy bandwidth and peak.
//!
//! ```sh
//! cargo bench -p retrograd --bench waves            # all cases, as many threads as cores
//! cargo bench -p retrograd --bench waves -- ac2d_so8 --threads 1 --tile 0,16 --block 8,16 --columns 24 --dump DIR
//! ```
//! * `ac2d_so4`, `ac2d_so8`, `ac2d_so12` (1001 x 1001, 1000 steps), `el2d_so8` (the same, 200 steps),
//!   `ac3d_so4`, ... (256 x 256 x 256, 100 steps), `tti3d_so8` (192 x 192 x 192, 50 steps), `el3d_so8`
//!   (128 x 128 x 128, 50 steps): the time loop. Every point of the grid is computed, also where the wave
//!   has not been, unless told otherwise by `--active on`; `--dump` writes final wavefield and samples
//!   as raw f32, for comparison with other tools; `--report` says what the kernels do per point (of
//!   gradients: those of the reverse step); `--points` and `--steps` choose other sizes, `--tune` times
//!   blocks of several shapes first.
//! * `grad2d_so8`, `grad3d_so8`, `gradtti_so8`, `gradel_so8`: gradients with all states kept, with and
//!   without the accumulation of a parameter's, and in 2-D with 30 snapshots; `--kept all`, `--kept
//!   30` choose one, `--dump` writes the gradient. What waves have not reached is left out unless
//!   told otherwise by `--active off`.
//! * `ac2d_crossing_middle` and `ac2d_crossing_corner` (the source): forward and gradient with and
//!   without what waves have not reached, for as many steps as a wave takes to cross the grid.

use std::error::Error;

use retrograd::bench::{
    Case, Crossing, Imaging, ImagingTiming, Kept, Physics, Problem, Source, Timing, copy_bandwidth,
    peak_flops,
};
use retrograd::compile::adjoint::{FORWARD, REVERSE};
use retrograd::{DType, Options};

type Outcome = Result<(), Box<dyn Error>>;

/// Arguments.
struct Chosen {
    arguments: Vec<String>,
    threads: usize,
    repetitions: usize,
}

impl Chosen {
    fn option(&self, name: &str) -> Option<&str> {
        let at = self.arguments.iter().position(|a| a == name)?;
        self.arguments.get(at + 1).map(String::as_str)
    }

    fn runs(&self, label: &str) -> bool {
        let named = |a: &String| CASES.iter().any(|(name, ..)| a == name) || a.contains("crossing");
        !self.arguments.iter().any(named) || self.arguments.iter().any(|a| a == label)
    }

    fn pair(&self, name: &str) -> Result<Option<[usize; 2]>, Box<dyn Error>> {
        let Some(text) = self.option(name) else { return Ok(None) };
        let (a, b) =
            text.split_once(',').ok_or_else(|| format!("{name} takes two numbers: A,B"))?;
        Ok(Some([a.parse()?, b.parse()?]))
    }
}

/// Name, equations, grid points per side, dimensions, space order, steps, whether a gradient.
const CASES: [(&str, Physics, usize, usize, usize, usize, bool); 13] = [
    ("ac2d_so4", Physics::Acoustic, 1001, 2, 4, 1000, false),
    ("ac2d_so8", Physics::Acoustic, 1001, 2, 8, 1000, false),
    ("ac2d_so12", Physics::Acoustic, 1001, 2, 12, 1000, false),
    ("el2d_so8", Physics::Elastic, 1001, 2, 8, 200, false),
    ("ac3d_so4", Physics::Acoustic, 256, 3, 4, 100, false),
    ("ac3d_so8", Physics::Acoustic, 256, 3, 8, 100, false),
    ("ac3d_so12", Physics::Acoustic, 256, 3, 12, 100, false),
    ("tti3d_so8", Physics::Tti, 192, 3, 8, 50, false),
    ("el3d_so8", Physics::Elastic, 128, 3, 8, 50, false),
    ("grad2d_so8", Physics::Acoustic, 1001, 2, 8, 1000, true),
    ("grad3d_so8", Physics::Acoustic, 256, 3, 8, 50, true),
    ("gradtti_so8", Physics::Tti, 128, 3, 8, 30, true),
    ("gradel_so8", Physics::Elastic, 128, 3, 8, 30, true),
];

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let mut chosen = Chosen { arguments, threads: 0, repetitions: 0 };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    chosen.threads = chosen.option("--threads").map_or(Ok(cores), str::parse)?;
    chosen.repetitions = chosen.option("--reps").map_or(Ok(5), str::parse)?;
    let options = Options::from_environment();
    let copy = copy_bandwidth(chosen.threads);
    let peak = peak_flops(DType::F32, chosen.threads, &options.jit)?;
    println!(
        "copy {:.1} GB/s, peak {:.0} Gflop/s in f32, {} threads",
        copy / 1e9,
        peak / 1e9,
        chosen.threads
    );
    for (label, physics, extent, dims, space_order, steps, gradient) in CASES {
        if chosen.runs(label) {
            let threads = chosen.threads;
            let points = chosen.option("--points").map_or(Ok(extent), str::parse)?;
            let steps = chosen.option("--steps").map_or(Ok(steps), str::parse)?;
            let case = Case { physics, shape: vec![points; dims], space_order, steps, threads };
            if gradient {
                imaging(label, &case, &chosen, &options)?;
            } else {
                forward(label, &case, &chosen, &options, [copy, peak])?;
            }
        }
    }
    for (label, source) in
        [("ac2d_crossing_middle", Source::Middle), ("ac2d_crossing_corner", Source::Corner)]
    {
        if chosen.runs(label) {
            let case = Case::acoustic(&[1001; 2], 8, 0, chosen.threads);
            crossing(
                label,
                &mut Crossing::new(&case, source, &options)?,
                chosen.repetitions.min(3),
            )?;
        }
    }
    Ok(())
}

/// The time loop of a case, beside what the machine could do.
fn forward(
    label: &str,
    case: &Case,
    chosen: &Chosen,
    options: &Options,
    [copy, peak]: [f64; 2],
) -> Outcome {
    let built = std::time::Instant::now();
    let mut problem = Problem::new(case, options)?;
    let built = built.elapsed().as_secs_f64();
    set_up(&mut problem, chosen)?;
    let timing = problem.time(chosen.repetitions)?;
    let points = case.shape.iter().product::<usize>() as f64 * case.steps as f64;
    let best = |s: &[f64]| s.iter().copied().fold(f64::INFINITY, f64::min);
    let rate = points / median(&timing.loop_seconds);
    println!(
        "{label}: loop median {:.3} best {:.3} GPts/s, call median {:.3} GPts/s, {} B/pt, {:.0} % of \
         copy, {:.0} flop/pt, {:.0} % of peak, built in {built:.2} s",
        rate / 1e9,
        points / best(&timing.loop_seconds) / 1e9,
        points / median(&timing.call_seconds) / 1e9,
        timing.bytes_per_point,
        100.0 * rate * timing.bytes_per_point as f64 / copy,
        timing.flops_per_point,
        100.0 * rate * timing.flops_per_point / peak,
    );
    if chosen.arguments.iter().any(|a| a == "--report") {
        print!("{}", problem.simulation.compiled().report(FORWARD)?);
    }
    if let Some(folder) = chosen.option("--dump") {
        let wavefield = problem.simulation.level(&problem.wavefield, 0)?;
        write(&format!("{folder}/{label}_u.f32"), wavefield)?;
        let samples = problem.simulation.series(&problem.receivers)?;
        write(&format!("{folder}/{label}_rec.f32"), samples)?;
        let Timing { loop_seconds, call_seconds, .. } = timing;
        let json =
            format!("{{\"loop_seconds\":{loop_seconds:?},\"call_seconds\":{call_seconds:?}}}");
        std::fs::write(format!("{folder}/{label}.json"), json)?;
    }
    Ok(())
}

fn set_up(problem: &mut Problem, chosen: &Chosen) -> Outcome {
    if let Some(tile) = chosen.pair("--tile")? {
        problem.simulation.set_tile(tile);
    }
    if let Some([steps, rows]) = chosen.pair("--block")? {
        match chosen.option("--columns") {
            Some(columns) => problem.simulation.set_block_of_columns(steps, rows, columns.parse()?),
            None => problem.simulation.set_block(steps, rows),
        }
    }
    if chosen.arguments.iter().any(|a| a == "--tune") {
        let tuned = problem.simulation.tune(&Options::from_environment())?;
        println!("tuned: {tuned:?}");
    }
    if let Some(active) = chosen.option("--active") {
        problem.simulation.set_active(active == "on");
    }
    Ok(())
}

fn write(path: &str, values: Vec<f32>) -> std::io::Result<()> {
    std::fs::write(path, values.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>())
}

/// Gradients of a case beside its forward run.
fn imaging(label: &str, case: &Case, chosen: &Chosen, options: &Options) -> Outcome {
    let (kept, parameters) = match chosen.option("--kept") {
        Some("all") => (vec![Kept::All], vec![true]),
        Some(count) => (vec![Kept::Snapshots(count.parse()?)], vec![true]),
        None if case.shape.len() == 2 => (vec![Kept::All, Kept::Snapshots(30)], vec![false, true]),
        None => (vec![Kept::All], vec![false, true]),
    };
    let mut plain = Problem::new(case, options)?;
    set_up(&mut plain, chosen)?;
    let fastest = median(&plain.time(chosen.repetitions)?.loop_seconds);
    plain.simulation.set_block(1, 0);
    let step_by_step = median(&plain.time(chosen.repetitions)?.loop_seconds);
    drop(plain);
    println!("{label}: forward {fastest:.3} s, step by step {step_by_step:.3} s");
    for by_a_parameter in parameters {
        let mut problem = Imaging::new(case, by_a_parameter, options)?;
        set_up(&mut problem.problem, chosen)?;
        if chosen.arguments.iter().any(|a| a == "--report") {
            print!("{}", problem.problem.simulation.compiled().report(REVERSE)?);
        }
        for &kept in &kept {
            let first = problem.run(kept)?;
            let runs: Result<Vec<ImagingTiming>, _> =
                (0..chosen.repetitions).map(|_| problem.run(kept)).collect();
            let runs = runs?;
            let all = |of: fn(&ImagingTiming) -> f64| runs.iter().map(of).collect::<Vec<_>>();
            let (total, reverse) = (all(ImagingTiming::total_s), all(|t| t.reverse_s));
            println!(
                "{label}, {kept:?}, {}: first {:.3} s, then {:.3} s ({:.2} of the fastest forward \
                 run, {:.2} of that step by step), reverse {:.3} s ({:.2}, {:.2})",
                if by_a_parameter { "by a parameter" } else { "adjoint wavefield alone" },
                first.total_s(),
                median(&total),
                median(&total) / fastest,
                median(&total) / step_by_step,
                median(&reverse),
                median(&reverse) / fastest,
                median(&reverse) / step_by_step,
            );
            if let Some(folder) = chosen.option("--dump") {
                let gradient = problem.gradient()?.into_iter().map(|g| g as f32).collect();
                write(&format!("{folder}/{label}_u.f32"), gradient)?;
                let samples = problem.problem.simulation.series(&problem.problem.receivers)?;
                write(&format!("{folder}/{label}_rec.f32"), samples)?;
                let json = format!("{{\"loop_seconds\":{total:?},\"call_seconds\":{total:?}}}");
                std::fs::write(format!("{folder}/{label}.json"), json)?;
            }
        }
    }
    Ok(())
}

/// Seconds and points of forward runs and gradients with and without what waves have not reached.
fn crossing(
    label: &str,
    problem: &mut Crossing,
    repetitions: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    for (what, gradient) in [("forward", false), ("gradient", true)] {
        let mut found = Vec::new();
        for active in [false, true] {
            problem.run(active, gradient)?;
            let mut runs = Vec::new();
            let mut points = 0;
            for _ in 0..repetitions {
                let run = problem.run(active, gradient)?;
                runs.push(run.seconds);
                points = run.points;
            }
            found.push((median(&runs), points as f64));
        }
        let [(whole, all), (part, reached)] = found[..] else { continue };
        println!(
            "{label}, {} steps, {what}: {whole:.3} s, {part:.3} s where waves have been, ratio \
             {:.2}; {:.0} % of the points",
            problem.steps(),
            whole / part,
            100.0 * reached / all,
        );
    }
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
