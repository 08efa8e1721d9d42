//! Sums of products: the form in which coefficients cancel, combine and group.
//!
//! `(2 m/dt^2 u - m/dt^2 u- + L u) / (m/dt^2)` becomes `2 u - u- + (1/m) (...)`, and a sum of
//! weighted reads becomes one product per distinct weight: `c1 (u[x-1] + u[x+1]) + ...`. Grouping
//! an n-ary sum by coefficient finds the fewest products at once; no search is needed.

mod balance;
mod fractions;

use std::collections::BTreeMap;

use retrograd_ir::{BinaryOp, Expr, ExprId, Read, Stencil, UnaryOp};

use crate::algebra::Build;
use crate::passes::SETUP;

/// Powers of distinct factors, by ascending id.
type Factors = BTreeMap<ExprId, i32>;

/// `constant * product of factor^power`.
#[derive(Clone, PartialEq, Debug)]
struct Monomial {
    constant: f64,
    factors: Factors,
}

impl Monomial {
    fn constant(constant: f64) -> Self {
        Self { constant, factors: Factors::new() }
    }

    fn times(mut self, other: &Self, power: i32) -> Self {
        self.constant *= if power > 0 { other.constant } else { 1.0 / other.constant };
        for (&factor, &n) in &other.factors {
            let total = self.factors.entry(factor).or_insert(0);
            *total += n * power;
            if *total == 0 {
                self.factors.remove(&factor);
            }
        }
        self
    }

    fn times_factor(self, factor: ExprId, power: i32) -> Self {
        let other = Self { constant: 1.0, factors: Factors::from([(factor, 1)]) };
        self.times(&other, power)
    }
}

/// Rewrites a value into grouped normal form.
///
/// Re-associates: rounding may change by a few units in the last place. Requires a value without
/// side conditions; leaves elementary functions, minima and choices as they are. Cost: quadratic
/// in the number of distinct products, some dozens. A value with balanced weights stays as it is.
pub(crate) fn normalise(stencil: &mut Stencil, root: ExprId) -> ExprId {
    if balance::is_balanced(stencil, root) {
        return root;
    }
    let terms = expand(stencil, root);
    let terms = fractions::eliminate(stencil, terms);
    rebuild_sum(stencil, terms)
}

/// The terms of a value, each split into a uniform coefficient and the remaining factors.
/// `None` as rest stands for 1.
pub(crate) fn uniform_terms(stencil: &mut Stencil, root: ExprId) -> Vec<(ExprId, Option<ExprId>)> {
    let terms = terms_apart(stencil, root, |_, _| false).into_iter();
    terms
        .map(|term| {
            let number = stencil.exprs.constant(term.number);
            (stencil.exprs.mul(number, term.uniform), term.rest)
        })
        .collect()
}

/// A term of a value: `number * uniform * apart * rest`.
pub(crate) struct Term {
    pub(crate) number: f64,
    pub(crate) uniform: ExprId,
    /// Factors that were asked for; `None` stands for 1.
    pub(crate) apart: Option<ExprId>,
    /// The others.
    pub(crate) rest: Option<ExprId>,
    pub(crate) factors_of_rest: Vec<ExprId>,
}

/// The terms of a value, with the factors in them that are `apart`.
pub(crate) fn terms_apart(
    stencil: &mut Stencil,
    root: ExprId,
    apart: impl Fn(&Stencil, ExprId) -> bool,
) -> Vec<Term> {
    let mut result = Vec::new();
    for Monomial { constant: number, factors } in expand(stencil, root) {
        let (uniform, others): (Factors, Factors) =
            factors.into_iter().partition(|(f, _)| stencil.is_uniform(*f));
        let (apart, rest): (Factors, Factors) =
            others.into_iter().partition(|(f, _)| apart(stencil, *f));
        let factors_of_rest = rest.keys().copied().collect();
        let mut of = |factors| product(stencil, &Monomial { constant: 1.0, factors });
        let uniform = of(uniform);
        let [apart, rest] = [apart, rest].map(|f| (!f.is_empty()).then(|| of(f)));
        result.push(Term { number, uniform, apart, rest, factors_of_rest });
    }
    result
}

