//! How blocks of time steps are cut, so that what they have in hand stays in a cache.

use std::ops::Range;

use retrograd_compile::schedule::PhaseKind;
use retrograd_ir::FieldId;

use super::skew::Skew;
use super::{BlockShape, Session};
use crate::caches::Caches;
use crate::program::{CStep, kept_levels};

/// How blocks are cut.
pub(super) struct Cut {
    pub(super) skew: Skew,
    /// Time steps of a block, at most.
    pub(super) steps: usize,
    /// Rows of a tile, about.
    pub(super) tile: usize,
    pub(super) columns: Columns,
}

/// How the second dimension of a grid of three is cut.
pub(super) struct Columns {
    skew: Skew,
    /// Rows of the second dimension.
    rows: usize,
    /// Of a column, about.
    width: usize,
}

impl Columns {
    /// One that is everything.
    pub(super) fn whole() -> Self {
        Self { skew: Skew { period: 0, shifts: Vec::new() }, rows: 0, width: 0 }
    }

    /// The columns, each of which all steps and phases go through before the next one: where they
    /// begin and end before they are shifted; one that is everything if they are not cut.
    pub(super) fn all(&self) -> Vec<[Option<usize>; 2]> {
        let count = self.rows.div_ceil(self.width.max(1)).max(1);
        let cuts = (1..count).map(|k| self.rows * k / count);
        between(cuts)
    }

    /// The rows of one of them for a phase that is shifted so far.
    pub(super) fn of(
        &self,
        column: [Option<usize>; 2],
        step: usize,
        phase: usize,
    ) -> Option<Range<usize>> {
        let cut = column.iter().any(Option::is_some);
        cut.then(|| shifted(&(0..self.rows), column, self.skew.shift(step, phase)))
    }
}

/// What lies between cuts.
pub(super) fn between(cuts: impl Iterator<Item = usize> + Clone) -> Vec<[Option<usize>; 2]> {
    let ends = cuts.map(Some);
    let lower = [None].into_iter().chain(ends.clone());
    lower.zip(ends.chain([None])).map(|(low, high)| [low, high]).collect()
}

/// The part of a range that lies between two cuts, if these are shifted.
pub(super) fn shifted(
    whole: &Range<usize>,
    cuts: [Option<usize>; 2],
    shift: usize,
) -> Range<usize> {
    let at = |cut: usize| cut.saturating_sub(shift).clamp(whole.start, whole.end);
    let [low, high] = cuts;
    low.map_or(whole.start, at)..high.map_or(whole.end, at)
}

/// Steps of a block, at most: more gain little.
const MOST_STEPS: usize = 16;

/// Rows of a tile, the best first: fewer are mostly halo, more displace what the next step reads.
const TILES: [usize; 3] = [32, 16, 8];

/// Rows of a tile on a grid of three dimensions.
const TILE: usize = 8;

/// Rows of a column, the candidates.
const WIDTHS: [usize; 5] = [24, 32, 48, 64, 96];

/// Of a last-level cache that many share a core can count on so many times its own cache.
const SHARED_OF_OWN: usize = 6;

/// Of the bytes that sweeps one after the other move, the part that a block has to get by with: one
/// that moves more of them gains nothing, as what it moves comes from a cache that is not much faster
/// than memory (measured on elastic waves).
const WORTHWHILE: f64 = 1.0 / 3.0;

/// A buffer that a step touches.
#[derive(Clone, Copy)]
struct InHand {
    /// A function and which of its levels that take turns.
    which: (FieldId, i64),
    /// Of one row of the last dimension.
    row_bytes: usize,
    /// How far it is read, along the two outermost dimensions.
    reach: [usize; 2],
    written: bool,
}

/// Adds a buffer to those that are known.
fn add(known: &mut Vec<InHand>, new: InHand) {
    let Some(old) = known.iter_mut().find(|old| old.which == new.which) else {
        known.push(new);
        return;
    };
    for (old, new) in old.reach.iter_mut().zip(new.reach) {
        *old = new.max(*old);
    }
    old.written |= new.written;
}

impl Session {
    /// Steps of a block, rows of a tile and of a column: as set; else such that what a tile has in hand
    /// stays in the second-level cache of a core, if that holds enough of it, or in its share of the
    /// last one. Nothing if steps are taken one by one.
    pub(super) fn cut(
        &self,
        number: usize,
        c: &CStep,
        forward: bool,
        shares: &[Range<usize>],
    ) -> Option<Cut> {
        let skew = self.skew(number, forward, 0)?;
        let team = shares.len();
        let share = shares.iter().map(Range::len).min().unwrap_or(0);
        // Beside a seam a thread keeps rows of its own; wide seams are left out of tiles.
        let narrow = |steps: usize| team > 1 && 2 * skew.largest(steps) >= share;
        let BlockShape { steps, rows: tile, columns: width } = self.shapes[number];
        if steps > 0 {
            let columns = match self.skew(number, forward, 1) {
                Some(skew) if width > 0 && self.extents.len() == 3 => {
                    Columns { skew, rows: self.extents[1], width }
                }
                _ => Columns::whole(),
            };
            let least = if columns.width > 0 { 1 } else { 2 };
            let steps = (least..=steps).rev().find(|steps| !narrow(*steps))?;
            return Some(Cut { skew, steps, tile: tile.max(1), columns });
        }
        let caches = Caches::of_machine();
        if self.extents.len() == 3 {
            let shared = (caches.shared / 2 / team).min(SHARED_OF_OWN * caches.own);
            return self.cut_into_columns(number, forward, &skew, (shared, &narrow));
        }
        let row = self.row_bytes(c);
        let held = |steps: usize, tile: usize| {
            row * (skew.largest(steps) + tile + 2 * self.program.radius[0])
        };
        let fitting = |bytes: usize, least: usize| {
            TILES.iter().find_map(|&tile| {
                let mut steps = (least..=MOST_STEPS).rev().filter(|steps| !narrow(*steps));
                steps.find(|steps| held(*steps, tile) <= bytes).map(|steps| (steps, tile))
            })
        };
        let own = fitting(caches.own / 5 * 2, 4);
        let (steps, tile) = own.or_else(|| fitting(caches.shared / 2 / team, 2))?;
        Some(Cut { skew, steps, tile, columns: Columns::whole() })
    }

