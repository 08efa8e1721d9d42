//! Random programs: C against the interpreter, bit for bit, whatever threads and tiles.

use std::sync::Arc;

use retrograd_compile::halos::stored_halos;
use retrograd_ir::interpret::{DenseMemory, Memory, Subnormals, run_step};
use retrograd_ir::{
    DType, DimSet, FieldId, Levels, ParamId, ScalarId, SparseId, Stencil, Target, Verified, verify,
};
use retrograd_runtime::{Backend, JitOptions, Program, ProgramError, Session, Team};

use crate::common::{self, Noise};
use crate::random_programs::{LAYER, Sides, random_program, with_layer_memory};

const STEPS: usize = 5;

/// Everything that a run leaves behind, as bits.
type Outcome = Vec<(String, Vec<u64>)>;

/// Bits, with all NaN alike: which one an operation returns is not defined.
fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }).collect()
}

/// Values on the grid and points of a run.
struct Data {
    extents: Vec<usize>,
    width: usize,
    points: Vec<Vec<Vec<f64>>>,
    seed: u64,
    /// Whether levels are zero at first but for one point of some, and so are the samples of the
    /// first steps.
    quiet: bool,
}

impl Data {
    fn new(extents: &[usize], width: usize, seed: u64) -> Self {
        let mut noise = Noise::new(seed);
        let mut place = |count: usize| -> Vec<Vec<f64>> {
            let on_axis = |noise: &mut Noise, n: usize| {
                let x = 0.5 * (1.0 + noise.next()) * (n - 1) as f64;
                // Some on nodes; half a cell in from the sides, for staggered functions.
                if noise.rarely(3) { x.round() } else { x.clamp(0.0, (n - 1) as f64) }
            };
            (0..count).map(|_| extents.iter().map(|&n| on_axis(&mut noise, n)).collect()).collect()
        };
        let points = vec![place(2), place(3), place(5)];
        Self { extents: extents.to_vec(), width, points, seed, quiet: false }
    }

    /// Levels at first.
    fn level(&self, stencil: &Stencil, field: FieldId, back: usize) -> Vec<f64> {
        let salt = 100 * u64::from(field.0) + back as u64;
        let mut values = self.function(stencil, field, salt);
        if self.quiet {
            let mut noise = Noise::new(self.seed ^ salt);
            let kept = noise.below(values.len());
            let quiet = noise.rarely(2);
            for (at, value) in values.iter_mut().enumerate() {
                *value = if at == kept && !quiet { *value } else { 0.0 };
            }
        }
        values
    }

    /// Samples of a series.
    fn samples(&self, stencil: &Stencil, number: usize) -> Vec<f64> {
        let points = self.points[number].len();
        let mut samples = self.values(stencil.dtype, 1000 + number as u64, points * STEPS);
        if self.quiet {
            samples[..points * (STEPS / 2)].fill(0.0);
        }
        samples
    }

    /// Values that the type holds, a few of them zero.
    fn values(&self, dtype: DType, salt: u64, len: usize) -> Vec<f64> {
        let mut noise = Noise::new(self.seed ^ salt.wrapping_mul(0x1234_5677));
        let value = |noise: &mut Noise| {
            let x = if noise.rarely(20) { 0.0 } else { noise.next() };
            match dtype {
                DType::F32 => f64::from(x as f32),
                DType::F64 => x,
            }
        };
        (0..len).map(|_| value(&mut noise)).collect()
    }

    /// Values of a function, by a number of their own; one that is known to vanish inside does.
    fn function(&self, stencil: &Stencil, field: FieldId, salt: u64) -> Vec<f64> {
        let declared = stencil.field(field);
        let len = declared.dims.iter().map(|d| self.extents[d]).product();
        let mut values = self.values(stencil.dtype, salt, len);
        if let Some(region) = declared.zero_in {
            let widths = vec![self.width; stencil.widths.len()];
            let region = stencil.regions[region.0 as usize].resolve(&self.extents, &widths);
            for (linear, value) in values.iter_mut().enumerate() {
                let mut rest = linear;
                let inside = self.extents.iter().zip(&region).rev().all(|(&n, range)| {
                    let i = rest % n;
                    rest /= n;
                    range.contains(&i)
                });
                if inside {
                    *value = 0.0;
                }
            }
        }
        values
    }
}

