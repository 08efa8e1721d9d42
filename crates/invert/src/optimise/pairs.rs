//! The memory of L-BFGS: differences of points and gradients, and what they say about `H`.

use std::collections::VecDeque;

use super::vector::{norm, sum};

/// Smallest cosine of the angle between `s` and `y` of a pair that is kept.
const CAUTION: f64 = 1e-10;

/// One step and the change of the gradient along it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Pair {
    pub(super) s: Vec<f64>,
    pub(super) y: Vec<f64>,
}

/// Newest last.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Pairs(pub(super) VecDeque<Pair>);

/// A pair as seen on the free variables.
struct Seen<'a> {
    pair: &'a Pair,
    /// `1 / s'y`.
    rho: f64,
}

impl Pairs {
    /// Remembers a pair of positive curvature, and forgets the oldest beyond `memory`.
    pub(super) fn push(&mut self, s: Vec<f64>, y: Vec<f64>, memory: usize) {
        let curvature = sum(s.len(), |i| s[i] * y[i]);
        if curvature.is_finite() && curvature > CAUTION * norm(&s) * norm(&y) {
            while self.0.len() >= memory {
                self.0.pop_front();
            }
            self.0.push_back(Pair { s, y });
        }
    }

    /// `d = -H g` on the free variables; `d_i = -γ h_i g_i` on the others. Returns `None` if no
    /// pair has curvature on the free variables.
    ///
    /// `h` is the diagonal; empty stands for ones.
    pub(super) fn direction(&self, g: &[f64], h: &[f64], free: &[bool]) -> Option<Vec<f64>> {
        let n = g.len();
        let on_free = |a: &[f64], b: &[f64]| sum(n, |i| if free[i] { a[i] * b[i] } else { 0.0 });
        let seen: Vec<Seen<'_>> = self.0.iter().filter_map(|pair| seen(pair, &on_free)).collect();
        let newest = seen.last()?;
        let diagonal = |i: usize| h.get(i).copied().unwrap_or(1.0);
        let y = &newest.pair.y;
        let metric = sum(n, |i| if free[i] { y[i] * diagonal(i) * y[i] } else { 0.0 });
        let gamma = 1.0 / (newest.rho * metric);

        let mut q: Vec<f64> = (0..n).map(|i| if free[i] { g[i] } else { 0.0 }).collect();
        let mut alphas = Vec::with_capacity(seen.len());
        for Seen { pair, rho } in seen.iter().rev() {
            let alpha = rho * on_free(&pair.s, &q);
            add(&mut q, -alpha, &pair.y, free);
            alphas.push(alpha);
        }
        for (i, q) in q.iter_mut().enumerate() {
            *q *= gamma * diagonal(i);
        }
        for (Seen { pair, rho }, alpha) in seen.iter().zip(alphas.iter().rev()) {
            let beta = rho * on_free(&pair.y, &q);
            add(&mut q, alpha - beta, &pair.s, free);
        }
        let component = |i: usize| {
            if free[i] { -q[i] } else { -gamma * diagonal(i) * g[i] }
        };
        Some((0..n).map(component).collect())
    }
}

fn seen<'a>(pair: &'a Pair, dot: &impl Fn(&[f64], &[f64]) -> f64) -> Option<Seen<'a>> {
    let (sy, ss, yy) = (dot(&pair.s, &pair.y), dot(&pair.s, &pair.s), dot(&pair.y, &pair.y));
    (sy > CAUTION * (ss * yy).sqrt()).then(|| Seen { pair, rho: 1.0 / sy })
}

fn add(to: &mut [f64], factor: f64, from: &[f64], free: &[bool]) {
    for ((to, from), free) in to.iter_mut().zip(from).zip(free) {
        if *free {
            *to += factor * from;
        }
    }
}
