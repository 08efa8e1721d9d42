//! Equations that hold in parts of the grid, or in some steps, end to end: what they equal without
//! parts, and gradients in their presence.

mod fixtures;
mod support;

use fixtures::{Keep, evaluate};
use retrograd::check::{Experiment, dot_product, taylor};
use retrograd::{
    Backend, Compiled, DType, Eq, Error, Expression, Function, Grid, Operator, OperatorBuilder,
    Options, Simulation, Span, Sparse, Team, TimeFunction, solve,
};
use support::{Random, Ricker, options};

const DT_S: f64 = 0.3;

/// Waves of squared slowness `m`, damped by `eta`, from one source to some receivers.
struct Waves {
    grid: Grid,
    m: Function,
    eta: Function,
    u: TimeFunction,
    src: Sparse,
    rec: Sparse,
}

impl Waves {
    fn new(shape: &[usize]) -> Self {
        let grid = Grid::new(shape).expect("grid");
        Self {
            m: grid.function("m"),
            eta: grid.function("eta"),
            u: grid.time_function("u").time_order(2).space_order(4),
            src: grid.sparse("src").sinc(2),
            rec: grid.sparse("rec"),
            grid,
        }
    }

    fn update(&self, residual: &Expression) -> Eq {
        let solved = solve(residual, &self.u.forward()).expect("should be linear");
        Eq::new(self.u.forward(), solved.update())
    }

    fn damped(&self) -> Eq {
        self.update(&(&self.m * self.u.dt2() - self.u.laplace() + &self.eta * self.u.dt()))
    }

    fn plain(&self) -> Eq {
        self.update(&(&self.m * self.u.dt2() - self.u.laplace()))
    }

    fn operator(&self, updates: impl IntoIterator<Item = Eq>) -> OperatorBuilder {
        let dt = Grid::dt();
        Operator::new(&self.grid, updates)
            .dtype(DType::F64)
            .inject(&self.src, self.u.forward(), self.src.value() * &dt * dt)
            .interpolate(&self.rec, self.u.value())
    }

    fn at(&self, x: f64) -> Vec<f64> {
        self.grid.shape().iter().map(|&n| x * (n - 1) as f64).collect()
    }

    fn random(&self, seed: u64, low: f64, high: f64) -> Vec<f64> {
        let mut random = Random(seed);
        (0..self.grid.points()).map(|_| low + (high - low) * random.next()).collect()
    }

    fn experiment(&self, steps: usize) -> Experiment {
        Experiment::new(&self.grid, (steps, DT_S))
            .threads(2)
            .place(&self.src, &[self.at(0.21)])
            .place(&self.rec, &[self.at(0.1), self.at(0.52), self.at(0.9)])
            .series(&self.src, &Ricker::new(0.12).samples(steps, DT_S))
    }

    fn simulation(&self, compiled: &Compiled, steps: usize, threads: usize) -> Simulation {
        let layer = vec![[0; 2]; self.grid.shape().len()];
        let run = compiled.simulation(&self.grid, &layer, (steps, DT_S), Team::new(threads));
        let mut run = run.expect("should fit");
        run.place(&self.src, &[self.at(0.21)]).expect("should lie inside");
        run.place(&self.rec, &[self.at(0.1), self.at(0.9)]).expect("should lie inside");
        let wavelet = Ricker::new(0.12).samples(steps, DT_S);
        run.set_series(&self.src, &wavelet).expect("series");
        run.set(&self.m, &self.random(3, 0.8, 1.2)).expect("m");
        run
    }
}

