//! Weights that still add up to zero when they are rounded to f32.
//!
//! The weights of a Laplacian add up to zero. Rounded one by one they do not: what is left acts
//! like a mass term, and after a thousand steps of a wave it is the largest rounding error by far
//! (some 1e-4 of the wavefield, where everything else gives 1e-5).

use retrograd_ir::{DType, Expr, ExprId, Stencil, UnaryOp};

use super::{Shared, Sum, uniform_sum};
use crate::algebra::Build;

/// Relative size of a sum that counts as zero: weights are numbers in f64.
const ZERO: f64 = 1e-12;

pub(super) fn is_balanced(stencil: &Stencil, root: ExprId) -> bool {
    let nodes = stencil.exprs.reachable(&[root]);
    nodes.iter().any(|&n| matches!(stencil.exprs[n], Expr::Unary { op: UnaryOp::Round, .. }))
}

/// The coefficients of a group, as uniform expressions.
///
/// In f32, where the weights of one level of a function add up to zero and one of them belongs to
/// the point itself: what rounding that one (the largest) changes, the first of the others takes
/// over as far as its precision allows, then the next finer one, and so on. Each weight moves by
/// about the rounding error of a coarser one, and the sum ends at the rounding error of the finest.
pub(super) fn coefficients(stencil: &mut Stencil, shared: &[Shared]) -> Vec<ExprId> {
    let mut result: Vec<ExprId> =
        shared.iter().map(|(coefficient, _)| uniform_sum(stencil, coefficient)).collect();
    if stencil.dtype == DType::F64 {
        return result;
    }
    let weights: Vec<Option<Weight>> = shared.iter().map(|s| Weight::new(stencil, s)).collect();
    for (centre, weight) in weights.iter().enumerate() {
        let Some(weight) = weight.filter(|w| w.at_the_point) else { continue };
        let of_level = |w: &Option<Weight>| w.is_some_and(|w| w.level == weight.level);
        let mut others: Vec<usize> =
            (0..shared.len()).filter(|&k| k != centre && of_level(&weights[k])).collect();
        if others.is_empty() || !adds_up_to_zero(shared, &others, centre) {
            continue;
        }
        let size = |k: usize| shared[k].0[0].constant.abs();
        others.sort_by(|&a, &b| size(b).total_cmp(&size(a)));
        take_over(stencil, &mut result, &weights, centre, &others);
    }
    result
}

/// A coefficient whose reads are all of one level of one function.
#[derive(Clone, Copy)]
struct Weight {
    level: (retrograd_ir::FieldId, i8),
    /// Number of reads, those with a minus subtracted.
    count: f64,
    /// Whether the point itself is its only read.
    at_the_point: bool,
}

impl Weight {
    fn new(stencil: &Stencil, (_, reads): &Shared) -> Option<Self> {
        let mut loads = reads.iter().map(|(sign, factors)| {
            let (&id, &power) = factors.first_key_value()?;
            match stencil.exprs[id] {
                Expr::Load { field, time, offset, .. } if power == 1 && factors.len() == 1 => {
                    Some(((field, time), *sign, offset.is_zero()))
                }
                _ => None,
            }
        });
        let (level, mut count, at_the_point) = loads.next()??;
        for load in loads {
            let (_, sign, _) = load.filter(|(other, ..)| *other == level)?;
            count += sign;
        }
        Some(Self { level, count, at_the_point: at_the_point && reads.len() == 1 })
    }
}

fn adds_up_to_zero(shared: &[Shared], others: &[usize], centre: usize) -> bool {
    let mut sum = Sum::default();
    let mut size = 0.0_f64;
    for &k in others.iter().chain([&centre]) {
        let (coefficient, reads) = &shared[k];
        let count: f64 = reads.iter().map(|(sign, _)| sign).sum();
        for summand in coefficient {
            let mut summand = summand.clone();
            summand.constant *= count;
            size = size.max(summand.constant.abs());
            sum.add(summand);
        }
    }
    sum.into_terms().iter().all(|term| term.constant.abs() <= ZERO * size)
}

fn take_over(
    stencil: &mut Stencil,
    coefficients: &mut [ExprId],
    weights: &[Option<Weight>],
    centre: usize,
    others: &[usize],
) {
    let count = |k: usize| weights[k].map_or(0.0, |w| w.count);
    let exprs = &mut stencil.exprs;
    let whole = coefficients[centre];
    let rounded = exprs.unary(UnaryOp::Round, whole);
    // What the others have to add to what they add up to.
    let mut missing =
        if count(centre) > 0.0 { exprs.sub(whole, rounded) } else { exprs.sub(rounded, whole) };
    for (place, &k) in others.iter().enumerate().filter(|(_, k)| count(**k) != 0.0) {
        let exact = coefficients[k];
        let share = exprs.constant(1.0 / count(k));
        let share = exprs.mul(share, missing);
        let moved = exprs.add(exact, share);
        let rounded = exprs.unary(UnaryOp::Round, moved);
        coefficients[k] = rounded;
        if place + 1 < others.len() {
            let change = exprs.sub(rounded, exact);
            let times = exprs.constant(count(k));
            let taken = exprs.mul(times, change);
            missing = exprs.sub(missing, taken);
        }
    }
}
