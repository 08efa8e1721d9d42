//! Predicting quantised values from their neighbours, exactly.
//!
//! The residual of orders `(a, b, c)` is the difference quotient without its denominator,
//!
//! ```text
//! r = (1 - X)^a (1 - Y)^b (1 - Z)^c q        a, b, c = 0, 1, 2
//! ```
//!
//! with shifts by one plane, row and column: the Lorenzo predictors of orders 1 and 2, and
//! those of fewer dimensions. Shifts are of places in memory: before the first column of a row
//! comes the last one of the row before. Before the slab `q` is 0. All arithmetic is of integers
//! modulo 2^32, so that predicting and summing up undo each other whatever the values.
//!
//! Ibarria, Lindstrom, Rossignac & Szymczak, *Out-of-core compression and decompression of large
//! n-dimensional scalar fields*, Computer Graphics Forum 22 (2003),
//! doi:10.1111/1467-8659.00681; of quantised values, as here, Tian et al., *cuSZ*, PACT 2020,
//! doi:10.1145/3410463.3414624.

use super::pack::BLOCK;

/// Orders of the differences along planes, rows and columns, each 0 to 2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Predictor(u8);

impl Predictor {
    /// The number of predictors.
    pub(super) const COUNT: usize = 27;

    /// All predictors, that of no differences first; those that differ in `c` alone in a row.
    pub(super) fn all() -> impl Iterator<Item = Self> + Clone {
        (0..Self::COUNT as u8).map(Self)
    }

    /// The predictor of a number.
    pub(super) fn of_number(number: u8) -> Option<Self> {
        (usize::from(number) < Self::COUNT).then_some(Self(number))
    }

    /// Its number, below [`Self::COUNT`].
    pub(super) fn number(self) -> u8 {
        self.0
    }

    /// Orders along planes and rows.
    pub(super) fn across(self) -> [u8; 2] {
        [self.0 / 9, self.0 / 3 % 3]
    }

    /// The order along columns.
    pub(super) fn along(self) -> u8 {
        self.0 % 3
    }
}

/// How far differences along columns reach.
pub(super) const REACH: usize = 2;

/// How the values of a slab lie in memory: behind each other, after as many zeros as any
/// difference reaches back, and with zeros up to whole blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    extents: [usize; 3],
}

impl Layout {
    /// Columns of a row at least, if there are several rows.
    pub(super) const SHORTEST_ROW: usize = 8;

    /// The layout of a slab. Rows that are too short are joined.
    pub(super) fn new(extents: [usize; 3]) -> Self {
        let extents = match extents {
            [x, y, z] if z >= Self::SHORTEST_ROW || x * y == 1 => [x, y, z],
            [x, y, z] if y * z >= Self::SHORTEST_ROW || x == 1 => [1, x, y * z],
            [x, y, z] => [1, 1, x * y * z],
        };
        Self { extents }
    }

    /// Values.
    pub(super) fn len(self) -> usize {
        self.extents.iter().product()
    }

    /// Blocks, the last one padded.
    pub(super) fn blocks(self) -> usize {
        self.len().div_ceil(BLOCK)
    }

    /// From one plane to the next and from one row to the next.
    pub(super) fn shifts(self) -> [usize; 2] {
        let [_, rows, columns] = self.extents;
        [rows * columns, columns]
    }

    /// Rows of all planes.
    pub(super) fn rows(self) -> usize {
        self.extents[0] * self.extents[1]
    }

    /// Zeros before the first value.
    pub(super) fn front(self) -> usize {
        let shifts = self.shifts().into_iter().zip(self.extents);
        REACH + shifts.filter(|&(_, n)| n > 1).map(|(shift, _)| REACH * shift).sum::<usize>()
    }

    /// Whether a predictor stays within axes of more than one element.
    pub(super) fn allows(self, predictor: Predictor) -> bool {
        let [a, b] = predictor.across();
        [a, b, predictor.along()].iter().zip(self.extents).all(|(&order, n)| order == 0 || n > 1)
    }
}

/// The difference of order `N` of a value and the two before it.
#[inline(always)]
fn difference<const N: usize>([x, x1, x2]: [i32; 3]) -> i32 {
    match N {
        0 => x,
        1 => x.wrapping_sub(x1),
        _ => x.wrapping_sub(x1.wrapping_mul(2)).wrapping_add(x2),
    }
}

