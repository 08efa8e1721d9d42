//! What an evaluation depends on, as a number: what a process has left half done is taken up by one
//! that would compute the same, and by no other.
//!
//! Not hashed, because no bit depends on them: threads, shots at a time, folders, the budget. The
//! plan counts for a reverse sweep, whose snapshots are those of its schedule, and for everything
//! where a codec loses something.

use retrograd::Options;
use retrograd::checkpoint::plan::TierPlan;
use retrograd::checkpoint::{Plan, Strategy};

use super::{Experiment, Record};
use crate::resample::RegularGrid;
use crate::survey::{Point, Shot};
use crate::words::Digest;

/// Rises when what is saved changes, or the numbers that a program of the same version computes.
const LAYOUT: u64 = 1;

/// Inputs that all shots of an evaluation have in common.
pub(super) struct Inputs<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) options: &'a Options,
    /// The equations as they are computed.
    pub(super) program: &'a str,
    pub(super) vp: &'a [f64],
    pub(super) wavelet: &'a [f64],
    /// Number of the evaluation within its run.
    pub(super) evaluation: u64,
}

/// Whether a tier encodes with loss.
pub(crate) fn is_lossy(tiers: &[TierPlan]) -> bool {
    tiers.iter().any(|tier| match tier {
        TierPlan::Ram { codec, .. } | TierPlan::File { codec, .. } => !codec.is_lossless(),
        _ => false,
    })
}

/// Of everything but shots, records and plan.
pub(super) fn of_inputs(inputs: &Inputs<'_>) -> Digest {
    let Inputs { experiment, options, program, vp, wavelet, evaluation } = *inputs;
    let mut digest = Digest::new();
    digest.word(LAYOUT);
    digest.text(env!("CARGO_PKG_VERSION"));
    digest.text(&format!("{:?} {:?}", options.backend, options.jit.compilers));
    digest.text(program);
    digest.word(evaluation);
    digest.floats(vp);
    digest.floats(wavelet);
    let Experiment {
        grid,
        layer,
        reflection,
        layer_velocity_m_s,
        space_order,
        dtype,
        interpolation,
        steps,
        dt_s,
        survey,
    } = experiment;
    add_grid(&mut digest, grid);
    digest.text(&format!("{layer:?} {space_order} {dtype:?} {interpolation:?} {steps}"));
    digest.floats(&[*reflection, *dt_s]);
    digest.floats(layer_velocity_m_s);
    digest.word(survey.shots.len() as u64);
    digest
}

fn add_grid(digest: &mut Digest, grid: &RegularGrid) {
    for n in grid.shape() {
        digest.word(*n as u64);
    }
    digest.floats(grid.spacing_m());
    digest.floats(grid.origin_m());
}

/// Of the reverse sweep of one shot.
pub(super) fn of_sweep(
    common: Digest,
    (number, shot): (usize, &Shot),
    record: &Record,
    plan: &Plan,
) -> u64 {
    let mut digest = common;
    digest.word(number as u64);
    add_shot(&mut digest, shot, record);
    add_plan(&mut digest, plan);
    digest.value()
}

/// Of the sums over the first shots.
pub(super) fn of_sums(common: Digest, shots: &[Shot], records: &[Record], plan: &Plan) -> u64 {
    let mut digest = common;
    for (shot, record) in shots.iter().zip(records) {
        add_shot(&mut digest, shot, record);
    }
    if is_lossy(&plan.tiers) {
        add_plan(&mut digest, plan);
    }
    digest.value()
}

fn add_shot(digest: &mut Digest, shot: &Shot, record: &Record) {
    let Shot { source, receivers } = shot;
    for points in [source.as_slice(), receivers] {
        digest.word(points.len() as u64);
        for Point { x_m, y_m, z_m } in points {
            for x in [x_m, y_m, z_m] {
                digest.float(*x);
            }
        }
    }
    digest.samples(record);
}

/// Schedule and tiers, without their place.
fn add_plan(digest: &mut Digest, plan: &Plan) {
    let strategy: Strategy = plan.strategy;
    digest.text(&format!("{strategy:?} {}", plan.steps));
    for tier in &plan.tiers {
        let text = match tier {
            TierPlan::Handles { slots } => format!("handles {slots}"),
            TierPlan::Ram { capacity_bytes, snapshot_bytes, codec } => {
                format!("RAM {capacity_bytes} {snapshot_bytes} {codec}")
            }
            TierPlan::File { capacity_bytes, snapshot_bytes, codec, .. } => {
                format!("file {capacity_bytes} {snapshot_bytes} {codec}")
            }
            _ => "other".to_owned(),
        };
        digest.text(&text);
    }
}

#[cfg(test)]
mod tests;
