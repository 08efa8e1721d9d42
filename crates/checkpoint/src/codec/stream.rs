//! A field as a stream of slabs, each encoded and decoded by itself.
//!
//! # Format
//!
//! ```text
//! tag                1 byte: which codec wrote it
//! table              9 bytes per slab: length of its code, little endian, and kind
//! codes              slab by slab
//! ```
//!
//! Nothing in it depends on the number of workers or on their speed.

use std::slice::ChunksMut;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::real::Magnitude;
use super::shape::{SLAB_BYTES, Slabs};
use super::slab::{self, Coded, Kind, Slab};
use super::workers::{Scratch, Workers, lock};
use super::{Codec, CodecError, Element, Encoded, FieldShape, Tolerance};

/// Bytes of the table per slab.
const ENTRY: usize = 9;

/// The most that [`encode`] appends.
pub(super) fn max_len(shape: FieldShape) -> usize {
    1 + ENTRY * shape.slabs().count() + shape.bytes()
}

/// As [`max_len`] of a field of which only the bytes are known. Slabs are at least three quarters
/// of what they are meant to be: 15 of 16 where whole planes are counted, then 4 of 5 to a multiple
/// of four planes; all but the last of a field.
pub(crate) fn max_encoded_len_of(bytes: u64) -> u64 {
    let slabs = bytes / (SLAB_BYTES as u64 * 3 / 4) + 1;
    bytes.saturating_add(1 + ENTRY as u64 * slabs)
}

/// Appends the code of a field to `out`.
pub(super) fn encode(
    codec: &Codec,
    workers: &Workers<'_>,
    shape: FieldShape,
    bytes: &[u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<Encoded, CodecError> {
    let start = out.len();
    let slabs = shape.slabs();
    scratch.magnitudes.clear();
    scratch.reserve(workers.count());
    let Scratch { lanes, spare, waiting, magnitudes } = scratch;
    waiting.clear();
    let tolerance = match codec.tolerance() {
        None => 0.0,
        Some(Tolerance::Absolute(tolerance)) => tolerance,
        Some(Tolerance::Relative(tolerance)) => {
            find_magnitudes(workers, slabs, bytes, magnitudes);
            tolerance * magnitudes.iter().fold(0.0, |most: f64, slab| most.max(slab.largest))
        }
    };
    out.push(codec.tag());
    out.resize(start + 1 + ENTRY * slabs.count(), 0);
    let written = Mutex::new(Written {
        out,
        table: start + 1,
        next: 0,
        slabs,
        bytes,
        waiting,
        spare,
        result: Ok(Encoded { bytes: 0, max_error: 0.0 }),
    });
    let next = AtomicUsize::new(0);
    let task = |worker: usize| {
        let lane = &mut *lock(&lanes[worker % lanes.len()]);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= slabs.count() {
                return;
            }
            let bytes = &bytes[slabs.range(index)];
            let slab = slab_of(slabs, index);
            let coded = slab::encode(codec, slab, tolerance, magnitudes.get(index), bytes, lane);
            lock(&written).add(index, coded, &mut lane.code);
        }
    };
    workers.run(&task);
    let written = written.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Written { out, result, next: done, .. } = written;
    let result = if done == slabs.count() { result } else { Err(unfinished()) };
    if result.is_err() {
        out.truncate(start);
    }
    result.map(|encoded| Encoded { bytes: out.len() - start, ..encoded })
}

/// A task has panicked, and whoever runs the workers has kept it to himself.
fn unfinished() -> CodecError {
    let message = "a task has not come to its end".to_owned();
    CodecError::Library { library: "the pool of threads", message }
}

fn slab_of(slabs: Slabs, index: usize) -> Slab {
    Slab { element: slabs.element(), extents: slabs.extents(index) }
}

/// The magnitudes of all slabs, which relative tolerances refer to.
fn find_magnitudes(
    workers: &Workers<'_>,
    slabs: Slabs,
    bytes: &[u8],
    magnitudes: &mut Vec<Magnitude>,
) {
    magnitudes.resize(slabs.count(), Magnitude::ZERO);
    let magnitudes = Mutex::new(magnitudes);
    let next = AtomicUsize::new(0);
    workers.run(&|_| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= slabs.count() {
                return;
            }
            let bytes = &bytes[slabs.range(index)];
            let magnitude = match slabs.element() {
                Element::Byte => Magnitude::ZERO,
                Element::F32 => Magnitude::of::<f32>(bytes),
                Element::F64 => Magnitude::of::<f64>(bytes),
            };
            lock(&magnitudes)[index] = magnitude;
        }
    });
}

/// The stream as it grows, slab by slab in order.
struct Written<'a> {
    out: &'a mut Vec<u8>,
    /// Where the table starts.
    table: usize,
    /// The slab to be appended next.
    next: usize,
    slabs: Slabs,
    /// The field.
    bytes: &'a [u8],
    /// Slabs that are done before their turn.
    waiting: &'a mut Vec<Waiting>,
    /// Buffers to swap for the codes of those.
    spare: &'a mut Vec<Vec<u8>>,
    /// The first slab's that failed.
    result: Result<Encoded, CodecError>,
}