    /// Of all blocks that have in hand no more than so many bytes, the one that takes the fewest from
    /// beyond: every buffer once per block, and again what columns overlap by.
    fn cut_into_columns(
        &self,
        number: usize,
        forward: bool,
        skew: &Skew,
        (bytes, narrow): (usize, &dyn Fn(usize) -> bool),
    ) -> Option<Cut> {
        let across = self.skew(number, forward, 1)?;
        let nests = self.buffers(number)?;
        let streams = |b: &InHand| (b.row_bytes * (1 + usize::from(b.written))) as f64;
        let one_by_one: f64 = nests.iter().flatten().map(streams).sum();
        let mut buffers = Vec::new();
        nests.iter().flatten().for_each(|buffer| add(&mut buffers, *buffer));
        let rows = self.extents[1];
        let mut best: Option<(f64, usize, usize)> = None;
        for width in WIDTHS.into_iter().chain([rows]).filter(|width| *width <= rows) {
            for steps in (1..=MOST_STEPS).filter(|steps| !narrow(*steps)) {
                let beside = if width < rows { across.largest(steps) } else { 0 };
                let planes = |b: &InHand| skew.largest(steps) + TILE + 2 * b.reach[0];
                let held =
                    |b: &InHand| b.row_bytes * planes(b) * (width + 2 * b.reach[1]).min(rows);
                if buffers.iter().map(held).sum::<usize>() > bytes {
                    continue;
                }
                let again = |b: &InHand| if width < rows { beside + 2 * b.reach[1] } else { 0 };
                let moved = |b: &InHand| {
                    let read = (width + again(b)) as f64 / width as f64;
                    b.row_bytes as f64 * (read + f64::from(u8::from(b.written)))
                };
                let score = buffers.iter().map(moved).sum::<f64>() / steps as f64;
                if best.is_none_or(|(least, ..)| score < least) {
                    best = Some((score, steps, width));
                }
            }
        }
        let (_, steps, width) = best.filter(|(score, ..)| *score <= WORTHWHILE * one_by_one)?;
        let columns = Columns { skew: across, rows, width };
        (steps > 1 || nests.len() > 1).then(|| Cut {
            skew: skew.clone(),
            steps,
            tile: TILE,
            columns,
        })
    }

    /// What the loop nests of a step touch, nest by nest.
    fn buffers(&self, number: usize) -> Option<Vec<Vec<InHand>>> {
        let phases = self.program.steps[number].schedule.phases.iter();
        let nests = phases.filter(|phase| matches!(phase.kind, PhaseKind::Nest(_)));
        nests.map(|phase| self.buffers_of(&phase.kind)).collect()
    }

    fn buffers_of(&self, kind: &PhaseKind) -> Option<Vec<InHand>> {
        let stencil = self.program.stencil();
        let mut found: Vec<InHand> = Vec::new();
        let along = [self.accesses(kind, 0)?, self.accesses(kind, 1)?];
        for (first, second) in along[0].iter().zip(&along[1]) {
            let id = first.target.field;
            let field = stencil.field(id);
            let kept = kept_levels(field.levels).max(1) as i64;
            let (place, _) = &self.places[id.0 as usize];
            let buffer = InHand {
                which: (id, i64::from(first.target.time).rem_euclid(kept)),
                row_bytes: self.layouts[*place].1.strides[1] * field.dtype.bytes(),
                reach: [first.reach, second.reach],
                written: first.writes,
            };
            add(&mut found, buffer);
        }
        Some(found)
    }

    /// Bytes of one row of the outermost dimension in all buffers of a step.
    fn row_bytes(&self, c: &CStep) -> usize {
        let stencil = self.program.stencil();
        let mut buffers: Vec<(FieldId, i64)> = Vec::new();
        let mut bytes = 0;
        for target in &c.module.pointers {
            let field = stencil.field(target.field);
            let kept = kept_levels(field.levels).max(1) as i64;
            let buffer = (target.field, i64::from(target.time).rem_euclid(kept));
            if !buffers.contains(&buffer) {
                buffers.push(buffer);
                let (place, _) = &self.places[target.field.0 as usize];
                bytes += self.layouts[*place].1.strides[0] * field.dtype.bytes();
            }
        }
        bytes
    }
}
