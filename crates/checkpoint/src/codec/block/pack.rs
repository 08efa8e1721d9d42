//! Blocks of 32 unsigned integers at any width.
//!
//! Value `i` takes bits `i w` to `(i + 1) w` of the block, least significant first: a block of
//! width `w` is `4 w` bytes, and its first `n` values are its first `ceil(n w / 8)` bytes.

/// Values of a block.
pub(super) const BLOCK: usize = 32;

/// Bytes of a block at its widest.
pub(super) const MAX_BYTES: usize = 4 * BLOCK;

/// The width of the widest of some values, by the disjunction of all: 0 to 32.
pub(super) fn width(disjunction: u32) -> u32 {
    u32::BITS - disjunction.leading_zeros()
}

/// Bytes of the first `n` values of a block.
pub(super) fn bytes(n: usize, width: u32) -> usize {
    (n * width as usize).div_ceil(8)
}

/// Maps small magnitudes to small values: 0, -1, 1, -2, ... to 0, 1, 2, 3, ...
#[inline]
pub(super) fn fold(x: i32) -> u32 {
    ((x << 1) ^ (x >> 31)).cast_unsigned()
}

/// Folds a block; returns the disjunction.
#[inline(always)]
pub(super) fn fold_block(values: &[i32; BLOCK], folded: &mut [u32; BLOCK]) -> u32 {
    let mut any = 0;
    for i in 0..BLOCK {
        folded[i] = fold(values[i]);
        any |= folded[i];
    }
    any
}

/// Undoes [`fold`].
#[inline]
pub(super) fn unfold(x: u32) -> i32 {
    (x >> 1).cast_signed() ^ -(x & 1).cast_signed()
}

/// Writes `values`, all below `2^width`, to the first `4 width` bytes. The others are left in
/// any state. Width 0 to 32.
#[inline]
pub(super) fn pack(width: u32, values: &[u32; BLOCK], bytes: &mut [u8; MAX_BYTES]) {
    PACK[width as usize](values, bytes);
}

/// Reads what [`pack`] has written.
#[inline]
pub(super) fn unpack(width: u32, bytes: &[u8; MAX_BYTES], values: &mut [u32; BLOCK]) {
    UNPACK[width as usize](bytes, values);
}

type Pack = fn(&[u32; BLOCK], &mut [u8; MAX_BYTES]);
type Unpack = fn(&[u8; MAX_BYTES], &mut [u32; BLOCK]);

/// One function per width: all shifts are constants.
const PACK: [Pack; 33] = [
    pack_width::<0>,
    pack_width::<1>,
    pack_width::<2>,
    pack_width::<3>,
    pack_width::<4>,
    pack_width::<5>,
    pack_width::<6>,
    pack_width::<7>,
    pack_width::<8>,
    pack_width::<9>,
    pack_width::<10>,
    pack_width::<11>,
    pack_width::<12>,
    pack_width::<13>,
    pack_width::<14>,
    pack_width::<15>,
    pack_width::<16>,
    pack_width::<17>,
    pack_width::<18>,
    pack_width::<19>,
    pack_width::<20>,
    pack_width::<21>,
    pack_width::<22>,
    pack_width::<23>,
    pack_width::<24>,
    pack_width::<25>,
    pack_width::<26>,
    pack_width::<27>,
    pack_width::<28>,
    pack_width::<29>,
    pack_width::<30>,
    pack_width::<31>,
    pack_width::<32>,
];

const UNPACK: [Unpack; 33] = [
    unpack_width::<0>,
    unpack_width::<1>,
    unpack_width::<2>,
    unpack_width::<3>,
    unpack_width::<4>,
    unpack_width::<5>,
    unpack_width::<6>,
    unpack_width::<7>,
    unpack_width::<8>,
    unpack_width::<9>,
    unpack_width::<10>,
    unpack_width::<11>,
    unpack_width::<12>,
    unpack_width::<13>,
    unpack_width::<14>,
    unpack_width::<15>,
    unpack_width::<16>,
    unpack_width::<17>,
    unpack_width::<18>,
    unpack_width::<19>,
    unpack_width::<20>,
    unpack_width::<21>,
    unpack_width::<22>,
    unpack_width::<23>,
    unpack_width::<24>,
    unpack_width::<25>,
    unpack_width::<26>,
    unpack_width::<27>,
    unpack_width::<28>,
    unpack_width::<29>,
    unpack_width::<30>,
    unpack_width::<31>,
    unpack_width::<32>,
];

