//! The data of one run, and advancing it.

mod active;
mod blocks;
mod cut;
mod data;
mod error;
mod halos;
mod interpreted;
mod layers;
mod pieces;
mod plan;
mod points;
mod prepare;
mod reduce;
mod run;
mod skew;
mod snapshot;
mod tape;
mod tune;
mod zeros;

use std::sync::Arc;

use retrograd_compile::support::Values;
use retrograd_ir::{DimSet, Field, FieldId, Levels, ParamId, ScalarId, Target};

use crate::buffer::{Buffer, Level, Pages, Pool};
use crate::layout::Layout;
use crate::patch::Patch;
use crate::program::{Program, kept_levels};
use crate::team::{LentTeam, Team};
use active::PhaseSupport;
use blocks::Blocks;
use layers::{InPlace, check_images, check_layers};
use plan::StepPlan;
use points::SparseData;
use snapshot::Fit;
pub use snapshot::{Snapshot, Vacancy};
use tape::Tape;
use zeros::zeroed_level;

pub use error::SessionError;
pub use run::RunError;
pub use tune::{BlockShape, Tuned};

/// What is held of one function.
enum FieldData {
    Static(Option<Arc<Buffer>>),
    /// Levels 0, -1, ...; the new one is added while a step runs.
    Time(Vec<Arc<Level>>),
    Tape(Tape),
}

/// The data of one run of a program.
pub struct Session {
    program: Arc<Program>,
    extents: Vec<usize>,
    widths: Vec<usize>,
    params: Vec<f64>,
    scalars: Vec<f64>,
    /// Forward steps that series cover.
    steps: usize,
    layouts: Vec<(DimSet, Layout)>,
    /// What snapshots have to fit.
    fit: Arc<Fit>,
    /// Position in `layouts` and buffers to take, per function.
    places: Vec<(usize, Arc<Pool>)>,
    /// Per function, what reads of tape entries outside the window see; mapped on first need.
    zeros: Vec<Option<Arc<Level>>>,
    fields: Vec<FieldData>,
    /// What is known of the numbers of static functions.
    values: Vec<Values>,
    /// Outside of which static functions are not `-0`.
    patches: Vec<Patch>,
    sparse: Vec<SparseData>,
    plans: Vec<Option<StepPlan>>,
    /// What rows come to in a reduction.
    rows: Vec<f64>,
    /// Of several steps at a time.
    blocks: Vec<Vec<Blocks>>,
    /// Where phases may do something, as long as uniform values stay.
    supports: Vec<Option<Arc<Vec<PhaseSupport>>>>,
    team: Team,
    /// Most points of a box along the two outermost dimensions; 0 for no limit.
    tile: [usize; 2],
    /// Per step.
    shapes: Vec<BlockShape>,
    /// Steps that went over the grid together with others so far.
    steps_in_blocks: usize,
    /// Whether loop nests leave out what nothing has reached yet.
    active: bool,
    points_computed: u64,
    /// Whether what is recorded goes past the caches; nothing to choose by their size.
    past_caches: Option<bool>,
    /// Whether a new level may overwrite the oldest one where the schedule says so.
    in_place: InPlace,
    /// Whether what does not change with time has been computed from the values that are set.
    invariants: Invariants,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Invariants {
    Computed,
    Stale,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("extents", &self.extents).finish_non_exhaustive()
    }
}

