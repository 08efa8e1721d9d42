//! Bytes of equal significance next to each other: what general compressors need to see
//! anything in floating-point numbers.

#![allow(
    clippy::inline_always,
    reason = "only what is inlined has the processor's vector instructions"
)]

use pulp::{Arch, Simd, WithSimd};

/// Elements transposed at a time.
const GROUP: usize = 32;

/// Writes byte `b` of element `i` of `count` to place `b count + i`, for elements of 4 or 8
/// bytes; copies others. A tail of less than an element is copied.
pub(super) fn shuffle(element_bytes: usize, from: &[u8], to: &mut [u8]) {
    match element_bytes {
        4 => Arch::new().dispatch(Shuffle::<4> { from, to }),
        8 => Arch::new().dispatch(Shuffle::<8> { from, to }),
        _ => to.copy_from_slice(from),
    }
}

/// Undoes [`shuffle`].
pub(super) fn unshuffle(element_bytes: usize, from: &[u8], to: &mut [u8]) {
    match element_bytes {
        4 => Arch::new().dispatch(Unshuffle::<4> { from, to }),
        8 => Arch::new().dispatch(Unshuffle::<8> { from, to }),
        _ => to.copy_from_slice(from),
    }
}

struct Shuffle<'a, const B: usize> {
    from: &'a [u8],
    to: &'a mut [u8],
}

impl<const B: usize> WithSimd for Shuffle<'_, B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        shuffle_elements::<B>(self.from, self.to);
    }
}

struct Unshuffle<'a, const B: usize> {
    from: &'a [u8],
    to: &'a mut [u8],
}

impl<const B: usize> WithSimd for Unshuffle<'_, B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        unshuffle_elements::<B>(self.from, self.to);
    }
}

#[inline(always)]
fn shuffle_elements<const B: usize>(from: &[u8], to: &mut [u8]) {
    let (elements, tail) = from.as_chunks::<B>();
    let (planes, to_tail) = to.split_at_mut(elements.len() * B);
    to_tail.copy_from_slice(tail);
    let mut planes = split_planes::<B>(planes, elements.len());
    let (groups, rest) = elements.as_chunks::<GROUP>();
    for (g, group) in groups.iter().enumerate() {
        for (b, plane) in planes.iter_mut().enumerate() {
            if let Some(to) = plane[g * GROUP..].first_chunk_mut::<GROUP>() {
                *to = std::array::from_fn(|i| group[i][b]);
            }
        }
    }
    let start = elements.len() - rest.len();
    for (i, element) in rest.iter().enumerate() {
        for (plane, &byte) in planes.iter_mut().zip(element) {
            plane[start + i] = byte;
        }
    }
}

#[inline(always)]
fn unshuffle_elements<const B: usize>(from: &[u8], to: &mut [u8]) {
    let (elements, tail) = to.as_chunks_mut::<B>();
    let count = elements.len();
    let (planes, from_tail) = from.split_at(count * B);
    tail.copy_from_slice(from_tail);
    let planes: [&[u8]; B] = std::array::from_fn(|b| &planes[b * count..][..count]);
    let (groups, rest) = elements.as_chunks_mut::<GROUP>();
    for (g, group) in groups.iter_mut().enumerate() {
        let rows: [&[u8; GROUP]; B] = planes
            .map(|plane| plane[g * GROUP..].first_chunk().expect("a plane should have all groups"));
        for (i, element) in group.iter_mut().enumerate() {
            *element = std::array::from_fn(|b| rows[b][i]);
        }
    }
    let start = count - rest.len();
    for (i, element) in rest.iter_mut().enumerate() {
        *element = std::array::from_fn(|b| planes[b][start + i]);
    }
}

fn split_planes<const B: usize>(bytes: &mut [u8], count: usize) -> [&mut [u8]; B] {
    let mut rest = bytes;
    std::array::from_fn(|_| {
        let (plane, others) = std::mem::take(&mut rest).split_at_mut(count);
        rest = others;
        plane
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_sorts_bytes_by_significance() {
        let from = [0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24, 0x31];
        let mut to = [0; 9];
        shuffle(4, &from, &mut to);
        assert_eq!(to, [0x11, 0x21, 0x12, 0x22, 0x13, 0x23, 0x14, 0x24, 0x31]);
    }

    #[test]
    fn unshuffling_undoes_shuffling_at_any_length() {
        for element in [1, 2, 4, 8] {
            for len in (0..600).chain([4096, 4099]) {
                let from: Vec<u8> = (0..len).map(|i| (i * 131 / 8) as u8).collect();
                let (mut to, mut back) = (vec![1; len], vec![2; len]);
                shuffle(element, &from, &mut to);
                unshuffle(element, &to, &mut back);
                assert_eq!(back, from, "{len} bytes in elements of {element}");
            }
        }
    }
}
