//! Placeholder until the codecs are merged: shapes of fields.

/// Number type of a field.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Element {
    /// Bytes without meaning.
    Bytes,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
}

/// Number type and extents of a field, last axis fastest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FieldShape {
    /// Number type.
    pub element: Element,
    /// Points along each axis; 1 along axes that the field does not have.
    pub extents: [usize; 3],
}

impl FieldShape {
    /// A field of one axis.
    pub fn line(element: Element, points: usize) -> Self {
        Self { element, extents: [1, 1, points] }
    }
}
