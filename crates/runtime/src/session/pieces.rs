//! Cutting the rows of a sweep into the pieces that lie in its regions.

use std::ffi::c_long;
use std::ops::Range;

use retrograd_compile::emit::Bodies;
use retrograd_ir::MAX_DIMS;

use crate::patch::Patch;

/// One part of a nest: the number of its body and its region, one range per dimension.
pub(super) struct Place {
    pub(super) body: usize,
    pub(super) region: Vec<Range<usize>>,
}

/// A region of a part, cut into boxes that one body suits: rows beside the outer sides, and of the
/// others the ends and the inside. Ends are whole vectors, as the inside would compute them again.
pub(super) fn boxes(
    bodies: &Bodies,
    mut region: Vec<Range<usize>>,
    extents: &[usize],
    lanes: usize,
) -> Vec<Place> {
    let mut all = Vec::new();
    let last = extents.len() - 1;
    for (d, (&[low, high], &n)) in bodies.depth.iter().zip(extents).enumerate() {
        let Range { start, end } = region[d];
        let (mut from, mut to) = (low, n.saturating_sub(high));
        let body = if d == last { bodies.ends } else { bodies.beside };
        if d == last {
            from = from.next_multiple_of(lanes);
            to = if high > 0 { to / lanes * lanes } else { to };
        }
        let from = from.clamp(start, end.max(start));
        let to = to.clamp(from, end.max(from));
        for side in [start..from, to..end] {
            let mut place = Place { body, region: region.clone() };
            place.region[d] = side;
            all.push(place);
        }
        region[d] = from..to;
    }
    all.push(Place { body: bodies.inside, region });
    all.retain(|place| place.region.iter().all(|range| !range.is_empty()));
    all
}

/// The calls of a generated function that cover, of all places, what lies in the rows `outer` (one
/// range per dimension but the last): its argument `b`, see `FunctionKind::Nest`.
///
/// Rows of one call consist of the same pieces. Pieces follow each other in memory; where places
/// overlap, in the order of the places.
pub(super) fn calls(places: &[Place], outer: &[Range<usize>]) -> Vec<Vec<c_long>> {
    let all: Vec<&Place> = places.iter().collect();
    let mut result = Vec::new();
    cells(&all, outer, &mut Vec::new(), &mut result);
    result
}

/// Cuts the next dimension of `outer` where places begin and end.
fn cells(
    places: &[&Place],
    outer: &[Range<usize>],
    done: &mut Vec<Range<usize>>,
    calls: &mut Vec<Vec<c_long>>,
) {
    let dim = done.len();
    let Some(range) = outer.get(dim) else {
        calls.extend(call(places, done));
        return;
    };
    let mut cuts = vec![range.start, range.end];
    for place in places {
        let Range { start, end } = place.region[dim];
        cuts.extend([start, end].into_iter().filter(|at| range.contains(at)));
    }
    cuts.sort_unstable();
    cuts.dedup();
    for pair in cuts.windows(2) {
        let inside: Vec<&Place> =
            places.iter().copied().filter(|p| p.region[dim].contains(&pair[0])).collect();
        done.push(pair[0]..pair[1]);
        cells(&inside, outer, done, calls);
        done.pop();
    }
}

fn call(places: &[&Place], rows: &[Range<usize>]) -> Option<Vec<c_long>> {
    let mut pieces: Vec<(usize, &Range<usize>)> = places
        .iter()
        .filter_map(|p| Some((p.body, p.region.last()?)))
        .filter(|(_, range)| !range.is_empty())
        .collect();
    let mut in_memory = pieces.clone();
    in_memory.sort_by_key(|(_, range)| range.start);
    if in_memory.windows(2).all(|pair| pair[0].1.end <= pair[1].1.start) {
        pieces = in_memory;
    }
    let ends = |range: &Range<usize>| [range.start as c_long, range.end as c_long];
    let mut words: Vec<c_long> = rows.iter().flat_map(ends).collect();
    words.push(pieces.len() as c_long);
    for (body, range) in &pieces {
        words.push(*body as c_long);
        words.extend(ends(range));
    }
    (!pieces.is_empty()).then_some(words)
}

/// Pieces of a row that are handed over at once.
const PIECES: usize = 16;

