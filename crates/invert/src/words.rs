//! Words of 64 bits with a running checksum.
//!
//! The checksum is FNV-1a (Fowler, Noll, Vo) on words instead of bytes, with a rotation that
//! brings high bits down again. Each step is a bijection of the sum for a given word, and of the
//! word for a given sum: any change of a single word changes the result. It guards against
//! accidents, not against malice.

use std::io::{self, Read, Write};

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

fn stir(sum: u64, word: u64) -> u64 {
    (sum ^ word).wrapping_mul(PRIME).rotate_left(29)
}

/// The checksum of bytes, taken eight at a time; the last ones are filled with zeros, and the
/// number of bytes is a word as well.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks(8).map(|chunk| {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(eight)
    });
    words.chain([bytes.len() as u64]).fold(OFFSET, stir)
}

/// A checksum of things of several kinds. Lists and texts count with their lengths, so that no two
/// things in a row pass for two others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) fn new() -> Self {
        Self(OFFSET)
    }

    pub(crate) fn word(&mut self, word: u64) {
        self.0 = stir(self.0, word);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.word(checksum(text.as_bytes()));
    }

    pub(crate) fn float(&mut self, value: f64) {
        self.word(value.to_bits());
    }

    pub(crate) fn floats(&mut self, values: &[f64]) {
        self.word(values.len() as u64);
        for value in values {
            self.float(*value);
        }
    }

    /// Samples, two to a word.
    pub(crate) fn samples(&mut self, samples: &[f32]) {
        self.word(samples.len() as u64);
        for pair in samples.chunks(2) {
            let high = pair.get(1).map_or(0, |sample| sample.to_bits());
            self.word(u64::from(pair[0].to_bits()) | u64::from(high) << 32);
        }
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}

/// Why words are not what was written.
#[derive(Debug)]
pub(crate) enum Bad {
    /// They cannot be read.
    Io(io::Error),
    /// They are others.
    Bytes(&'static str),
}

impl From<io::Error> for Bad {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Bytes("it ends too early"),
            _ => Self::Io(error),
        }
    }
}

/// Where words go.
pub(crate) struct Sink<'a> {
    writer: &'a mut dyn Write,
    sum: u64,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(writer: &'a mut dyn Write) -> Self {
        Self { writer, sum: OFFSET }
    }

    pub(crate) fn word(&mut self, word: u64) -> io::Result<()> {
        self.sum = stir(self.sum, word);
        self.writer.write_all(&word.to_le_bytes())
    }

    pub(crate) fn count(&mut self, count: usize) -> io::Result<()> {
        self.word(count as u64)
    }

    pub(crate) fn float(&mut self, value: f64) -> io::Result<()> {
        self.word(value.to_bits())
    }

    pub(crate) fn floats(&mut self, values: &[f64]) -> io::Result<()> {
        self.count(values.len())?;
        values.iter().try_for_each(|value| self.float(*value))
    }

    pub(crate) fn mask(&mut self, mask: &[bool]) -> io::Result<()> {
        self.count(mask.len())?;
        mask.chunks(64).try_for_each(|cells| {
            self.word(cells.iter().rev().fold(0, |word, cell| word << 1 | u64::from(*cell)))
        })
    }

    /// Appends the checksum.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.writer.write_all(&self.sum.to_le_bytes())
    }
}

/// Where words come from.
pub(crate) struct Source<'a> {
    reader: &'a mut dyn Read,
    sum: u64,
}

impl<'a> Source<'a> {
    pub(crate) fn new(reader: &'a mut dyn Read) -> Self {
        Self { reader, sum: OFFSET }
    }

    fn raw(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.reader.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    pub(crate) fn word(&mut self) -> io::Result<u64> {
        let word = self.raw()?;
        self.sum = stir(self.sum, word);
        Ok(word)
    }

    pub(crate) fn count(&mut self) -> Result<usize, Bad> {
        usize::try_from(self.word()?).map_err(|_| Bad::Bytes("a count does not fit this machine"))
    }

    pub(crate) fn float(&mut self) -> io::Result<f64> {
        self.word().map(f64::from_bits)
    }

    /// Grows with what is really there: a damaged count runs into the end of the file, not out
    /// of memory.
    pub(crate) fn floats(&mut self) -> Result<Vec<f64>, Bad> {
        let count = self.count()?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.float()?);
        }
        Ok(values)
    }

    /// Reads as many numbers as there is room for, into the room.
    pub(crate) fn floats_into(&mut self, values: &mut [f64]) -> Result<(), Bad> {
        if self.count()? != values.len() {
            return Err(Bad::Bytes("it holds another number of values"));
        }
        for value in values {
            *value = self.float()?;
        }
        Ok(())
    }

    pub(crate) fn mask(&mut self) -> Result<Vec<bool>, Bad> {
        let count = self.count()?;
        let mut mask = Vec::new();
        for _ in 0..count.div_ceil(64) {
            let word = self.word()?;
            let cells = (count - mask.len()).min(64);
            mask.extend((0..cells).map(|k| word >> k & 1 == 1));
        }
        Ok(mask)
    }

    /// Compares the checksum, and expects the end.
    pub(crate) fn finish(mut self) -> Result<(), Bad> {
        if self.raw()? != self.sum {
            return Err(Bad::Bytes("its checksum does not fit"));
        }
        match self.reader.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(Bad::Bytes("bytes follow its end")),
        }
    }
}
