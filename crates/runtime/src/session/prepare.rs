//! What a step needs before it runs: memory, plans, new levels, entries of tapes.

use std::sync::Arc;

use retrograd_ir::{FieldId, Levels};

use super::zeros::{clear, zeroed_level};
use super::{FieldData, InPlace, Session, SessionError};
use crate::buffer::{Level, is_own};
use crate::patch::Patch;
use crate::program::Code;

/// New levels of the functions that a step advances.
pub(super) type Fresh = Vec<(FieldId, Arc<Level>)>;

impl Session {
    /// Memory for all that the step touches, own buffers for all static functions that it writes.
    pub(super) fn prepare(&mut self, number: usize) -> Result<(), SessionError> {
        let program = self.program.clone();
        for target in &program.steps[number].touched {
            self.allocate(target.field)?;
        }
        for target in &program.steps[number].written {
            if program.stencil().field(target.field).levels == Levels::Static {
                self.make_own(target.field)?;
            }
        }
        if self.plans[number].is_none() && matches!(program.steps[number].code, Code::C(_)) {
            let known = self.supports[number].take();
            let supports = known.unwrap_or_else(|| Arc::new(self.phase_supports(number)));
            self.plans[number] = Some(self.plan(number, &supports));
            self.supports[number] = Some(supports);
        }
        Ok(())
    }

    /// Makes new levels the current ones; returns those that fall out.
    pub(super) fn move_back(&mut self, fresh: Fresh) -> Fresh {
        let mut old = Vec::with_capacity(fresh.len());
        for (field, level) in fresh {
            if let FieldData::Time(held) = &mut self.fields[field.0 as usize] {
                old.extend(held.pop().map(|level| (field, level)));
                held.insert(0, level);
            }
        }
        old
    }

    /// Entries for what step `n` records, zeros for what it reads and nobody recorded.
    pub(super) fn prepare_tapes(&mut self, number: usize, n: i64) -> Result<(), SessionError> {
        let program = self.program.clone();
        let code = &program.steps[number];
        for &target in &code.touched {
            let at = target.field.0 as usize;
            let FieldData::Tape(tape) = &mut self.fields[at] else { continue };
            let (place, pool) = &self.places[at];
            let layout = &self.layouts[*place].1;
            let step = n + i64::from(target.time);
            if code.written.contains(&target) {
                let whole = !code.clears.contains(&target);
                let new = || if whole { pool.take() } else { zeroed_level(pool, layout) };
                tape.prepare(step, whole, new)?;
            } else if tape.get(step).is_none() && self.zeros[at].is_none() {
                self.zeros[at] = Some(zeroed_level(pool, layout)?);
            }
        }
        Ok(())
    }

    /// The new level of each advanced function: the buffer of its oldest level where the step
    /// may overwrite it and no snapshot shares it, else a spare one, else another one.
    pub(super) fn fresh_levels(
        &mut self,
        number: usize,
        spare: &mut Fresh,
    ) -> Result<Fresh, SessionError> {
        let code = &self.program.steps[number];
        let allowed = self.in_place == InPlace::Allowed && !matches!(code.code, Code::Interpreter);
        let mut fresh = Vec::with_capacity(code.advances.len());
        for &field in &code.advances {
            let in_place = allowed && code.schedule.in_place.contains(&field);
            let FieldData::Time(held) = &mut self.fields[field.0 as usize] else { continue };
            let oldest = held.last_mut().and_then(|l| (in_place && is_own(l)).then_some(l));
            let kept = spare.iter().position(|(of, _)| *of == field);
            let level = match (oldest, kept) {
                (Some(level), _) => level.clone(),
                (None, Some(kept)) => spare.swap_remove(kept).1,
                (None, None) => {
                    // In boxes that grow, the buffer that was let go last fits in.
                    let newest = held.first().map_or(Patch::EMPTY, |level| level.patch());
                    let (place, pool) = &self.places[field.0 as usize];
                    let mut level = pool.take()?;
                    if let Some(own) = Arc::get_mut(&mut level)
                        && !newest.contains(own.patch())
                    {
                        clear(own, &self.layouts[*place].1);
                    }
                    level
                }
            };
            fresh.push((field, level));
        }
        Ok(fresh)
    }
}
