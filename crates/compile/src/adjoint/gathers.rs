//! What is gathered from neighbours, and the functions that it is gathered from.
//!
//! An update that reads its neighbours with a coefficient of its own place, `u+(i) = a(i) p(i + 1)`,
//! gives `p(i)` the product `(a mu)(i - 1)`: a function that is stored. Where several products are
//! gathered at the same places with the same weights, by the same functions, their sum is stored
//! instead:
//!
//! ```text
//! sxx+ = sxx + (l + 2m) dx vx + l dz vz           vx_adj += dx^T ((l + 2m) sxx_adj + l szz_adj)
//! szz+ = szz + l dx vx + (l + 2m) dz vz           vz_adj += dz^T (l sxx_adj + (l + 2m) szz_adj)
//! ```
//!
//! Two arrays and as many differences as the forward step has, rather than four.

use std::collections::HashSet;

use retrograd_ir::{
    Closure, Expr, ExprId, Field, FieldId, Levels, Offset, Stencil, Target, WriteMode,
};

use super::contributions::{Collected, Consumer, Contribution};
use super::forward::Forward;
use crate::algebra::Build;
use crate::halos::continued;
use crate::polynomial::terms_apart;

/// `rest * mu` of an update; `mu` itself where there is no other factor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Source {
    /// Its number.
    pub(super) update: usize,
    pub(super) rest: Option<ExprId>,
}

/// Into whose cotangent something goes, from where, and how it is weighted but for a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Taken {
    pub(super) to: FieldId,
    pub(super) level: i8,
    pub(super) offset: Offset,
    pub(super) closure: Closure,
    pub(super) weight: ExprId,
}

/// `number * weight(i) * source[level](i + offset)`.
#[derive(Clone, Debug)]
pub(super) struct Gather {
    pub(super) of: Source,
    /// Those of the product that the source is.
    pub(super) factors: Vec<ExprId>,
    pub(super) number: f64,
    pub(super) to: Taken,
}

/// What an update contributes to a function that it reads.
#[derive(Clone, Debug)]
pub(super) enum Flow {
    /// `slope * mu` at the point.
    Near { update: usize, to: FieldId, level: i8, slope: ExprId },
    /// From neighbours, or by a coefficient that changes with time.
    Far(Gather),
}

/// Sources that one function gathers in the same way, each with the number by which it counts.
struct Group {
    to: FieldId,
    parts: Vec<(Source, f64)>,
    /// What the first one is gathered by.
    uses: Vec<(Taken, f64)>,
}

impl Group {
    fn holds(&self, gather: &Gather) -> bool {
        self.to == gather.to.to && self.parts.iter().any(|(part, _)| *part == gather.of)
    }
}

/// Sums of sources that are stored.
type Sums = Vec<(Vec<(Source, f64)>, FieldId)>;

impl Collected {
    /// Finds functions to gather from.
    pub(super) fn place(&mut self, forward: &Forward, flows: &[Flow]) {
        let groups = self.groups(forward, flows);
        let inline = self.inline(forward, flows, &groups);
        let far = flows.iter().filter_map(|flow| match flow {
            Flow::Far(gather) => Some(gather),
            Flow::Near { .. } => None,
        });
        // What is stored serves at the point, too.
        let is_product = |g: &Gather| g.of.rest.is_some() && !inline.contains(&g.of);
        let in_group = |g: &Gather| groups.iter().any(|group| group.holds(g));
        let stored: Vec<&Gather> = far.filter(|g| in_group(g) || is_product(g)).collect();
        let near = self.near_terms(flows, &stored);
        let is_stored = |g: &Gather| stored.iter().any(|s| (s.of, s.to.to) == (g.of, g.to.to));
        let mut sums = Sums::new();
        for flow in flows {
            match flow {
                Flow::Near { update, to, level, slope } => {
                    let at =
                        |g: &&Gather| (g.of.update, g.to.to, g.to.level) == (*update, *to, *level);
                    let terms: Vec<&Gather> = near.iter().filter(at).collect();
                    if terms.is_empty() {
                        self.near(forward, *update, (*to, *level), *slope);
                    }
                    for term in terms {
                        let group = groups.iter().find(|group| group.holds(term));
                        match group {
                            Some(group) if is_of_all(group, term, &near) => {
                                self.gather_sum(forward, group, &mut sums, term);
                            }
                            None if is_stored(term) => self.gather_product(forward, term),
                            _ => self.gather_inline(forward, term),
                        }
                    }
                }
                Flow::Far(gather) => match groups.iter().find(|group| group.holds(gather)) {
                    Some(group) => self.gather_sum(forward, group, &mut sums, gather),
                    None if inline.contains(&gather.of) => self.gather_inline(forward, gather),
                    None => self.gather_product(forward, gather),
                },
            }
        }
    }

