//! `f32` and `f64`, read from and written to bytes.

#![allow(
    clippy::inline_always,
    reason = "only what is inlined has the processor's vector instructions"
)]

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

use super::Element;
#[cfg(any(feature = "pco", feature = "zfp"))]
use super::workers::{allocated, resize};

/// An element that lossy codecs know.
pub(super) trait Real: Copy + Default + Send + Sync + 'static {
    /// Which element it is.
    const ELEMENT: Element;
    /// Unit roundoff: half the distance of 1 to the next number.
    const ROUNDOFF: f64;
    /// The most quanta in magnitude for which quantising is exact to rounding.
    const MAX_QUANTA: f64;
    /// The range of steps that can be multiplied and divided by without leaving the normal
    /// numbers.
    const STEPS: std::ops::Range<f64>;

    /// The elements of `bytes`.
    fn load(bytes: &[u8]) -> impl Iterator<Item = Self>;
    /// Writes elements over `bytes`.
    fn store(bytes: &mut [u8], values: impl Iterator<Item = Self>);
    /// Exact.
    fn to_f64(self) -> f64;
    /// Rounds to nearest.
    fn from_f64(x: f64) -> Self;
    /// `self * inverse_step`, rounded to the nearest integer; at most [`Self::MAX_QUANTA`] in
    /// magnitude.
    fn quantise(self, inverse_step: Self) -> i32;
    /// `quanta * step`.
    fn dequantise(quanta: i32, step: Self) -> Self;
    /// The magnitude, infinite or NaN where `self` is.
    fn magnitude(self) -> Self;
    /// The larger of the two, `other` where `self` is NaN.
    fn larger(self, other: Self) -> Self;
    /// `self + 0 x`: NaN if `x` is not finite, `self` otherwise.
    fn taint(self, x: Self) -> Self;
}

impl Real for f32 {
    const ELEMENT: Element = Element::F32;
    const ROUNDOFF: f64 = 1.0 / (1 << 24) as f64;
    const MAX_QUANTA: f64 = (1 << 22) as f64;
    const STEPS: std::ops::Range<f64> = 2.4e-38..4.2e37; // 2^-125 and 2^125

    #[inline]
    fn load(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks().0.iter().map(|&x| Self::from_le_bytes(x))
    }

    #[inline]
    fn store(bytes: &mut [u8], values: impl Iterator<Item = Self>) {
        bytes.as_chunks_mut().0.iter_mut().zip(values).for_each(|(to, x)| *to = x.to_le_bytes());
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self.into()
    }

    #[inline]
    fn from_f64(x: f64) -> Self {
        x as Self
    }

    #[inline]
    fn quantise(self, inverse_step: Self) -> i32 {
        // Between 2^23 and 2^24 numbers are integers, and their bits count them.
        const SHIFT: f32 = 1.5 * (1 << 23) as f32;
        let shifted = (self * inverse_step + SHIFT).to_bits();
        shifted.wrapping_sub(SHIFT.to_bits()).cast_signed()
    }

    #[inline]
    fn dequantise(quanta: i32, step: Self) -> Self {
        quanta as Self * step
    }

    #[inline]
    fn magnitude(self) -> Self {
        self.abs()
    }

    #[inline]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline]
    fn taint(self, x: Self) -> Self {
        self + 0.0 * x
    }
}

impl Real for f64 {
    const ELEMENT: Element = Element::F64;
    const ROUNDOFF: f64 = 1.0 / (1_u64 << 53) as f64;
    const MAX_QUANTA: f64 = (1 << 30) as f64;
    const STEPS: std::ops::Range<f64> = 9e-308..2.2e307; // 2^-1020 and 2^1021

    #[inline]
    fn load(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks().0.iter().map(|&x| Self::from_le_bytes(x))
    }

    #[inline]
    fn store(bytes: &mut [u8], values: impl Iterator<Item = Self>) {
        bytes.as_chunks_mut().0.iter_mut().zip(values).for_each(|(to, x)| *to = x.to_le_bytes());
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline]
    fn from_f64(x: f64) -> Self {
        x
    }

    #[inline]
    fn quantise(self, inverse_step: Self) -> i32 {
        // As for f32; of the integer the low half is wanted.
        const SHIFT: f64 = 1.5 * (1_u64 << 52) as f64;
        (self * inverse_step + SHIFT).to_bits() as u32 as i32
    }

    #[inline]
    fn dequantise(quanta: i32, step: Self) -> Self {
        Self::from(quanta) * step
    }

    #[inline]
    fn magnitude(self) -> Self {
        self.abs()
    }

    #[inline]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline]
    fn taint(self, x: Self) -> Self {
        self + 0.0 * x
    }
}

/// Elements in memory of their own type, for libraries that take nothing else.
#[cfg(any(feature = "pco", feature = "zfp"))]
#[derive(Default, Debug)]
pub(super) struct Buffers {
    f32: Vec<f32>,
    f64: Vec<f64>,
}