/// Values that are packed together: eight of them end with a byte, whatever the width.
const GROUP: usize = 8;

fn pack_width<const W: usize>(values: &[u32; BLOCK], bytes: &mut [u8; MAX_BYTES]) {
    for (g, values) in values.as_chunks::<GROUP>().0.iter().enumerate() {
        let mut words = [0_u64; 5];
        for i in 0..GROUP {
            let (word, shift) = (i * W / 64, i * W % 64);
            words[word] |= u64::from(values[i]) << shift;
            if shift + W > 64 {
                words[word + 1] |= u64::from(values[i]) >> (64 - shift);
            }
        }
        // The next group writes over what is too much.
        for (k, word) in words.iter().enumerate().take(W.div_ceil(8)) {
            let start = g * W + 8 * k;
            bytes[start..start + 8].copy_from_slice(&word.to_le_bytes());
        }
    }
}

fn unpack_width<const W: usize>(bytes: &[u8; MAX_BYTES], values: &mut [u32; BLOCK]) {
    let mask = if W == 32 { u32::MAX } else { (1 << W) - 1 };
    for (g, values) in values.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
        let mut words = [0_u64; 5];
        for (k, word) in words.iter_mut().enumerate().take(W.div_ceil(8)) {
            let start = g * W + 8 * k;
            let mut copy = [0; 8];
            copy.copy_from_slice(&bytes[start..start + 8]);
            *word = u64::from_le_bytes(copy);
        }
        for i in 0..GROUP {
            let (word, shift) = (i * W / 64, i * W % 64);
            let mut value = words[word] >> shift;
            if shift + W > 64 {
                value |= words[word + 1] << (64 - shift);
            }
            values[i] = value as u32 & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values whose bits are all over the place, with the widest in each position once.
    #[test]
    fn every_width_round_trips_and_fills_its_bytes() {
        for w in 0..=32_u32 {
            let mask = if w == 32 { u32::MAX } else { (1 << w) - 1 };
            for widest in 0..BLOCK {
                let mut values: [u32; BLOCK] =
                    std::array::from_fn(|i| (i as u32 + 7).wrapping_mul(0x9e37_79b9) & mask);
                values[widest] = mask;
                let mut bytes = [0xa5; MAX_BYTES];
                pack(w, &values, &mut bytes);
                bytes[4 * w as usize..].fill(0x5a);
                let mut back = [1; BLOCK];
                unpack(w, &bytes, &mut back);
                assert_eq!(back, values, "width {w}");
            }
        }
    }

    /// A block cut short: the first values depend on no byte beyond theirs.
    #[test]
    fn values_lie_in_order() {
        for w in 1..=32_u32 {
            for n in 1..=BLOCK {
                let values: [u32; BLOCK] = std::array::from_fn(|i| (i as u32 * 77) >> (32 - w));
                let mut whole = [0; MAX_BYTES];
                pack(w, &values, &mut whole);
                let mut cut = [0xff; MAX_BYTES];
                let len = bytes(n, w);
                cut[..len].copy_from_slice(&whole[..len]);
                let mut back = [0; BLOCK];
                unpack(w, &cut, &mut back);
                assert_eq!(back[..n], values[..n], "{n} values of width {w}");
            }
        }
    }

    #[test]
    fn folding_orders_by_magnitude() {
        for (x, folded) in [(0, 0), (-1, 1), (1, 2), (i32::MAX, u32::MAX - 1), (i32::MIN, u32::MAX)]
        {
            assert_eq!((fold(x), unfold(folded)), (folded, x));
        }
        assert_eq!([0, 1, 2, 3, u32::MAX].map(width), [0, 1, 2, 2, 32]);
    }
}