/// All terms, in the order in which a reader meets them; equal products are added up.
fn expand(stencil: &mut Stencil, root: ExprId) -> Vec<Monomial> {
    let mut sum = Sum::default();
    let mut stack = vec![(root, Monomial::constant(1.0))];
    while let Some((id, scale)) = stack.pop() {
        match stencil.exprs[id] {
            Expr::Binary { op: BinaryOp::Add, lhs, rhs } => {
                stack.push((rhs, scale.clone()));
                stack.push((lhs, scale));
            }
            Expr::Binary { op: BinaryOp::Sub, lhs, rhs } => {
                let minus = Monomial { constant: -scale.constant, ..scale.clone() };
                stack.push((rhs, minus));
                stack.push((lhs, scale));
            }
            Expr::Unary { op: UnaryOp::Neg, arg } => {
                stack.push((arg, Monomial { constant: -scale.constant, ..scale }));
            }
            Expr::Binary { op: BinaryOp::Mul, lhs, rhs } if is_sum(stencil, rhs) => {
                let factor = as_monomial(stencil, lhs);
                stack.push((rhs, scale.times(&factor, 1)));
            }
            Expr::Binary { op: BinaryOp::Mul, lhs, rhs } => {
                let factor = as_monomial(stencil, rhs);
                stack.push((lhs, scale.times(&factor, 1)));
            }
            Expr::Binary { op: BinaryOp::Div, lhs, rhs } => {
                let divisor = as_monomial(stencil, rhs);
                stack.push((lhs, scale.times(&divisor, -1)));
            }
            Expr::Const(value) => {
                let constant = scale.constant * value.value();
                sum.add(Monomial { constant, ..scale });
            }
            _ => sum.add(scale.times_factor(id, 1)),
        }
    }
    sum.into_terms()
}

/// Terms in the order in which they came; equal products are added up.
#[derive(Default)]
struct Sum {
    terms: Vec<Monomial>,
    index: BTreeMap<Vec<(ExprId, i32)>, usize>,
}

impl Sum {
    fn add(&mut self, term: Monomial) {
        let key: Vec<_> = term.factors.iter().map(|(&f, &n)| (f, n)).collect();
        if let Some(&at) = self.index.get(&key) {
            self.terms[at].constant += term.constant;
        } else {
            self.index.insert(key, self.terms.len());
            self.terms.push(term);
        }
    }

    fn into_terms(mut self) -> Vec<Monomial> {
        self.terms.retain(|t| t.constant != 0.0);
        self.terms
    }
}

fn is_sum(stencil: &Stencil, id: ExprId) -> bool {
    match stencil.exprs[id] {
        Expr::Binary { op: BinaryOp::Add | BinaryOp::Sub, .. } => true,
        Expr::Unary { op: UnaryOp::Neg, arg } => is_sum(stencil, arg),
        Expr::Binary { op: BinaryOp::Mul, lhs, rhs } => {
            is_sum(stencil, lhs) || is_sum(stencil, rhs)
        }
        Expr::Binary { op: BinaryOp::Div, lhs, .. } => is_sum(stencil, lhs),
        _ => false,
    }
}

/// The value as one product; a genuine sum becomes a single factor in normal form.
fn as_monomial(stencil: &mut Stencil, id: ExprId) -> Monomial {
    let mut terms = expand(stencil, id);
    match terms.len() {
        0 => Monomial::constant(0.0),
        1 => terms.swap_remove(0),
        _ => {
            let factor = rebuild_sum(stencil, terms);
            Monomial::constant(1.0).times_factor(factor, 1)
        }
    }
}

/// Terms with the same time-invariant factor, and in them terms with the same coefficient.
struct Group {
    invariant: Factors,
    shared: Vec<Shared>,
}

impl Group {
    /// The uniform factor that all coefficients share, if it costs nothing to multiply the
    /// invariant factor by it: where that will be computed ahead of time. `dt^2 / m (u / h^2 ...)`
    /// rather than `1 / m (dt^2 / h^2 u ...)`: products with equal weights become equal.
    fn common(&self) -> Monomial {
        let ahead = self.invariant.len() > 1 || self.invariant.values().any(|&n| n != 1);
        let mut summands = self.shared.iter().flat_map(|(sum, _)| sum);
        let (true, Some(first)) = (ahead, summands.next()) else { return Monomial::constant(1.0) };
        let mut common = first.clone();
        for summand in summands {
            if summand.constant != common.constant {
                common.constant = 1.0;
            }
            let power = |f: &ExprId| summand.factors.get(f).copied().unwrap_or(0);
            let mut shared = common.factors.clone();
            for (factor, n) in &mut shared {
                let other = power(factor);
                *n = if *n > 0 { other.clamp(0, *n) } else { other.clamp(*n, 0) };
            }
            shared.retain(|_, n| *n != 0);
            common.factors = shared;
        }
        common
    }
}

