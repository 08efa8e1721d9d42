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
//! presence           1 bit per block, row by row; 0 stands for a header of 0
//! headers            1 byte per block: width + 64 choice
//! residuals          ceil(length * width / 8) bytes per block
//! ```
//!
//! Cost: a few integer operations per value and predictor tried; 4 bytes of scratch per value.

#![allow(
    clippy::inline_always,
    reason = "blocks that are returned stay in registers only where they are inlined"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "loops over several arrays of one length: in this form they are vectorised"
)]

mod choose;
mod differences;
mod pack;
mod predict;

use choose::CHOICES;
use differences::Differences;
use pack::{BLOCK, MAX_BYTES};
use predict::{Block, History, Layout, Neighbours, Predictor};

use super::CodecError;
use super::real::{Magnitude, Real};

/// Buffers that are reused from slab to slab.
#[derive(Default, Debug)]
pub(super) struct Scratch {
    values: Vec<Block>,
    differences: Differences,
    headers: Vec<u8>,
    body: Vec<u8>,
    busy: Vec<usize>,
    tried: Vec<[u8; Predictor::COUNT]>,
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
    let layout = Layout::new(extents);
    let Scratch { values, differences, headers, body, busy, tried } = scratch;
    quantise(layout, step, bytes, values);
    let choices = choose::predictors(values, layout, busy, tried);
    headers.clear();
    // A block is written at full width first, and the next over what it does not need.
    let most = layout.rows() * layout.blocks() * MAX_BYTES;
    if body.len() < most {
        body.resize(most, 0);
    }
    let mut end = 0;
    differences.start(layout, choices);
    for row in 0..layout.rows() {
        differences.go_to(values, row);
        end = encode_row(layout, differences, choices, headers, body, end);
    }

    let mut head = [0; 8];
    R::store(&mut head, std::iter::once(step));
    out.extend_from_slice(&head[..R::ELEMENT.bytes()]);
    out.extend(choices.map(Predictor::number));
    out.extend(headers.chunks(8).map(|headers| {
        headers.iter().rev().fold(0, |bits, &header| bits << 1 | u8::from(header != 0))
    }));
    out.extend(headers.iter().filter(|&&header| header != 0));
    out.extend_from_slice(&body[..end]);
}

fn quantise<R: Real>(layout: Layout, step: R, bytes: &[u8], values: &mut Vec<Block>) {
    let inverse = R::from_f64(1.0 / step.to_f64());
    values.resize(layout.rows() * layout.blocks(), [0; BLOCK]);
    let rows = bytes.chunks_exact(layout.columns() * R::ELEMENT.bytes());
    for (values, bytes) in values.chunks_exact_mut(layout.blocks()).zip(rows) {
        let (values, padding) = values.as_flattened_mut().split_at_mut(layout.columns());
        values.iter_mut().zip(R::load(bytes)).for_each(|(q, x)| *q = x.quantise(inverse));
        padding.fill(0);
    }
}

/// Encodes a row from byte `end` of `body` on; returns where it ends.
fn encode_row(
    layout: Layout,
    differences: &Differences,
    choices: [Predictor; CHOICES],
    headers: &mut Vec<u8>,
    body: &mut [u8],
    mut end: usize,
) -> usize {
    let reach = choices.map(|choice| differences.reach(choice));
    let mut folded = [[0; BLOCK]; CHOICES];
    for block in 0..layout.blocks() {
        // The least width, and the first choice of that width, as one number: no branches.
        let mut least = u32::MAX;
        for (k, choice) in choices.iter().enumerate() {
            let [_, b, _] = choice.orders();
            let residual = predict::across(b, reach[k], block);
            let any = pack::fold_block(&residual, &mut folded[k]);
            least = least.min(pack::width(any) * CHOICES as u32 + k as u32);
        }
        let (width, choice) = (least / CHOICES as u32, least % CHOICES as u32);
        headers.push((width | choice << 6) as u8);
        if let Some(to) = body[end..].first_chunk_mut() {
            pack::pack(width, &folded[choice as usize], to);
        }
        end += pack::bytes(layout.block_len(block), width);
    }
    end
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
    let Scratch { values, headers, .. } = scratch;
    let (step, code) = split(code, R::ELEMENT.bytes())?;
    let step = R::load(step).next().unwrap_or_default();
    let (numbers, code) = split(code, CHOICES)?;
    let mut choices = [Predictor::default(); CHOICES];
    for (choice, &number) in choices.iter_mut().zip(numbers) {
        *choice = Predictor::of_number(number).ok_or(BAD_HEADER)?;
    }
    let code = decode_headers(layout.rows() * layout.blocks(), code, headers)?;
    values.resize(layout.rows() * layout.blocks(), [0; BLOCK]);
    let mut code = code;
    let rows = out.chunks_exact_mut(layout.columns() * R::ELEMENT.bytes());
    for ((row, out), headers) in rows.enumerate().zip(headers.chunks_exact(layout.blocks())) {
        let (done, own) = values.split_at_mut(row * layout.blocks());
        // Of the row itself nothing is known: it counts as 0.
        let neighbours = predict::neighbours(done, layout, row);
        let own = &mut own[..layout.blocks()];
        code = decode_row(layout, &neighbours, headers, choices, code, own)?;
        R::store(out, own.as_flattened().iter().map(|&q| R::dequantise(q, step)));
    }
    if code.is_empty() { Ok(()) } else { Err(CodecError::Corrupt { what: "bytes are left over" }) }
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
    for &bits in presence {
        headers.extend((0..8).map(|i| match bits >> i & 1 {
            0 => 0,
            _ => *packed.next().unwrap_or(&0),
        }));
    }
    headers.truncate(blocks);
    Ok(code)
}

/// Decodes a row; returns what follows it.
fn decode_row<'a>(
    layout: Layout,
    neighbours: &Neighbours<'_>,
    headers: &[u8],
    choices: [Predictor; CHOICES],
    mut code: &'a [u8],
    values: &mut [Block],
) -> Result<&'a [u8], CodecError> {
    let mut last = History::default();
    for (block, (&header, own)) in headers.iter().zip(values).enumerate() {
        let (width, choice) = (u32::from(header & 63), choices[usize::from(header >> 6)]);
        if width > u32::BITS {
            return Err(BAD_HEADER);
        }
        let (packed, rest) = split(code, pack::bytes(layout.block_len(block), width))?;
        let mut folded = [0; BLOCK];
        if let Some(bytes) = code.first_chunk() {
            pack::unpack(width, bytes, &mut folded);
        } else {
            let mut bytes = [0; MAX_BYTES];
            bytes[..packed.len()].copy_from_slice(packed);
            pack::unpack(width, &bytes, &mut folded);
        }
        code = rest;
        let mut sums = [0; BLOCK];
        for i in 0..BLOCK {
            sums[i] = pack::unfold(folded[i]);
        }
        let [a, b, c] = choice.orders();
        let mut before = History::default();
        if let Some(block) = block.checked_sub(1).filter(|_| c > 0) {
            let share = predict::history(&predict::planes_and_rows([a, b], neighbours, block));
            before = [last[0].wrapping_add(share[0]), last[1].wrapping_add(share[1])];
        }
        predict::sum_up(c, before, &mut sums);
        // The neighbours' share of the differences.
        let share = predict::planes_and_rows([a, b], neighbours, block);
        for i in 0..BLOCK {
            own[i] = sums[i].wrapping_sub(share[i]);
        }
        last = predict::history(own);
    }
    Ok(code)
}
