//! Printing bytes.

use std::fmt;

/// Prints a number of bytes for people, and exactly where it was rounded.
#[derive(Clone, Copy)]
pub(crate) struct Bytes(pub(crate) u64);

impl Bytes {
    /// `1.50 GiB`, in the largest binary unit below the number.
    pub(crate) fn rounded(self) -> String {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let Some(index) = self.0.checked_ilog2().and_then(|log2| (log2 / 10).checked_sub(1)) else {
            return format!("{} B", self.0);
        };
        let scaled = self.0 as f64 / (1_u64 << (10 * (index + 1))) as f64;
        format!("{scaled:.2} {}", UNITS[index as usize])
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rounded())?;
        if self.0 >= 1024 { write!(f, " ({} B)", self.0) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: u64, text: &str) {
        assert_eq!(Bytes(bytes).to_string(), text);
    }

    #[test]
    fn bytes_print_in_binary_units_and_exactly() {
        check(0, "0 B");
        check(1023, "1023 B");
        check(1024, "1.00 KiB (1024 B)");
        check(3 << 29, "1.50 GiB (1610612736 B)");
        check(u64::MAX, "16.00 EiB (18446744073709551615 B)");
    }
}