/// A coefficient (a sum of uniform products, sign taken out) and the reads that share it, with
/// their signs.
type Shared = (Vec<Monomial>, Vec<(f64, Factors)>);

fn rebuild_sum(stencil: &mut Stencil, terms: Vec<Monomial>) -> ExprId {
    let groups = group(stencil, terms);
    let mut total = stencil.exprs.constant(0.0);
    // What has the largest weights comes last: small changes are added up before.
    let (whole, scaled): (Vec<Group>, Vec<Group>) =
        groups.into_iter().partition(|g| g.invariant.is_empty());
    let mut terms: Vec<(ExprId, f64)> =
        scaled.into_iter().map(|group| rebuild_group(stencil, group)).collect();
    // A sum that begins with a minus costs one operation more.
    terms.sort_by_key(|(_, sign)| *sign < 0.0);
    for (term, sign) in terms {
        total = plus(stencil, total, term, sign);
    }
    for group in whole {
        let (term, sign) = rebuild_group(stencil, group);
        // In the order in which one writes it.
        let zero = stencil.exprs.constant(0.0);
        let term = plus(stencil, zero, term, sign);
        total = stencil.exprs.add(term, total);
    }
    total
}

fn plus(stencil: &mut Stencil, sum: ExprId, term: ExprId, sign: f64) -> ExprId {
    if sign < 0.0 { stencil.exprs.sub(sum, term) } else { stencil.exprs.add(sum, term) }
}

/// The terms of one group and their sign: where the group is one product, that of its first term.
fn rebuild_group(stencil: &mut Stencil, group: Group) -> (ExprId, f64) {
    let common = group.common();
    let mut shared = group.shared;
    for summand in shared.iter_mut().flat_map(|(coefficient, _)| coefficient) {
        *summand = summand.clone().times(&common, -1);
    }
    let coefficients = balance::coefficients(stencil, &shared);
    let is_product = !group.invariant.is_empty();
    let lead = if is_product { shared[0].1[0].0 } else { 1.0 };
    let mut inner = stencil.exprs.constant(0.0);
    for (coefficient, (_, reads)) in coefficients.into_iter().zip(shared) {
        let (sum, sign) = signed_sum(stencil, &reads);
        let term = stencil.exprs.mul(coefficient, sum);
        inner = plus(stencil, inner, term, sign * lead);
    }
    let invariant = Monomial { constant: 1.0, factors: group.invariant };
    let factor = product(stencil, &common.times(&invariant, 1));
    (stencil.exprs.mul(factor, inner), lead)
}

/// Time-invariant factors, other factors, and their coefficient as a sum of uniform products.
type SplitTerm = (Factors, Factors, Vec<Monomial>);

fn group(stencil: &Stencil, terms: Vec<Monomial>) -> Vec<Group> {
    let mut split: Vec<SplitTerm> = Vec::new();
    for term in terms {
        let (uniform, other): (Factors, Factors) =
            term.factors.into_iter().partition(|(f, _)| stencil.is_uniform(*f));
        let (invariant, rest): (Factors, Factors) =
            other.into_iter().partition(|(f, _)| is_fixed(stencil, *f));
        let coefficient = Monomial { constant: term.constant, factors: uniform };
        match split.iter_mut().find(|(i, r, _)| *i == invariant && *r == rest) {
            Some((_, _, sum)) => sum.push(coefficient),
            None => split.push((invariant, rest, vec![coefficient])),
        }
    }
    leave_beside_reads(stencil, &mut split);
    let mut groups: Vec<Group> = Vec::new();
    for (invariant, rest, mut coefficient) in split {
        let sign = coefficient[0].constant.signum();
        for summand in &mut coefficient {
            summand.constant *= sign;
        }
        let at = groups.iter().position(|g| g.invariant == invariant).unwrap_or_else(|| {
            groups.push(Group { invariant, shared: Vec::new() });
            groups.len() - 1
        });
        let shared = &mut groups[at].shared;
        match shared.iter_mut().find(|(c, _)| *c == coefficient) {
            Some((_, reads)) => reads.push((sign, rest)),
            None => shared.push((coefficient, vec![(sign, rest)])),
        }
    }
    groups
}

