//! Keeping the boxes outside of which levels are zero: clearing, looking.

use std::ops::Range;
use std::sync::Arc;

use retrograd_ir::{DType, FieldId, StatementKind, Target, WriteMode};

use super::{FieldData, Session};
use crate::buffer::{Buffer, Level, OutOfMemory, Pool};
use crate::layout::Layout;
use crate::patch::{Patch, PatchCell};
use crate::real::Real;
use crate::team::Team;

/// A level from the pool with zeros everywhere. Of a buffer that was never written no page is touched.
pub(super) fn zeroed_level(pool: &Arc<Pool>, layout: &Layout) -> Result<Arc<Level>, OutOfMemory> {
    let mut level = pool.take()?;
    if let Some(own) = Arc::get_mut(&mut level) {
        clear(own, layout);
    }
    Ok(level)
}

/// Sets all numbers to zero.
pub(super) fn clear(level: &mut Level, layout: &Layout) {
    let patch = level.patch();
    let number = number_bytes(level, layout);
    let all = level.buffer_mut().raw_mut();
    for (_, row) in layout.rows_in(patch) {
        all[bytes(&row, number)].fill(0);
    }
    level.set_patch(Patch::EMPTY);
}

/// Steps after which a sum is looked at: all of it is read, and some ten numbers per point in a step.
const STEPS_BETWEEN_LOOKS: i64 = 16;

impl Session {
    /// The boxes of the newest levels that a step advances, before it runs.
    pub(super) fn newest_patches(&self, number: usize) -> Vec<Patch> {
        let newest = |field: &FieldId| self.patch(Target { field: *field, time: 0 }, 0, &[]);
        self.program.steps[number].advances.iter().map(newest).collect()
    }

    /// Narrows the boxes of what steps have added to, if one of them is a step to do so after.
    pub(super) fn narrow_sums(&mut self, number: usize, steps: &[i64]) {
        if !self.active || !steps.iter().any(|n| n % STEPS_BETWEEN_LOOKS == 0) {
            return;
        }
        let stencil = self.program.stencil();
        for statement in &stencil.steps[number].statements {
            let StatementKind::Update { target, mode: WriteMode::Add, .. } = statement.kind else {
                continue;
            };
            let at = target.field.0 as usize;
            let FieldData::Static(Some(buffer)) = &self.fields[at] else { continue };
            let (layout, within) = (&self.layouts[self.places[at].0].1, self.patches[at]);
            self.patches[at] = match stencil.field(target.field).dtype {
                DType::F32 => negative_zeros::<f32>(buffer, layout, within, &mut self.team),
                DType::F64 => negative_zeros::<f64>(buffer, layout, within, &mut self.team),
            };
        }
    }

    /// Narrows the boxes of the levels that the last `count` steps have made to what is not zero in
    /// them, not below the boxes that were the newest before.
    pub(super) fn narrow(&mut self, number: usize, count: usize, before: &[Patch]) {
        if !self.active {
            return;
        }
        for (field, &least) in self.program.steps[number].advances.iter().zip(before) {
            let at = field.0 as usize;
            let FieldData::Time(held) = &self.fields[at] else { continue };
            let layout = &self.layouts[self.places[at].0].1;
            let mut least = least;
            for level in held.iter().take(count).rev() {
                let patch = level.patch();
                if patch != least {
                    narrow(level, layout, least.meet(patch), &mut self.team);
                }
                least = level.patch();
            }
        }
    }
}

/// Rows from which on threads look together.
const MANY_ROWS: usize = 1 << 12;

/// Narrows the box of a level to the smallest one that holds `least` and every number that is not `+0`.
fn narrow(level: &Level, layout: &Layout, least: Patch, team: &mut Team) {
    let look = |within: Patch| occupied(level, layout, within, least);
    level.set_patch(least.hull(looked_through(layout, level.patch(), team, &look)));
}

/// The smallest box that holds every `-0` within a box.
fn negative_zeros<T: Real>(
    buffer: &Buffer,
    layout: &Layout,
    within: Patch,
    team: &mut Team,
) -> Patch {
    let last = layout.extents.len() - 1;
    let negative = |x: &T| x.to_f64().to_bits() == (-0.0_f64).to_bits();
    let look = |within: Patch| {
        let mut found = Patch::EMPTY;
        for (mut point, row) in layout.rows_in(within) {
            let row = &buffer.slice::<T>()[row];
            // Without a branch: rows that hold none are the rule.
            if !row.iter().fold(false, |any, x| any | negative(x)) {
                continue;
            }
            let ends = [row.iter().position(negative), row.iter().rposition(negative)];
            let from = point[last];
            for at in ends.into_iter().flatten() {
                point[last] = from + at;
                found = found.hull(Patch::point(&point[..=last]));
            }
        }
        found
    };
    looked_through(layout, within, team, &look)
}

