//! Points per second of the standard acoustic problems beside the machine's own copy bandwidth.
//!
//! ```sh
//! cargo bench -p retrograd --bench acoustic            # all cases, as many threads as cores
//! cargo bench -p retrograd --bench acoustic -- ac2d_so8 --threads 1 --tile 0,16 --block 8,16 --dump DIR
//! ```
//! Every point of the grid is computed, also where the wave has not been, unless told otherwise by
//! `--active on`;
//! `ac2d_crossing_middle` and `ac2d_crossing_corner` (the source) run both ways, forward and with a
//! gradient, for as many steps as the wave takes to cross the grid.
//! `--dump` writes final wavefield and samples as raw f32, for comparison with other tools.

use retrograd::Options;
use retrograd::bench::{Acoustic, Case, Crossing, Source, copy_bandwidth};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let option = |name: &str| {
        arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)).cloned()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = option("--threads").map_or(Ok(cores), |t| t.parse())?;
    let repetitions = option("--reps").map_or(Ok(5), |t| t.parse())?;
    let dump = option("--dump");
    let options = Options::from_environment();
    let copy = copy_bandwidth(threads);
    println!("copy {:.1} GB/s, {threads} threads", copy / 1e9);
    for (name, shape, steps) in [("ac2d", vec![1001; 2], 1000), ("ac3d", vec![256; 3], 100)] {
        for space_order in [4, 8, 12] {
            let label = format!("{name}_so{space_order}");
            let chosen = arguments.iter().any(|a| a.starts_with("ac"));
            if chosen && !arguments.contains(&label) {
                continue;
            }
            let case = Case { shape: shape.clone(), space_order, steps, threads };
            let built = std::time::Instant::now();
            let mut problem = Acoustic::new(&case, &options)?;
            let built = built.elapsed().as_secs_f64();
            if let Some(tile) = option("--tile") {
                let mut sizes = tile.split(',').map(str::parse);
                let mut next = || sizes.next().unwrap_or(Ok(0));
                problem.simulation.set_tile([next()?, next()?]);
            }
            if let Some(block) = option("--block") {
                let (steps, rows) = block.split_once(',').ok_or("--block takes STEPS,ROWS")?;
                problem.simulation.set_block(steps.parse()?, rows.parse()?);
            }
            problem.simulation.set_active(option("--active").as_deref() == Some("on"));
            let timing = problem.time(repetitions)?;
            let points = shape.iter().product::<usize>() as f64 * steps as f64;
            let best = |s: &[f64]| s.iter().copied().fold(f64::INFINITY, f64::min);
            let rate = points / median(&timing.loop_seconds);
            println!(
                "{label}: loop median {:.3} best {:.3} GPts/s, call median {:.3} GPts/s, \
                 {} B/pt, {:.0} % of copy, built in {built:.2} s",
                rate / 1e9,
                points / best(&timing.loop_seconds) / 1e9,
                points / median(&timing.call_seconds) / 1e9,
                timing.bytes_per_point,
                100.0 * rate * timing.bytes_per_point as f64 / copy,
            );
            if let Some(folder) = &dump {
                let raw =
                    |values: Vec<f32>| values.into_iter().flat_map(f32::to_le_bytes).collect();
                let wavefield: Vec<u8> = raw(problem.simulation.level("u", 0)?);
                let samples: Vec<u8> = raw(problem.simulation.series(&problem.receivers)?);
                std::fs::write(format!("{folder}/{label}_u.f32"), wavefield)?;
                std::fs::write(format!("{folder}/{label}_rec.f32"), samples)?;
                let json = format!(
                    "{{\"loop_seconds\":{:?},\"call_seconds\":{:?}}}",
                    timing.loop_seconds, timing.call_seconds
                );
                std::fs::write(format!("{folder}/{label}.json"), json)?;
            }
        }
    }
    let chosen = arguments.iter().any(|a| a.starts_with("ac"));
    for (label, source) in
        [("ac2d_crossing_middle", Source::Middle), ("ac2d_crossing_corner", Source::Corner)]
    {
        if !chosen || arguments.iter().any(|a| a == label) {
            let case = Case { shape: vec![1001; 2], space_order: 8, steps: 0, threads };
            crossing(label, &mut Crossing::new(&case, source, &options)?, repetitions.min(3))?;
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