    /// `slope * mu` at the point.
    fn near(
        &mut self,
        forward: &Forward,
        update: usize,
        (to, level): (FieldId, i8),
        slope: ExprId,
    ) {
        let source = self.mu(forward, update);
        let (offset, closure, coefficient) = (Offset::ZERO, Closure::ZERO, slope);
        let whole = Contribution { to, source, level, offset, closure, coefficient };
        self.contributions.push(whole);
    }

    fn mu(&self, forward: &Forward, update: usize) -> FieldId {
        self.adjoints[&forward.updates[update].field]
    }

    /// Groups of sources whose sum takes no array more than they do.
    fn groups(&self, forward: &Forward, flows: &[Flow]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut single: Vec<Group> = Vec::new();
        for flow in flows {
            let Flow::Far(gather) = flow else { continue };
            if forward.updates[gather.of.update].is_partial() {
                continue;
            }
            let taken = (gather.to, gather.number);
            match single.iter_mut().find(|one| one.holds(gather)) {
                Some(one) => one.uses.push(taken),
                None => single.push(Group {
                    to: gather.to.to,
                    parts: vec![(gather.of, 1.0)],
                    uses: vec![taken],
                }),
            }
        }
        let mu = |of: Source| self.stencil.field(self.mu(forward, of.update));
        let alike = |a: Source, b: Source| {
            let (a, b) = (mu(a), mu(b));
            (a.staggered, a.dtype, a.zero_in) == (b.staggered, b.dtype, b.zero_in)
        };
        for one in single {
            let source = one.parts[0].0;
            let fits = |group: &Group| {
                let ratio = ratio(&group.uses, &one.uses)?;
                alike(group.parts[0].0, source).then_some(ratio)
            };
            match groups.iter_mut().find_map(|group| fits(group).map(|ratio| (group, ratio))) {
                Some((group, ratio)) => group.parts.push((source, ratio)),
                None => groups.push(one),
            }
        }
        groups.retain(|group| {
            let stored = group.parts.iter().any(|(part, _)| part.rest.is_some());
            group.parts.len() > 1 && stored
        });
        let sums: Vec<_> = groups.iter().map(|group| &group.parts).collect();
        let distinct = (0..sums.len()).filter(|&at| !sums[..at].contains(&sums[at])).count();
        let parts = groups.iter().flat_map(|group| &group.parts);
        let products: HashSet<Source> = parts.map(|p| p.0).filter(|s| s.rest.is_some()).collect();
        if distinct > products.len() { Vec::new() } else { groups }
    }

