//! Fractions that add up to one: `m / (a m + b d)` and `d / (a m + b d)` need one coefficient.

use retrograd_ir::{ExprId, Stencil};

use super::{Factors, Monomial, Sum, expand, is_fixed, is_sum};

/// Where all fractions `q_k / D` of a denominator `D = a_1 q_1 + a_2 q_2 + ...` multiply
/// something, the one that does so most often is replaced, by
/// `q_k / D = (1 - sum of the other a_j q_j / D) / a_k`: a coefficient less to store and to read.
///
/// A damped wave equation loses one of three: the update becomes
/// `2 u - u- + (B (L u) - E (u - u-))`, leapfrog with a small change whose relative precision is
/// full. (Without the other one it would be `u- + A (u - u-) + B (L u)` with `A` near 2: shorter,
/// but in f32 weak damping would be rounded away.) Cost: linear in terms times summands of the
/// denominators.
pub(super) fn eliminate(stencil: &mut Stencil, mut terms: Vec<Monomial>) -> Vec<Monomial> {
    let mut denominators: Vec<ExprId> = Vec::new();
    for (&factor, &power) in terms.iter().flat_map(|t| &t.factors) {
        if power == -1
            && !denominators.contains(&factor)
            && is_sum(stencil, factor)
            && is_fixed(stencil, factor)
            && !stencil.is_uniform(factor)
        {
            denominators.push(factor);
        }
    }
    for denominator in denominators {
        let summands: Vec<Fraction> = expand(stencil, denominator)
            .into_iter()
            .map(|term| Fraction::new(stencil, term, denominator))
            .collect();
        terms = without_one(stencil, terms, &summands);
    }
    terms
}

/// One summand of a denominator.
struct Fraction {
    /// Its uniform coefficient `a`.
    coefficient: Monomial,
    /// The other factors, over the denominator: `q / D`.
    quotient: Factors,
}

impl Fraction {
    fn new(stencil: &Stencil, term: Monomial, denominator: ExprId) -> Self {
        let (uniform, mut quotient): (Factors, Factors) =
            term.factors.into_iter().partition(|(f, _)| stencil.is_uniform(*f));
        quotient.insert(denominator, -1);
        Self { coefficient: Monomial { constant: term.constant, factors: uniform }, quotient }
    }

    /// `term / (q / D) / a` if the term has this fraction and loses whatever of `a` may be zero.
    fn cofactor(&self, stencil: &Stencil, term: &Monomial) -> Option<Monomial> {
        let invariant = |f: ExprId| is_fixed(stencil, f) && !stencil.is_uniform(f);
        let own = term.factors.iter().filter(|(f, _)| invariant(**f));
        let divides = |(f, n): (&ExprId, &i32)| {
            *n <= 0 || term.factors.get(f).is_some_and(|power| power >= n)
        };
        if !own.eq(self.quotient.iter()) || !self.coefficient.factors.iter().all(divides) {
            return None;
        }
        let quotient = Monomial { constant: 1.0, factors: self.quotient.clone() };
        Some(term.clone().times(&quotient, -1).times(&self.coefficient, -1))
    }
}

fn without_one(stencil: &Stencil, terms: Vec<Monomial>, fractions: &[Fraction]) -> Vec<Monomial> {
    let uses = |fraction: &Fraction| -> usize {
        terms.iter().filter(|term| fraction.cofactor(stencil, term).is_some()).count()
    };
    let used: Vec<usize> = fractions.iter().map(uses).collect();
    // Of several, the first: parameters of the physics come before those of layers.
    let most = (0..used.len()).rev().max_by_key(|&k| used[k]);
    let all = used.len() > 1 && used.iter().all(|&n| n > 0);
    let Some(most) = most.filter(|_| all) else { return terms };
    let mut sum = Sum::default();
    for term in terms {
        let Some(cofactor) = fractions[most].cofactor(stencil, &term) else {
            sum.add(term);
            continue;
        };
        sum.add(cofactor.clone());
        for (_, other) in fractions.iter().enumerate().filter(|(k, _)| *k != most) {
            let quotient = Monomial { constant: -1.0, factors: other.quotient.clone() };
            sum.add(cofactor.clone().times(&other.coefficient, 1).times(&quotient, 1));
        }
    }
    sum.into_terms()
}
