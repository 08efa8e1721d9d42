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
//! comes the end of the row before. Before the slab `q` is 0. All arithmetic is of integers
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

/// How the values of a slab lie in memory: row by row, after as many zeros as any difference
/// reaches back. Rows are padded to whole blocks where that takes little: what is quiet at one
/// end of all rows and not at the other then shares no blocks. Otherwise blocks do not regard
/// rows, and padding is at the end of all alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    extents: [usize; 3],
    /// From one row to the next.
    pitch: usize,
}

impl Layout {
    /// Columns of a row at least, if there are several rows.
    pub(super) const SHORTEST_ROW: usize = 8;

    /// The most padding of a row: this part of it.
    const PADDING: usize = 16;

    /// The layout of a slab. Rows that are too short are joined.
    pub(super) fn new(extents: [usize; 3]) -> Self {
        let extents = match extents {
            [x, y, z] if z >= Self::SHORTEST_ROW || x * y == 1 => [x, y, z],
            [x, y, z] if y * z >= Self::SHORTEST_ROW || x == 1 => [1, x, y * z],
            [x, y, z] => [1, 1, x * y * z],
        };
        let [_, _, columns] = extents;
        let padded = columns.next_multiple_of(BLOCK);
        let little = (padded - columns) * Self::PADDING <= columns;
        Self { extents, pitch: if little { padded } else { columns } }
    }

    /// Blocks, with those that are padded.
    pub(super) fn blocks(self) -> usize {
        (self.rows() * self.pitch).div_ceil(BLOCK)
    }

    /// Values that lie behind each other without padding, and places from the first of them to the
    /// first of the next ones.
    pub(super) fn pieces(self) -> [usize; 2] {
        let [_, _, columns] = self.extents;
        if self.pitch > columns {
            [columns, self.pitch]
        } else {
            [self.rows() * columns, self.blocks() * BLOCK]
        }
    }

    /// From one plane to the next and from one row to the next.
    pub(super) fn shifts(self) -> [usize; 2] {
        [self.extents[1] * self.pitch, self.pitch]
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

/// The differences across planes and rows of the `N` values from place `at` on; of values that are
/// not there yet, and count as 0, their neighbours' share.
#[inline(always)]
fn differences<const A: usize, const B: usize, const N: usize>(
    values: &[i32],
    at: usize,
    [plane, row]: [usize; 2],
) -> [i32; N] {
    // Without loops, so that none of it remains.
    let [x, x1, x2] = [at, at - A.min(1) * plane, at - A * plane];
    let [y1, y2] = [B.min(1) * row, B * row];
    let of_row = |y: usize| -> [&[i32; N]; 3] {
        [chunk(values, x - y), chunk(values, x1 - y), chunk(values, x2 - y)]
    };
    let ([q00, q10, q20], [q01, q11, q21], [q02, q12, q22]) = (of_row(0), of_row(y1), of_row(y2));
    let mut out = [0; N];
    for i in 0..N {
        out[i] = difference::<B>([
            difference::<A>([q00[i], q10[i], q20[i]]),
            difference::<A>([q01[i], q11[i], q21[i]]),
            difference::<A>([q02[i], q12[i], q22[i]]),
        ]);
    }
    out
}

/// `N` values from place `at` on; 0 where there are none.
#[inline(always)]
fn chunk<const N: usize>(values: &[i32], at: usize) -> &[i32; N] {
    values.get(at..).and_then(|values| values.first_chunk()).unwrap_or(const { &[0; N] })
}

/// Writes the differences across planes and rows of the values from place `at` on: [`REACH`], and
/// whole blocks.
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
    shifts: [usize; 2],
    out: &mut [i32],
) {
    let Some((first, out)) = out.split_first_chunk_mut() else { return };
    *first = differences::<A, B, REACH>(values, at, shifts);
    for (block, out) in out.as_chunks_mut().0.iter_mut().enumerate() {
        *out = differences::<A, B, BLOCK>(values, at + REACH + block * BLOCK, shifts);
    }
}

/// The differences along columns of what [`across`] gives: number `i` of `N` is that of
/// `across[i + REACH]`, of which there should be as many.
#[inline(always)]
pub(super) fn along<const C: usize, const N: usize>(across: &[i32]) -> [i32; N] {
    let x = &across[..N + REACH];
    let mut out = [0; N];
    for i in 0..N {
        out[i] = difference::<C>([x[i + 2], x[i + 1], x[i]]);
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
    sum_up(along, differences::<A, B, REACH>(values, at - REACH, shifts), residuals);
    let Some((done, own)) = values.split_at_mut_checked(at) else { return };
    let Some(own) = own.first_chunk_mut::<N>() else { return };
    let share = differences::<A, B, N>(done, at, shifts);
    for i in 0..N {
        own[i] = residuals[i].wrapping_sub(share[i]);
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
