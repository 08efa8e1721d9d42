//! Predicting quantised values from their neighbours, exactly.
//!
//! The residual of orders `(a, b, c)` is the difference quotient without its denominator,
//!
//! ```text
//! r = (1 - X)^a (1 - Y)^b (1 - Z)^c q        a, b, c = 0, 1, 2
//! ```
//!
//! with shifts by one plane, row and column: the Lorenzo predictors of orders 1 and 2, and
//! those of fewer dimensions. Outside the slab `q` is 0. All arithmetic is of integers modulo
//! 2^32, so that predicting and summing up undo each other whatever the values.
//!
//! Ibarria, Lindstrom, Rossignac & Szymczak, *Out-of-core compression and decompression of large
//! n-dimensional scalar fields*, Computer Graphics Forum 22 (2003),
//! doi:10.1111/1467-8659.00681; of quantised values, as here, Tian et al., *cuSZ*, PACT 2020,
//! doi:10.1145/3410463.3414624.

use super::pack::BLOCK;

/// Orders of the differences along planes, rows and columns, each 0 to 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Predictor(u8);

impl Predictor {
    /// The number of predictors.
    pub(super) const COUNT: usize = 27;

    /// All predictors, that of no differences first.
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

    /// Orders along planes, rows and columns.
    pub(super) fn orders(self) -> [u8; 3] {
        [self.0 / 9, self.0 / 3 % 3, self.0 % 3]
    }
}

/// Values of a slab, quantised. Rows are padded to whole blocks with values that mean nothing;
/// as predictions reach backwards only, they do no harm.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Layout {
    /// Planes, rows of a plane, columns.
    pub(super) extents: [usize; 3],
}

impl Layout {
    /// The layout of a slab. Rows much shorter than a block are joined, lest there be more padding
    /// than values.
    pub(super) fn new(extents: [usize; 3]) -> Self {
        const SHORT: usize = BLOCK / 4;
        let extents = match extents {
            [x, y, z] if z >= SHORT || x * y == 1 => [x, y, z],
            [x, y, z] if y * z >= SHORT || x == 1 => [1, x, y * z],
            [x, y, z] => [1, 1, x * y * z],
        };
        Self { extents }
    }

    /// Rows of all planes.
    pub(super) fn rows(self) -> usize {
        self.extents[0] * self.extents[1]
    }

    /// Columns of a row.
    pub(super) fn columns(self) -> usize {
        self.extents[2]
    }

    /// Blocks of a row, the last one padded.
    pub(super) fn blocks(self) -> usize {
        self.extents[2].div_ceil(BLOCK)
    }

    /// Values of block `index` of a row that are not padding.
    pub(super) fn block_len(self, index: usize) -> usize {
        (self.columns() - index * BLOCK).min(BLOCK)
    }
}

/// Quantised values that lie next to each other in a row.
pub(super) type Block = [i32; BLOCK];

/// What blocks outside a slab consist of.
const OUTSIDE: &Block = &[0; BLOCK];

/// A row of blocks and the two before it, in the direction of a difference. Those outside the
/// slab are empty and count as 0.
pub(super) type Reach<'a> = [&'a [Block]; 3];

/// Row `row`, which counts over all planes, in its own plane and in the two before. `values` may
/// end before that row.
pub(super) fn planes(values: &[Block], layout: Layout, row: usize) -> Reach<'_> {
    let [_, rows, _] = layout.extents;
    let of_plane = |row: usize| {
        let start = row * layout.blocks();
        values.get(start..start + layout.blocks()).unwrap_or(&[])
    };
    [0, 1, 2].map(|a| row.checked_sub(a * rows).map_or(&[][..], of_plane))
}

/// The differences of order `order` of block `block`.
#[inline(always)]
pub(super) fn across(order: u8, reach: Reach<'_>, block: usize) -> Block {
    match order {
        0 => across_of_order::<0>(reach, block),
        1 => across_of_order::<1>(reach, block),
        _ => across_of_order::<2>(reach, block),
    }
}

#[inline(always)]
fn across_of_order<const N: usize>(reach: Reach<'_>, block: usize) -> Block {
    let mut blocks = [OUTSIDE; 3];
    for (to, from) in blocks.iter_mut().zip(reach).take(N + 1) {
        *to = from.get(block).unwrap_or(OUTSIDE);
    }
    let [x, x1, x2] = blocks;
    let mut out = [0; BLOCK];
    for z in 0..BLOCK {
        out[z] = difference::<N>([x[z], x1[z], x2[z]]);
    }
    out
}

