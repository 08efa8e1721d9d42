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

    /// Orders along planes and rows.
    pub(super) fn across(self) -> [u8; 2] {
        [self.0 / 9, self.0 / 3 % 3]
    }

    /// Order along columns.
    pub(super) fn along(self) -> u8 {
        self.0 % 3
    }
}

/// Values of a slab, quantised. Rows are padded to whole blocks with values that mean nothing;
/// as predictions reach backwards only, they do no harm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Planes, rows of a plane, columns.
    pub(super) extents: [usize; 3],
}

impl Layout {
    /// Rows of all planes.
    pub(super) fn rows(self) -> usize {
        self.extents[0] * self.extents[1]
    }

    /// Columns of a row.
    pub(super) fn columns(self) -> usize {
        self.extents[2]
    }

    /// Values of a row with its padding.
    pub(super) fn stride(self) -> usize {
        self.extents[2].next_multiple_of(BLOCK)
    }

    /// Blocks of a row.
    pub(super) fn blocks(self) -> usize {
        self.extents[2].div_ceil(BLOCK)
    }

    /// Values of block `index` of a row that are not padding.
    pub(super) fn block_len(self, index: usize) -> usize {
        (self.columns() - index * BLOCK).min(BLOCK)
    }
}

/// A block of a row and those before it in the two rows before, likewise in the two planes
/// before: `[a][b]` is `a` planes and `b` rows before.
pub(super) type Neighbours<'a> = [[&'a [i32; BLOCK]; 3]; 3];

/// What rows outside a slab consist of.
const OUTSIDE: &[i32; BLOCK] = &[0; BLOCK];

/// The neighbours of block `block` of row `row`, which counts over all planes. `values` may end
/// before that row, whose own block is then left out, as 0.
pub(super) fn neighbours(
    values: &[i32],
    layout: Layout,
    row: usize,
    block: usize,
) -> Neighbours<'_> {
    let [_, rows, _] = layout.extents;
    let (plane, in_plane) = (row / rows, row % rows);
    std::array::from_fn(|a| {
        std::array::from_fn(|b| {
            if a > plane || b > in_plane {
                return OUTSIDE;
            }
            let start = (row - a * rows - b) * layout.stride() + block * BLOCK;
            values.get(start..).and_then(<[i32]>::first_chunk).unwrap_or(OUTSIDE)
        })
    })
}

/// The differences across planes and rows.
#[inline]
pub(super) fn across(orders: [u8; 2], neighbours: &Neighbours<'_>) -> [i32; BLOCK] {
    match orders {
        [0, 0] => across_of_orders::<0, 0>(neighbours),
        [0, 1] => across_of_orders::<0, 1>(neighbours),
        [0, _] => across_of_orders::<0, 2>(neighbours),
        [1, 0] => across_of_orders::<1, 0>(neighbours),
        [1, 1] => across_of_orders::<1, 1>(neighbours),
        [1, _] => across_of_orders::<1, 2>(neighbours),
        [_, 0] => across_of_orders::<2, 0>(neighbours),
        [_, 1] => across_of_orders::<2, 1>(neighbours),
        [_, _] => across_of_orders::<2, 2>(neighbours),
    }
}

fn across_of_orders<const A: usize, const B: usize>(rows: &Neighbours<'_>) -> [i32; BLOCK] {
    std::array::from_fn(|z| {
        difference::<B>([0, 1, 2].map(|b| difference::<A>([0, 1, 2].map(|a| rows[a][b][z]))))
    })
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
pub(super) fn history(block: &[i32; BLOCK]) -> History {
    [block[BLOCK - 2], block[BLOCK - 1]]
}

/// The differences along a row.
#[inline]
pub(super) fn along(order: u8, before: History, block: &[i32; BLOCK]) -> [i32; BLOCK] {
    match order {
        0 => *block,
        1 => along_of_order::<1>(before, block),
        _ => along_of_order::<2>(before, block),
    }
}

#[inline(always)]
fn along_of_order<const N: usize>([x2, x1]: History, block: &[i32; BLOCK]) -> [i32; BLOCK] {
    let mut out = [0; BLOCK];
    out[0] = difference::<N>([block[0], x1, x2]);
    out[1] = difference::<N>([block[1], block[0], x1]);
    for i in 2..BLOCK {
        out[i] = difference::<N>([block[i], block[i - 1], block[i - 2]]);
    }
    out
}

/// Undoes [`along`].
#[inline]
pub(super) fn sum_up(order: u8, [before, mut last]: History, block: &mut [i32; BLOCK]) {
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
