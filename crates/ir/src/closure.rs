//! What reads outside the grid yield.

use crate::expr::Offset;
use crate::program::MAX_DIMS;

/// What a read outside the grid yields on one side of one dimension.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Edge {
    /// Zero.
    #[default]
    Zero,
    /// The value at the nearest sample.
    Clamp,
    /// The mirror image about the outermost node of the grid: `u[-i] = u[i]`. The derivative across
    /// the boundary vanishes there (Neumann): insulation, a rigid wall for pressure.
    Even,
    /// The negative mirror image about the outermost node of the grid: `u[-i] = -u[i]`. The function
    /// vanishes there (Dirichlet), as pressure does at a free surface.
    Odd,
    /// The value one period away, `u[i - n]`: both sides of a dimension or neither.
    Periodic,
}

/// How reads are closed along one dimension.
///
/// **Mirrors.** With `n` samples, sample `i` of a function on the nodes sits on node `i`, that of one
/// staggered along the dimension at `i + 1/2`, half a cell beyond. So the image of index `j` about
/// the outermost nodes, `0` and `n - 1`, is
///
/// ```text
///                 low side, j < 0     high side, j >= n
/// on the nodes         -j                2 (n - 1) - j
/// half a cell on       -1 - j            2 (n - 1) - 1 - j
/// ```
///
/// (The last sample of a staggered function lies beyond the last node; it is what is stored there,
/// image or not.) Which of the two holds is part of the read and not taken from the function that is
/// read: the cotangent of a staggered function is gathered from functions that are not.
///
/// **Transposes.** A folded read is the transpose of a plain one. At step `s` from index `k` it
/// yields the sum, in ascending order, over all indices `i` of the grid whose plain read at step
/// `-s` lands on `k`, each with the sign of that image. Reads that are zero or periodic on both
/// sides are their own transposes at the opposite step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ends {
    /// The low and the high side.
    pub edges: [Edge; 2],
    /// Whether mirrors take samples to sit half a cell beyond the nodes.
    pub half: bool,
    /// Whether it is the transpose of such a read.
    pub folded: bool,
}

impl Ends {
    /// Zero on both sides.
    pub const ZERO: Self = Self { edges: [Edge::Zero; 2], half: false, folded: false };

    /// A plain read of a function that is not staggered along the dimension.
    pub const fn new(edges: [Edge; 2]) -> Self {
        Self { edges, half: false, folded: false }
    }

