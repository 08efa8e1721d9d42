//! Blocks of 32 unsigned integers at any width.
//!
//! A block of width `w` is `4 w` bytes. Up to 16 bits, values `i`, `i + 8`, `i + 16` and `i + 24`
//! lie behind each other in lane `i` of eight, first ones lowest, and the lanes of `4 w` bits
//! behind each other: of two lanes the ends are those of bytes. Wider blocks are one of the low
//! 16 bits and one of the others. All but putting pairs of lanes together is the same operation
//! on eight numbers at a time, by shifts that need not be known when this is compiled.

/// Values of a block.
pub(super) const BLOCK: usize = 32;

/// Bytes of a block at its widest.
pub(super) const MAX_BYTES: usize = 4 * BLOCK;

/// Numbers that share shifts.
const LANES: usize = 8;

/// The widest blocks of which a lane is a `u64`, and their bytes.
const HALF_WIDTH: u32 = 16;
const HALF_BYTES: usize = MAX_BYTES / 2;

/// The widest blocks of which a lane is a `u32`.
const QUARTER_WIDTH: u32 = 8;

/// The width of the widest of some values, by the disjunction of all: 0 to 32.
#[inline(always)]
pub(super) fn width(disjunction: u32) -> u32 {
    u32::BITS - disjunction.leading_zeros()
}

/// Bytes of a block.
#[inline(always)]
pub(super) fn bytes(width: u32) -> usize {
    width as usize * BLOCK / 8
}

/// Maps small magnitudes to small values: 0, -1, 1, -2, ... to 0, 1, 2, 3, ...
#[inline(always)]
pub(super) fn fold(x: i32) -> u32 {
    ((x << 1) ^ (x >> 31)).cast_unsigned()
}

/// Undoes [`fold`].
#[inline(always)]
pub(super) fn unfold(x: u32) -> i32 {
    (x >> 1).cast_signed() ^ -(x & 1).cast_signed()
}

/// Writes `values`, all below `2^width`, to the first `4 width` bytes. The others are left in
/// any state. Width 0 to 32.
#[inline(always)]
pub(super) fn pack(width: u32, values: &[u32; BLOCK], bytes: &mut [u8; MAX_BYTES]) {
    let Some((low_bytes, high_bytes)) = bytes.split_first_chunk_mut::<HALF_BYTES>() else { return };
    if width <= QUARTER_WIDTH {
        return pack_quarter(width, values, low_bytes);
    }
    if width <= HALF_WIDTH {
        return pack_half(width, values, low_bytes);
    }
    let (mut low, mut high) = ([0; BLOCK], [0; BLOCK]);
    for i in 0..BLOCK {
        low[i] = values[i] & 0xffff;
        high[i] = values[i] >> 16;
    }
    pack_half(HALF_WIDTH, &low, low_bytes);
    if let Some(bytes) = high_bytes.first_chunk_mut() {
        pack_half(width - HALF_WIDTH, &high, bytes);
    }
}

/// Reads what [`pack`] has written.
#[inline(always)]
pub(super) fn unpack(width: u32, bytes: &[u8; MAX_BYTES], values: &mut [u32; BLOCK]) {
    let Some((low_bytes, high_bytes)) = bytes.split_first_chunk::<HALF_BYTES>() else { return };
    if width <= QUARTER_WIDTH {
        return unpack_quarter(width, low_bytes, values);
    }
    if width <= HALF_WIDTH {
        return unpack_half(width, low_bytes, values);
    }
    unpack_half(HALF_WIDTH, low_bytes, values);
    if let Some(bytes) = high_bytes.first_chunk() {
        let mut high = [0; BLOCK];
        unpack_half(width - HALF_WIDTH, bytes, &mut high);
        for i in 0..BLOCK {
            values[i] |= high[i] << 16;
        }
    }
}

/// Up to 8 bits.
#[inline(always)]
fn pack_quarter(width: u32, values: &[u32; BLOCK], bytes: &mut [u8; HALF_BYTES]) {
    let mut lanes = [0_u32; LANES];
    for i in 0..LANES {
        lanes[i] = values[i]
            | values[LANES + i] << width
            | values[2 * LANES + i] << (2 * width)
            | values[3 * LANES + i] << (3 * width);
    }
    for (k, &[low, high]) in lanes.as_chunks().0.iter().enumerate() {
        let pair = u64::from(low) | u64::from(high) << (4 * width);
        // The next pair writes over what is too much.
        if let Some(to) = bytes[k * width as usize..].first_chunk_mut() {
            *to = pair.to_le_bytes();
        }
    }
}

/// Up to 16 bits.
#[inline(always)]
fn pack_half(width: u32, values: &[u32; BLOCK], bytes: &mut [u8; HALF_BYTES]) {
    let mut lanes = [0_u64; LANES];
    for i in 0..LANES {
        lanes[i] = u64::from(values[i])
            | u64::from(values[LANES + i]) << width
            | u64::from(values[2 * LANES + i]) << (2 * width)
            | u64::from(values[3 * LANES + i]) << (3 * width);
    }
    for (k, &[low, high]) in lanes.as_chunks().0.iter().enumerate() {
        let pair = u128::from(low) | u128::from(high) << (4 * width);
        if let Some(to) = bytes[k * width as usize..].first_chunk_mut() {
            *to = pair.to_le_bytes();
        }
    }
}

#[inline(always)]
fn unpack_quarter(width: u32, bytes: &[u8; HALF_BYTES], values: &mut [u32; BLOCK]) {
    let mut lanes = [0_u32; LANES];
    for (k, [low, high]) in lanes.as_chunks_mut().0.iter_mut().enumerate() {
        let pair = bytes[k * width as usize..].first_chunk().map_or(0, |x| u64::from_le_bytes(*x));
        // Above their own bits lanes hold those of the next one, which the mask takes off.
        (*low, *high) = (pair as u32, (pair >> (4 * width)) as u32);
    }
    let mask = (1 << width) - 1;
    for (k, values) in values.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        for i in 0..LANES {
            values[i] = lanes[i] >> (k as u32 * width) & mask;
        }
    }
}

#[inline(always)]
fn unpack_half(width: u32, bytes: &[u8; HALF_BYTES], values: &mut [u32; BLOCK]) {
    let mut lanes = [0_u64; LANES];
    for (k, [low, high]) in lanes.as_chunks_mut().0.iter_mut().enumerate() {
        let pair = bytes[k * width as usize..].first_chunk().map_or(0, |x| u128::from_le_bytes(*x));
        (*low, *high) = (pair as u64, (pair >> (4 * width)) as u64);
    }
    let mask = (1 << width) - 1;
    for (k, values) in values.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        for i in 0..LANES {
            values[i] = (lanes[i] >> (k as u32 * width)) as u32 & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values whose bits are all over the place, with the widest in each position once; what is
    /// behind a block is somebody else's.
    #[test]
    fn every_width_round_trips_in_its_bytes() {
        for w in 0..=32_u32 {
            let mask = if w == 32 { u32::MAX } else { (1 << w) - 1 };
            for widest in 0..BLOCK {
                let mut values: [u32; BLOCK] =
                    std::array::from_fn(|i| (i as u32 + 7).wrapping_mul(0x9e37_79b9) & mask);
                values[widest] = mask;
                let mut packed = [0xa5; MAX_BYTES];
                pack(w, &values, &mut packed);
                packed[bytes(w)..].fill(0x5a);
                let mut back = [1; BLOCK];
                unpack(w, &packed, &mut back);
                assert_eq!(back, values, "width {w}");
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
