//! Static functions whose memory holds, around the grid, what reads beyond its sides yield.
//!
//! A closed read costs a loop body of its own beside the sides. What no time step writes can do
//! without: its images are stored once, in the padding that memory has around the grid anyway,
//! and every read is a plain one.

use retrograd_ir::{Closure, Edge, Ends, Field, FieldId, Levels, MAX_DIMS, Offset, Read, Stencil};

use crate::passes::SETUP;

/// The images that the memory of a static function holds around the grid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoredHalo {
    /// How all reads of the function are closed.
    pub closure: Closure,
    /// Points beyond the low and the high side of each dimension, as far as it is read.
    pub depth: [[usize; 2]; MAX_DIMS],
}

/// The stored halo of each function of the stencil, by its number; nothing where all reads beyond
/// the sides are zero, or where images cannot be stored:
///
/// * a function with time levels, or one that any step but [`SETUP`] writes;
/// * one that `setup` writes and reads away from the point;
/// * folded reads, and reads that are closed differently on one side of a dimension.
///
/// Generated code relies on it: whoever runs that fills the halo whenever the function changes.
/// Images that are negated are so in the halo, zeros with their sign.
pub fn stored_halos(stencil: &Stencil) -> Vec<Option<StoredHalo>> {
    let fixed = |levels| (levels == Levels::Static).then(Demand::default);
    let mut demands: Vec<Option<Demand>> =
        stencil.fields.iter().map(|field| fixed(field.levels)).collect();
    for step in &stencil.steps {
        let roots: Vec<_> = step.statements.iter().flat_map(Stencil::roots).collect();
        let reads = stencil.reads(&roots);
        let written = step.statements.iter().filter_map(Stencil::written);
        let displaced =
            |field: FieldId| reads.iter().any(|r| r.field == field && !r.offset.is_zero());
        for target in written.filter(|t| step.name != SETUP || displaced(t.field)) {
            demands[target.field.0 as usize] = None;
        }
        for read in &reads {
            let demand = &mut demands[read.field.0 as usize];
            *demand = demand.and_then(|demand| demand.with(read));
        }
    }
    demands.into_iter().map(|demand| demand?.halo()).collect()
}

/// How a parameter is read at an offset: not displaced along dimensions that it lacks, and beyond the
/// sides as it is there.
pub(crate) fn continued(field: &Field, mut offset: Offset) -> (Offset, Closure) {
    let mut closure = Closure::ZERO;
    for d in 0..MAX_DIMS {
        if !field.dims.contains(d) {
            offset.0[d] = 0;
        }
        if offset.0[d] != 0 {
            let ends = Ends::new([Edge::Clamp; 2]);
            closure.0[d] = Ends { half: field.staggered.contains(d), ..ends };
        }
    }
    (offset, closure)
}

/// What the reads of one function ask of its halo.
#[derive(Clone, Copy, Default)]
struct Demand {
    /// What is beyond each side, and whether mirrors take samples half a cell on; nothing where no
    /// read goes.
    sides: [[Option<(Edge, bool)>; 2]; MAX_DIMS],
    depth: [[usize; 2]; MAX_DIMS],
}

impl Demand {
    /// With one read more; nothing if both cannot be had.
    fn with(mut self, read: &Read) -> Option<Self> {
        for (d, (ends, step)) in read.closure.0.iter().zip(read.offset.0).enumerate() {
            let ends = ends.canonical();
            if step == 0 {
                continue;
            }
            // On grids of the least extent a plain read leaves the grid on this side alone.
            let side = usize::from(step > 0);
            let edge = ends.edges[side];
            let asked = (edge, ends.half && edge.is_mirror());
            if ends.folded || *self.sides[d][side].get_or_insert(asked) != asked {
                return None;
            }
            let depth = &mut self.depth[d][side];
            *depth = (*depth).max(usize::from(step.unsigned_abs()));
        }
        Some(self)
    }

    fn halo(self) -> Option<StoredHalo> {
        let mut closure = Closure::ZERO;
        for (ends, sides) in closure.0.iter_mut().zip(self.sides) {
            let sides = sides.map(Option::unwrap_or_default);
            let mut mirrors = sides.iter().filter(|(edge, _)| edge.is_mirror());
            let half = mirrors.clone().any(|(_, half)| *half);
            if mirrors.any(|(_, own)| *own != half) {
                return None;
            }
            *ends = Ends { half, ..Ends::new(sides.map(|(edge, _)| edge)) };
        }
        (closure != Closure::ZERO).then_some(StoredHalo { closure, depth: self.depth })
    }
}