fn kept(stencil: &Stencil, field: FieldId) -> usize {
    match stencil.field(field).levels {
        Levels::Time(n) => usize::from(n) - 1,
        Levels::Static | Levels::Tape => 0,
    }
}

fn fields(stencil: &Stencil) -> impl Iterator<Item = FieldId> + use<> {
    (0..stencil.fields.len() as u32).map(FieldId)
}

/// Functions that the case sets: all static ones that no step writes, and all levels.
fn is_set(stencil: &Stencil, field: FieldId) -> bool {
    let written = stencil.steps.iter().flat_map(|s| &s.statements).filter_map(Stencil::written);
    stencil.field(field).levels == Levels::Static
        && written.filter(|t| t.time == 0).all(|t| t.field != field)
}

/// The program on the arrays of the interpreter itself, nothing of the runtime in between.
fn by_the_oracle(program: &Verified, data: &Data) -> Outcome {
    let stencil = program.stencil();
    let widths = vec![data.width; stencil.widths.len()];
    let mut memory = DenseMemory::<f64>::new(program, &data.extents, &widths, STEPS);
    memory.set_param(ParamId(0), 0.37);
    for (number, points) in data.points.iter().enumerate() {
        let id = SparseId(number as u32);
        memory.place(stencil, id, points).expect("points should fit");
        let samples = data.samples(stencil, number);
        memory.series_mut(id).copy_from_slice(&samples);
    }
    for field in fields(stencil) {
        if is_set(stencil, field) {
            let values = data.function(stencil, field, u64::from(field.0));
            memory.array_mut(Target { field, time: 0 }).copy_from_slice(&values);
        }
        for back in 0..kept(stencil, field) {
            let target = Target { field, time: -(back as i8) };
            let values = data.level(stencil, field, back);
            memory.array_mut(target).copy_from_slice(&values);
        }
    }
    let position = |name| stencil.steps.iter().position(|s| s.name == name);
    if let Some(setup) = position("setup") {
        run_step(program, setup, 0, &mut memory, Subnormals::Flush);
    }
    let forward = position("forward").expect("should be there");
    for n in 0..STEPS {
        run_step(program, forward, n as i64, &mut memory, Subnormals::Flush);
        memory.rotate(&stencil.steps[forward]);
    }
    let mut outcome = Outcome::new();
    for field in fields(stencil) {
        let name = &stencil.field(field).name;
        match stencil.field(field).levels {
            Levels::Static => {
                outcome.push((name.clone(), bits(memory.array(Target { field, time: 0 }))));
            }
            Levels::Time(_) => {
                for back in 0..kept(stencil, field) {
                    let target = Target { field, time: -(back as i8) };
                    outcome.push((format!("{name}[t-{back}]"), bits(memory.array(target))));
                }
            }
            Levels::Tape => {
                for step in 0..STEPS {
                    outcome.push((format!("{name}@{step}"), bits(memory.tape(field, step))));
                }
            }
        }
    }
    for (number, sparse) in stencil.sparse.iter().enumerate() {
        outcome.push((sparse.name.clone(), bits(memory.series(SparseId(number as u32)))));
    }
    outcome.push(("s".into(), bits(&[memory.scalar(ScalarId(0))])));
    outcome
}

/// How a session goes over the grid.
#[derive(Clone, Copy, Debug)]
struct How {
    threads: usize,
    tile: [usize; 2],
    /// Steps of a block and rows of its tiles.
    block: [usize; 2],
    /// Rows of a column in three dimensions; 0 for none.
    columns: usize,
    /// Whether points that nothing has reached are left out.
    active: bool,
}

impl How {
    const PLAINLY: Self =
        Self { threads: 1, tile: [0, 0], block: [1, 0], columns: 0, active: false };
}

/// What was done for an outcome.
struct Effort {
    /// Steps that went over the grid together.
    in_blocks: usize,
    points: u64,
}

