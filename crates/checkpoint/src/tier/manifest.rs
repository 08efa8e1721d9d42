//! What a file of snapshots holds, written beside it: a crash loses what is in RAM, not this.
//!
//! A line of text per stored snapshot, with a checksum of its own; a line that is torn or damaged
//! ends what is believed. Discards are not written: data found again that were discarded are still
//! the data of their step, and where their pages were used again a later line says so.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::Key;
use super::engine::Extent;
use crate::Data;

/// The first line: what the file is, and the page size that it counts in.
const HEAD: &str = "retrograd snapshots 1";

/// An open manifest.
#[derive(Debug)]
pub(super) struct Manifest {
    file: File,
    /// Bytes of the first line.
    head: u64,
    page_bytes: u64,
    line: String,
}

/// One snapshot found again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) key: Key,
    pub(super) bytes: u64,
    pub(super) checksum: u64,
    pub(super) pages: Vec<u32>,
}

impl Manifest {
    /// Opens or makes the manifest at `path`, and gives what it says is stored in a medium of
    /// `pages` pages.
    /// What a run of another identity, or pages of another size, have left is not believed.
    pub(super) fn open(
        path: &Path,
        identity: u64,
        page_bytes: u64,
        pages: u64,
    ) -> io::Result<(Self, Vec<Found>)> {
        let options = File::options().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let (mut found, mut believed) = (Vec::new(), 0);
        let head = format!("{HEAD}, run {identity:016x}, pages of {page_bytes} bytes\n");
        if text.starts_with(head.as_bytes()) {
            believed = head.len();
            for line in text[head.len()..].split_inclusive(|byte| *byte == b'\n') {
                let Some(one) = parse(line, pages) else { break };
                believed += line.len();
                found.push(one);
            }
        }
        file.set_len(believed as u64)?;
        file.seek(io::SeekFrom::End(0))?;
        if believed == 0 {
            file.write_all(head.as_bytes())?;
        }
        Ok((Self { file, head: head.len() as u64, page_bytes, line: String::new() }, latest(found)))
    }

    /// Nothing is stored any more.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.file.set_len(self.head)?;
        self.file.seek(io::SeekFrom::End(0)).map(|_| ())
    }

    /// Notes a snapshot that has been written.
    pub(super) fn note(
        &mut self,
        key: Key,
        extent: &Extent,
        runs: &[(u64, usize)],
    ) -> io::Result<()> {
        let kind = letter(key.kind);
        self.line.clear();
        let text = &mut self.line;
        let (bytes, checksum) = (extent.bytes, extent.checksum);
        write!(text, "{kind} {} {bytes} {checksum:016x}", key.step).map_err(io::Error::other)?;
        for (offset, length) in runs {
            let first = offset / self.page_bytes;
            let count = (*length as u64).div_ceil(self.page_bytes);
            write!(text, " {first}+{count}").map_err(io::Error::other)?;
        }
        let check = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
        writeln!(text, " {check:016x}").map_err(io::Error::other)?;
        self.file.write_all(text.as_bytes())
    }
}

fn letter(kind: Data) -> char {
    match kind {
        Data::Restart => 'r',
        Data::Adjoint => 'a',
    }
}

/// One line with its line break; nothing if it is not whole.
fn parse(line: &[u8], pages: u64) -> Option<Found> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let (text, check) = line.rsplit_once(' ')?;
    if u64::from_str_radix(check, 16).ok()? != xxhash_rust::xxh3::xxh3_64(text.as_bytes()) {
        return None;
    }
    let mut words = text.split(' ');
    let kind = match words.next()? {
        "r" => Data::Restart,
        "a" => Data::Adjoint,
        _ => return None,
    };
    let step = words.next()?.parse().ok()?;
    let bytes = words.next()?.parse().ok()?;
    let checksum = u64::from_str_radix(words.next()?, 16).ok()?;
    let mut own = Vec::new();
    for run in words {
        let (first, count) = run.split_once('+')?;
        let (first, count): (u64, u64) = (first.parse().ok()?, count.parse().ok()?);
        let end = first.checked_add(count).filter(|&end| end <= pages)?;
        own.extend((first..end).map(|page| page as u32));
    }
    (!own.is_empty()).then_some(Found { key: Key { step, kind }, bytes, checksum, pages: own })
}

/// Of snapshots that share pages or keys, the last written.
fn latest(found: Vec<Found>) -> Vec<Found> {
    let (mut taken, mut keys) = (HashSet::<u32>::new(), HashSet::new());
    let mut kept: Vec<Found> = Vec::new();
    for one in found.into_iter().rev() {
        let whole = one.pages.iter().all(|page| !taken.contains(page));
        taken.extend(&one.pages);
        if whole && keys.insert(one.key) {
            kept.push(one);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &Path, identity: u64) -> Vec<Found> {
        Manifest::open(path, identity, 100, 50).expect("should open").1
    }

    fn key(step: u64) -> Key {
        Key { step, kind: Data::Restart }
    }

    #[test]
    fn what_is_torn_or_overwritten_or_anothers_is_not_believed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("manifest");
        let (mut manifest, nothing) = Manifest::open(&path, 7, 100, 50).expect("should open");
        assert_eq!(nothing, []);
        let extent = |checksum| Extent { page: 0, bytes: 250, checksum };
        let mut note = |step, checksum, runs: &[(u64, usize)]| {
            manifest.note(key(step), &extent(checksum), runs).expect("should be written");
        };
        note(1, 11, &[(0, 250)]);
        note(2, 12, &[(300, 200), (900, 50)]);
        note(3, 13, &[(200, 100), (600, 150)]); // on a page of the first
        let one = |step, checksum, pages: &[u32]| Found {
            key: key(step),
            bytes: 250,
            checksum,
            pages: pages.to_vec(),
        };
        let expected = vec![one(3, 13, &[2, 6, 7]), one(2, 12, &[3, 4, 9])];
        assert_eq!(found(&path, 7), expected);
        assert_eq!(found(&path, 7), expected, "reading changes nothing");

        let whole = std::fs::read(&path).expect("should be there");
        std::fs::write(&path, &whole[..whole.len() - 3]).expect("should be written");
        assert_eq!(found(&path, 7), [one(2, 12, &[3, 4, 9]), one(1, 11, &[0, 1, 2])]);
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        std::fs::write(&path, &damaged).expect("should be written");
        assert!(found(&path, 7).len() < 2);
        std::fs::write(&path, &whole).expect("should be written");
        assert_eq!(found(&path, 8), [], "another run's");
    }
}
