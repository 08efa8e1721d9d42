//! What there is to know before a run, for systems other than the acoustic one as well.

mod fixtures;

use fixtures::options;
use retrograd::guidance::{Advice, Waves};
use retrograd::physics::{SYSTEMS, Setting, System};
use retrograd::stability::StabilitySearch;
use retrograd::{Edge, Eq, Grid, Operator, Simulation, Sparse, Team, solve};

const SPACING_M: f64 = 10.0;

fn search() -> StabilitySearch {
    StabilitySearch::default().accuracy(0.05)
}

fn simulation(name: &str, dt_s: f64) -> Option<Simulation> {
    let options = options()?;
    let grid = Grid::new([31, 27]).and_then(|g| g.spacing([SPACING_M; 2])).expect("grid");
    let (_, write, _) = SYSTEMS.iter().find(|s| s.0 == name).expect("should be known");
    let system: System = write(&Setting::new(&grid).space_order(4));
    let compiled = system.operator().build().and_then(|o| o.compile(&options));
    let compiled = compiled.expect("should compile");
    let mut run = compiled.simulation(&grid, &[], (10, dt_s), Team::new(1)).expect("should fit");
    for p in system.parameters() {
        run.set(&p.function, &vec![p.typical; grid.points()]).expect("memory");
    }
    run.set_up().expect("should run");
    Some(run)
}

fn guidance(run: &Simulation, waves: Option<&Waves>) -> Vec<Advice> {
    let none: &[(&Sparse, &[Vec<f64>])] = &[];
    run.guidance(waves, none, &search()).expect("should be found")
}

/// Leapfrog of order 4 in a plane: stable up to `0.6124 h / vp`, staggered up to `6 / 7 h / (vp sqrt 2)`.
#[test]
fn time_steps_above_the_limit_of_the_program_are_errors() {
    let limits = [("acoustic", 0.6124), ("elastic", 6.0 / 7.0 / 2.0f64.sqrt())];
    for (name, courant) in limits {
        let limit = courant * SPACING_M / 2000.0;
        let Some(run) = simulation(name, 0.85 * limit) else { return };
        assert_eq!(guidance(&run, None), [], "{name}");
        let run = simulation(name, 1.2 * limit).expect("as before");
        let found = guidance(&run, None);
        let [advice @ Advice::Unstable { limit: known, .. }] = found.as_slice() else {
            panic!("{name}: {found:?}")
        };
        assert!((known.dt_s / limit - 1.0).abs() < 0.06, "{name}: {known:?}, {limit}");
        assert!(advice.is_error());
        let text = advice.to_string();
        assert!(text.starts_with("error[stability]: the state grows"), "{text}");
        assert!(text.contains("help: take"), "{text}");
    }
}

#[test]
fn what_is_not_linear_is_said_not_to_be_checked() {
    let Some(run) = simulation("burgers", 1.0) else { return };
    let found = guidance(&run, None);
    assert!(matches!(found.as_slice(), [Advice::LimitUnknown { .. }]), "{found:?}");
    assert!(!found[0].is_error());
    assert!(found[0].to_string().contains("not linear"), "{}", found[0]);
}

/// Order 4 wants 9.6 points.
#[test]
fn short_waves_are_warned_of() {
    let Some(run) = simulation("elastic", 1e-3) else { return };
    let waves = |highest_hz| Waves { slowest_m_s: 1200.0, highest_hz, space_order: 4 };
    assert_eq!(guidance(&run, Some(&waves(12.0))), []);
    let found = guidance(&run, Some(&waves(24.0)));
    let [advice @ Advice::Coarse { points, wanted, .. }] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert!((points - 5.0).abs() < 1e-9 && (wanted / 9.6 - 1.0).abs() < 0.05, "{found:?}");
    assert!(advice.to_string().starts_with("warning[sampling]: 5.0 points"), "{advice}");
}

#[test]
fn points_on_a_free_surface_are_errors() {
    let Some(options) = options() else { return };
    let grid = Grid::new([31, 27]).and_then(|g| g.spacing([SPACING_M; 2])).expect("grid");
    let u = grid.time_function("u").time_order(2).boundary(1, [Edge::Odd, Edge::Zero]);
    let wave = solve(&(0.25e-6 * u.dt2() - u.laplace()), &u.forward()).expect("linear");
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let operator = Operator::new(&grid, [Eq::new(u.forward(), wave.update())])
        .inject(&src, u.forward(), src.value())
        .interpolate(&rec, u.value());
    let compiled = operator.build().and_then(|o| o.compile(&options)).expect("should compile");
    let run = compiled.simulation(&grid, &[], (10, 1e-3), Team::new(1)).expect("should fit");
    let (sources, receivers) = ([[100.0, 0.0]], [[50.0, 20.0], [60.0, 0.0]]);
    let points = [(&src, &sources[..]), (&rec, &receivers[..])];
    let found = run.guidance(None, &points, &search()).expect("should be found");
    let named = found.iter().map(|advice| match advice {
        Advice::OnSurface { points, point } => (points.as_str(), point.index),
        other => panic!("{other}"),
    });
    assert_eq!(named.collect::<Vec<_>>(), [("src", 0), ("rec", 1)]);
    let text = found[0].to_string();
    assert!(text.starts_with("error[geometry/on-free-surface]: `src`: point 0"), "{text}");
    let other = grid.sparse("other");
    assert!(run.guidance(None, &[(&other, &sources[..])], &search()).is_err());
}