fn by_a_session(program: &Arc<Program>, data: &Data, how: How) -> (Outcome, Effort) {
    let How { threads, tile, block, columns, active } = how;
    let stencil = program.stencil();
    let widths = vec![data.width; stencil.widths.len()];
    let session = Session::new(program, &data.extents, &widths, STEPS, Team::new(threads));
    let mut session = session.expect("should fit");
    session.set_tile(tile);
    match columns {
        0 => session.set_block(block[0], block[1]),
        _ => session.set_block_of_columns(block[0], block[1], columns),
    }
    session.set_active(active);
    session.set_param("a", 0.37);
    for (number, points) in data.points.iter().enumerate() {
        let id = SparseId(number as u32);
        session.place(id, points).expect("points should fit");
        let samples = data.samples(stencil, number);
        session.set_series(id, &samples);
    }
    for field in fields(stencil) {
        if is_set(stencil, field) {
            let values = data.function(stencil, field, u64::from(field.0));
            session.set_function(field, &values).expect("memory");
        }
        for back in 0..kept(stencil, field) {
            let values = data.level(stencil, field, back);
            session.set_level(field, back, &values).expect("memory");
        }
    }
    session.set_tape_window(0..STEPS);
    session.set_up().expect("should run");
    session.run("forward", 0..STEPS).expect("should run");
    let mut outcome = Outcome::new();
    for field in fields(stencil) {
        let name = &stencil.field(field).name;
        match stencil.field(field).levels {
            Levels::Static => outcome.push((name.clone(), bits(&session.function(field)))),
            Levels::Time(_) => {
                for back in 0..kept(stencil, field) {
                    let values: Vec<f64> = session.level(field, back);
                    outcome.push((format!("{name}[t-{back}]"), bits(&values)));
                }
            }
            Levels::Tape => {
                for step in 0..STEPS {
                    let values: Vec<f64> = session.tape_entry(field, step);
                    outcome.push((format!("{name}@{step}"), bits(&values)));
                }
            }
        }
    }
    for (number, sparse) in stencil.sparse.iter().enumerate() {
        let samples: Vec<f64> = session.series(SparseId(number as u32));
        outcome.push((sparse.name.clone(), bits(&samples)));
    }
    outcome.push(("s".into(), bits(&[session.scalar(ScalarId(0))])));
    let effort = Effort { in_blocks: session.steps_in_blocks(), points: session.points_computed() };
    (outcome, effort)
}

#[track_caller]
fn assert_same(found: &Outcome, expected: &Outcome, how: &str) {
    assert_eq!(found.len(), expected.len(), "{how}");
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        let at = found.iter().zip(expected).position(|(a, b)| a != b);
        if let Some(at) = at {
            let (a, b) = (f64::from_bits(found[at]), f64::from_bits(expected[at]));
            panic!("{how}: `{name}` differs at {at}: {a:e}, expected {b:e}");
        }
    }
}

