//! What a field is: element type and extents, and how it is cut into slabs.

use std::ops::Range;

use super::CodecError;

/// What a field consists of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Element {
    /// Anything: every codec keeps it to the bit.
    Byte,
    /// IEEE 754 binary32, little endian.
    F32,
    /// IEEE 754 binary64, little endian.
    F64,
}

impl Element {
    /// Bytes of one element.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// Element type and extents of one field of a snapshot. Elements lie next to each other, last
/// axis fastest: padding is the caller's to leave out, or to count in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FieldShape {
    element: Element,
    extents: [usize; 3],
}

impl FieldShape {
    /// A field of `extents` elements, last axis fastest; 1 for axes that do not exist.
    ///
    /// # Errors
    /// [`CodecError::TooLarge`] if the bytes cannot be counted by an `isize`.
    pub fn new(element: Element, extents: [usize; 3]) -> Result<Self, CodecError> {
        // Zero first: whatever the other extents are, the field is empty.
        let bytes = if extents.contains(&0) {
            Some(0)
        } else {
            extents.iter().try_fold(element.bytes(), |product, &n| product.checked_mul(n))
        };
        match bytes {
            Some(bytes) if isize::try_from(bytes).is_ok() => Ok(Self { element, extents }),
            Some(_) | None => Err(CodecError::TooLarge { extents }),
        }
    }

    /// `len` bytes without structure, kept to the bit by every codec.
    pub fn of_bytes(len: usize) -> Self {
        Self { element: Element::Byte, extents: [1, 1, len] }
    }

    /// A field of one axis, whose elements are in memory: their bytes can be counted.
    pub(crate) fn line_of(element: Element, elements: usize) -> Self {
        Self { element, extents: [1, 1, elements] }
    }

    /// The element type.
    pub fn element(&self) -> Element {
        self.element
    }

    /// The extents, last axis fastest.
    pub fn extents(&self) -> [usize; 3] {
        self.extents
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        if self.extents.contains(&0) { 0 } else { self.extents.iter().product() }
    }

    /// The number of bytes, not encoded.
    pub fn bytes(&self) -> usize {
        self.elements() * self.element.bytes()
    }

    /// The slabs: by shape alone, so that streams do not depend on the number of threads.
    pub(super) fn slabs(&self) -> Slabs {
        let element = self.element;
        if self.elements() == 0 {
            return Slabs { element, extents: [0; 3], axis: 2, slab: [1; 3] };
        }
        // Axes of one element mean nothing: the others move to the end.
        let mut extents = [1; 3];
        let others = self.extents.iter().filter(|&&n| n > 1);
        let count = others.clone().count();
        extents[3 - count..].iter_mut().zip(others).for_each(|(to, &n)| *to = n);
        let axis = (3 - count).min(2);
        let mut slab = extents;
        let plane: usize = extents[axis + 1..].iter().product();
        let fitting = SLAB_BYTES / (plane * element.bytes());
        slab[axis] = evenly(extents[axis], fitting.max(MIN_PLANES));
        // Planes too large to be stacked are cut along the next axis, rows too long along the last.
        for next in axis + 1..3 {
            let bytes = slab.iter().product::<usize>() * element.bytes();
            if bytes > SLAB_BYTES_MAX {
                slab[next] = evenly(extents[next], SLAB_BYTES_MAX / (bytes / slab[next]));
            }
        }
        Slabs { element, extents, axis, slab }
    }
}

/// The extent of parts of at most `most`, or else four, that an extent is cut into: as even as
/// possible, so that no thread is left with a thin rest.
fn evenly(extent: usize, most: usize) -> usize {
    let most = most.max(STEP) / STEP * STEP;
    extent.div_ceil(extent.div_ceil(most)).next_multiple_of(STEP).min(extent)
}

/// Bytes of a slab, about: small enough for a core's cache, large enough for a dictionary.
pub(super) const SLAB_BYTES: usize = 1 << 18;

/// Bytes of a slab, at most: some planes of a slice in space take more than what would be best.
pub(super) const SLAB_BYTES_MAX: usize = 1 << 19;

/// Planes of a slab at least: the first of a slab is predicted from nothing.
const MIN_PLANES: usize = 16;

/// Transforms work on blocks of four in each direction, which slabs should not cut.
const STEP: usize = 4;

/// The slabs of a field: cut along its first axis of more than one element, and along the others
/// where planes are large.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slabs {
    element: Element,
    /// Of the field, without gaps: extents of 1 come first.
    extents: [usize; 3],
    /// The first axis that is cut. Slabs of one place on it are a group, which lies in one piece.
    axis: usize,
    /// Extents of every slab but the last ones.
    slab: [usize; 3],
}

/// The most slabs of a field of so many bytes: on average a slab has more than a quarter of
/// what it is meant to have. Least are those of large planes: rounding to multiples of four leaves a
/// half of the most, cutting evenly a half of that, and 17 of 24 planes.
pub(super) fn most_slabs(bytes: u64) -> u64 {
    bytes / (SLAB_BYTES as u64 / 4) + 1
}

impl Slabs {
    /// The number of slabs.
    pub(super) fn count(&self) -> usize {
        self.extents[self.axis].div_ceil(self.slab[self.axis]) * self.per_group()
    }

