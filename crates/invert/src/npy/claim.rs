//! A short look into a `.npy` header: how many bytes does it claim will follow?
//!
//! The format: `\x93NUMPY`, version (major, minor), header length (`u16`, from version 2 on
//! `u32`, little-endian), then a Python dictionary with `descr`, `fortran_order`, `shape`.
//! NEP 1, <https://numpy.org/neps/nep-0001-npy-format.html>.

/// How much of the file the look may read: headers of plain arrays have 128 bytes.
pub(super) const LOOK_BYTES: u64 = 4096;

/// What a header promises.
pub(super) struct Claim {
    pub(super) shape: Vec<usize>,
    /// As `NumPy` writes it, quotes included: `'<f4'`.
    pub(super) descr: String,
    pub(super) data_start: u64,
}

impl Claim {
    /// `None` if `head` is not the beginning of a `.npy` file as `NumPy` writes it.
    pub(super) fn find(head: &[u8]) -> Option<Self> {
        let rest = head.strip_prefix(b"\x93NUMPY")?;
        let (&[major, _minor], rest) = rest.split_first_chunk::<2>()?;
        let (length, rest, fixed) = if major == 1 {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (u64::from(u16::from_le_bytes(*length)), rest, 10)
        } else {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            (u64::from(u32::from_le_bytes(*length)), rest, 12)
        };
        let header = rest.get(..usize::try_from(length).ok()?)?;
        let header = std::str::from_utf8(header).ok()?;
        let (descr, _) = value_of(header, "'descr'")?.split_once(", '")?;
        let (numbers, _) = value_of(header, "'shape'")?.strip_prefix('(')?.split_once(')')?;
        let numbers = numbers.split(',').map(str::trim).filter(|n| !n.is_empty());
        let shape = numbers.map(|n| n.parse().ok()).collect::<Option<Vec<usize>>>()?;
        Some(Self { shape, descr: descr.to_owned(), data_start: fixed + length })
    }

    /// The type of the elements, if it is one that we read.
    pub(super) fn element(&self) -> Option<Element> {
        match self.descr.as_str() {
            "'<f4'" | "'>f4'" | "'=f4'" => Some(Element::F32),
            "'<f8'" | "'>f8'" | "'=f8'" => Some(Element::F64),
            _ => None,
        }
    }
}

/// A type of elements that we read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Element {
    F32,
    F64,
}

impl Element {
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

/// What follows `key:` in the dictionary.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = header.split_once(key)?;
    Some(after.trim_start().strip_prefix(':')?.trim_start())
}

/// Size of an array, `u64::MAX / 2` if that overflows.
pub(super) fn bytes(shape: &[usize], element_bytes: u64) -> u64 {
    let product = shape
        .iter()
        .try_fold(element_bytes, |product, &n| product.checked_mul(u64::try_from(n).ok()?));
    product.unwrap_or(u64::MAX).min(u64::MAX / 2)
}