/// The smallest box that holds what `look` finds within a box, by threads that share its rows.
fn looked_through(
    layout: &Layout,
    within: Patch,
    team: &mut Team,
    look: &(dyn Fn(Patch) -> Patch + Sync),
) -> Patch {
    let rows = within.range(0);
    let count = within.points() as usize / within.range(layout.extents.len() - 1).len().max(1);
    if team.size() == 1 || count < MANY_ROWS {
        return look(within);
    }
    let size = team.size();
    let found: Vec<PatchCell> = (0..size).map(|_| PatchCell::new(Patch::EMPTY)).collect();
    team.run(&|thread| {
        let end = |thread: usize| rows.start + rows.len() * thread / size;
        found[thread].set(look(within.with(0, end(thread)..end(thread + 1))));
    });
    found.iter().map(PatchCell::get).fold(Patch::EMPTY, Patch::hull)
}

/// Finds the smallest box that holds `least` and every number `within` a box that is not `+0`. Reads
/// what it leaves out, and little more.
fn occupied(level: &Level, layout: &Layout, within: Patch, least: Patch) -> Patch {
    let number = number_bytes(level, layout);
    let all = level.buffer().raw();
    let last = layout.extents.len() - 1;
    let mut found = least;
    for (index, row) in layout.rows_in(within) {
        // What of the row is known to be inside needs no look.
        let known = found.range(last);
        let inside = (0..last).all(|d| found.range(d).contains(&index[d])) && !known.is_empty();
        let from = index[last];
        let at = |index: usize| row.start + index.clamp(from, from + row.len()) - from;
        let [before, after] = if inside {
            [row.start..at(known.start), at(known.end)..row.end]
        } else {
            [row.clone(), row.clone()]
        };
        let first = first_nonzero(&all[bytes(&before, number)]).map(|b| before.start + b / number);
        let end = match first {
            None if !inside => None,
            _ => last_nonzero(&all[bytes(&after, number)]).map(|b| after.start + b / number + 1),
        };
        for at in first.into_iter().chain(end.map(|end| end - 1)) {
            let mut point = index;
            point[last] = from + at - row.start;
            found = found.hull(Patch::point(&point[..=last]));
        }
    }
    found
}

/// Finds the box outside of which a level is zero, whatever has been written to it.
pub(super) fn note_occupied(level: &Level, layout: &Layout) {
    level.set_patch(occupied(level, layout, Patch::whole(&layout.extents), Patch::EMPTY));
}

fn number_bytes(level: &Level, layout: &Layout) -> usize {
    level.buffer().bytes() / layout.len
}

fn bytes(numbers: &Range<usize>, number: usize) -> Range<usize> {
    numbers.start * number..numbers.end * number
}

/// Bytes that are looked at together.
const CHUNK: usize = 256;

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte) == 0
}

fn first_nonzero(bytes: &[u8]) -> Option<usize> {
    let chunk = bytes.chunks(CHUNK).position(|chunk| !is_zero(chunk))? * CHUNK;
    Some(chunk + bytes[chunk..].iter().position(|byte| *byte != 0)?)
}

fn last_nonzero(bytes: &[u8]) -> Option<usize> {
    let chunk = bytes.rchunks(CHUNK).position(|chunk| !is_zero(chunk))? * CHUNK;
    bytes[..bytes.len() - chunk].iter().rposition(|byte| *byte != 0)
}

#[cfg(test)]
mod tests {
    use retrograd_ir::{DType, DimSet};

    use super::*;
    use crate::buffer::Pages;

    /// Boxes of random points, found by one thread or several, from any box that is known before.
    #[test]
    fn boxes_hold_all_that_is_not_zero_and_no_more() {
        let extents = [70, 71, 40];
        let layout = Layout::new(&extents, DimSet::first(3), &[2, 2, 2], 0, DType::F32);
        let pool = Pool::new(layout.len * 4, Pages::Huge);
        let mut bits = 1_usize;
        let mut random = |n: usize| {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            (bits >> 33) % n
        };
        let mut teams = [Team::new(1), Team::new(3)];
        for points in [0, 1, 2, 5] {
            let mut level = zeroed_level(&pool, &layout).expect("memory");
            let own = Arc::get_mut(&mut level).expect("nobody else has it");
            let mut least = Patch::EMPTY;
            if points % 2 == 1 {
                least = Patch::point(&extents.map(&mut random));
            }
            let mut expected = least;
            for _ in 0..points {
                let point = extents.map(&mut random);
                own.buffer_mut().slice_mut::<f32>()[layout.position(&point)] = -0.0;
                expected = expected.hull(Patch::point(&point));
            }
            for team in &mut teams {
                own.set_patch(Patch::whole(&extents));
                narrow(own, &layout, least, team);
                assert_eq!(own.patch(), expected, "{points} points, {} threads", team.size());
            }
            let buffer = own.buffer();
            for team in &mut teams {
                let whole = Patch::whole(&extents);
                let found = negative_zeros::<f32>(buffer, &layout, whole, team);
                assert_eq!(least.hull(found), expected, "{points} points, {} threads", team.size());
                assert_eq!(negative_zeros::<f32>(buffer, &layout, found, team), found);
            }
            clear(own, &layout);
            assert!(is_zero(own.buffer().raw()) && own.patch().is_empty());
        }
    }
}
