//! The codec of a tier, as the engine sees it.

use crate::codec::FieldShape;

/// Encodes fields one behind the other.
pub(super) struct Coder {}

impl Coder {
    pub(super) fn encode(
        &mut self,
        _shape: FieldShape,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<f64, std::io::Error> {
        out.extend_from_slice(bytes);
        Ok(0.0)
    }

    pub(super) fn decode(
        &mut self,
        _shape: FieldShape,
        from: &mut &[u8],
        into: &mut [u8],
    ) -> Result<(), std::io::Error> {
        let (head, rest) = from.split_at(into.len());
        into.copy_from_slice(head);
        *from = rest;
        Ok(())
    }
}
