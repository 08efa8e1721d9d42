//! Where within a cell the samples of an expression sit.

use retrograd_ir::{DimSet, MAX_DIMS};

use super::expression::{Expression, Node};

/// Half cells from the node, per dimension; none where the expression does not vary along it.
///
/// Samples of a function staggered along a dimension sit at 1; derivatives half a cell to the left
/// of a node at -1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Location(pub(crate) [Option<i8>; MAX_DIMS]);

/// Two parts of an expression that do not sit in the same place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Apart {
    /// Names of the functions of each part, with where it sits.
    pub(crate) parts: [(String, Location); 2],
}

impl Location {
    /// That of the samples of a function over the first `dims` dimensions.
    pub(crate) fn of(staggered: DimSet, dims: usize) -> Self {
        let mut place = Self::default();
        for (d, half) in place.0.iter_mut().enumerate().take(dims) {
            *half = Some(i8::from(staggered.contains(d)));
        }
        place
    }

    /// Both, unless they differ along a dimension.
    fn with(self, other: Self) -> Option<Self> {
        let mut both = self;
        for (a, b) in both.0.iter_mut().zip(other.0) {
            match (*a, b) {
                (Some(x), Some(y)) if x != y => return None,
                (None, _) => *a = b,
                _ => {}
            }
        }
        Some(both)
    }

    /// Whether values there are values here: alike along every dimension that both know.
    pub(crate) fn agrees(self, other: Self) -> bool {
        self.with(other).is_some()
    }

    /// `at the nodes`, or where else, for messages.
    pub(crate) fn describe(self, dimensions: &[&str]) -> String {
        let away = self.0.iter().zip(dimensions).filter_map(|(half, name)| match half {
            None | Some(0) => None,
            Some(n) if n % 2 == 0 => Some(format!("{:+} cells along {name}", n / 2)),
            Some(n) => Some(format!("{n:+} half cells along {name}")),
        });
        let away: Vec<String> = away.collect();
        if away.is_empty() { "at the nodes".into() } else { away.join(", ") }
    }
}

impl Expression {
    /// Where its samples sit.
    ///
    /// # Errors
    /// The first two parts that are combined although they sit apart.
    pub(crate) fn located(&self) -> Result<Location, Apart> {
        match &*self.0 {
            Node::Constant(_) | Node::Param(_) | Node::Series(_) => Ok(Location::default()),
            Node::Access { function, .. } => {
                let mut place = Location::default();
                for d in function.along.iter() {
                    place.0[d] = Some(i8::from(function.staggered.contains(d)));
                }
                Ok(place)
            }
            Node::Sum(terms) => together(terms.iter()),
            Node::Unary(_, arg) => arg.located(),
            Node::Binary(_, a, b) => together([a, b].into_iter()),
            Node::Select { lhs, rhs, then, other, .. } => {
                together([lhs, rhs, then, other].into_iter())
            }
            Node::Taken { arg, place } => arg.located().map(|_| *place),
            Node::Derivative { arg, dim, at, .. } => {
                let mut place = arg.located()?;
                if let Some(Some(half)) = place.0.get_mut(*dim) {
                    *half = half.saturating_add(*at);
                }
                Ok(place)
            }
        }
    }

    /// Half cells from the node to its samples along dimension number `dim`: 0, or 1 for a staggered
    /// function; 0 where it does not vary, or its parts sit apart.
    pub fn half_cells(&self, dim: usize) -> i8 {
        self.located().ok().and_then(|place| place.0.get(dim).copied().flatten()).unwrap_or(0)
    }

    /// Names of the functions in it, for messages.
    pub(crate) fn names(&self) -> String {
        let mut names = Vec::new();
        self.visit(&mut |node| {
            if let Node::Access { function, .. } = node
                && !names.contains(&function.name)
            {
                names.push(function.name.clone());
            }
        });
        names.join(", ")
    }

    /// Calls `f` with every node.
    pub(crate) fn visit(&self, f: &mut impl FnMut(&Node)) {
        f(&self.0);
        match &*self.0 {
            Node::Constant(_) | Node::Param(_) | Node::Access { .. } | Node::Series(_) => {}
            Node::Sum(terms) => terms.iter().for_each(|t| t.visit(f)),
            Node::Unary(_, arg) | Node::Derivative { arg, .. } | Node::Taken { arg, .. } => {
                arg.visit(f);
            }
            Node::Binary(_, a, b) => {
                a.visit(f);
                b.visit(f);
            }
            Node::Select { lhs, rhs, then, other, .. } => {
                for e in [lhs, rhs, then, other] {
                    e.visit(f);
                }
            }
        }
    }
}

fn together<'a>(parts: impl Iterator<Item = &'a Expression>) -> Result<Location, Apart> {
    let mut place = Location::default();
    let mut seen: Vec<(&Expression, Location)> = Vec::new();
    for part in parts {
        let here = part.located()?;
        place = place.with(here).ok_or_else(|| {
            let other = seen.iter().find(|(_, known)| !known.agrees(here)).copied();
            let (first, known) = other.unwrap_or((part, place));
            Apart { parts: [(first.names(), known), (part.names(), here)] }
        })?;
        seen.push((part, here));
    }
    Ok(place)
}