/// Writes the differences across planes and rows of the values from place `at` on.
#[inline(always)]
pub(super) fn across(
    orders: [u8; 2],
    values: &[i32],
    at: usize,
    shifts: [usize; 2],
    out: &mut [i32],
) {
    match orders {
        [0, 0] => across_of::<0, 0>(values, at, shifts, out),
        [0, 1] => across_of::<0, 1>(values, at, shifts, out),
        [0, _] => across_of::<0, 2>(values, at, shifts, out),
        [1, 0] => across_of::<1, 0>(values, at, shifts, out),
        [1, 1] => across_of::<1, 1>(values, at, shifts, out),
        [1, _] => across_of::<1, 2>(values, at, shifts, out),
        [_, 0] => across_of::<2, 0>(values, at, shifts, out),
        [_, 1] => across_of::<2, 1>(values, at, shifts, out),
        [_, _] => across_of::<2, 2>(values, at, shifts, out),
    }
}

#[inline(always)]
fn across_of<const A: usize, const B: usize>(
    values: &[i32],
    at: usize,
    [plane, row]: [usize; 2],
    out: &mut [i32],
) {
    let n = out.len();
    let mut rows = [[&values[at..][..n]; 3]; 3];
    for a in 0..=A {
        for b in 0..=B {
            rows[a][b] = &values[at - a * plane - b * row..][..n];
        }
    }
    for i in 0..n {
        let column = |b: usize| difference::<A>([rows[0][b][i], rows[1][b][i], rows[2][b][i]]);
        out[i] = difference::<B>([column(0), column(1), column(2)]);
    }
}

/// The differences along columns of what [`across`] gives: number `i` of `N` is that of
/// `across[i + REACH]`.
#[inline(always)]
pub(super) fn along<const C: usize, const N: usize>(across: &[i32], i: usize) -> [i32; N] {
    let mut out = [0; N];
    if let Some(x) = across.get(i..i + N + REACH) {
        for k in 0..N {
            out[k] = difference::<C>([x[k + 2], x[k + 1], x[k]]);
        }
    }
    out
}

/// Undoes differences: writes the values from place `at` on, of which there are as many as
/// residuals, those before being there already. Rows are not shorter than `N`.
#[inline(always)]
pub(super) fn restore<const N: usize>(
    orders: [u8; 2],
    along: u8,
    residuals: &mut [i32; N],
    values: &mut [i32],
    at: usize,
    shifts: [usize; 2],
) {
    match orders {
        [0, 0] => restore_of::<0, 0, N>(along, residuals, values, at, shifts),
        [0, 1] => restore_of::<0, 1, N>(along, residuals, values, at, shifts),
        [0, _] => restore_of::<0, 2, N>(along, residuals, values, at, shifts),
        [1, 0] => restore_of::<1, 0, N>(along, residuals, values, at, shifts),
        [1, 1] => restore_of::<1, 1, N>(along, residuals, values, at, shifts),
        [1, _] => restore_of::<1, 2, N>(along, residuals, values, at, shifts),
        [_, 0] => restore_of::<2, 0, N>(along, residuals, values, at, shifts),
        [_, 1] => restore_of::<2, 1, N>(along, residuals, values, at, shifts),
        [_, _] => restore_of::<2, 2, N>(along, residuals, values, at, shifts),
    }
}

#[inline(always)]
fn restore_of<const A: usize, const B: usize, const N: usize>(
    along: u8,
    residuals: &mut [i32; N],
    values: &mut [i32],
    at: usize,
    shifts: [usize; 2],
) {
    let mut before = [0; REACH];
    across_of::<A, B>(values, at - REACH, shifts, &mut before);
    sum_up(along, before, residuals);
    let Some((done, own)) = values.split_at_mut_checked(at) else { return };
    let Some(own) = own.first_chunk_mut::<N>() else { return };
    let [plane, row] = shifts;
    let zeros = &[0; N];
    // What is to be written counts as 0: what is left are the neighbours' shares.
    let mut rows = [[zeros; 3]; 3];
    for a in 0..=A {
        for b in usize::from(a == 0)..=B {
            rows[a][b] = done[done.len() - a * plane - b * row..].first_chunk().unwrap_or(zeros);
        }
    }
    for i in 0..N {
        let column = |b: usize| difference::<A>([rows[0][b][i], rows[1][b][i], rows[2][b][i]]);
        let share = difference::<B>([column(0), column(1), column(2)]);
        own[i] = residuals[i].wrapping_sub(share);
    }
}

/// Sums up differences of order `order` along a row.
#[inline(always)]
fn sum_up<const N: usize>(order: u8, [before, mut last]: [i32; REACH], block: &mut [i32; N]) {
    match order {
        0 => {}
        1 => {
            for x in block {
                last = last.wrapping_add(*x);
                *x = last;
            }
        }
        _ => {
            let mut slope = last.wrapping_sub(before);
            for x in block {
                slope = slope.wrapping_add(*x);
                last = last.wrapping_add(slope);
                *x = last;
            }
        }
    }
}
