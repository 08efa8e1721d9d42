//! How large the processor's caches are.

use std::sync::OnceLock;

/// Bytes of the caches that kernels are cut for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Caches {
    /// Of one core: the second level.
    pub(crate) own: usize,
    /// Of all cores: the last level.
    pub(crate) shared: usize,
}

impl Caches {
    /// Where the system does not tell.
    const USUAL: Self = Self { own: 1 << 20, shared: 16 << 20 };

    /// Those of the first core.
    pub(crate) fn of_machine() -> Self {
        static FOUND: OnceLock<Caches> = OnceLock::new();
        *FOUND.get_or_init(|| {
            let read = |index: usize, what: &str| {
                let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{what}");
                std::fs::read_to_string(path).ok()
            };
            let levels =
                (0..8).map_while(|index| Some([read(index, "level")?, read(index, "size")?]));
            Self::from_levels(levels)
        })
    }

    /// From what the system says of each: its level, and its size as in `2048K`.
    fn from_levels(levels: impl Iterator<Item = [String; 2]>) -> Self {
        let mut found = Self::USUAL;
        let mut last = 0;
        for [level, size] in levels {
            let (Ok(level), Some(bytes)) = (level.trim().parse::<u32>(), bytes(size.trim())) else {
                continue;
            };
            if level == 2 {
                found.own = bytes;
            }
            if level > last.max(2) {
                (last, found.shared) = (level, bytes);
            }
        }
        found
    }
}

fn bytes(size: &str) -> Option<usize> {
    let (number, unit) = match size.strip_suffix(['K', 'M']) {
        Some(number) if size.ends_with('K') => (number, 1 << 10),
        Some(number) => (number, 1 << 20),
        None => (size, 1),
    };
    number.parse::<usize>().ok()?.checked_mul(unit).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(levels: &[[&str; 2]]) -> Caches {
        Caches::from_levels(levels.iter().map(|level| level.map(str::to_owned)))
    }

    #[test]
    fn caches_are_those_of_their_levels() {
        let all = [["1\n", "48K\n"], ["1\n", "32K\n"], ["2\n", "2048K\n"], ["3\n", "30M\n"]];
        assert_eq!(of(&all), Caches { own: 2 << 20, shared: 30 << 20 });
        assert_eq!(of(&[["2", "0K"], ["x", "1K"], ["3", "-"]]), Caches::USUAL);
        assert_eq!(of(&[]), Caches::USUAL);
    }
}