fn compiled(operator: OperatorBuilder, options: &Options) -> Compiled {
    operator.build().and_then(|o| o.compile(options)).expect("should compile")
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Three slabs with the same equation each are the grid without slabs, to the bit: `m` and the order
/// of operations are the same.
#[test]
fn a_grid_in_parts_is_the_grid() {
    let Some(options) = options() else { return };
    for shape in [&[31][..], &[27, 22], &[14, 12, 13]] {
        let waves = Waves::new(shape);
        let part = |name: &str, span: Span| {
            let others = vec![Span::Whole; shape.len() - 1];
            let spans = std::iter::once(span).chain(others);
            let part = waves.grid.subdomain(name, spans).expect("should have points");
            waves.plain().on(&part)
        };
        let parts = [
            part("first", Span::left("depth")),
            part("between", Span::middle("depth", 3)),
            part("last", Span::right(3)),
        ];
        let whole = compiled(waves.operator([waves.plain()]), &options);
        let apart = compiled(waves.operator(parts), &options);
        let steps = 40;
        let mut run = waves.simulation(&whole, steps, 2);
        run.run().expect("should run");
        let expected = run.level::<f64>("u", 0).expect("u");
        assert!(expected.iter().any(|x| *x != 0.0));
        for (depth, threads) in [(5, 1), (6, 2), (0, 2)] {
            let apart = apart.clone().with_width("depth", depth).expect("should be used");
            let mut run = waves.simulation(&apart, steps, threads);
            run.run().expect("should run");
            let found = run.level::<f64>("u", 0).expect("u");
            assert_eq!(bits(&found), bits(&expected), "{shape:?}, {depth}");
        }
    }
}

/// An equation that damps in a box is that of the whole grid with a damping that is zero outside, and
/// the body of a box at rest is a rigid one: `u = 0` there.
///
/// Tolerance: the two differ in the order of sums, some 40 roundings per point and step of half a
/// unit of the largest value; leapfrog passes on what one step errs by, growing linearly with the steps.
#[test]
fn physics_differ_by_part() {
    let Some(options) = options() else { return };
    let waves = Waves::new(&[27, 22]);
    let part = |name, spans: [Span; 2]| waves.grid.subdomain(name, spans).expect("a part");
    let sponge = part("sponge", [Span::left(9), Span::middle(2, 7)]);
    let body = part("body", [Span::right(6), Span::left("depth")]);
    let rigid = Eq::new(waves.u.forward(), 0.0).on(&body);
    let steps = 80;
    let operator = waves.operator([waves.plain(), waves.damped().on(&sponge), rigid]);
    let apart = compiled(operator, &options).with_width("depth", 8).expect("should be used");
    let mut run = waves.simulation(&apart, steps, 2);
    run.set(&waves.eta, &waves.random(4, 0.2, 0.4)).expect("eta");
    run.run().expect("should run");
    let found = run.level::<f64>("u", 0).expect("u");
    let inside = |at: usize, x: std::ops::Range<usize>, z: std::ops::Range<usize>| {
        x.contains(&(at / 22)) && z.contains(&(at % 22))
    };
    assert!((0..27 * 22).filter(|at| inside(*at, 21..27, 0..8)).all(|at| found[at] == 0.0));
    // The same by a damping that is nothing but in the sponge, and a body held at rest by hand.
    let whole = compiled(waves.operator([waves.damped()]), &options);
    let mut run = waves.simulation(&whole, steps, 1);
    let mut eta = waves.random(4, 0.2, 0.4);
    (0..eta.len()).filter(|at| !inside(*at, 0..9, 2..15)).for_each(|at| eta[at] = 0.0);
    run.set(&waves.eta, &eta).expect("eta");
    run.reset();
    for n in 0..steps {
        run.advance(n..n + 1).expect("should run");
        let mut u = run.level::<f64>("u", 0).expect("u");
        (0..u.len()).filter(|at| inside(*at, 21..27, 0..8)).for_each(|at| u[at] = 0.0);
        run.set_level("u", 0, &u).expect("memory");
    }
    let expected = run.level::<f64>("u", 0).expect("u");
    let size = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let error = found.iter().zip(&expected).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
    let rounding = 40.0 * f64::EPSILON / 2.0 * (steps * steps) as f64;
    println!("parts: {:.1e} (bound {rounding:.1e})", error / size);
    assert!(size > 0.0 && error <= rounding * size, "{error:e} of {size:e}");
}

#[test]
fn gradients_hold_across_parts() {
    let Some(options) = options() else { return };
    for shape in [&[31][..], &[27, 22], &[14, 12, 13]] {
        let waves = Waves::new(shape);
        let part = |name: &str, span: Span| {
            let others = vec![Span::middle(1, 2); shape.len() - 1];
            waves.grid.subdomain(name, std::iter::once(span).chain(others)).expect("a part")
        };
        let (sponge, body) = (part("sponge", Span::left("depth")), part("body", Span::right(4)));
        let quick = &waves.m * waves.u.dt2() - 1.3 * (&waves.eta * waves.u.laplace());
        let updates = [waves.plain(), waves.damped().on(&sponge), waves.update(&quick).on(&body)];
        let operator = waves.operator(updates).build().expect("should discretise");
        let experiment = waves
            .experiment(37)
            .width("depth", 6)
            .set(&waves.m, &waves.random(3, 0.8, 1.2))
            .set(&waves.eta, &waves.random(4, 0.2, 0.4));
        let by = [&waves.m, &waves.eta];
        let result = dot_product(&operator, &by, &experiment, &options).expect("should run");
        assert!(result.passed() && result.bound <= 1e-13, "{shape:?}: {result}");
        let result = taylor(&operator, &by, &experiment, &options).expect("should run");
        assert!(result.passed(), "{shape:?}: {result}");
    }
}

/// Waves drive a slow field that is updated every fourth step and slows them down; recorded in every
/// second step.
fn slow_and_quick(waves: &Waves) -> (OperatorBuilder, TimeFunction) {
    let c = waves.grid.time_function("c");
    let heat = c.dt() - &waves.eta * c.laplace() - 0.3 * waves.u.value();
    let heat = solve(&heat, &c.forward()).expect("should be linear").update();
    let left = vec![Span::left(9); waves.grid.shape().len()];
    let left = waves.grid.subdomain("left", left).expect("a part");
    let wave = &waves.m * waves.u.dt2() - waves.u.laplace() + 0.2 * c.value();
    let dt = Grid::dt();
    let operator = Operator::new(&waves.grid, [waves.update(&wave)])
        .dtype(DType::F64)
        .inject(&waves.src, waves.u.forward(), waves.src.value() * &dt * dt)
        .update(Eq::new(c.forward(), heat.clone()).every(4))
        .update(Eq::new(c.forward(), heat + 0.1 * waves.u.value()).on(&left).every_from(3, 1))
        .interpolate_every(&waves.rec, waves.u.value(), 2);
    (operator, c)
}

#[test]
fn gradients_hold_across_skipped_steps() {
    let Some(options) = options() else { return };
    for (shape, steps) in [(&[31][..], 37), (&[27, 22], 38), (&[14, 12, 13], 23)] {
        let waves = Waves::new(shape);
        let operator = slow_and_quick(&waves).0.build().expect("should discretise");
        let experiment = waves
            .experiment(steps)
            .set(&waves.m, &waves.random(3, 0.8, 1.2))
            .set(&waves.eta, &waves.random(4, 0.2, 0.4));
        let by = [&waves.m, &waves.eta];
        let result = dot_product(&operator, &by, &experiment, &options).expect("should run");
        assert!(result.passed() && result.bound <= 1e-13, "{shape:?}: {result}");
        let result = taylor(&operator, &by, &experiment, &options).expect("should run");
        assert!(result.passed(), "{shape:?}: {result}");
    }
}

/// A field that is updated every fourth step stays as it is between; samples between are zero; what
/// is saved is what a run that stops there ends with.
#[test]
fn steps_are_skipped_and_saved() {
    let Some(options) = options() else { return };
    let waves = Waves::new(&[27, 22]);
    let c = waves.grid.time_function("c");
    let fed = Eq::new(c.forward(), c.value() + waves.u.value()).every(4);
    let operator = waves.operator([waves.plain(), fed]).interpolate_every_from(
        &waves.grid.sparse("late"),
        waves.u.value(),
        [5, 2],
    );
    let compiled = compiled(operator, &options);
    let steps = 43;
    let mut run = waves.simulation(&compiled, steps, 2);
    let late = waves.grid.sparse("late");
    run.place(&late, &[waves.at(0.1), waves.at(0.9)]).expect("should lie inside");
    let saved: Vec<Vec<f64>> = run.run_saving(&c, 1).expect("should run");
    assert_eq!(saved.len(), steps);
    assert!(saved[42].iter().any(|x| *x != 0.0));
    for n in 1..steps {
        let same = bits(&saved[n]) == bits(&saved[n - 1]);
        assert_eq!(same, n % 4 != 0 || saved[n].iter().all(|x| *x == 0.0), "step {n}");
    }
    let [all, some]: [Vec<f64>; 2] =
        [&waves.rec, &late].map(|points| run.series(points).expect("samples"));
    for (at, sample) in some.iter().enumerate() {
        let expected = if at / 2 % 5 == 2 { all[at] } else { 0.0 };
        assert_eq!(sample.to_bits(), expected.to_bits(), "sample {at}");
    }
    let saved: Vec<Vec<f64>> = run.run_saving(&waves.u, 10).expect("should run");
    assert_eq!(saved.len(), 4);
    for (count, saved) in saved.iter().enumerate() {
        run.reset();
        run.advance(0..10 * (count + 1)).expect("should run");
        assert_eq!(bits(saved), bits(&run.level::<f64>("u", 0).expect("u")), "{count}");
    }
    let error = run.run_saving::<f64>(&c, 0).expect_err("should be refused").to_string();
    assert!(error.contains("give a period of 1 or more"), "{error}");
}

/// Misfit and gradients of waves in parts, with a field that is updated in some steps.
fn gradient(waves: &Waves, operator: &Operator, how: (&Options, usize, Keep)) -> Vec<u64> {
    let (options, threads, keep) = how;
    let by = [&waves.m, &waves.eta];
    let compiled = operator.with_gradient(&by, options).expect("should compile");
    let compiled = compiled.with_width("depth", 5).expect("should be used");
    let mut run = waves.simulation(&compiled, 29, threads);
    run.set(&waves.eta, &waves.random(4, 0.2, 0.4)).expect("eta");
    let mut found = Vec::new();
    let blocks: &[[usize; 2]] =
        if options.backend == Backend::C { &[[0, 0], [1, 0], [3, 4]] } else { &[[0, 0]] };
    for (at, [steps, rows]) in blocks.iter().enumerate() {
        run.set_active(at < 2);
        run.set_block(*steps, *rows);
        let mut all = vec![evaluate(&mut run, keep).misfit];
        for function in by {
            all.extend(run.gradient_of(function).expect("should be there"));
        }
        all.extend(run.series_gradient::<f64>(&waves.src).expect("should be there"));
        assert!(all.iter().filter(|x| x.is_finite() && **x != 0.0).count() > all.len() / 2);
        assert!(found.is_empty() || found == bits(&all), "{steps} steps, {rows} rows");
        found = bits(&all);
    }
    found
}

/// C and interpreter, threads, blocks of steps, snapshots: the same bits.
#[test]
fn results_do_not_depend_on_how_they_are_computed() {
    let Some(options) = options() else { return };
    for (shape, dtype) in [(&[27, 22][..], DType::F32), (&[10, 9, 11], DType::F64)] {
        let waves = Waves::new(shape);
        let others = vec![Span::middle(1, 2); shape.len() - 1];
        let spans = std::iter::once(Span::left("depth")).chain(others);
        let sponge = waves.grid.subdomain("sponge", spans).expect("a part");
        let c = waves.grid.time_function("c");
        let heat = c.value() + 0.1 * (&waves.eta * c.laplace()) + 0.3 * waves.u.value();
        let wave = &waves.m * waves.u.dt2() - waves.u.laplace() + 0.2 * c.value();
        let operator = waves
            .operator([waves.update(&wave), waves.damped().on(&sponge)])
            .update(Eq::new(c.forward(), heat).every_from(3, 1))
            .build()
            .and_then(|operator| operator.in_precision(dtype))
            .expect("should discretise");
        let expected = gradient(&waves, &operator, (&options, 1, Keep::All));
        for (threads, keep) in [(2, Keep::All), (3, Keep::Snapshots(3))] {
            let found = gradient(&waves, &operator, (&options, threads, keep));
            assert!(found == expected, "{shape:?}, {threads} threads, {keep:?}");
        }
        let interpreter = Options { backend: Backend::Interpreter, ..options.clone() };
        let found = gradient(&waves, &operator, (&interpreter, 1, Keep::All));
        assert!(found == expected, "{shape:?}: C differs from the interpreter");
    }
}

#[test]
fn widths_are_given_before_a_run() {
    let Some(options) = options() else { return };
    let waves = Waves::new(&[27, 22]);
    let sponge = waves.grid.subdomain("sponge", [Span::left("depth"), Span::Whole]).expect("part");
    let compiled = compiled(waves.operator([waves.plain(), waves.damped().on(&sponge)]), &options);
    let error = compiled.clone().with_width("width", 3).expect_err("should be refused");
    assert!(matches!(&error, Error::UnknownWidth(name) if name == "width"), "{error}");
    let run = compiled.simulation(&waves.grid, &[[0; 2]; 2], (3, DT_S), Team::new(1));
    let error = run.expect_err("should be refused").to_string();
    assert!(error.contains("`compiled.with_width(\"depth\", points)`"), "{error}");
    let partly = waves.operator([waves.damped().on(&sponge)]).build().expect_err("not covered");
    assert!(partly.to_string().contains("nothing assigns it at x = depth"), "{partly}");
}