/// Calls `run` with the part of a call (see `FunctionKind::Nest`) that lies in a box: its pieces in
/// order, no more than [`PIECES`] of them at once.
pub(super) fn clipped(call: &[c_long], patch: &Patch, dims: usize, mut run: impl FnMut(&[c_long])) {
    let outer = dims - 1;
    let mut words = [0; 2 * MAX_DIMS + 1 + 3 * PIECES];
    let clip = |dim: usize, ends: &[c_long]| {
        let range = patch.range(dim);
        (ends[0].max(range.start as c_long), ends[1].min(range.end as c_long))
    };
    for d in 0..outer {
        let (low, high) = clip(d, &call[2 * d..]);
        if low >= high {
            return;
        }
        (words[2 * d], words[2 * d + 1]) = (low, high);
    }
    let head = 2 * outer + 1;
    for pieces in call[head..].chunks(3 * PIECES) {
        let mut end = head;
        for piece in pieces.chunks_exact(3) {
            let (low, high) = clip(outer, &piece[1..]);
            if low < high {
                words[end..end + 3].copy_from_slice(&[piece[0], low, high]);
                end += 3;
            }
        }
        words[head - 1] = ((end - head) / 3) as c_long;
        if end > head {
            run(&words[..end]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(body: usize, region: &[Range<usize>]) -> Place {
        Place { body, region: region.to_vec() }
    }

    #[test]
    fn shells_and_inside_share_the_rows_that_they_cross() {
        let places = [
            place(0, &[2..8, 3..9]),
            place(1, &[0..2, 0..12]),
            place(1, &[8..10, 0..12]),
            place(1, &[2..8, 0..3]),
            place(1, &[2..8, 9..12]),
        ];
        let expected: [&[c_long]; 3] =
            [&[0, 2, 1, 1, 0, 12], &[2, 8, 3, 1, 0, 3, 0, 3, 9, 1, 9, 12], &[8, 10, 1, 1, 0, 12]];
        let rows = |range: Range<usize>| calls(&places, &vec![range; 1]);
        assert_eq!(rows(0..10), expected);
        assert_eq!(rows(4..5), [[4, 5, 3, 1, 0, 3, 0, 3, 9, 1, 9, 12]]);
        assert!(rows(4..4).is_empty());
    }

    #[test]
    fn every_point_is_covered_once_in_three_dimensions() {
        let places = [
            place(0, &[2..5, 1..6, 3..7]),
            place(1, &[0..2, 0..8, 0..9]),
            place(1, &[2..5, 0..1, 0..9]),
            place(1, &[2..5, 6..8, 0..9]),
            place(1, &[2..5, 1..6, 0..3]),
            place(1, &[2..5, 1..6, 7..9]),
        ];
        let mut seen = vec![0; 5 * 8 * 9];
        for tile in [0..3, 3..8] {
            for b in calls(&places, &[0..5, tile]) {
                let outer = (b[0]..b[1]).flat_map(|x| (b[2]..b[3]).map(move |y| (x, y)));
                for ((x, y), piece) in outer.flat_map(|xy| b[5..].chunks(3).map(move |p| (xy, p))) {
                    for z in piece[1]..piece[2] {
                        seen[((x * 8 + y) * 9 + z) as usize] += 1;
                    }
                }
            }
        }
        assert!(seen.iter().all(|n| *n == 1), "{seen:?}");
    }

    /// Every point is in one box, and in one whose body closes what has to be closed there.
    #[test]
    fn boxes_cover_a_region_once_with_a_body_that_suits() {
        let bodies = Bodies { inside: 0, ends: 1, beside: 2, depth: vec![[2, 0], [1, 3], [2, 1]] };
        let extents = [7, 9, 21];
        for region in
            [[0..7, 0..9, 0..21], [1..5, 2..9, 3..20], [0..1, 0..2, 19..21], [3..3, 0..9, 0..4]]
        {
            let mut seen = std::collections::HashMap::new();
            for place in boxes(&bodies, region.to_vec(), &extents, 4) {
                let [x, y, z] = [0, 1, 2].map(|d| place.region[d].clone());
                for at in x.flat_map(|x| y.clone().map(move |y| (x, y))) {
                    for z in z.clone() {
                        assert_eq!(seen.insert((at, z), place.body), None);
                    }
                }
            }
            let [x, y, z] = region;
            assert_eq!(seen.len(), x.len() * y.len() * z.len());
            for (((x, y), z), body) in seen {
                let beside = x < 2 || !(1..6).contains(&y);
                let least = if beside { 2 } else { usize::from(!(2..20).contains(&z)) };
                assert!(body >= least, "{x} {y} {z}: {body}");
                assert!(body < 2 || least == 2, "{x} {y} {z}");
            }
        }
    }

    /// On one dimension there is one row; overlapping places keep their order.
    #[test]
    fn overlapping_places_keep_their_order() {
        let place = |body, range| Place { body, region: vec![range; 1] };
        let places = [place(0, 4..9), place(1, 0..6), place(2, 7..7)];
        assert_eq!(calls(&places, &[]), [vec![2, 0, 4, 9, 1, 0, 6]]);
    }
}