/// Takes parameters that are read away from the point, `n[x+1]` in `n[x+1] g[x+1] / m`, from the
/// time-invariant factors: with `1 / m` they would be an array per offset, while the products
/// `n g` of all offsets share the one factor `1 / m`. The read at the point goes with the others.
fn leave_beside_reads(stencil: &Stencil, split: &mut [SplitTerm]) {
    let read = |id: ExprId| match stencil.exprs[id] {
        Expr::Load { field, offset, .. } => Some((field, offset.is_zero())),
        _ => None,
    };
    let displaced = |(id, power): &(ExprId, i32)| {
        *power > 0 && read(*id).is_some_and(|(_, at_the_point)| !at_the_point)
    };
    let listed = |factors: &Factors| factors.iter().map(|(&f, &n)| (f, n)).collect::<Vec<_>>();
    let mut fields = Vec::new();
    for (invariant, rest, _) in split.iter_mut() {
        let (away, here): (Vec<_>, Vec<_>) = listed(invariant).into_iter().partition(displaced);
        if !away.is_empty() && !here.is_empty() && !rest.is_empty() {
            fields.extend(away.iter().filter_map(|(f, _)| Some(read(*f)?.0)));
            *invariant = here.into_iter().collect();
            rest.extend(away);
        }
    }
    let known: Vec<Factors> = split.iter().map(|(invariant, ..)| invariant.clone()).collect();
    for (invariant, rest, _) in split.iter_mut().filter(|(_, rest, _)| !rest.is_empty()) {
        let moves = |(id, n): &(ExprId, i32)| {
            *n > 0 && read(*id).is_some_and(|(field, _)| fields.contains(&field))
        };
        let (here, stays): (Vec<_>, Vec<_>) = listed(invariant).into_iter().partition(moves);
        let stays: Factors = stays.into_iter().collect();
        if !here.is_empty() && known.contains(&stays) {
            *invariant = stays;
            rest.extend(here);
        }
    }
}

/// Whether a value stays the same from step to step: parameters, and what `setup` computes of them.
fn is_fixed(stencil: &Stencil, value: ExprId) -> bool {
    let computed = |read: Read| {
        let steps = stencil.steps.iter().filter(|step| step.name != SETUP);
        let mut written = steps.flat_map(|s| &s.statements).filter_map(Stencil::written);
        written.any(|target| target.field == read.field)
    };
    stencil.is_time_invariant(value) && !stencil.reads(&[value]).into_iter().any(computed)
}

/// `+-(r0 +- r1 +- ...)` with the sign of the first read taken out.
fn signed_sum(stencil: &mut Stencil, reads: &[(f64, Factors)]) -> (ExprId, f64) {
    let sign = reads[0].0;
    let mut sum = stencil.exprs.constant(0.0);
    for (s, factors) in reads {
        let read = product(stencil, &Monomial { constant: 1.0, factors: factors.clone() });
        sum = if s * sign > 0.0 {
            stencil.exprs.add(sum, read)
        } else {
            stencil.exprs.sub(sum, read)
        };
    }
    (sum, sign)
}

fn uniform_sum(stencil: &mut Stencil, terms: &[Monomial]) -> ExprId {
    let mut sum = stencil.exprs.constant(0.0);
    for term in terms {
        let value = product(stencil, term);
        sum = stencil.exprs.add(sum, value);
    }
    sum
}

/// `constant * numerator / denominator`, uniform factors first: they stay together as one value.
fn product(stencil: &mut Stencil, monomial: &Monomial) -> ExprId {
    let (uniform, other): (Factors, Factors) =
        monomial.factors.iter().partition(|(f, _)| stencil.is_uniform(**f));
    let scale = stencil.exprs.constant(monomial.constant);
    let scale = times_quotient(stencil, scale, &uniform);
    times_quotient(stencil, scale, &other)
}

/// `value * numerator / denominator`.
fn times_quotient(stencil: &mut Stencil, value: ExprId, factors: &Factors) -> ExprId {
    let exprs = &mut stencil.exprs;
    let (mut numerator, mut denominator) = (value, exprs.constant(1.0));
    for (&factor, &power) in factors {
        for _ in 0..power.unsigned_abs() {
            if power > 0 {
                numerator = exprs.mul(numerator, factor);
            } else {
                denominator = exprs.mul(denominator, factor);
            }
        }
    }
    exprs.div(numerator, denominator)
}
