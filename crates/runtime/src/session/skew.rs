//! How far apart phases have to stay when several time steps go over the grid together.
//!
//! Phase `q` of the `k`-th step of a block may work on row `i` of the outermost dimension once every
//! phase before it has been to all rows whose numbers it reads, or whose readers it would overwrite.
//! That holds wherever it stays `shift(k, q) - shift(j, p)` rows behind phase `p` of step `j`, if this
//! is at least the reach of either in a buffer that both touch and one of them writes. Shifts are
//! taken to grow from step to step by the same number of rows:
//!
//! ```text
//! shift(k, q) = k period + shift_q
//! shift_q   = max over p < q of  shift_p + need(p, q within a step)          (and never less than shift_p)
//! period    = max over p, q, m of  ceil((need(p, q after m steps) - shift_q + shift_p) / m)
//! ```
//!
//! For leapfrog of order `r` in space that is `r` rows per step. The construction is that of skewed
//! time tiles: Wolfe, Loops skewing: the wavefront method revisited (1986), doi:10.1007/BF01407876.

use retrograd_ir::{FieldId, Target};

/// A function that a phase touches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Access {
    /// Which, and at which time level.
    pub(super) target: Target,
    /// The most rows between the one in hand and one that is read.
    pub(super) reach: usize,
    pub(super) writes: bool,
}

/// How levels of a function lie in buffers from one step to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Storage {
    /// The same buffer for the same level in every step.
    Fixed,
    /// So many buffers that take turns: a new level lies in that of the level which fell out last, or
    /// falls out now.
    Rotating(usize),
    /// A buffer per step.
    PerStep,
}

/// The most steps after which buffers that take turns have come round.
const TURNS: usize = 5;

/// Rows that phases stay behind each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Skew {
    /// From one step to the next.
    pub(super) period: usize,
    /// Within a step, per phase; never less than the phase before.
    pub(super) shifts: Vec<usize>,
}

impl Skew {
    /// Of the phases of a step, by what they touch. `forward` tells whether step numbers rise.
    pub(super) fn new(
        phases: &[Vec<Access>],
        forward: bool,
        storage: impl Fn(FieldId) -> Storage,
    ) -> Self {
        let need = |p: usize, q: usize, after: usize| {
            let pairs = phases[p].iter().flat_map(|a| phases[q].iter().map(move |b| (a, b)));
            let conflicts = pairs.filter(|(a, b)| {
                (a.writes || b.writes) && share(a.target, b.target, after, forward, &storage)
            });
            conflicts.map(|(a, b)| a.reach.max(b.reach)).max()
        };
        let mut shifts: Vec<usize> = Vec::with_capacity(phases.len());
        for q in 0..phases.len() {
            let behind = |p: usize| shifts[p] + need(p, q, 0).unwrap_or(0);
            shifts.push((0..q).map(behind).max().unwrap_or(0));
        }
        let mut period = shifts.last().copied().unwrap_or(0);
        for after in 1..=TURNS {
            for (p, q) in (0..phases.len()).flat_map(|p| (0..phases.len()).map(move |q| (p, q))) {
                let Some(need) = need(p, q, after) else { continue };
                period = period.max((need + shifts[p]).saturating_sub(shifts[q]).div_ceil(after));
            }
        }
        Self { period, shifts }
    }

    /// Of a phase in the `step`-th step of a block.
    pub(super) fn shift(&self, step: usize, phase: usize) -> usize {
        step * self.period + self.shifts[phase]
    }

    /// The largest in a block of so many steps.
    pub(super) fn largest(&self, steps: usize) -> usize {
        steps.saturating_sub(1) * self.period + self.shifts.last().copied().unwrap_or(0)
    }
}

/// Whether two levels, the second one of a step that comes `after` steps later, share a buffer.
fn share(
    a: Target,
    b: Target,
    after: usize,
    forward: bool,
    storage: &impl Fn(FieldId) -> Storage,
) -> bool {
    let (ta, tb, after) = (i64::from(a.time), i64::from(b.time), after as i64);
    a.field == b.field
        && match storage(a.field) {
            Storage::Fixed => ta == tb,
            Storage::Rotating(buffers) => (ta - tb - after).rem_euclid(buffers as i64) == 0,
            Storage::PerStep => ta == tb + if forward { after } else { -after },
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const U: FieldId = FieldId(0);
    const M: FieldId = FieldId(1);

    fn read(field: FieldId, time: i8, reach: usize) -> Access {
        Access { target: Target { field, time }, reach, writes: false }
    }

    fn write(field: FieldId, time: i8) -> Access {
        Access { target: Target { field, time }, reach: 0, writes: true }
    }

    fn leapfrog(radius: usize) -> Vec<Access> {
        vec![write(U, 1), read(U, 0, radius), read(U, -1, 0), read(M, 0, 0)]
    }

    fn of(phases: &[Vec<Access>]) -> Skew {
        let storage = |field| if field == U { Storage::Rotating(2) } else { Storage::Fixed };
        Skew::new(phases, true, storage)
    }

    #[test]
    fn leapfrog_stays_behind_by_its_radius() {
        assert_eq!(of(&[leapfrog(4)]), Skew { period: 4, shifts: vec![0] });
        // A source at the point, and receivers that read two rows to either side.
        let source = vec![write(U, 1), read(M, 0, 0)];
        let phases = [leapfrog(4), source, vec![read(U, 1, 2)]];
        let found = of(&phases);
        assert_eq!(found, Skew { period: 4, shifts: vec![0, 0, 2] });
        assert_eq!((found.shift(3, 2), found.largest(4)), (14, 14));
    }

    /// Receivers that read further than the stencil: what they read is overwritten two steps later.
    #[test]
    fn wide_receivers_push_steps_apart() {
        let found = of(&[leapfrog(2), vec![read(U, 1, 7)]]);
        assert_eq!(found, Skew { period: 7, shifts: vec![0, 7] });
    }

    /// Two coupled functions with one level each: the second reads the new first one.
    #[test]
    fn staggered_updates_take_two_radii_per_step() {
        let [v, s] = [U, M];
        let phases = [
            vec![write(v, 1), read(v, 0, 0), read(s, 0, 4)],
            vec![write(s, 1), read(s, 0, 0), read(v, 1, 4)],
        ];
        let found = Skew::new(&phases, true, |_| Storage::Rotating(1));
        assert_eq!(found, Skew { period: 8, shifts: vec![0, 4] });
    }

    /// Entries of other steps are other buffers; that of a step nearby is met where it is reached.
    #[test]
    fn entries_per_step_meet_where_steps_meet() {
        let found = |time: i8, forward| {
            let phases = [vec![read(U, time, 3), write(U, 0)]];
            Skew::new(&phases, forward, |_| Storage::PerStep).period
        };
        assert_eq!([found(0, true), found(0, false)], [0, 0]);
        assert_eq!([found(-1, true), found(-1, false)], [3, 3]);
        assert_eq!([found(-2, true), found(-2, false)], [2, 2]);
    }
}