    /// The terms of what goes to the point itself, where the same function gathers something that is
    /// stored from the same update.
    fn near_terms(&mut self, flows: &[Flow], stored: &[&Gather]) -> Vec<Gather> {
        let mut terms = Vec::new();
        for flow in flows {
            let &Flow::Near { update, to, level, slope } = flow else { continue };
            let alike = |g: &&&Gather| (g.of.update, g.to.to, g.to.level) == (update, to, level);
            let grouped: Vec<&Gather> = stored.iter().filter(alike).copied().collect();
            if grouped.is_empty() {
                continue;
            }
            let beside = |_: &Stencil, factor| !grouped.iter().any(|g| g.factors.contains(&factor));
            for term in terms_apart(&mut self.stencil, slope, beside) {
                let weight =
                    term.apart.map_or(term.uniform, |b| self.stencil.exprs.mul(term.uniform, b));
                let (offset, closure) = (Offset::ZERO, Closure::ZERO);
                terms.push(Gather {
                    of: Source { update, rest: term.rest },
                    factors: term.factors_of_rest,
                    number: term.number,
                    to: Taken { to, level, offset, closure, weight },
                });
            }
        }
        terms
    }

    /// From the sum of a group, once: with its first part.
    fn gather_sum(&mut self, forward: &Forward, group: &Group, sums: &mut Sums, gather: &Gather) {
        if group.parts[0].0 != gather.of {
            return;
        }
        let known = sums.iter().find(|(parts, _)| *parts == group.parts).map(|(_, field)| *field);
        let source = known.unwrap_or_else(|| {
            let field = self.sum(forward, &group.parts);
            sums.push((group.parts.clone(), field));
            field
        });
        self.hold(source, gather.to.level);
        self.contribute(source, gather, None);
    }

    /// From `mu`, its factor read beside it.
    fn gather_inline(&mut self, forward: &Forward, gather: &Gather) {
        let mu = self.mu(forward, gather.of.update);
        let rest = gather.of.rest.map(|rest| self.read_beside(forward, rest, gather.to.offset));
        self.contribute(mu, gather, rest);
    }

    /// From a function of its own, if it is more than `mu`.
    fn gather_product(&mut self, forward: &Forward, gather: &Gather) {
        let source = self.source(&forward.updates[gather.of.update], gather.of.rest);
        self.hold(source, gather.to.level);
        self.contribute(source, gather, None);
    }

    fn contribute(&mut self, source: FieldId, gather: &Gather, factor: Option<ExprId>) {
        let Taken { to, level, offset, closure, weight } = gather.to;
        let exprs = &mut self.stencil.exprs;
        let number = exprs.constant(gather.number);
        let coefficient = exprs.mul(number, weight);
        let coefficient = factor.map_or(coefficient, |factor| exprs.mul(coefficient, factor));
        self.contributions.push(Contribution { to, source, level, offset, closure, coefficient });
    }

    /// A parameter at an offset, closed as other reads of it are: there is one halo for all of them.
    /// What is beyond the sides meets zeros.
    fn read_beside(&mut self, forward: &Forward, value: ExprId, offset: Offset) -> ExprId {
        let Expr::Load { field, time, .. } = self.stencil.exprs[value] else { return value };
        let roots: Vec<ExprId> = forward.statements.iter().flat_map(Stencil::roots).collect();
        let known = self.stencil.reads(&roots);
        let (offset, mut closure) = continued(self.stencil.field(field), offset);
        for (d, ends) in closure.0.iter_mut().enumerate().filter(|(d, _)| offset.0[*d] != 0) {
            let other = known.iter().find(|r| r.field == field && r.offset.0[d] != 0);
            *ends = other.map_or(*ends, |read| read.closure.0[d]);
        }
        self.stencil.exprs.intern(Expr::Load { field, time, offset, closure })
    }