    /// The number of slabs of a group; those of a group follow each other.
    pub(super) fn per_group(&self) -> usize {
        let axes = self.axis + 1..3;
        axes.map(|axis| self.extents[axis].div_ceil(self.slab[axis])).product()
    }

    /// Bytes of every group but the last; not 0.
    pub(super) fn stride(&self) -> usize {
        let plane: usize = self.extents[self.axis + 1..].iter().product();
        (self.slab[self.axis] * plane * self.element.bytes()).max(1)
    }

    /// The first element of slab `index`, and its extents.
    fn place(&self, index: usize) -> ([usize; 3], [usize; 3]) {
        let (mut first, mut extents, mut rest) = ([0; 3], [1; 3], index);
        for axis in (0..3).rev() {
            let count = self.extents[axis].div_ceil(self.slab[axis]).max(1);
            first[axis] = rest % count * self.slab[axis];
            extents[axis] = (self.extents[axis] - first[axis]).min(self.slab[axis]);
            rest /= count;
        }
        (first, extents)
    }

    /// The extents of slab `index`.
    pub(super) fn extents(&self, index: usize) -> [usize; 3] {
        self.place(index).1
    }

    /// Where slab `index` lies in its group, bytes: pieces in order, all of one length.
    pub(super) fn pieces(&self, index: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (first, extents) = self.place(index);
        let [_, rows, columns] = self.extents;
        let bytes = self.element.bytes();
        // What is not cut lies behind each other.
        let (planes, per_plane, len) = if self.per_group() == 1 {
            (1, 1, extents.iter().product())
        } else if extents[2] == columns {
            (extents[0], 1, extents[1] * columns)
        } else {
            (extents[0], extents[1], extents[2])
        };
        // Of a group, the first axis that is cut begins anew.
        let mut start = first;
        start[self.axis] = 0;
        (0..planes * per_plane).map(move |piece| {
            let (plane, row) = (start[0] + piece / per_plane, start[1] + piece % per_plane);
            let at = ((plane * rows + row) * columns + start[2]) * bytes;
            at..at + len * bytes
        })
    }

    /// The bytes of slab `index` of a field: its own where they lie in one piece, else gathered.
    pub(super) fn gather<'a>(
        &self,
        index: usize,
        field: &'a [u8],
        gathered: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        let group = self.group(index, field);
        if self.per_group() == 1 {
            return group;
        }
        gathered.clear();
        gathered.reserve_exact(self.bytes(index));
        self.pieces(index).for_each(|piece| gathered.extend_from_slice(&group[piece]));
        gathered
    }

    /// The bytes of the group of slab `index`.
    pub(super) fn group<'a>(&self, index: usize, field: &'a [u8]) -> &'a [u8] {
        let start = index / self.per_group() * self.stride();
        &field[start..field.len().min(start + self.stride())]
    }

    /// Bytes of slab `index`.
    pub(super) fn bytes(&self, index: usize) -> usize {
        self.extents(index).iter().product::<usize>() * self.element.bytes()
    }

    /// The element type.
    pub(super) fn element(&self) -> Element {
        self.element
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(extents: [usize; 3], slabs: usize, first: [usize; 3]) {
        let shape = FieldShape::new(Element::F32, extents).expect("should be small");
        let cut = shape.slabs();
        assert_eq!((cut.count(), cut.extents(0)), (slabs, first), "{extents:?}");
        let mut seen = vec![0_u8; shape.bytes()];
        for index in 0..cut.count() {
            assert!(cut.bytes(index) <= SLAB_BYTES_MAX, "{extents:?}, slab {index}");
            let start = index / cut.per_group() * cut.stride();
            assert_eq!(cut.pieces(index).map(|piece| piece.len()).sum::<usize>(), cut.bytes(index));
            for piece in cut.pieces(index) {
                seen[start + piece.start..start + piece.end].iter_mut().for_each(|n| *n += 1);
            }
        }
        assert!(seen.iter().all(|&times| times == 1), "{extents:?}");
        assert!(cut.count() as u64 <= most_slabs(shape.bytes() as u64), "{extents:?}");
    }

    #[test]
    fn slabs_cover_the_field_once() {
        check([1, 1, 1], 1, [1, 1, 1]);
        check([1, 1, 100_000], 2, [1, 1, 50_000]);
        check([100_000, 1, 1], 2, [1, 1, 50_000]);
        check([601, 1, 221], 3, [1, 204, 221]);
        check([64, 64, 128], 4, [16, 64, 128]);
        check([0, 7, 7], 0, [0, 0, 0]);
    }

    #[test]
    fn large_planes_are_cut() {
        check([128, 128, 128], 16, [16, 64, 128]);
        check([5, 300, 300], 4, [5, 76, 300]);
        check([37, 300, 301], 39, [16, 24, 301]);
        check([1, 40, 20_000], 9, [1, 16, 6668]);
        check([17, 5, 10_001], 16, [12, 4, 2504]);
        check([2, 2, 100_000], 4, [2, 2, 25_000]);
    }

    #[test]
    fn fields_beyond_the_address_space_are_refused() {
        let huge = FieldShape::new(Element::F64, [usize::MAX / 8, 2, 1]);
        assert!(matches!(huge, Err(CodecError::TooLarge { .. })));
        let empty = FieldShape::new(Element::F64, [usize::MAX, 0, usize::MAX]);
        assert_eq!(empty.map(|shape| shape.bytes()), Ok(0));
    }
}
