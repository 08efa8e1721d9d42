//! Our own lossy codec: quantise, predict, pack.
//!
//! ```text
//! q = round(x / step)       half a step is the tolerance, less what rounding may add
//! r = q - prediction(q)     exact, see `predict`
//! 32 values of r take as many bits each as the widest needs
//! ```
//!
//! Decoding returns `q step`. All errors are those of quantising, so that the bound needs no
//! check afterwards. With unit roundoff `u` and `|x| <= M` in a slab,
//!
//! ```text
//! |q step - x| <= step / 2 (1 + u) + 3.1 u M        (1/step, x/step, q step: one rounding each)
//! ```
//!
//! hence `step = 2 (tolerance - 4 u M) (1 - 4 u)`. A slab with numbers that are not finite, or
//! with a tolerance below about `2^-21 M` (`f32`) or `2^-30 M` (`f64`), whose quanta would not
//! be integers of the element or of 32 bits, is left to the caller, who stores it as it is.
//!
//! # Format
//!
//! ```text
//! step               4 or 8 bytes
//! predictors         4 numbers: those that the blocks choose from
//! presence           1 bit per block of 32 values; 0 stands for a header of 0
//! headers            1 byte per block: width + 64 choice
//! residuals          4 width bytes per block
//! ```
//!
//! Rows begin with a block where that takes little padding; blocks do not regard rows otherwise.
//! What is padded are copies of the value before.
//!
//! Cost: a few integer operations per value and predictor tried, on as many values at a time as
//! the processor found at run time allows; 4 bytes of scratch per value, and as much again for
//! what is written.

#![allow(
    clippy::inline_always,
    reason = "only what is inlined has the processor's vector instructions"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "loops over several arrays of one length: in this form they are vectorised"
)]

mod choose;
mod pack;
mod predict;

use pulp::{Arch, Simd, WithSimd};

use choose::CHOICES;
use pack::{BLOCK, MAX_BYTES};
use predict::{Layout, Predictor, REACH};

use super::CodecError;
use super::real::{Magnitude, Real};
use super::workers::{allocated, resize};

/// Blocks that are worked on at a time: their residuals stay in the innermost cache.
const STRIP: usize = 32;

/// Values of a strip.
const STRIP_VALUES: usize = STRIP * BLOCK;

/// Buffers that are reused from slab to slab.
#[derive(Default, Debug)]
pub(super) struct Scratch {
    values: Vec<i32>,
    headers: Vec<u8>,
    body: Vec<u8>,
    busy: Vec<u32>,
}

impl Scratch {
    /// Bytes allocated.
    pub(super) fn bytes(&self) -> usize {
        let Self { values, headers, body, busy } = self;
        allocated(values) + allocated(headers) + allocated(body) + allocated(busy)
    }

    /// Bytes allocated for slabs of at most so many bytes: those of a slab of two planes of two
    /// rows, of which as many zeros as one and a half slabs come first, all rows padded by a 16th.
    pub(super) const fn bytes_for(slab: usize) -> usize {
        let padded = slab + slab / 16 + 2 * MAX_BYTES;
        let blocks = padded / MAX_BYTES + 1;
        let front = padded + padded / 2 + REACH * size_of::<i32>();
        front + padded + padded + (blocks + 8) + blocks * size_of::<u32>()
    }
}

/// The step for a tolerance and elements up to some magnitude; `None` if there is none.
pub(super) fn step<R: Real>(tolerance: f64, magnitude: Magnitude) -> Option<R> {
    let largest = magnitude.largest;
    let half = tolerance - 4.0 * R::ROUNDOFF * largest;
    let step = 2.0 * half * (1.0 - 4.0 * R::ROUNDOFF);
    let fits = magnitude.finite
        && R::STEPS.contains(&step)
        && largest < R::STEPS.end
        && largest / step <= R::MAX_QUANTA / 2.0;
    fits.then(|| R::from_f64(step))
}

/// Appends the slab's code to `out`.
pub(super) fn encode<R: Real>(
    extents: [usize; 3],
    step: R,
    bytes: &[u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    Arch::new().dispatch(Encode { layout: Layout::new(extents), step, bytes, scratch, out });
}

struct Encode<'a, R> {
    layout: Layout,
    step: R,
    bytes: &'a [u8],
    scratch: &'a mut Scratch,
    out: &'a mut Vec<u8>,
}

