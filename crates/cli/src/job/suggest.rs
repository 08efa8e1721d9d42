//! "Did you mean": the nearest name by edit distance.

/// The candidate nearest to `typed`, if near enough to be a slip of the finger.
pub(crate) fn nearest<'a>(
    typed: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    // One slip in short names, a third of the letters in long ones.
    let allowed = (typed.chars().count() / 3).max(1);
    candidates
        .map(|name| (distance(&typed, &name.to_lowercase()), name))
        .filter(|&(edits, _)| edits <= allowed)
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, name)| name)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, expected: Option<&str>) {
        let names = ["spacing", "origin", "shape", "extent", "space_order"];
        assert_eq!(nearest(typed, names.into_iter()), expected);
    }

    #[test]
    fn slips_are_understood() {
        check("spacng", Some("spacing"));
        check("sapcing", Some("spacing"));
        check("Shape", Some("shape"));
        check("spaceorder", Some("space_order"));
    }

    #[test]
    fn strangers_are_not() {
        check("wavelet", None);
        check("x", None);
    }
}