impl Session {
    /// A session on a grid of `extents` points with layers of the given `widths` (low and high
    /// side of each dimension, in grid points), for series of `steps` steps. Functions are zero;
    /// memory is taken when a step first needs it.
    ///
    /// # Errors
    /// Wrong numbers of extents or widths; layers that meet around an inside where a function is
    /// known to be zero; fewer points than mirrored or periodic reads of generated code need.
    pub fn new(
        program: &Arc<Program>,
        extents: &[usize],
        widths: &[usize],
        steps: usize,
        team: Team,
    ) -> Result<Self, SessionError> {
        let stencil = program.stencil();
        let count = |what, found, expected| {
            if found == expected {
                Ok(())
            } else {
                Err(SessionError::Count { what, found, expected })
            }
        };
        count("extents", extents.len(), stencil.dims.len())?;
        count("widths", widths.len(), stencil.widths.len())?;
        let in_place = check_layers(stencil, extents, widths, &program.radius)?;
        check_images(program, extents)?;
        let full = DimSet::first(extents.len());
        let layout = |dims| (dims, program.layout(extents, dims));
        let fit =
            Fit { program: program.clone(), extents: extents.to_vec(), functions: Vec::new() };
        let mut session = Self {
            program: program.clone(),
            extents: extents.to_vec(),
            widths: widths.to_vec(),
            params: vec![0.0; stencil.params.len()],
            scalars: vec![f64::INFINITY; stencil.scalars.len()],
            steps,
            layouts: vec![layout(full)],
            fit: Arc::new(fit),
            places: Vec::new(),
            zeros: vec![None; stencil.fields.len()],
            fields: Vec::new(),
            values: active::unset(stencil),
            patches: vec![Patch::EMPTY; stencil.fields.len()],
            sparse: stencil.sparse.iter().map(|s| SparseData::none(s.dtype)).collect(),
            plans: stencil.steps.iter().map(|_| None).collect(),
            rows: Vec::new(),
            blocks: stencil.steps.iter().map(|_| Vec::new()).collect(),
            supports: vec![None; stencil.steps.len()],
            team,
            tile: [0, 0],
            shapes: vec![BlockShape::default(); stencil.steps.len()],
            steps_in_blocks: 0,
            active: true,
            past_caches: None,
            points_computed: 0,
            in_place,
            invariants: Invariants::Stale,
        };
        for field in &stencil.fields {
            let known = session.layouts.iter().position(|(d, _)| *d == field.dims);
            let place = known.unwrap_or_else(|| {
                session.layouts.push(layout(field.dims));
                session.layouts.len() - 1
            });
            let bytes = session.layouts[place].1.len * field.dtype.bytes();
            // Buffers of what is zero in a region hold zeros there: nobody else gets them.
            let mut known = stencil.fields.iter().zip(&session.places);
            let alike = known.find(|(other, (p, pool))| {
                *p == place && pool.bytes() == bytes && other.zero_in == field.zero_in
            });
            let alike = alike.map(|(_, place)| place);
            // What lives in layers is touched there alone.
            let pages = if field.zero_in.is_some() { Pages::Small } else { Pages::Huge };
            let pool = alike.map_or_else(|| Pool::new(bytes, pages), |(_, pool)| pool.clone());
            session.places.push((place, pool));
            session.fields.push(match field.levels {
                Levels::Static => FieldData::Static(None),
                Levels::Time(_) => FieldData::Time(Vec::new()),
                Levels::Tape => FieldData::Tape(Tape::default()),
            });
        }
        let function = |(field, (place, pool)): (&Field, &(usize, Arc<Pool>))| {
            (session.layouts[*place].1.clone(), field.dtype, pool.clone())
        };
        let functions = stencil.fields.iter().zip(&session.places).map(function).collect();
        let (program, extents) = (program.clone(), extents.to_vec());
        session.fit = Arc::new(Fit { program, extents, functions });
        Ok(session)
    }