    /// The transposed read, at the opposite step. An involution on what [`Ends::canonical`] returns.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self { folded: !self.folded, ..self }.canonical()
    }

    /// The same reads with what makes no difference left out.
    #[must_use]
    pub fn canonical(self) -> Self {
        let both = |edge| self.edges == [edge; 2];
        let mirrored = self.edges.iter().any(|edge| edge.is_mirror());
        let folded = self.folded && !both(Edge::Zero) && !both(Edge::Periodic);
        Self { edges: self.edges, half: self.half && mirrored, folded }
    }

    /// The index at which a plain read of index `j` of `n` ends, and whether the value is negated;
    /// nothing for zero. An image that falls outside on the other side is closed there again; on a
    /// grid of one point every image is that point.
    pub fn image(self, j: i64, n: usize) -> Option<(usize, bool)> {
        let n = n as i64;
        let (mut j, mut negated) = (j, false);
        while !(0..n).contains(&j) {
            let high = j >= n;
            let outermost = if high { n - 1 } else { 0 };
            let edge = self.edges[usize::from(high)];
            j = match edge {
                Edge::Zero => return None,
                Edge::Clamp => outermost,
                Edge::Periodic => j.rem_euclid(n),
                Edge::Even | Edge::Odd => {
                    negated ^= edge == Edge::Odd;
                    if n == 1 { 0 } else { 2 * outermost - i64::from(self.half) - j }
                }
            };
        }
        Some((j as usize, negated))
    }

    /// What a folded read at step `s` from index `k` of `n` adds up, in ascending order: indices, and
    /// whether their values are negated.
    pub fn origins(self, k: usize, s: i8, n: usize) -> impl Iterator<Item = (usize, bool)> {
        let step = i64::from(s);
        // Images lie no deeper than the step, and half mirrors one more.
        let far = usize::from(s.unsigned_abs()) + 2;
        let inside = k >= far && k + far < n;
        let direct = (k as i64 + step).max(0) as usize;
        let candidates = if inside { direct..direct + 1 } else { 0..n };
        candidates.filter_map(move |i| {
            let (j, negated) = self.image(i as i64 - step, n)?;
            (j == k).then_some((i, negated))
        })
    }

    /// The side on which reads at step `s` are closed, if they are by anything but zero: 0 for low,
    /// 1 for high.
    pub fn acting(self, s: i8) -> Option<usize> {
        let ends = self.canonical();
        let high = (s > 0) != ends.folded;
        let side = usize::from(high);
        (s != 0 && ends.edges[side] != Edge::Zero).then_some(side)
    }

    /// How many points from the low and from the high side have reads at step `s` that are not just
    /// those of a function that is zero outside.
    pub fn depth(self, s: i8) -> [usize; 2] {
        let mut depth = [0; 2];
        if let Some(side) = self.acting(s) {
            let steps = usize::from(s.unsigned_abs());
            depth[side] = match self.edges[side] {
                _ if !self.canonical().folded => steps,
                Edge::Clamp => 1,
                Edge::Zero | Edge::Even | Edge::Odd | Edge::Periodic => {
                    // The outermost node is its own image; staggered samples have none there.
                    let node = steps + 1;
                    if self.half { [steps, steps + 2][side] } else { node }
                }
            };
        }
        depth
    }

    /// The fewest points of the dimension with which no image of a read at step `s` falls outside
    /// again, and which leave no point with an image in place of the value itself where the read is
    /// folded.
    pub fn least_extent(self, s: i8) -> usize {
        let Some(side) = self.acting(s) else { return 1 };
        let steps = usize::from(s.unsigned_abs());
        let half = usize::from(self.half);
        // Half a cell nearer on the low side, half a cell farther on the high one.
        let mirror = |steps: usize| if side == 0 { steps + 1 - half } else { steps + 1 + half };
        match (self.edges[side], self.canonical().folded) {
            (Edge::Zero, _) | (Edge::Clamp, false) => 1,
            (Edge::Clamp, true) => steps + 1,
            (Edge::Even | Edge::Odd, false) => mirror(steps),
            (Edge::Even | Edge::Odd, true) => mirror(2 * steps),
            (Edge::Periodic, _) => steps,
        }
    }

    /// The most points between the one in hand and one that a read at step `s` takes, on grids of
    /// the least extent or more; nothing if that depends on the grid.
    pub fn farthest(self, s: i8) -> Option<usize> {
        let steps = usize::from(s.unsigned_abs());
        match self.acting(s) {
            Some(side) if self.edges[side] == Edge::Periodic => None,
            Some(1) if self.edges[1].is_mirror() && self.half => Some(steps + 1),
            _ => Some(steps),
        }
    }
}

impl Edge {
    /// Whether it is a mirror.
    pub fn is_mirror(self) -> bool {
        matches!(self, Self::Even | Self::Odd)
    }
}

/// How reads outside the grid are closed, dimension by dimension.
///
/// A read displaced along several dimensions is closed along each: its value is that along the first
/// dimension of values along the second, and so on, negated or added up where an end says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Closure(pub [Ends; MAX_DIMS]);

impl Closure {
    /// Zero outside the grid on every side.
    pub const ZERO: Self = Self([Ends::ZERO; MAX_DIMS]);

