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
use std::sync::{Condvar, Mutex, PoisonError};

use super::real::Magnitude;
use super::shape::{SLAB_BYTES_MAX, Slabs, most_slabs};
use super::slab::{self, Coded, Kind, Slab};
use super::workers::{Lane, Scratch, Workers, lock, resize};
use super::{Codec, CodecError, Element, Encoded, FieldShape, Tolerance};

/// Bytes of the table per slab.
const ENTRY: usize = 9;

/// The most that [`encode`] appends.
pub(super) fn max_len(shape: FieldShape) -> usize {
    1 + ENTRY * shape.slabs().count() + shape.bytes()
}

/// As [`max_len`] of a field of which only the bytes are known.
pub(crate) fn max_encoded_len_of(bytes: u64) -> u64 {
    bytes.saturating_add(1 + ENTRY as u64 * most_slabs(bytes))
}

/// Bytes that [`Scratch`] allocates for fields of at most so many bytes, if each worker's buffers
/// take `lane` beside those for codes.
pub(super) fn scratch_bytes(bytes: u64, workers: u64, lane: u64) -> u64 {
    let slabs = most_slabs(bytes);
    let code = slab::code_room(SLAB_BYTES_MAX.min(bytes as usize)) as u64;
    // Workers beyond the slabs get none; of those at work, all but one may be early.
    let busy = workers.min(slabs).max(1);
    let codes = (2 * busy - 1).saturating_mul(code);
    let tables = busy.saturating_mul(Scratch::BYTES_PER_WORKER as u64)
        + slabs.saturating_mul(size_of::<Magnitude>() as u64);
    busy.saturating_mul(lane).saturating_add(codes).saturating_add(tables)
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
    // More have nothing to do.
    let most = workers.count().min(slabs.count());
    scratch.reserve(most);
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
        early: most.saturating_sub(1),
        given_up: false,
    });
    let (next, moved) = (AtomicUsize::new(0), Condvar::new());
    let task = |worker: usize| {
        if worker >= most {
            return;
        }
        let lane = &mut *lock(&lanes[worker]);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= slabs.count() {
                return;
            }
            let turn = Turn { written: &written, moved: &moved };
            let slab = slab_of(slabs, index);
            let mut gathered = std::mem::take(&mut lane.gathered);
            let bytes = slabs.gather(index, bytes, &mut gathered);
            let coded = slab::encode(codec, slab, tolerance, magnitudes.get(index), bytes, lane);
            lane.gathered = gathered;
            turn.add(index, coded, &mut lane.code);
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
    resize(magnitudes, slabs.count(), Magnitude::ZERO);
    let magnitudes = Mutex::new(magnitudes);
    let next = AtomicUsize::new(0);
    workers.run(&|_| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= slabs.count() {
                return;
            }
            let group = slabs.group(index, bytes);
            let of = match slabs.element() {
                Element::Byte => |_: &[u8]| Magnitude::ZERO,
                Element::F32 => Magnitude::of::<f32>,
                Element::F64 => Magnitude::of::<f64>,
            };
            let pieces = slabs.pieces(index).map(|piece| of(&group[piece]));
            let magnitude = pieces.fold(Magnitude::ZERO, Magnitude::and);
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
    /// The most slabs that wait.
    early: usize,
    /// Whether a task has panicked: the turn of its slab never comes.
    given_up: bool,
}

/// A slab in the hands of a task.
struct Turn<'a, 'b> {
    written: &'a Mutex<Written<'b>>,
    /// Some slab has been appended, or none will be any more.
    moved: &'a Condvar,
}

impl Turn<'_, '_> {
    /// Adds the slab; waits where too many others wait already. The task whose turn it is never
    /// does, so that it goes on.
    fn add(self, index: usize, coded: Result<Coded, CodecError>, code: &mut Vec<u8>) {
        let mut written = lock(self.written);
        while index != written.next && written.waiting.len() >= written.early && !written.given_up {
            written = self.moved.wait(written).unwrap_or_else(PoisonError::into_inner);
        }
        if !written.given_up {
            written.add(index, coded, code);
            self.moved.notify_all();
        }
    }
}

impl Drop for Turn<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.written).given_up = true;
            self.moved.notify_all();
        }
    }
}