    /// A session of the same program on the same grid that shares all static functions with this
    /// one; a step that writes one of them first takes a buffer of its own. Time functions,
    /// points and series are its own.
    ///
    /// # Errors
    /// None at present; kept for symmetry with [`Session::new`].
    pub fn fork(&self, team: Team) -> Result<Self, SessionError> {
        let mut fork = Self::new(&self.program, &self.extents, &self.widths, self.steps, team)?;
        fork.params.clone_from(&self.params);
        fork.scalars.clone_from(&self.scalars);
        fork.invariants = self.invariants;
        fork.tile = self.tile;
        fork.shapes.clone_from(&self.shapes);
        fork.active = self.active;
        fork.past_caches = self.past_caches;
        fork.values.clone_from(&self.values);
        fork.patches.clone_from(&self.patches);
        fork.supports.clone_from(&self.supports);
        for (new, old) in fork.fields.iter_mut().zip(&self.fields) {
            if let FieldData::Static(Some(buffer)) = old {
                *new = FieldData::Static(Some(buffer.clone()));
            }
        }
        Ok(fork)
    }

    /// Takes over what another session of the same program and grid has set: its static functions
    /// (shared, as by [`fork`](Self::fork)), run-time scalars and time-invariant values. Own
    /// functions that the other one never set stay.
    ///
    /// # Panics
    /// If the other session belongs to another program or grid.
    pub fn adopt(&mut self, other: &Self) {
        assert!(
            Arc::ptr_eq(&self.program, &other.program) && self.extents == other.extents,
            "sessions should share program and grid"
        );
        self.params.clone_from(&other.params);
        self.scalars.clone_from(&other.scalars);
        self.invariants = other.invariants;
        for (number, theirs) in other.fields.iter().enumerate() {
            if let FieldData::Static(Some(buffer)) = theirs {
                self.fields[number] = FieldData::Static(Some(buffer.clone()));
                self.values[number] = other.values[number];
                self.patches[number] = other.patches[number];
            }
        }
        self.forget_uniforms();
    }

    /// Number of threads that work on it.
    pub fn team_size(&self) -> usize {
        self.team.size()
    }

