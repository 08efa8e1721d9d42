//! How a function lies in memory: padded, aligned rows.

use retrograd_ir::{DType, DimSet, MAX_DIMS};

use crate::buffer::ALIGNMENT;
use crate::patch::Patch;

/// Strides and padding of functions over some dimensions of the grid.
///
/// Rows run along the last dimension. Every row begins at a multiple of 64 bytes and is followed
/// by at least one vector and at least the read radius of zeros, which the next row shares as its
/// left halo; where images are [stored](retrograd_compile::halos), each has room of its own. Outer
/// dimensions have the read radius on both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// Extents of the grid, all dimensions of the stencil.
    pub extents: Vec<usize>,
    /// Numbers from one index to the next; 0 along dimensions that the function lacks.
    pub strides: Vec<usize>,
    /// Numbers before the first grid point.
    pub origin: usize,
    /// Numbers in all.
    pub len: usize,
    dims: DimSet,
}

impl Layout {
    /// The layout of functions over `dims` with the given read radius per dimension and room for so
    /// many `images` between two rows: those beyond the end of one and before the next.
    pub fn new(
        extents: &[usize],
        dims: DimSet,
        radius: &[usize],
        images: usize,
        dtype: DType,
    ) -> Self {
        let lanes = ALIGNMENT / dtype.bytes();
        let last = extents.len() - 1;
        let has_rows = dims.contains(last);
        let row = if has_rows { extents[last] } else { 1 };
        let gap = radius[last].max(images).max(lanes).next_multiple_of(lanes);
        let mut pitch = (row + gap).next_multiple_of(lanes);
        // Rows a multiple of 1 KiB apart would fall on few cache sets.
        if last > 0 && (pitch * dtype.bytes()).is_multiple_of(1024) {
            pitch += lanes;
        }
        let mut strides = vec![0; extents.len()];
        strides[last] = usize::from(has_rows);
        let mut stride = pitch;
        let mut origin = gap;
        for d in (0..last).rev().filter(|&d| dims.contains(d)) {
            strides[d] = stride;
            origin += radius[d] * stride;
            stride *= extents[d] + 2 * radius[d];
        }
        let len = gap + stride + lanes.max(gap);
        Self { extents: extents.to_vec(), strides, origin, len, dims }
    }

    /// Position of a grid point, in numbers from the start of the buffer.
    pub fn position(&self, index: &[usize]) -> usize {
        self.origin + index.iter().zip(&self.strides).map(|(i, s)| i * s).sum::<usize>()
    }

    /// Extents of the dimensions that the function has.
    pub fn shape(&self) -> Vec<usize> {
        self.dims.iter().filter(|&d| d < self.extents.len()).map(|d| self.extents[d]).collect()
    }

    /// The rows as ranges of positions, in row-major order.
    pub fn rows(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        self.rows_in(Patch::whole(&self.extents)).map(|(_, row)| row)
    }

    /// The parts of rows that lie in a box, each with the index of its first point; once each where
    /// the function lacks a dimension.
    pub(crate) fn rows_in(
        &self,
        patch: Patch,
    ) -> impl Iterator<Item = ([usize; MAX_DIMS], std::ops::Range<usize>)> + '_ {
        let last = self.extents.len() - 1;
        let row = if self.dims.contains(last) { patch.range(last) } else { 0..1 };
        let outer: Vec<usize> = (0..last).filter(|&d| self.dims.contains(d)).collect();
        let count: usize = outer.iter().map(|&d| patch.range(d).len()).product();
        (0..if patch.is_empty() { 0 } else { count }).map(move |number| {
            let mut rest = number;
            let mut index = [0; MAX_DIMS];
            index[last] = row.start;
            for &d in outer.iter().rev() {
                let range = patch.range(d);
                index[d] = range.start + rest % range.len();
                rest /= range.len();
            }
            let start = self.position(&index[..=last]);
            (index, start..start + row.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_aligned_and_apart() {
        for extents in [&[7][..], &[5, 33], &[3, 4, 1001]] {
            let radius = vec![4; extents.len()];
            let full = DimSet::first(extents.len());
            let layout = Layout::new(extents, full, &radius, 0, DType::F32);
            let rows: Vec<_> = layout.rows().collect();
            assert_eq!(rows.len(), extents[..extents.len() - 1].iter().product::<usize>().max(1));
            for pair in rows.windows(2) {
                assert!(pair[1].start >= pair[0].end + 16);
            }
            for row in &rows {
                assert_eq!(row.start % 16, 0);
                assert!(row.start >= 16 && row.end + 16 <= layout.len);
            }
        }
    }

    /// Wide halos in f64, rows of all lengths.
    #[test]
    fn images_before_and_after_rows_have_room_of_their_own() {
        for length in 1..40 {
            let layout = Layout::new(&[3, length], DimSet::first(2), &[8, 8], 16, DType::F64);
            let rows: Vec<_> = layout.rows().collect();
            assert!(rows.windows(2).all(|pair| pair[1].start - pair[0].end >= 16));
            assert!(rows.iter().all(|row| row.start.is_multiple_of(8)));
            assert!(rows[0].start >= 8 && rows[2].end + 8 <= layout.len);
        }
    }

    #[test]
    fn profiles_have_no_stride_along_the_missing_dimension() {
        let layout = Layout::new(&[5, 33], DimSet(0b10), &[4, 4], 0, DType::F64);
        assert_eq!(layout.strides, [0, 1]);
        assert_eq!(layout.shape(), [33]);
        let layout = Layout::new(&[5, 33], DimSet(0b01), &[4, 4], 0, DType::F64);
        assert_eq!(layout.strides[1], 0);
        assert_eq!(layout.rows().count(), 5);
    }
}