/// Writes the differences of a row across planes and along itself: orders `a` and `c`. `planes`
/// are as long as `out`.
pub(super) fn planes_and_columns(a: u8, c: u8, planes: [&[i32]; 3], out: &mut [i32]) {
    match (a, c) {
        (0, 0) => of_orders::<0, 0>(planes, out),
        (0, 1) => of_orders::<0, 1>(planes, out),
        (0, _) => of_orders::<0, 2>(planes, out),
        (1, 0) => of_orders::<1, 0>(planes, out),
        (1, 1) => of_orders::<1, 1>(planes, out),
        (1, _) => of_orders::<1, 2>(planes, out),
        (_, 0) => of_orders::<2, 0>(planes, out),
        (_, 1) => of_orders::<2, 1>(planes, out),
        (_, _) => of_orders::<2, 2>(planes, out),
    }
}

fn of_orders<const A: usize, const C: usize>(planes: [&[i32]; 3], out: &mut [i32]) {
    let [x, x1, x2] = planes.map(|row| &row[..out.len()]);
    let across = |z: usize| difference::<A>([x[z], x1[z], x2[z]]);
    let mut before = [0; 2];
    for z in 0..out.len().min(2) {
        out[z] = difference::<C>([across(z), before[0], before[1]]);
        before = [across(z), before[0]];
    }
    for z in 2..out.len() {
        out[z] = difference::<C>([across(z), across(z - 1), across(z - 2)]);
    }
}

/// A row and the two before it in its plane, likewise in the two planes before: `[a]` is `a`
/// planes before.
pub(super) type Neighbours<'a> = [Reach<'a>; 3];

/// The neighbours of row `row`, which counts over all planes. `values` may end before that row,
/// which then counts as 0.
pub(super) fn neighbours(values: &[Block], layout: Layout, row: usize) -> Neighbours<'_> {
    let in_plane = row % layout.extents[1];
    let mut neighbours: Neighbours<'_> = [[&[]; 3]; 3];
    for b in 0..=in_plane.min(2) {
        for (rows, plane) in neighbours.iter_mut().zip(planes(values, layout, row - b)) {
            rows[b] = plane;
        }
    }
    neighbours
}

/// The differences across planes and rows of block `block`.
#[inline(always)]
pub(super) fn planes_and_rows(orders: [u8; 2], neighbours: &Neighbours<'_>, block: usize) -> Block {
    match orders {
        [0, b] => across(b, neighbours[0], block),
        [1, 0] => rows_of_orders::<1, 0>(neighbours, block),
        [1, 1] => rows_of_orders::<1, 1>(neighbours, block),
        [1, _] => rows_of_orders::<1, 2>(neighbours, block),
        [_, 0] => rows_of_orders::<2, 0>(neighbours, block),
        [_, 1] => rows_of_orders::<2, 1>(neighbours, block),
        [_, _] => rows_of_orders::<2, 2>(neighbours, block),
    }
}

#[inline(always)]
fn rows_of_orders<const A: usize, const B: usize>(
    neighbours: &Neighbours<'_>,
    block: usize,
) -> Block {
    let mut rows = [[OUTSIDE; 3]; 3];
    for a in 0..=A {
        for b in 0..=B {
            rows[a][b] = neighbours[a][b].get(block).unwrap_or(OUTSIDE);
        }
    }
    let mut out = [0; BLOCK];
    for z in 0..BLOCK {
        let column = |b: usize| difference::<A>([rows[0][b][z], rows[1][b][z], rows[2][b][z]]);
        out[z] = difference::<B>([column(0), column(1), column(2)]);
    }
    out
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

/// The last two values before a block, the last one last.
pub(super) type History = [i32; 2];

/// The history of what follows a block.
#[inline(always)]
pub(super) fn history(block: &Block) -> History {
    [block[BLOCK - 2], block[BLOCK - 1]]
}

/// Sums up differences of order `order` along a row.
#[inline(always)]
pub(super) fn sum_up(order: u8, [before, mut last]: History, block: &mut Block) {
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