    /// The threads that work on it, for other work between two steps.
    pub fn lend_team(&self) -> LentTeam {
        self.team.lend()
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Grid points per dimension.
    pub fn extents(&self) -> &[usize] {
        &self.extents
    }

    /// Layer widths: low and high side of each dimension, none if the program has no layers.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// Forward steps that series cover.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Sets the number of forward steps that series cover; their samples become zero.
    pub fn set_steps(&mut self, steps: usize) {
        self.steps = steps;
        for data in &mut self.sparse {
            data.set_steps(steps);
        }
    }

    /// Limits the boxes that a kernel call works on, along the two outermost dimensions; 0 for no
    /// limit. Changes no result.
    pub fn set_tile(&mut self, tile: [usize; 2]) {
        self.tile = tile;
        self.forget_plans();
    }

    /// Sets a run-time scalar by name, in SI units; unknown names are ignored, as a program
    /// declares only what its equations use.
    pub fn set_param(&mut self, name: &str, value: f64) {
        let params = &self.program.stencil().params;
        if let Some(at) = params.iter().position(|p| p.name == name) {
            self.params[at] = value;
            self.invariants = Invariants::Stale;
            self.forget_uniforms();
        }
    }

    /// Plans depend on tiles, uniform values and points.
    fn forget_plans(&mut self) {
        self.plans.iter_mut().for_each(|plan| *plan = None);
        self.blocks.iter_mut().for_each(Vec::clear);
    }

    /// What is known of expressions depends on uniform values and static functions.
    fn forget_uniforms(&mut self) {
        self.supports.fill(None);
        self.forget_plans();
    }

    /// The value of a run-time scalar.
    pub fn param(&self, id: ParamId) -> f64 {
        self.params[id.0 as usize]
    }

    /// The result of a reduction.
    pub fn scalar(&self, id: ScalarId) -> f64 {
        self.scalars[id.0 as usize]
    }

    /// Sets the result of a reduction, until a step computes it anew.
    pub fn set_scalar(&mut self, id: ScalarId, value: f64) {
        self.scalars[id.0 as usize] = value;
        self.forget_uniforms();
    }

    /// Bytes of one buffer of a function: one time level, one tape entry.
    pub fn buffer_bytes(&self, field: FieldId) -> usize {
        let (place, _) = &self.places[field.0 as usize];
        let dtype = self.program.stencil().field(field).dtype;
        self.layouts[*place].1.len * dtype.bytes()
    }

    /// Bytes of everything that the named steps touch: static functions, kept levels and the new
    /// one where it cannot overwrite the oldest. Tapes and series are not counted.
    pub fn working_bytes(&self, steps: &[&str], counted: impl Fn(FieldId) -> bool) -> usize {
        let stencil = self.program.stencil();
        let mut total = 0;
        for number in 0..stencil.fields.len() {
            let id = FieldId(number as u32);
            let codes = steps.iter().filter_map(|s| self.program.step(s));
            let codes: Vec<_> = codes.map(|s| &self.program.steps[s]).collect();
            let touched = codes.iter().any(|c| c.touched.iter().any(|t| t.field == id));
            if !touched || !counted(id) {
                continue;
            }
            let buffers = match stencil.fields[number].levels {
                Levels::Static => 1,
                Levels::Tape => 0,
                levels @ Levels::Time(_) => {
                    let advancing = codes.iter().filter(|c| c.advances.contains(&id));
                    let mut apart = advancing.filter(|c| !c.schedule.in_place.contains(&id));
                    kept_levels(levels) + usize::from(apart.next().is_some())
                }
            };
            total += buffers * self.buffer_bytes(id);
        }
        total
    }

    /// Buffers that have been mapped so far for time levels, snapshots and tape entries of
    /// functions like this one (those of the same dimensions and number type share them).
    pub fn pooled_buffers(&self, field: FieldId) -> usize {
        self.places[field.0 as usize].1.mapped()
    }

    /// Lets go of the levels of time functions; they are zero when next used.
    pub fn release(&mut self, fields: &[FieldId]) {
        for field in fields {
            if let FieldData::Time(held) = &mut self.fields[field.0 as usize] {
                held.clear();
            }
        }
    }

    /// Takes memory for everything that a function holds between steps, zeroed; images of zeros
    /// have signs.
    fn allocate(&mut self, field: FieldId) -> Result<(), SessionError> {
        let levels = self.program.stencil().field(field).levels;
        if matches!(self.fields[field.0 as usize], FieldData::Static(None)) {
            let mut buffer = Buffer::zeroed(self.buffer_bytes(field))?;
            self.fill_halo(field, &mut buffer);
            self.fields[field.0 as usize] = FieldData::Static(Some(Arc::new(buffer)));
        }
        if let FieldData::Time(held) = &mut self.fields[field.0 as usize]
            && held.is_empty()
        {
            let (place, pool) = &self.places[field.0 as usize];
            for _ in 0..kept_levels(levels) {
                held.push(zeroed_level(pool, &self.layouts[*place].1)?);
            }
        }
        Ok(())
    }

    /// The address of the first grid point of a level; the new level is `fresh`.
    fn address(&self, target: Target, n: i64, fresh: Option<&Arc<Level>>) -> *mut u8 {
        let (place, _) = &self.places[target.field.0 as usize];
        let dtype = self.program.stencil().field(target.field).dtype;
        let skip = self.layouts[*place].1.origin * dtype.bytes();
        let base = match &self.fields[target.field.0 as usize] {
            FieldData::Static(Some(buffer)) => buffer.address(),
            FieldData::Time(held) => match (target.time, fresh) {
                (1, Some(level)) => level.buffer().address(),
                (time, _) => held[usize::from(time.unsigned_abs())].buffer().address(),
            },
            FieldData::Tape(tape) => {
                let recorded = tape.get(n + i64::from(target.time));
                let zeros = self.zeros[target.field.0 as usize].as_ref();
                let level = recorded.or(zeros);
                level.expect("tapes should be prepared before a step").buffer().address()
            }
            FieldData::Static(None) => unreachable!("functions should be allocated before a step"),
        };
        base.wrapping_add(skip)
    }
}