impl<R: Real> WithSimd for Encode<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { layout, step, bytes, scratch, out } = self;
        let Scratch { values, headers, body, busy } = scratch;
        quantise(layout, step, bytes, values, busy);
        let choices = choose::predictors(values, layout, busy);
        headers.clear();
        resize(headers, layout.blocks(), 0);
        // A block is written at full width first, and the next over what it does not need.
        let most = layout.blocks() * MAX_BYTES;
        if body.len() < most {
            resize(body, most, 0);
        }
        let mut end = 0;
        let mut strip = Strip::default();
        for (number, headers) in headers.chunks_mut(STRIP).enumerate() {
            let place = (number * STRIP_VALUES, headers.len());
            if strip.predict(layout, values, place, choices) {
                end = strip.pack(headers, body, end);
            }
        }

        let mut head = [0; 8];
        R::store(&mut head, std::iter::once(step));
        out.extend_from_slice(&head[..R::ELEMENT.bytes()]);
        out.extend(choices.map(Predictor::number));
        encode_headers(headers, out);
        out.extend_from_slice(&body[..end]);
    }
}

/// Writes the quantised values to where the layout wants them, and the numbers of blocks that
/// are not 0.
#[inline(always)]
fn quantise<R: Real>(
    layout: Layout,
    step: R,
    bytes: &[u8],
    values: &mut Vec<i32>,
    busy: &mut Vec<u32>,
) {
    let inverse = R::from_f64(1.0 / step.to_f64());
    let own = prepare(layout, values);
    resize(busy, layout.blocks(), 0);
    let mut count = 0;
    let [len, pitch] = layout.pieces();
    let pieces = own.chunks_exact_mut(pitch).zip(bytes.chunks_exact(len * R::ELEMENT.bytes()));
    let mut number = 0;
    for (piece, bytes) in pieces {
        let chunks = bytes.chunks(BLOCK * R::ELEMENT.bytes());
        for (block, bytes) in piece.as_chunks_mut::<BLOCK>().0.iter_mut().zip(chunks) {
            // As many as there are.
            block.iter_mut().zip(R::load(bytes)).for_each(|(q, x)| *q = x.quantise(inverse));
            let len = bytes.len() / R::ELEMENT.bytes();
            if len < BLOCK {
                let last = block[len.saturating_sub(1)];
                block[len..].fill(last);
            }
            let mut any = 0;
            for i in 0..BLOCK {
                any |= block[i];
            }
            busy[count] = number;
            count += usize::from(any != 0);
            number += 1;
        }
    }
    busy.truncate(count);
}

/// Makes room for the values of a slab, which are returned, behind zeros.
#[inline(always)]
fn prepare(layout: Layout, values: &mut Vec<i32>) -> &mut [i32] {
    resize(values, layout.front() + layout.blocks() * BLOCK, 0);
    let (front, own) = values.split_at_mut(layout.front());
    front.fill(0);
    own
}

/// What each choice leaves of a strip.
struct Strip {
    /// Differences across planes and rows, from [`REACH`] values before the strip on.
    across: [i32; STRIP_VALUES + REACH],
    /// Folded residuals.
    folded: [[[u32; BLOCK]; STRIP]; CHOICES],
    /// Per block, the least width so far, and the first choice of that width, as one number:
    /// `width * CHOICES + choice`.
    least: [u32; STRIP],
}

impl Default for Strip {
    fn default() -> Self {
        let across = [0; STRIP_VALUES + REACH];
        Self { across, folded: [[[0; BLOCK]; STRIP]; CHOICES], least: [0; STRIP] }
    }
}

