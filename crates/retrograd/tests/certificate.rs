//! The certificate as a job asks for it.

mod fixtures;

use fixtures::{Acoustic, Points, acoustic, options};
use retrograd::DType;
use retrograd::check::{Experiment, dot_product, taylor};

fn experiment(problem: &Acoustic, steps: usize) -> Experiment {
    let sources = [problem.position(&[0.3, 0.1, 0.4]), problem.position(&[0.4, 0.2, 0.5])];
    let receivers: Vec<Vec<f64>> =
        (0..4).map(|k| problem.position(&[0.1 + 0.2 * f64::from(k), 0.8, 0.3])).collect();
    let ricker = |t: f64| (1.0 - 2.0 * t * t) * (-t * t).exp();
    let wavelet: Vec<f64> = (0..2 * steps)
        .map(|at| ricker(60.0 * ((at / 2) as f64 * problem.dt_s - 0.025 - 0.005 * (at % 2) as f64)))
        .collect();
    Experiment::new(&problem.grid, (steps, problem.dt_s))
        .layer(&problem.layer)
        .threads(2)
        .set(&problem.m, &problem.slowness)
        .set(&problem.damp, &problem.damping)
        .place(&problem.src, &sources)
        .place(&problem.rec, &receivers)
        .series(&problem.src, &wavelet)
}

/// Sponge, points off the grid, variable coefficients, odd and even step counts, cells that are no
/// cubes: in one to three dimensions, orders 2 to 16.
#[test]
fn the_reverse_sweep_is_the_transpose() {
    let Some(options) = options() else { return };
    for (shape, order, points) in [
        (&[53][..], 16, Points::Linear),
        (&[41, 37], 2, Points::Sinc),
        (&[41, 37], 8, Points::Linear),
        (&[19, 17, 21], 4, Points::Sinc),
    ] {
        let problem = acoustic(shape, order, points, DType::F32);
        for steps in [60, 61] {
            for dtype in [DType::F64, DType::F32] {
                let operator = problem.operator.in_precision(dtype).expect("should convert");
                let parameters = [&problem.m, &problem.damp];
                let experiment = experiment(&problem, steps).seed(steps as u64);
                let result = dot_product(&operator, &parameters, &experiment, &options);
                let result = result.expect("should run");
                println!("{shape:?}, order {order}: {result}");
                assert!(result.passed(), "{shape:?}, order {order}: {result}");
            }
        }
    }
}

#[test]
fn the_gradient_is_the_derivative_of_the_misfit() {
    let Some(options) = options() else { return };
    for (shape, steps) in [(&[41, 37][..], 121), (&[19, 17, 21], 61)] {
        let problem = acoustic(shape, 4, Points::Sinc, DType::F64);
        for parameters in [&[&problem.m][..], &[&problem.damp], &[&problem.m, &problem.damp]] {
            let experiment = experiment(&problem, steps);
            let result = taylor(&problem.operator, parameters, &experiment, &options);
            let result = result.expect("should run");
            println!("{shape:?}, {} parameters: {result}", parameters.len());
            assert!(result.passed(), "{result}");
        }
    }
}