    /// The closure of the transposed read, which is displaced by the opposite offset.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self(self.0.map(Ends::transposed))
    }

    /// The same reads at `offset` with what makes no difference left out: where a read is not
    /// displaced it is not closed.
    #[must_use]
    pub fn canonical(self, offset: Offset) -> Self {
        let mut closure = Self(self.0.map(Ends::canonical));
        for (ends, step) in closure.0.iter_mut().zip(offset.0) {
            if step == 0 {
                *ends = Ends::ZERO;
            }
        }
        closure
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Edge::{Clamp, Even, Odd, Periodic, Zero};

    #[track_caller]
    fn check(ends: Ends, n: usize, j: i64, expected: Option<(usize, bool)>) {
        assert_eq!(ends.image(j, n), expected);
    }

    #[test]
    fn every_edge_answers_reads_outside() {
        let ends = |low, high| Ends::new([low, high]);
        check(ends(Zero, Zero), 5, -1, None);
        check(ends(Zero, Zero), 5, 0, Some((0, false)));
        check(ends(Clamp, Zero), 5, -2, Some((0, false)));
        check(ends(Zero, Clamp), 5, 7, Some((4, false)));
        check(ends(Even, Zero), 5, -2, Some((2, false)));
        check(ends(Zero, Even), 5, 6, Some((2, false)));
        check(ends(Odd, Zero), 5, -1, Some((1, true)));
        check(ends(Zero, Odd), 5, 6, Some((2, true)));
        check(ends(Periodic, Periodic), 5, -1, Some((4, false)));
        check(ends(Periodic, Periodic), 5, 11, Some((1, false)));
    }

    /// Samples at `i + 1/2` about the nodes 0 and 4.
    #[test]
    fn staggered_samples_have_images_about_the_nodes() {
        let half = |low, high| Ends { half: true, ..Ends::new([low, high]) };
        check(half(Even, Zero), 5, -1, Some((0, false)));
        check(half(Odd, Zero), 5, -3, Some((2, true)));
        check(half(Zero, Even), 5, 4, Some((4, false)));
        check(half(Zero, Even), 5, 5, Some((2, false)));
        check(half(Zero, Odd), 5, 6, Some((1, true)));
        check(half(Clamp, Clamp), 5, 6, Some((4, false)));
    }

    #[test]
    fn images_beyond_the_other_side_are_closed_again() {
        let ends = |low, high| Ends::new([low, high]);
        check(ends(Even, Zero), 3, -3, None);
        check(ends(Even, Even), 3, -3, Some((1, false)));
        check(ends(Odd, Odd), 3, -3, Some((1, false)));
        check(ends(Odd, Even), 1, -3, Some((0, true)));
        check(Ends { half: true, ..ends(Odd, Odd) }, 2, -4, Some((1, true)));
        check(Ends { half: true, ..ends(Odd, Odd) }, 1, 9, Some((0, true)));
    }

    fn all_plain() -> Vec<Ends> {
        let edges = [Zero, Clamp, Even, Odd];
        let pairs = edges.iter().flat_map(|&low| edges.map(|high| [low, high]));
        let pairs = pairs.chain([[Periodic; 2]]);
        pairs
            .flat_map(|edges| [false, true].map(|half| Ends { half, ..Ends::new(edges) }))
            .collect()
    }

    /// What a read does as a matrix: indices and signs per row, in ascending order.
    fn rows(ends: Ends, s: i8, n: usize) -> Vec<Vec<(usize, bool)>> {
        let row = |k: usize| -> Vec<(usize, bool)> {
            if ends.canonical().folded {
                return ends.origins(k, s, n).collect();
            }
            ends.image(k as i64 + i64::from(s), n).into_iter().collect()
        };
        (0..n).map(row).collect()
    }

    #[test]
    fn folded_reads_are_transposes() {
        for ends in all_plain() {
            assert_eq!(ends.transposed().transposed(), ends.canonical());
            for (n, s) in (1..=14).flat_map(|n| (-5..=5).map(move |s| (n, s))) {
                let (plain, folded) = (rows(ends, s, n), rows(ends.transposed(), -s, n));
                let mut expected = vec![Vec::new(); n];
                for (i, row) in plain.iter().enumerate() {
                    for &(k, negated) in row {
                        expected[k].push((i, negated));
                    }
                }
                assert_eq!(folded, expected, "{ends:?}, step {s} of {n}");
            }
        }
    }

    /// Depths, least extents and distances against what the reads do.
    #[test]
    fn what_is_said_of_reads_holds() {
        for ends in all_plain().into_iter().flat_map(|ends| [ends, ends.transposed()]) {
            for (n, s) in (1..=14).flat_map(|n| (-5..=5).map(move |s| (n, s))) {
                let place = format!("{ends:?}, step {s} of {n}");
                if n < ends.least_extent(s) {
                    continue;
                }
                let [low, high] = ends.depth(s);
                for (k, row) in rows(ends, s, n).into_iter().enumerate() {
                    let direct = k as i64 + i64::from(s);
                    let inside = (0..n as i64).contains(&direct);
                    let as_zero: Vec<_> =
                        inside.then_some((direct as usize, false)).into_iter().collect();
                    if k >= low && k + high < n {
                        assert_eq!(row, as_zero, "{place} at {k}");
                    }
                    // Nothing stands in the place of a value.
                    let own = row.contains(&(direct.max(0) as usize, false));
                    assert!(!ends.folded || row.is_empty() || own, "{place} at {k}: {row:?}");
                    let far = row.iter().map(|(i, _)| i.abs_diff(k)).max().unwrap_or(0);
                    assert!(ends.farthest(s).is_none_or(|most| far <= most), "{place} at {k}");
                }
            }
        }
    }
}