    /// The products of `mu` by a parameter that are not worth functions of their own: where there are
    /// several, writing and reading them takes more than reading the parameters beside `mu`.
    fn inline(&self, forward: &Forward, flows: &[Flow], groups: &[Group]) -> Vec<Source> {
        let parameter = |rest: ExprId| match self.stencil.exprs[rest] {
            Expr::Load { field, offset, .. } => {
                offset.is_zero() && self.stencil.field(field).levels == Levels::Static
            }
            _ => false,
        };
        let mut products: Vec<(Source, bool)> = Vec::new();
        for flow in flows {
            let Flow::Far(gather @ Gather { of, to, .. }) = flow else { continue };
            let Some(rest) = of.rest.filter(|_| !groups.iter().any(|g| g.holds(gather))) else {
                continue;
            };
            let open = to.closure == Closure::ZERO;
            let may = open && parameter(rest) && !forward.updates[of.update].is_partial();
            match products.iter_mut().find(|(known, _)| known == of) {
                Some((_, known)) => *known &= may,
                None => products.push((*of, may)),
            }
        }
        let may: Vec<Source> = products.into_iter().filter(|p| p.1).map(|p| p.0).collect();
        let several = |of: &Source| may.iter().filter(|o| o.update == of.update).count() > 1;
        may.iter().copied().filter(several).collect()
    }

    /// A new function, the sum of several sources.
    fn sum(&mut self, forward: &Forward, parts: &[(Source, f64)]) -> FieldId {
        let like = self.stencil.field(self.mu(forward, parts[0].0.update)).clone();
        let name = self.stencil.fresh_name(&format!("{}_w", like.name));
        let field = self.stencil.add_field(Field { name, levels: Levels::Time(2), ..like });
        let mut mode = WriteMode::Assign;
        // The reverse step takes functions in reverse order: the first one assigns.
        for of in forward.updated().into_iter().rev() {
            let mut sum = self.stencil.exprs.constant(0.0);
            let mut acts = None;
            for &(Source { update, rest }, number) in parts {
                let update = &forward.updates[update];
                if update.field != of {
                    continue;
                }
                let number = self.stencil.exprs.constant(number);
                let part = rest.map_or(number, |rest| {
                    let rest = self.recorded(update, rest);
                    self.stencil.exprs.mul(number, rest)
                });
                sum = self.stencil.exprs.add(sum, part);
                acts = Some(update.acts);
            }
            let Some(acts) = acts else { continue };
            self.consumers.push(Consumer {
                of,
                target: Target { field, time: 1 },
                mode: std::mem::replace(&mut mode, WriteMode::Add),
                coefficient: sum,
                acts,
                overwritten: Vec::new(),
            });
        }
        field
    }

    /// Keeps levels enough for a product to be read at `level`.
    fn hold(&mut self, field: FieldId, level: i8) {
        if self.adjoints.values().any(|adjoint| *adjoint == field) {
            return;
        }
        if let Levels::Time(n) = &mut self.stencil.fields[field.0 as usize].levels {
            *n = (*n).max((2 - level).max(2) as u8);
        }
    }
}

/// By how much more `b` counts than `a` if they are taken to the same places with the same weights.
fn ratio(a: &[(Taken, f64)], b: &[(Taken, f64)]) -> Option<f64> {
    let number = |of: &Taken| a.iter().find(|(taken, _)| taken == of).map(|(_, number)| *number);
    let ratio = b.first()?.1 / number(&b.first()?.0)?;
    let same = |(taken, n): &(Taken, f64)| number(taken).is_some_and(|m| is_close(*n, ratio * m));
    (a.len() == b.len() && b.iter().all(same)).then_some(ratio)
}

/// Whether two numbers differ by roundings of a product alone.
fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 4.0 * f64::EPSILON * b.abs()
}

/// Whether every part of a group has such a term at the point, as often as it counts.
fn is_of_all(group: &Group, term: &Gather, near: &[Gather]) -> bool {
    let counts = |of: Source| group.parts.iter().find(|(part, _)| *part == of).map(|(_, n)| *n);
    let Some(own) = counts(term.of) else { return false };
    group.parts.iter().all(|(part, number)| {
        let alike = |other: &&Gather| {
            other.of == *part
                && other.to == term.to
                && is_close(other.number * own, term.number * number)
        };
        near.iter().any(|other| alike(&other))
    })
}