/// A program with C, unless the back end refuses it.
fn compiled(stencil: &Stencil, options: &JitOptions) -> Option<Arc<Program>> {
    match Program::new(stencil.clone(), &["forward"], Backend::C, options) {
        Ok(program) => Some(program),
        Err(ProgramError::Unsupported { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// What happened to a random program.
struct Compared {
    /// Steps of C that went over the grid together.
    in_blocks: usize,
    /// Part of the points of a quiet start that was computed, at least.
    part: f64,
    /// Functions whose images are stored.
    stored: usize,
}

/// Runs one random program by everything; nothing if the back end lacks something.
fn compare(number: u64, options: &JitOptions) -> Option<Compared> {
    let mut noise = Noise::new(number);
    let dims = 1 + noise.below(3);
    let dtype = noise.pick(&[DType::F32, DType::F64]);
    let closed = number % 2 == 1;
    let sides = if closed { Sides::random(&mut noise, dims) } else { Sides::Zero };
    let mut stencil = random_program(&mut noise, dims, dtype, sides);
    let memory = noise.rarely(2);
    if memory {
        stencil = with_layer_memory(stencil, &mut noise);
    }
    if let Err(errors) = verify(stencil.clone()) {
        panic!("program {number} should be well formed: {errors:#?}");
    }
    let program = compiled(&stencil, options)?;
    // Memory is read three points from its layer.
    let least = 2 * LAYER + if memory { 6 } else { 1 };
    let least = if closed { least.max(Sides::LEAST) } else { least };
    let mut extents: Vec<usize> = (0..dims).map(|_| least + noise.below(18)).collect();
    // Blocks of steps want rows.
    extents[0] += noise.below(40);
    let mut data = Data::new(&extents, LAYER, number);
    let expected = by_the_oracle(program.verified(), &data);
    let interpreted = Program::new(stencil, &["forward"], Backend::Interpreter, options);
    let interpreted = interpreted.expect("the interpreter lacks nothing");
    let (found, _) = by_a_session(&interpreted, &data, How::PLAINLY);
    assert_same(&found, &expected, &format!("program {number}, interpreter on a session"));
    let mut together = 0;
    for threads in [1, 2, 3, 7] {
        let tile = [noise.below(9), noise.below(9)];
        let block = [1 + noise.below(STEPS), 1 + noise.below(9)];
        let columns = (number % 4 * 2) as usize;
        let how = How { threads, tile, block, columns, active: true };
        let (found, effort) = by_a_session(&program, &data, how);
        assert_same(&found, &expected, &format!("program {number}, {extents:?}, {how:?}"));
        together += effort.in_blocks;
    }
    data.quiet = true;
    let expected = by_the_oracle(program.verified(), &data);
    let (found, all) = by_a_session(&program, &data, How::PLAINLY);
    assert_same(&found, &expected, &format!("program {number}, {extents:?}, quiet start"));
    let mut part = 1.0f64;
    for (threads, block) in [(1, [1, 0]), (3, [1, 0]), (1, [STEPS, 5]), (2, [3, 2])] {
        let tile = [noise.below(9), noise.below(9)];
        let columns = (number % 4 * 2) as usize;
        let how = How { threads, tile, block, columns, active: true };
        let (found, effort) = by_a_session(&program, &data, how);
        assert_same(&found, &expected, &format!("program {number}, {extents:?}, quiet, {how:?}"));
        assert!(effort.points <= all.points);
        part = part.min(effort.points as f64 / all.points as f64);
    }
    let stored = stored_halos(program.stencil()).iter().flatten().count();
    Some(Compared { in_blocks: together, part, stored })
}

#[test]
fn random_programs_give_the_same_bits_in_c_and_by_the_interpreter() {
    let Some(options) = common::options() else { return };
    let count = std::env::var("RETROGRAD_RANDOM_PROGRAMS").ok().and_then(|n| n.parse().ok());
    let count = count.unwrap_or(24);
    let compared: Vec<_> = (0..count).filter_map(|number| compare(number, &options)).collect();
    let that =
        |holds: &dyn Fn(&Compared) -> bool| compared.iter().filter(|p| holds(p)).count() as u64;
    let in_blocks = that(&|program| program.in_blocks > 0);
    let quiet = that(&|program| program.part < 0.6);
    let stored = that(&|program| program.stored > 0);
    let compared = compared.len() as u64;
    println!(
        "{compared} of {count} programs run as C, {in_blocks} in blocks of steps, {quiet} in part, \
         {stored} with stored images"
    );
    assert!(compared * 2 >= count, "only {compared} of {count} programs run as C");
    assert!(in_blocks * 4 >= count, "only {in_blocks} of {count} programs in blocks of steps");
    assert!(quiet * 8 >= count, "only {quiet} of {count} programs left points out");
    // Half of the programs have closures at all.
    assert!(stored * 6 >= count, "only {stored} of {count} programs with stored images");
}

/// Rows of every length around the widths of vectors.
#[test]
fn rows_of_all_lengths_give_the_same_bits() {
    let Some(options) = common::options() else { return };
    let closed = |n: usize| Sides::Closed(DimSet::NONE.with(n));
    for (number, dims, dtype, sides) in [
        (1, 1, DType::F32, Sides::Zero),
        (2, 2, DType::F32, Sides::Zero),
        (3, 2, DType::F64, Sides::Zero),
        (4, 3, DType::F32, Sides::Zero),
        (5, 1, DType::F64, closed(0)),
        (6, 2, DType::F32, closed(1)),
        (7, 3, DType::F32, closed(2)),
    ] {
        // The first of a series of programs that the back end takes.
        let mut noise = Noise::new(10_000 + number);
        let programs = std::iter::repeat_with(|| random_program(&mut noise, dims, dtype, sides));
        let mut taken = programs.take(20).filter_map(|s| compiled(&s, &options));
        let program = taken.next().expect("one of twenty programs should run as C");
        let least = if sides == Sides::Zero { 1 } else { Sides::LEAST };
        for row in least..=40 {
            let width = usize::from(row >= 3);
            let mut extents = vec![least.max(4); dims];
            extents[dims - 1] = row;
            let data = Data::new(&extents, width, row as u64);
            let expected = by_the_oracle(program.verified(), &data);
            let how = How { threads: 2, tile: [3, 2], block: [1, 0], columns: 0, active: true };
            let (found, _) = by_a_session(&program, &data, how);
            assert_same(&found, &expected, &format!("series {number}, rows of {row}"));
        }
    }
}