impl Strip {
    /// Finds the residuals of `blocks` blocks from value `start` on; `false` if all are 0.
    #[inline(always)]
    fn predict(
        &mut self,
        layout: Layout,
        values: &[i32],
        (start, blocks): (usize, usize),
        choices: [Predictor; CHOICES],
    ) -> bool {
        let at = layout.front() + start - REACH;
        let Self { across, folded, least } = self;
        let across = &mut across[..blocks * BLOCK + REACH];
        let least = &mut least[..blocks];
        least.fill(u32::MAX);
        let mut before = None;
        for (k, (choice, folded)) in choices.into_iter().zip(folded).enumerate() {
            // Choices are sorted.
            if before == Some(choice) {
                continue;
            }
            if before.map(Predictor::across) != Some(choice.across()) {
                predict::across(choice.across(), values, at, layout.shifts(), across);
            }
            before = Some(choice);
            let folded = &mut folded[..blocks];
            let any = match choice.along() {
                0 => fold_strip::<0>(across, k as u32, folded, least),
                1 => fold_strip::<1>(across, k as u32, folded, least),
                _ => fold_strip::<2>(across, k as u32, folded, least),
            };
            if k == 0 && any == 0 {
                return false;
            }
        }
        true
    }

    /// Writes headers, and residuals from byte `end` of `body` on; returns where they end.
    #[inline(always)]
    fn pack(&self, headers: &mut [u8], body: &mut [u8], mut end: usize) -> usize {
        for (block, header) in headers.iter_mut().enumerate() {
            let (width, choice) =
                (self.least[block] / CHOICES as u32, self.least[block] % CHOICES as u32);
            *header = (width | choice << 6) as u8;
            if width > 0
                && let Some(to) = body[end..].first_chunk_mut()
            {
                pack::pack(width, &self.folded[choice as usize][block], to);
            }
            end += pack::bytes(width);
        }
        end
    }
}

/// Folds what choice `k` leaves of the blocks of a strip; returns the disjunction.
#[inline(always)]
fn fold_strip<const C: usize>(
    across: &[i32],
    k: u32,
    folded: &mut [[u32; BLOCK]],
    least: &mut [u32],
) -> u32 {
    let mut of_strip = 0;
    for (block, (folded, least)) in folded.iter_mut().zip(least).enumerate() {
        let residuals: [i32; BLOCK] = predict::along::<C, BLOCK>(&across[block * BLOCK..]);
        let mut any = 0;
        for i in 0..BLOCK {
            folded[i] = pack::fold(residuals[i]);
            any |= folded[i];
        }
        *least = (*least).min(pack::width(any) * CHOICES as u32 + k);
        of_strip |= any;
    }
    of_strip
}

/// Appends presence bits and the headers that are not 0.
#[inline(always)]
fn encode_headers(headers: &[u8], out: &mut Vec<u8>) {
    out.extend(headers.chunks(8).map(|headers| {
        headers.iter().rev().fold(0, |bits, &header| bits << 1 | u8::from(header != 0))
    }));
    // One more, where those that are 0 are written over.
    let start = out.len();
    out.resize(start + headers.len() + 1, 0);
    let mut end = start;
    for &header in headers {
        out[end] = header;
        end += usize::from(header != 0);
    }
    out.truncate(end);
}

/// Decodes a slab over all of `out`.
///
/// # Errors
/// [`CodecError::Corrupt`] if `code` is not of this length and form.
pub(super) fn decode<R: Real>(
    extents: [usize; 3],
    code: &[u8],
    scratch: &mut Scratch,
    out: &mut [u8],
) -> Result<(), CodecError> {
    let layout = Layout::new(extents);
    let (step, code) = split(code, R::ELEMENT.bytes())?;
    let step = R::load(step).next().unwrap_or_default();
    let (numbers, code) = split(code, CHOICES)?;
    let mut choices = [Predictor::default(); CHOICES];
    for (choice, &number) in choices.iter_mut().zip(numbers) {
        let predictor = Predictor::of_number(number).filter(|&predictor| layout.allows(predictor));
        *choice = predictor.ok_or(BAD_HEADER)?;
    }
    let code = decode_headers(layout.blocks(), code, &mut scratch.headers)?;
    Arch::new().dispatch(Decode { layout, step, choices, code, scratch, out })
}

const BAD_HEADER: CodecError = CodecError::Corrupt { what: "a block has an impossible header" };

fn split(code: &[u8], len: usize) -> Result<(&[u8], &[u8]), CodecError> {
    code.split_at_checked(len).ok_or(CodecError::Corrupt { what: "it ends too early" })
}

