//! Of what the reverse step gathers.

use retrograd_compile::adjoint::REVERSE;
use retrograd_compile::schedule::{PhaseKind, schedule};
use retrograd_compile::{adjoint, passes};
use retrograd_ir::{Stencil, Target, text};

use crate::common::systems;

/// Functions that the reverse step of a program writes, nest by nest.
fn written(stencil: &Stencil) -> Vec<Vec<String>> {
    let adjoint = adjoint(stencil, "forward", &[]).expect("should have an adjoint");
    let mut optimised = passes::optimise(adjoint.stencil);
    let step = optimised.steps.iter().position(|s| s.name == REVERSE).expect("a reverse step");
    let plan = schedule(&mut optimised, step);
    let nests = plan.phases.iter().filter_map(|phase| match &phase.kind {
        PhaseKind::Nest(nest) => Some(nest),
        PhaseKind::Other(_) => None,
    });
    let name = |target: &Target| optimised.field(target.field).name.clone();
    nests.map(|nest| nest.parts[0].outputs.iter().map(|(t, _)| name(t)).collect()).collect()
}

/// Both pressures in one sweep with the two sums of their adjoints that everything gathers from, then the
/// two slopes: the parameters of the axis are read beside these.
#[test]
fn tilted_axes_store_two_sums_and_no_products() {
    let sums = ["q_adj", "p_adj", "p_adj_w", "p_adj_w_1"];
    let slopes = ["diff_1_adj", "diff_adj"];
    let found = written(&systems::tilted());
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    let expected = [&sums[..], &slopes[..]].map(|n| n.iter().map(|n| (*n).to_string()).collect());
    let expected: Vec<Vec<String>> = expected.into_iter().map(|n: Vec<_>| sorted(&n)).collect();
    assert_eq!(found.iter().map(|n| sorted(n)).collect::<Vec<_>>(), expected);
}

/// `vx_adj` gathers `(lambda + 2 mu) sxx_adj + lambda szz_adj`: as many arrays as there are velocities,
/// and the shear stress.
#[test]
fn elastic_stresses_store_one_sum_per_velocity() {
    let found = written(&systems::elastic());
    assert_eq!(found.len(), 2, "{found:?}");
    let products = |names: &[String]| names.iter().filter(|n| n.contains("_w")).count();
    assert_eq!(found.iter().map(|n| products(n)).collect::<Vec<_>>(), [3, 2], "{found:?}");
}

/// What has nothing in common stays apart, and so do sources with other weights.
#[test]
fn what_is_gathered_in_another_way_is_not_summed() {
    let source = |weight: &str| {
        format!(
            "stencil apart f64
             dim x
             function a(x)
             function b(x)
             time function u(x) levels 2
             time function p(x) levels 2
             time function q(x) levels 2
             step forward {{
               p[t+1] = p + a * (u[x+1] - u[x-1]);
               q[t+1] = q + b * (2 * u[x+1] - {weight} * u[x-1]);
               u[t+1] = u + 0.1 * (p[t+1] + q[t+1]);
             }}"
        )
    };
    let count = |weight| {
        let stencil = text::parse(&source(weight)).unwrap_or_else(|e| panic!("{e}"));
        let names = written(&stencil).concat();
        names.iter().filter(|n| n.contains("_w")).count()
    };
    assert_eq!([count("2"), count("3")], [1, 2]);
}
