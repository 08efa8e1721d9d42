//! Compilers and cache folders of tests.

use retrograd_runtime::{JitOptions, find_compiler};

/// The options, or none with a printed reason where there is no compiler.
pub(crate) fn options() -> Option<JitOptions> {
    let options = JitOptions::from_environment();
    match find_compiler(&options) {
        Ok(_) => Some(options),
        Err(reason) => {
            println!("skipped: {reason}");
            None
        }
    }
}

/// The same with an empty cache folder that vanishes with the guard.
pub(crate) fn fresh() -> Option<(JitOptions, tempfile::TempDir)> {
    let folder = tempfile::tempdir().expect("there should be a folder for temporary files");
    let cache = folder.path().join("cache");
    Some((JitOptions { cache, ..options()? }, folder))
}

/// Numbers from a 64-bit counter (`SplitMix64`), the same on every machine.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// In -1..1.
    pub(crate) fn next(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// In 0..n.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// One in `n`.
    pub(crate) fn rarely(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