/// A slab that is done before its turn.
pub(super) struct Waiting {
    index: usize,
    coded: Result<Coded, CodecError>,
    code: Vec<u8>,
}

impl Written<'_> {
    /// Takes slab `index`. The code may be swapped for another buffer.
    fn add(&mut self, index: usize, coded: Result<Coded, CodecError>, code: &mut Vec<u8>) {
        if index != self.next {
            let code = std::mem::replace(code, self.spare.pop().unwrap_or_default());
            self.waiting.push(Waiting { index, coded, code });
            return;
        }
        self.append(coded, code);
        while let Some(found) = self.waiting.iter().position(|slab| slab.index == self.next) {
            let Waiting { coded, code, .. } = self.waiting.swap_remove(found);
            self.append(coded, &code);
            self.spare.push(code);
        }
    }

    fn append(&mut self, coded: Result<Coded, CodecError>, code: &[u8]) {
        let index = self.next;
        self.next += 1;
        let Ok(encoded) = &mut self.result else { return };
        match coded {
            Err(error) => self.result = Err(error),
            Ok(Coded { kind, max_error }) => {
                encoded.max_error = encoded.max_error.max(max_error);
                let code = match kind {
                    Kind::Raw => &self.bytes[self.slabs.range(index)],
                    Kind::Zero => &[],
                    Kind::Coded | Kind::Exact => code,
                };
                let entry = &mut self.out[self.table + index * ENTRY..][..ENTRY];
                entry[..8].copy_from_slice(&(code.len() as u64).to_le_bytes());
                entry[8] = kind as u8;
                self.out.extend_from_slice(code);
            }
        }
    }
}

/// Decodes a field over all of `out`.
pub(super) fn decode(
    codec: &Codec,
    workers: &Workers<'_>,
    shape: FieldShape,
    code: &[u8],
    scratch: &mut Scratch,
    out: &mut [u8],
) -> Result<(), CodecError> {
    let slabs = shape.slabs();
    let (&tag, code) = code.split_first().ok_or(TOO_SHORT)?;
    if tag != codec.tag() {
        return Err(CodecError::Corrupt { what: "another codec has written it" });
    }
    let (table, codes) = code.split_at_checked(ENTRY * slabs.count()).ok_or(TOO_SHORT)?;
    scratch.reserve(workers.count());
    let lanes = &scratch.lanes;
    let unread = Mutex::new(Unread { index: 0, table, codes, out: out.chunks_mut(slabs.stride()) });
    let failed = Mutex::new(None);
    let finished = AtomicUsize::new(0);
    workers.run(&|worker| {
        let lane = &mut *lock(&lanes[worker % lanes.len()]);
        loop {
            let next = lock(&unread).next();
            let done = match next {
                None => return,
                Some(Err(error)) => Err((usize::MAX, error)),
                Some(Ok((index, kind, code, out))) => {
                    let slab = slab_of(slabs, index);
                    slab::decode(codec, slab, kind, code, lane, out).map_err(|error| (index, error))
                }
            };
            finished.fetch_add(1, Ordering::Relaxed);
            if let Err((index, error)) = done {
                let mut failed = lock(&failed);
                if failed.as_ref().is_none_or(|&(first, _)| index < first) {
                    *failed = Some((index, error));
                }
            }
        }
    });
    let unread = unread.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None if finished.into_inner() < slabs.count() => Err(unfinished()),
        None if unread.codes.is_empty() => Ok(()),
        None => Err(CodecError::Corrupt { what: "bytes are left over" }),
    }
}

const TOO_SHORT: CodecError = CodecError::Corrupt { what: "it ends too early" };

/// The slabs that nobody has taken yet.
struct Unread<'a> {
    index: usize,
    table: &'a [u8],
    codes: &'a [u8],
    out: ChunksMut<'a, u8>,
}

type Taken<'a> = (usize, Kind, &'a [u8], &'a mut [u8]);

impl<'a> Unread<'a> {
    /// Takes the next slab. There are none after an error.
    fn next(&mut self) -> Option<Result<Taken<'a>, CodecError>> {
        let (entry, table) = self.table.split_first_chunk::<ENTRY>()?;
        let [len @ .., kind] = *entry;
        let len = usize::try_from(u64::from_le_bytes(len)).unwrap_or(usize::MAX);
        let (Some(kind), Some((code, codes))) =
            (Kind::of_number(kind), self.codes.split_at_checked(len))
        else {
            self.table = &[];
            return Some(Err(CodecError::Corrupt { what: "its table of slabs is wrong" }));
        };
        let out = self.out.next()?;
        (self.table, self.codes) = (table, codes);
        self.index += 1;
        Some(Ok((self.index - 1, kind, code, out)))
    }
}
