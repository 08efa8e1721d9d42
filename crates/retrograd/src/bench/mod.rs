//! Standard problems for timing, and the machine's own copy bandwidth and peak.
//!
//! Each problem is a wave in two layers with an absorbing sponge of 40 points, one source and a line
//! of receivers, as other tools time it: f32, two steps of warm-up, the best and the median of
//! several repetitions.

mod crossing;
mod equations;
mod imaging;
mod machine;
mod media;

use std::time::Instant;

use retrograd_compile::adjoint::FORWARD;
use retrograd_compile::symbolic::{Grid, Sparse};
use retrograd_runtime::Team;

pub use crossing::{Crossing, Run, Source};
pub use equations::acoustic_operator;
pub use imaging::{Imaging, ImagingTiming, Kept};
pub use machine::{copy_bandwidth, peak_flops};

use crate::{Compiled, Error, Options, Simulation};
use equations::{Equations, equations};
use media::{VELOCITIES_M_S, extent_m};

/// Points of the absorbing layer on every side.
const LAYER: usize = 40;
/// Grid spacing, in metres.
const SPACING_M: f64 = 10.0;
/// Acoustic time steps are such that the fastest wave goes so many grid points in each.
const COURANT: f64 = 0.38;
/// Peak frequency of the Ricker source, in Hz.
const PEAK_HZ: f64 = 10.0;

/// The equations of a problem.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Physics {
    /// Constant density, one wavefield.
    Acoustic,
    /// Tilted transverse isotropy, two wavefields, six parameters; 3-D.
    Tti,
    /// Velocity and stress, nine wavefields in 3-D, three parameters.
    Elastic,
}

/// A timed problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// Equations.
    pub physics: Physics,
    /// Grid points per dimension.
    pub shape: Vec<usize>,
    /// Order of the spatial derivatives.
    pub space_order: usize,
    /// Time steps.
    pub steps: usize,
    /// Threads.
    pub threads: usize,
}

impl Case {
    /// An acoustic case.
    pub fn acoustic(shape: &[usize], space_order: usize, steps: usize, threads: usize) -> Self {
        Self { physics: Physics::Acoustic, shape: shape.to_vec(), space_order, steps, threads }
    }

    /// The time step, in seconds.
    pub fn dt_s(&self) -> f64 {
        let part = match self.physics {
            Physics::Acoustic => 1.0,
            Physics::Tti => 0.7,
            Physics::Elastic => 0.6,
        };
        part * COURANT * SPACING_M / VELOCITIES_M_S[1]
    }

    fn grid(&self) -> Result<Grid, Error> {
        let dims = self.shape.len();
        Ok(Grid::new(self.shape.clone())?.spacing(vec![SPACING_M; dims])?)
    }

    /// The middle of the grid, below the absorbing layer of the last dimension, in metres.
    fn source_m(&self) -> Vec<f64> {
        let mut source: Vec<f64> = extent_m(self).iter().map(|e| e / 2.0).collect();
        source[self.shape.len() - 1] = (LAYER + 2) as f64 * SPACING_M;
        source
    }

    /// Of the source: other tools count time in milliseconds, in which stresses are other numbers.
    fn amplitude(&self) -> f64 {
        if self.physics == Physics::Elastic { 1e6 } else { 1.0 }
    }
}

/// What was measured.
#[derive(Clone, PartialEq, Debug)]
pub struct Timing {
    /// Seconds of the time loop, per repetition.
    pub loop_seconds: Vec<f64>,
    /// Seconds of a whole call (zero wavefield, time loop, samples), per repetition.
    pub call_seconds: Vec<f64>,
    /// Bytes per point and step that the inner kernels have to move: each level that they read, each
    /// that they write.
    pub bytes_per_point: usize,
    /// Floating-point operations per point and step of the inner kernels.
    pub flops_per_point: f64,
}

/// A problem ready to run.
#[derive(Debug)]
pub struct Problem {
    /// Its data.
    pub simulation: Simulation,
    /// The receivers whose samples are compared.
    pub receivers: Sparse,
    /// Name of the function whose final level is compared.
    pub wavefield: String,
}

impl Problem {
    /// Builds kernels and data of a case. Every point is computed, also where the wave has not been:
    /// what is timed are the kernels.
    ///
    /// # Errors
    /// No compiler, no memory.
    pub fn new(case: &Case, options: &Options) -> Result<Self, Error> {
        let grid = case.grid()?;
        let equations = equations(case, &grid, false)?;
        let compiled = equations.operator.compile(options)?;
        let mut problem = Self::with_source(case, &compiled, &grid, &equations, &case.source_m())?;
        problem.simulation.set_active(false);
        Ok(problem)
    }

    /// A case with the source at a position in metres; receivers at the depth of 450 m.
    fn with_source(
        case: &Case,
        compiled: &Compiled,
        grid: &Grid,
        equations: &Equations,
        source: &[f64],
    ) -> Result<Self, Error> {
        let dims = case.shape.len();
        let dt_s = case.dt_s();
        let layer = vec![[LAYER; 2]; dims];
        let team = Team::new(case.threads);
        let mut simulation = compiled.simulation(grid, &layer, (case.steps, dt_s), team)?;
        for (function, values) in &equations.parameters {
            simulation.set(function, values)?;
        }
        simulation.set_up()?;
        let extent = extent_m(case);
        simulation.place(&equations.source, &[source])?;
        let count = case.shape[0];
        let receivers = (0..count).map(|k| {
            let mut point = source.to_vec();
            let along = k as f64 / (count - 1).max(1) as f64;
            point[0] = 400.0 + along * (extent[0] - 800.0);
            point[dims - 1] = 450.0;
            point
        });
        let receivers: Vec<Vec<f64>> = receivers.collect();
        for points in &equations.receivers {
            simulation.place(points, &receivers)?;
        }
        let ricker = |n: usize| {
            let r = std::f64::consts::PI * PEAK_HZ * (n as f64 * dt_s - 1.0 / PEAK_HZ);
            case.amplitude() * (1.0 - 2.0 * r * r) * (-r * r).exp()
        };
        let samples: Vec<f64> = (0..case.steps).map(ricker).collect();
        simulation.set_series(&equations.source, &samples)?;
        Ok(Self {
            simulation,
            receivers: equations.receivers[0].clone(),
            wavefield: equations.wavefield.name().into(),
        })
    }

    /// Runs a case `repetitions` times after a warm-up.
    ///
    /// # Errors
    /// No memory.
    pub fn time(&mut self, repetitions: usize) -> Result<Timing, Error> {
        self.simulation.reset();
        self.simulation.advance(0..self.simulation.steps().min(2))?;
        let cost = self.simulation.compiled().report(FORWARD)?.cost;
        let mut timing = Timing {
            loop_seconds: Vec::new(),
            call_seconds: Vec::new(),
            bytes_per_point: cost.traffic(1).bytes() as usize,
            flops_per_point: cost.flops(),
        };
        for _ in 0..repetitions {
            let call = Instant::now();
            self.simulation.reset();
            self.simulation.advance(0..1)?;
            let inner = Instant::now();
            self.simulation.advance(1..self.simulation.steps())?;
            let steps = self.simulation.steps() as f64;
            let per_step = inner.elapsed().as_secs_f64() / (steps - 1.0).max(1.0);
            timing.loop_seconds.push(per_step * steps);
            let samples: Vec<f32> = self.simulation.series(&self.receivers)?;
            std::hint::black_box(&samples);
            timing.call_seconds.push(call.elapsed().as_secs_f64());
        }
        Ok(timing)
    }
}