/// An element that has a buffer.
#[cfg(any(feature = "pco", feature = "zfp"))]
pub(super) trait Buffered: Real {
    /// The buffer, as it was left.
    fn buffer(buffers: &mut Buffers) -> &mut Vec<Self>;

    /// The elements of `bytes`.
    fn copy_of<'a>(bytes: &[u8], buffers: &'a mut Buffers) -> &'a mut [Self] {
        let buffer = Self::buffer(buffers);
        buffer.clear();
        buffer.reserve_exact(bytes.len() / Self::ELEMENT.bytes());
        buffer.extend(Self::load(bytes));
        buffer
    }

    /// `count` elements of any value.
    fn blank(count: usize, buffers: &mut Buffers) -> &mut [Self] {
        let buffer = Self::buffer(buffers);
        resize(buffer, count, Self::default());
        buffer
    }
}

#[cfg(any(feature = "pco", feature = "zfp"))]
impl Buffers {
    /// Bytes allocated.
    pub(super) fn bytes(&self) -> usize {
        allocated(&self.f32) + allocated(&self.f64)
    }
}

#[cfg(any(feature = "pco", feature = "zfp"))]
impl Buffered for f32 {
    fn buffer(buffers: &mut Buffers) -> &mut Vec<Self> {
        &mut buffers.f32
    }
}

#[cfg(any(feature = "pco", feature = "zfp"))]
impl Buffered for f64 {
    fn buffer(buffers: &mut Buffers) -> &mut Vec<Self> {
        &mut buffers.f64
    }
}

/// What tolerances refer to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Magnitude {
    /// The largest magnitude of the finite elements; 0 if there are none.
    pub(super) largest: f64,
    /// Whether all elements are finite.
    pub(super) finite: bool,
}

impl Magnitude {
    /// Of nothing.
    pub(super) const ZERO: Self = Self { largest: 0.0, finite: true };

    /// Of both.
    pub(super) fn and(self, other: Self) -> Self {
        let finite = self.finite && other.finite;
        Self { largest: self.largest.max(other.largest), finite }
    }

    /// Of the elements of `bytes`. One pass at the speed of memory, a second one if there are
    /// numbers that are not finite.
    pub(super) fn of<R: Real>(bytes: &[u8]) -> Self {
        let (largest, zero) = Arch::new().dispatch(Extremes::<R> { bytes, of: PhantomData });
        if !zero.to_f64().is_nan() {
            return Self { largest: largest.to_f64(), finite: true };
        }
        let finite = R::load(bytes).map(|x| x.to_f64().abs()).filter(|x| x.is_finite());
        Self { largest: finite.fold(0.0, f64::max), finite: false }
    }
}

/// The largest magnitude, and 0 times the sum: NaN if an element is not finite, in which case
/// the first is meaningless.
struct Extremes<'a, R> {
    bytes: &'a [u8],
    of: PhantomData<R>,
}

impl<R: Real> WithSimd for Extremes<'_, R> {
    type Output = (R, R);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> (R, R) {
        // As many independent chains as fill the registers of any machine.
        const LANES: usize = 32;
        let mut largest = [R::default(); LANES];
        let mut zero = [R::default(); LANES];
        let mut add = |bytes: &[u8]| {
            for (i, x) in R::load(bytes).take(LANES).enumerate() {
                largest[i] = x.magnitude().larger(largest[i]);
                zero[i] = zero[i].taint(x);
            }
        };
        let mut blocks = self.bytes.chunks_exact(LANES * R::ELEMENT.bytes());
        for block in &mut blocks {
            add(block);
        }
        add(blocks.remainder());
        let largest = largest.into_iter().fold(R::default(), Real::larger);
        (largest, zero.into_iter().fold(R::default(), Real::taint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    #[test]
    fn magnitudes_leave_out_what_is_not_finite() {
        let mut values = vec![1.0_f32; 100];
        values[41] = -3.0;
        let of = |values: &[f32]| Magnitude::of::<f32>(&bytes(values));
        assert_eq!(of(&values), Magnitude { largest: 3.0, finite: true });
        for (at, odd) in [(0, f32::NAN), (63, f32::INFINITY), (99, f32::NEG_INFINITY)] {
            let mut values = values.clone();
            values[at] = odd;
            assert_eq!(of(&values), Magnitude { largest: 3.0, finite: false }, "{odd} at {at}");
        }
        assert_eq!(of(&[]), Magnitude::ZERO);
    }

    #[test]
    fn quanta_are_rounded_to_nearest() {
        for (x, quanta) in [(0.0, 0), (0.49, 0), (0.51, 1), (-0.51, -1), (1e6, 1_000_000)] {
            assert_eq!((x as f32).quantise(1.0), quanta, "{x}");
            assert_eq!(x.quantise(1.0), quanta, "{x}");
        }
        for most in [f32::MAX_QUANTA, -f32::MAX_QUANTA] {
            assert_eq!((most as f32).quantise(1.0), most as i32);
        }
        for most in [f64::MAX_QUANTA, -f64::MAX_QUANTA] {
            assert_eq!(most.quantise(1.0), most as i32);
        }
    }
}
