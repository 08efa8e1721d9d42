//! What a job may ask about files: the only door from the parser to the disk.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a file that hold any sane NPY header.
const HEAD_BYTES: u64 = 64 * 1024;

/// The greatest positions file that is read.
const TEXT_BYTES: u64 = 256 << 20;

/// Answers about files. The disk in earnest, a table in tests.
pub trait Files {
    /// Size in bytes of a regular file, or `None` if there is none.
    fn size(&self, path: &Path) -> Option<u64>;
    /// The first bytes, enough for a header.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn head(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The whole text.
    ///
    /// # Errors
    /// If the file cannot be read or is not text.
    fn text(&self, path: &Path) -> io::Result<String>;
}

/// The disk.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

impl Files for Disk {
    fn size(&self, path: &Path) -> Option<u64> {
        fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|meta| meta.len())
    }

    fn head(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(HEAD_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn text(&self, path: &Path) -> io::Result<String> {
        let mut text = String::new();
        fs::File::open(path)?.take(TEXT_BYTES).read_to_string(&mut text)?;
        Ok(text)
    }
}

/// What the header of an NPY file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NpyHeader {
    /// Data type, such as `<f4`.
    pub descr: String,
    /// Whether the first axis is fastest.
    pub order: Order,
    /// Extents.
    pub shape: Vec<usize>,
}

/// Which axis is contiguous.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// The last.
    C,
    /// The first.
    Fortran,
}

/// Reads the header of an NPY file (format versions 1 to 3).
///
/// # Errors
/// What is missing, in words.
pub fn npy_header(bytes: &[u8]) -> Result<NpyHeader, String> {
    let broken = || "its header is damaged".to_owned();
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err("it does not begin like an NPY file".to_owned());
    }
    let (length, start) = match bytes.get(6..12) {
        Some(&[1, _, a, b, _, _]) => (usize::from(u16::from_le_bytes([a, b])), 10),
        Some(&[2 | 3, _, a, b, c, d]) => (u32::from_le_bytes([a, b, c, d]) as usize, 12),
        _ => return Err(broken()),
    };
    let end = start + length;
    let header = bytes.get(start..end).ok_or_else(broken)?;
    let header = std::str::from_utf8(header).map_err(|_| broken())?;
    let descr = entry(header, "descr").and_then(quoted).ok_or_else(broken)?;
    let order = match entry(header, "fortran_order").ok_or_else(broken)? {
        text if text.starts_with("False") => Order::C,
        text if text.starts_with("True") => Order::Fortran,
        _ => return Err(broken()),
    };
    let shape = entry(header, "shape")
        .and_then(|text| text.strip_prefix('('))
        .and_then(|text| text.split_once(')'))
        .ok_or_else(broken)?
        .0;
    let shape: Result<Vec<usize>, _> =
        shape.split(',').map(str::trim).filter(|n| !n.is_empty()).map(str::parse).collect();
    Ok(NpyHeader { descr: descr.to_owned(), order, shape: shape.map_err(|_| broken())? })
}

/// The text after `'name':`.
fn entry<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{name}'"))?;
    rest.trim_start().strip_prefix(':').map(str::trim_start)
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.split_once('\'').map(|(inner, _)| inner)
}

/// The bytes of an NPY header, for tests and templates.
#[cfg(test)]
pub(super) fn npy_bytes(descr: &str, shape: &[usize]) -> Vec<u8> {
    let shape: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}", shape.concat());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read() {
        let header = npy_header(&npy_bytes("<f4", &[202, 68])).expect("the header is sound");
        let expected = NpyHeader { descr: "<f4".into(), order: Order::C, shape: vec![202, 68] };
        assert_eq!(header, expected);
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = npy_bytes("<f4", &[202, 68]);
        for end in 0..bytes.len() {
            assert!(npy_header(&bytes[..end]).is_err(), "{end} bytes should not do");
        }
    }
}