/// A slab that is done before its turn.
pub(super) struct Waiting {
    index: usize,
    coded: Result<Coded, CodecError>,
    pub(super) code: Vec<u8>,
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
                let start = self.out.len();
                match kind {
                    Kind::Raw => {
                        let group = self.slabs.group(index, self.bytes);
                        let pieces = self.slabs.pieces(index);
                        pieces.for_each(|piece| self.out.extend_from_slice(&group[piece]));
                    }
                    Kind::Zero => {}
                    Kind::Coded | Kind::Exact => self.out.extend_from_slice(code),
                }
                let len = (self.out.len() - start) as u64;
                let entry = &mut self.out[self.table + index * ENTRY..][..ENTRY];
                entry[..8].copy_from_slice(&len.to_le_bytes());
                entry[8] = kind as u8;
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
    let most = workers.count().min(slabs.count());
    scratch.reserve(most);
    let lanes = &scratch.lanes;
    let groups = out.chunks_mut(slabs.stride());
    let unread = Mutex::new(Unread { group: 0, slabs, table, codes, groups });
    let failed = Mutex::new(None);
    let finished = AtomicUsize::new(0);
    workers.run(&|worker| {
        if worker >= most {
            return;
        }
        let lane = &mut *lock(&lanes[worker]);
        loop {
            let next = lock(&unread).next();
            let done = match next {
                None => return,
                Some(Err(error)) => Err((usize::MAX, error)),
                Some(Ok(group)) => decode_group(codec, slabs, group, lane),
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
        None if finished.into_inner() * slabs.per_group() < slabs.count() => Err(unfinished()),
        None if unread.codes.is_empty() => Ok(()),
        None => Err(CodecError::Corrupt { what: "bytes are left over" }),
    }
}

const TOO_SHORT: CodecError = CodecError::Corrupt { what: "it ends too early" };

/// The groups of slabs that nobody has taken yet.
struct Unread<'a> {
    group: usize,
    slabs: Slabs,
    table: &'a [u8],
    codes: &'a [u8],
    groups: ChunksMut<'a, u8>,
}

/// A group of slabs: its number, entries, codes and numbers.
type Taken<'a> = (usize, &'a [u8], &'a [u8], &'a mut [u8]);

const BAD_TABLE: CodecError = CodecError::Corrupt { what: "its table of slabs is wrong" };

impl<'a> Unread<'a> {
    /// Takes the next group. There are none after an error.
    fn next(&mut self) -> Option<Result<Taken<'a>, CodecError>> {
        let (entries, table) = self.table.split_at_checked(ENTRY * self.slabs.per_group())?;
        let out = self.groups.next()?;
        let all = entries.as_chunks().0.iter().map(|entry| read_entry(*entry).0);
        let len = all.fold(0, usize::saturating_add);
        let Some((codes, rest)) = self.codes.split_at_checked(len) else {
            self.table = &[];
            return Some(Err(BAD_TABLE));
        };
        (self.table, self.codes) = (table, rest);
        self.group += 1;
        Some(Ok((self.group - 1, entries, codes, out)))
    }
}

/// The length of a slab's code, and the number of its kind.
fn read_entry([len @ .., kind]: [u8; ENTRY]) -> (usize, u8) {
    (usize::try_from(u64::from_le_bytes(len)).unwrap_or(usize::MAX), kind)
}

/// Decodes a group; an error comes with the slab's index.
fn decode_group(
    codec: &Codec,
    slabs: Slabs,
    (group, entries, mut codes, out): Taken<'_>,
    lane: &mut Lane,
) -> Result<(), (usize, CodecError)> {
    let first = group * slabs.per_group();
    for (index, entry) in (first..).zip(entries.as_chunks().0) {
        let (len, kind) = read_entry(*entry);
        let (Some(kind), Some((code, rest))) = (Kind::of_number(kind), codes.split_at_checked(len))
        else {
            return Err((index, BAD_TABLE));
        };
        codes = rest;
        let slab = slab_of(slabs, index);
        let decoded = if slabs.per_group() == 1 {
            slab::decode(codec, slab, kind, code, lane, out)
        } else {
            let mut gathered = std::mem::take(&mut lane.gathered);
            resize(&mut gathered, slabs.bytes(index), 0);
            let decoded = slab::decode(codec, slab, kind, code, lane, &mut gathered);
            let mut from = gathered.as_slice();
            for piece in slabs.pieces(index) {
                let (part, behind) = from.split_at(piece.len());
                out[piece].copy_from_slice(part);
                from = behind;
            }
            lane.gathered = gathered;
            decoded
        };
        decoded.map_err(|error| (index, error))?;
    }
    Ok(())
}
