//! Runs of the systems of `retrograd::physics` in media that do not vary unless said, in f64.
#![allow(dead_code, reason = "each test program uses its own part")]

pub(crate) mod complex;

use retrograd::physics::System;
use retrograd::{CpmlTuning, DType, Options, Simulation, Sparse, Team};

/// Grid points from which on a second thread pays; results do not depend on it.
const TWO_THREADS: usize = 40_000;

/// Velocities of a Poisson solid, m/s, and its density, kg/m3.
pub(crate) const VP: f64 = 3000.0;
pub(crate) const VS: f64 = 1732.050807568877;
pub(crate) const RHO: f64 = 2000.0;

/// The value of a parameter in a medium that does not vary.
pub(crate) fn medium(parameter: &str) -> f64 {
    match parameter {
        "vp" => VP,
        "vs" => VS,
        "rho" => RHO,
        other => panic!("no value for `{other}`"),
    }
}

/// Points of one kind: where they are, in metres, and on which state of the system.
#[derive(Clone, Debug)]
pub(crate) struct At<'a> {
    pub(crate) state: &'a str,
    pub(crate) points_m: Vec<Vec<f64>>,
    /// What the samples of a source are multiplied by.
    pub(crate) factor: f64,
}

/// A run of a system from rest.
pub(crate) struct Waves<'a> {
    pub(crate) system: &'a System,
    /// Values of the parameters by name, at a grid point of this number.
    pub(crate) medium: &'a dyn Fn(&str, usize) -> f64,
    /// Sources that all have the samples `wavelet`, and the radius of their windowed sinc (0: linear).
    pub(crate) sources: Vec<At<'a>>,
    pub(crate) receivers: Vec<At<'a>>,
    pub(crate) radius: u8,
    /// Points of the absorbing layer per side, if the system has one, and what it is tuned to.
    pub(crate) layer: (Vec<[usize; 2]>, CpmlTuning),
    pub(crate) steps: usize,
    pub(crate) dt_s: f64,
}

impl Waves<'_> {
    /// A simulation with everything but its source samples set, its sources, its receivers.
    pub(crate) fn simulation(&self, options: &Options) -> (Simulation, Vec<Sparse>, Vec<Sparse>) {
        let grid = self.system.grid();
        let sparse = |kind: &str, n: usize| {
            let sparse = grid.sparse(&format!("{kind}{n}"));
            if self.radius == 0 { sparse } else { sparse.sinc(self.radius) }
        };
        let mut operator = self.system.operator().dtype(DType::F64);
        let sources: Vec<Sparse> = (0..self.sources.len()).map(|n| sparse("src", n)).collect();
        for (at, src) in self.sources.iter().zip(&sources) {
            let state = self.system.state_named(at.state);
            operator = operator.source(src, state.forward(), src.value());
        }
        let receivers: Vec<Sparse> = (0..self.receivers.len()).map(|n| sparse("rec", n)).collect();
        for (at, rec) in self.receivers.iter().zip(&receivers) {
            operator = operator.interpolate(rec, self.system.state_named(at.state));
        }
        let compiled = operator.build().and_then(|o| o.compile(options)).expect("should compile");
        let team = Team::new(if grid.points() < TWO_THREADS { 1 } else { 2 });
        let run = compiled.simulation(grid, &self.layer.0, (self.steps, self.dt_s), team);
        let mut run = run.expect("should fit");
        for parameter in self.system.parameters() {
            let name = parameter.function.name();
            let values: Vec<f64> = (0..grid.points()).map(|at| (self.medium)(name, at)).collect();
            run.set(&parameter.function, &values).expect("a parameter");
        }
        if let Some(cpml) = self.system.cpml() {
            run.set_cpml(cpml, &self.layer.1).expect("a layer");
        }
        if let Some(surface) = self.system.free_surface() {
            run.set_free_surface(surface).expect("a surface");
        }
        for (at, points) in
            self.sources.iter().chain(&self.receivers).zip(sources.iter().chain(&receivers))
        {
            run.place(points, &at.points_m).expect("should lie inside");
        }
        (run, sources, receivers)
    }

    /// What the receivers record, one series per point, in the order in which they are given.
    pub(crate) fn record(&self, wavelet: &[f64], options: &Options) -> Vec<Vec<f64>> {
        let (mut run, sources, receivers) = self.simulation(options);
        for (at, src) in self.sources.iter().zip(&sources) {
            let count = at.points_m.len();
            let series: Vec<f64> =
                wavelet.iter().flat_map(|x| std::iter::repeat_n(at.factor * x, count)).collect();
            run.set_series(src, &series).expect("samples");
        }
        run.run().expect("should run");
        let mut records = Vec::new();
        for (at, rec) in self.receivers.iter().zip(&receivers) {
            let samples: Vec<f64> = run.series(rec).expect("samples");
            let count = at.points_m.len();
            let of = |r: usize| samples.iter().skip(r).step_by(count).copied().collect();
            records.extend((0..count).map(of));
        }
        records
    }
}
