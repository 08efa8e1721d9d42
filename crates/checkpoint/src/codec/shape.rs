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
        if self.elements() == 0 {
            return Slabs { element: self.element, extents: [0; 3], axis: 2, planes: 1 };
        }
        // Axes of one element mean nothing: the others move to the end.
        let mut extents = [1; 3];
        let others = self.extents.iter().filter(|&&n| n > 1);
        let count = others.clone().count();
        extents[3 - count..].iter_mut().zip(others).for_each(|(to, &n)| *to = n);
        let axis = (3 - count).min(2);
        let plane: usize = extents[axis + 1..].iter().product();
        let fitting = SLAB_BYTES / (plane * self.element.bytes());
        let most = fitting.max(MIN_PLANES) / PLANES_STEP * PLANES_STEP;
        // As even as possible, so that no thread is left with a thin rest.
        let planes = extents[axis].div_ceil(extents[axis].div_ceil(most));
        let planes = planes.next_multiple_of(PLANES_STEP).min(extents[axis]);
        Slabs { element: self.element, extents, axis, planes }
    }
}

/// Bytes of a slab, about: small enough for a core's cache, large enough for a dictionary.
pub(super) const SLAB_BYTES: usize = 1 << 18;

/// Planes of a slab at least: the first of a slab is predicted from nothing.
const MIN_PLANES: usize = 16;

/// Transforms work on blocks of four in each direction, which slabs should not cut.
const PLANES_STEP: usize = 4;

/// The slabs of a field, cut along its first axis of more than one element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slabs {
    element: Element,
    /// Of the field, without gaps: extents of 1 come first.
    extents: [usize; 3],
    /// The axis that is cut.
    axis: usize,
    /// Planes along `axis` of every slab but the last.
    planes: usize,
}

impl Slabs {
    /// The number of slabs.
    pub(super) fn count(&self) -> usize {
        self.extents[self.axis].div_ceil(self.planes)
    }

    /// Bytes of every slab but the last; not 0.
    pub(super) fn stride(&self) -> usize {
        (self.planes * self.plane() * self.element.bytes()).max(1)
    }

    /// The extents of slab `index`.
    pub(super) fn extents(&self, index: usize) -> [usize; 3] {
        let mut extents = self.extents;
        extents[self.axis] = (extents[self.axis] - index * self.planes).min(self.planes);
        extents
    }

    /// Where slab `index` lies in the field, bytes.
    pub(super) fn range(&self, index: usize) -> Range<usize> {
        let start = index * self.stride();
        start..start + self.extents(index).iter().product::<usize>() * self.element.bytes()
    }

    /// The element type.
    pub(super) fn element(&self) -> Element {
        self.element
    }

    fn plane(&self) -> usize {
        self.extents[self.axis + 1..].iter().product()
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
        let mut end = 0;
        for index in 0..cut.count() {
            let range = cut.range(index);
            assert_eq!(range.start, end, "{extents:?}, slab {index}");
            assert_eq!(range.start, index * cut.stride());
            end = range.end;
        }
        assert_eq!(end, shape.bytes(), "{extents:?}");
    }

    #[test]
    fn slabs_cover_the_field_once() {
        check([1, 1, 1], 1, [1, 1, 1]);
        check([1, 1, 100_000], 2, [1, 1, 50_000]);
        check([100_000, 1, 1], 2, [1, 1, 50_000]);
        check([601, 1, 221], 3, [1, 204, 221]);
        check([128, 128, 128], 8, [16, 128, 128]);
        check([5, 300, 300], 1, [5, 300, 300]);
        check([37, 300, 300], 3, [16, 300, 300]);
        check([0, 7, 7], 0, [0, 0, 0]);
    }

    #[test]
    fn fields_beyond_the_address_space_are_refused() {
        let huge = FieldShape::new(Element::F64, [usize::MAX / 8, 2, 1]);
        assert!(matches!(huge, Err(CodecError::TooLarge { .. })));
        let empty = FieldShape::new(Element::F64, [usize::MAX, 0, usize::MAX]);
        assert_eq!(empty.map(|shape| shape.bytes()), Ok(0));
    }
}