/// Reads the headers of all blocks; returns what follows them.
fn decode_headers<'a>(
    blocks: usize,
    code: &'a [u8],
    headers: &mut Vec<u8>,
) -> Result<&'a [u8], CodecError> {
    let (presence, code) = split(code, blocks.div_ceil(8))?;
    let present: usize = presence.iter().map(|bits| bits.count_ones() as usize).sum();
    let (packed, code) = split(code, present)?;
    let mut packed = packed.iter();
    headers.clear();
    headers.reserve_exact(8 * presence.len());
    for &bits in presence {
        if bits == 0 {
            headers.extend([0; 8]);
        } else {
            headers.extend((0..8).map(|i| match bits >> i & 1 {
                0 => 0,
                _ => *packed.next().unwrap_or(&0),
            }));
        }
    }
    headers.truncate(blocks);
    if headers.iter().any(|header| u32::from(header & 63) > u32::BITS) {
        return Err(BAD_HEADER);
    }
    Ok(code)
}

struct Decode<'a, R> {
    layout: Layout,
    step: R,
    choices: [Predictor; CHOICES],
    code: &'a [u8],
    /// With the headers.
    scratch: &'a mut Scratch,
    out: &'a mut [u8],
}

impl<R: Real> WithSimd for Decode<'_, R> {
    type Output = Result<(), CodecError>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let Self { layout, step, choices, mut code, scratch, out } = self;
        let Scratch { values, headers, .. } = scratch;
        prepare(layout, values);
        let mut residuals = [[0; BLOCK]; STRIP];
        for (number, headers) in headers.chunks(STRIP).enumerate() {
            code = unpack_strip(headers, code, &mut residuals)?;
            let start = layout.front() + number * STRIP_VALUES;
            let [_, row] = layout.shifts();
            // Rows and planes before must be there before what is predicted from them.
            if row >= BLOCK || layout.rows() == 1 {
                restore_strip::<BLOCK>(layout, headers, choices, &mut residuals, values, start);
            } else {
                const SHORT: usize = Layout::SHORTEST_ROW;
                restore_strip::<SHORT>(layout, headers, choices, &mut residuals, values, start);
            }
        }
        let [len, pitch] = layout.pieces();
        let pieces = values[layout.front()..].chunks_exact(pitch);
        for (piece, out) in pieces.zip(out.chunks_exact_mut(len * R::ELEMENT.bytes())) {
            R::store(out, piece.iter().map(|&q| R::dequantise(q, step)));
        }
        let left_over = CodecError::Corrupt { what: "bytes are left over" };
        if code.is_empty() { Ok(()) } else { Err(left_over) }
    }
}

/// Reads the residuals of some blocks; returns what follows them.
#[inline(always)]
fn unpack_strip<'a>(
    headers: &[u8],
    mut code: &'a [u8],
    residuals: &mut [[i32; BLOCK]; STRIP],
) -> Result<&'a [u8], CodecError> {
    for (&header, residuals) in headers.iter().zip(residuals) {
        let width = u32::from(header & 63);
        if width == 0 {
            residuals.fill(0);
            continue;
        }
        let (packed, rest) = split(code, pack::bytes(width))?;
        let mut folded = [0; BLOCK];
        if let Some(bytes) = code.first_chunk() {
            pack::unpack(width, bytes, &mut folded);
        } else {
            let mut bytes = [0; MAX_BYTES];
            bytes[..packed.len()].copy_from_slice(packed);
            pack::unpack(width, &bytes, &mut folded);
        }
        code = rest;
        for i in 0..BLOCK {
            residuals[i] = pack::unfold(folded[i]);
        }
    }
    Ok(code)
}

/// Writes the values of some blocks from place `start` on, by pieces of `N` values.
#[inline(always)]
fn restore_strip<const N: usize>(
    layout: Layout,
    headers: &[u8],
    choices: [Predictor; CHOICES],
    residuals: &mut [[i32; BLOCK]; STRIP],
    values: &mut [i32],
    start: usize,
) {
    for (block, (&header, residuals)) in headers.iter().zip(residuals).enumerate() {
        let choice = choices[usize::from(header >> 6)];
        let (across, along) = (choice.across(), choice.along());
        for (piece, residuals) in residuals.as_chunks_mut::<N>().0.iter_mut().enumerate() {
            let at = start + block * BLOCK + piece * N;
            predict::restore(across, along, residuals, values, at, layout.shifts());
        }
    }
}
