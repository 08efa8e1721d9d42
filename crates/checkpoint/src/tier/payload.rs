//! Snapshots that can be turned into bytes and back.

use std::sync::Arc;

use crate::codec::{Element, FieldShape};

/// Data of which a tier of bytes makes copies.
///
/// A payload is a list of fields, arrays of numbers in memory order. Number, order and shapes of
/// the fields must be the same when the data are read back into another payload. Fields that do
/// not lie in one piece are gathered in `scratch`, which the tier keeps from call to call.
pub trait Payload: Send + 'static {
    /// Shows every field.
    fn fields(&self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &[u8]));

    /// Shows every field of a payload that nobody else reads, to be filled.
    ///
    /// # Panics
    /// May panic if somebody else reads it.
    fn fields_mut(&mut self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &mut [u8]));

    /// Appends the numbers of all fields as they are. Worth writing where fields do not lie in one
    /// piece: it saves a copy.
    fn append_to(&self, out: &mut Vec<u8>, scratch: &mut Vec<u8>) {
        self.fields(scratch, &mut |_, bytes| {
            // No more than there is: a buffer that grows doubles.
            out.reserve_exact(bytes.len());
            out.extend_from_slice(bytes);
        });
    }

    /// Fills all fields with what [`Payload::append_to`] has appended; `false` if `from` has another
    /// length.
    fn fill_from(&mut self, from: &[u8], scratch: &mut Vec<u8>) -> bool {
        let (mut rest, mut enough) = (from, true);
        self.fields_mut(scratch, &mut |_, bytes| match rest.split_at_checked(bytes.len()) {
            Some((own, behind)) => {
                bytes.copy_from_slice(own);
                rest = behind;
            }
            None => enough = false,
        });
        enough && rest.is_empty()
    }
}

macro_rules! numbers_are_payload {
    ($($number:ty => $element:expr),*) => {$(
        impl Payload for Vec<$number> {
            fn fields(&self, _: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &[u8])) {
                each(FieldShape::line_of($element, self.len()), bytemuck::cast_slice(self));
            }
            fn fields_mut(&mut self, _: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &mut [u8])) {
                each(FieldShape::line_of($element, self.len()), bytemuck::cast_slice_mut(self));
            }
        }
        impl<const N: usize> Payload for [$number; N] {
            fn fields(&self, _: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &[u8])) {
                each(FieldShape::line_of($element, N), bytemuck::cast_slice(self));
            }
            fn fields_mut(&mut self, _: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &mut [u8])) {
                each(FieldShape::line_of($element, N), bytemuck::cast_slice_mut(self));
            }
        }
    )*};
}

numbers_are_payload!(f32 => Element::F32, f64 => Element::F64, u8 => Element::Byte);

impl<P: Payload + Sync> Payload for Arc<P> {
    fn fields(&self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &[u8])) {
        P::fields(self, scratch, each);
    }

    fn fields_mut(&mut self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &mut [u8])) {
        let own = Arc::get_mut(self).expect("a payload to be filled should be nobody else's");
        own.fields_mut(scratch, each);
    }
}
