//! Random programs: the schedule, with threads at any pace, does what the statements say.
//!
//! Bit for bit, against the interpreter, which runs statement after statement on the whole grid
//! with every level in a buffer of its own.

use std::fmt::Write as _;
use std::ops::Range;

use retrograd_compile::schedule::{Schedule, Wait, schedule};
use retrograd_ir::interpret::{DenseMemory, Subnormals, run_step};
use retrograd_ir::{FieldId, Levels, ParamId, SparseId, Stencil, Target, Verified, text, verify};

use crate::common::Noise;
use crate::executor::Machine;

const EXTENTS: [usize; 2] = [11, 7];
const STEPS: usize = 3;
/// The step that is run: one that acts and reads samples of the steps before and after it.
const N: usize = 1;

const DECLARATIONS: &str = "
stencil random f64
dim x, z
param dt
width w
region inner = x[w : -w], z[1 : -1]
region x_low = x[: w]
region x_high = x[-w :]
region z_low = x[w : -w], z[: 1]
region z_high = x[w : -w], z[-1 :]
function a(x, z)
function b(x, z)
function m(x, z)
time function u(x, z) levels 3
time function v(x, z) levels 3
time function p(x, z) levels 2
tape q(x, z)
sparse src linear
sparse rec linear
scalar s
step forward {
";

const SHELLS: [&str; 5] = ["inner", "x_low", "x_high", "z_low", "z_high"];

/// Writes random statements; keeps to the rules of verification.
struct Writer {
    noise: Noise,
    text: String,
    /// Levels that may be read.
    readable: Vec<&'static str>,
}

impl Writer {
    fn below(&self, n: usize) -> usize {
        ((self.noise.next() + 1.0) * 0.5 * n as f64) as usize % n
    }

    fn one<'t>(&self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// A read of a level, at the point or (not of what the statement writes) around it.
    fn read(&self, not: &str) -> String {
        let name = self.one(&self.readable);
        let base = name.split('[').next().unwrap_or(name);
        let time = name.strip_prefix(base).unwrap_or("").trim_matches(['[', ']']);
        let shift = ["", "", "", "x-1", "x+1", "x-2", "z+1"][self.below(7)];
        let shift = if name == not { "" } else { shift };
        match (time, shift) {
            ("", "") => base.to_owned(),
            ("", s) => format!("{base}[{s}]"),
            (t, "") => format!("{base}[{t}]"),
            (t, s) => format!("{base}[{t}, {s}]"),
        }
    }

    fn value(&self, depth: usize, not: &str) -> String {
        if depth == 0 {
            return match self.below(8) {
                0 => "0.5".into(),
                1 => "dt".into(),
                2 => "s".into(),
                3 => "0".into(),
                _ => self.read(not),
            };
        }
        let (x, y) = (self.value(depth - 1, not), self.value(self.below(depth), not));
        match self.below(7) {
            0 | 1 => format!("({x} + {y})"),
            2 => format!("({x} - {y})"),
            3 => format!("{x} * {y}"),
            4 => format!("min({x}, {y})"),
            5 => format!("select({x} < {y}, {y}, -({x}))"),
            _ => format!("abs({x})"),
        }
    }

    fn statement(&mut self, when: &str, region: &str, target: &str, mode: &str) {
        let place = if region.is_empty() { String::new() } else { format!("in {region}: ") };
        let value = self.value(2, target);
        let _ = writeln!(self.text, "{when}{place}{target} {mode} {value};");
    }

    fn assigned(&mut self, level: &'static str) {
        if !self.readable.contains(&level) {
            self.readable.push(level);
        }
    }

    /// Assigns a new level on the whole grid, in one of several patterns.
    fn new_level(&mut self, level: &'static str) {
        match self.below(4) {
            0 => self.statement("", "", level, "="),
            1 => {
                self.statement("", "", level, "=");
                self.statement("", self.one(&SHELLS), level, "=");
            }
            pattern => {
                // Not to be read at an offset before all regions are done.
                for region in SHELLS {
                    self.statement("", region, level, "=");
                    if pattern == 3 && self.below(8) == 0 {
                        let _ = writeln!(self.text, "inject src into {level}: src;");
                    }
                    if pattern == 3 {
                        let value = self.value(1, "a");
                        let _ = writeln!(self.text, "in {region}: a += {level} * {value};");
                    }
                }
            }
        }
        self.assigned(level);
    }

    fn other(&mut self) {
        let when = self.one(&["", "", "", "every 2: ", "every 2 from 1: "]);
        let target = self.one(&["a", "b", "q"]);
        let region = self.one(&["", "", "inner", "x_low"]);
        match self.below(9) {
            0..=2 => self.statement(when, region, target, "="),
            3 => self.statement(when, region, target, "+="),
            4 => {
                let new: Vec<&str> =
                    self.readable.iter().copied().filter(|l| l.contains("t+1")).collect();
                let target = if new.is_empty() { "b" } else { self.one(&new) };
                let value = self.value(1, target);
                let _ = writeln!(self.text, "{when}inject src into {target}: src * {value};");
            }
            5 => {
                let (points, time) = (self.one(&["rec", "src"]), self.one(&["", "[t+1]", "[t-1]"]));
                let value = self.value(1, "");
                let _ = writeln!(self.text, "{when}interpolate {points}{time}: {value};");
            }
            6 => {
                let value = self.value(1, "");
                let _ = writeln!(self.text, "{when}s = max of {value};");
            }
            _ => {
                let new: Vec<&str> =
                    self.readable.iter().copied().filter(|l| l.contains("t+1")).collect();
                if !new.is_empty() {
                    let target = self.one(&new);
                    self.statement("", self.one(&["", "inner"]), target, "+=");
                }
            }
        }
    }
}

fn program(seed: u64) -> String {
    let mut writer = Writer {
        noise: Noise::new(seed),
        text: DECLARATIONS.into(),
        readable: vec!["a", "b", "m", "u", "u[t-1]", "v", "v[t-1]", "p", "q"],
    };
    let mut levels = vec!["u[t+1]", "v[t+1]", "p[t+1]"];
    levels.truncate(1 + writer.below(3));
    for level in levels {
        for _ in 0..writer.below(3) {
            writer.other();
        }
        writer.new_level(level);
    }
    for _ in 0..writer.below(5) {
        writer.other();
    }
    writer.text.push_str("}\n");
    writer.text
}

/// Random data, and points that share grid points.
fn memory(program: &Verified, seed: u64) -> DenseMemory {
    let stencil = program.stencil();
    let noise = Noise::new(seed);
    let mut memory = DenseMemory::new(program, &EXTENTS, &[3], STEPS);
    memory.set_param(ParamId(0), 0.25);
    for (number, field) in stencil.fields.iter().enumerate() {
        let field_id = FieldId(number as u32);
        let fill = |values: &mut [f64]| values.iter_mut().for_each(|v| *v = noise.next());
        match field.levels {
            Levels::Static => fill(memory.array_mut(Target { field: field_id, time: 0 })),
            Levels::Tape => (0..STEPS).for_each(|n| fill(memory.tape_mut(field_id, n))),
            Levels::Time(levels) => {
                for time in 2 - levels as i8..=0 {
                    fill(memory.array_mut(Target { field: field_id, time }));
                }
                // No defined value; the level that working in place would leave there is another.
                memory.array_mut(Target { field: field_id, time: 1 }).fill(1e3);
            }
        }
    }
    let points = [[2.5, 3.0], [4.2, 2.7], [4.9, 2.1], [8.5, 5.5], [10.2, 0.3]];
    for sparse in 0..stencil.sparse.len() as u32 {
        memory.place(stencil, SparseId(sparse), &points).expect("points should fit");
        memory.series_mut(SparseId(sparse)).iter_mut().for_each(|v| *v = noise.next());
    }
    memory
}

/// What differs between the interpreter and the schedule, if anything.
fn difference(
    program: &Verified,
    schedule: &Schedule,
    stencil: &Stencil,
    seed: u64,
) -> Option<String> {
    let start = memory(program, seed);
    let mut expected = start.clone();
    run_step(program, 0, N as i64, &mut expected, Subnormals::Keep);
    let noise = Noise::new(seed ^ 0xabcd);
    let mut machine = Machine::new(stencil, &start, N, &schedule.in_place);
    machine.run(schedule, &rows(&noise), &noise);
    let alike = |a: &[f64], b: &[f64]| {
        a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
    };
    let advanced = program.stencil().steps[0].advances();
    for field in (0..stencil.fields.len() as u32).map(FieldId) {
        let declared = stencil.field(field);
        let times: Vec<i8> = match declared.levels {
            Levels::Time(n) => {
                let oldest = 2 - n as i8;
                let gone = schedule.in_place.contains(&field);
                let new = advanced.contains(&field);
                (oldest..=1).filter(|&t| !(t == oldest && gone) && (t < 1 || new)).collect()
            }
            Levels::Static | Levels::Tape => vec![0],
        };
        for time in times {
            let target = Target { field, time };
            let array = match declared.levels {
                Levels::Tape => expected.tape(field, N),
                _ => expected.array(target),
            };
            if !alike(array, &machine.buffers[&machine.buffer(target)]) {
                return Some(format!("{} at {time}", declared.name));
            }
        }
    }
    for (sparse, samples) in &machine.series {
        if !alike(expected.series(*sparse), samples) {
            return Some(stencil.sparse[sparse.0 as usize].name.clone());
        }
    }
    let scalar = retrograd_ir::interpret::Memory::scalar(&expected, retrograd_ir::ScalarId(0));
    (!alike(&[scalar], &machine.scalars)).then(|| "s".into())
}

/// Two or three ranges of rows that cover the grid, some of them thin.
fn rows(noise: &Noise) -> Vec<Range<usize>> {
    let cut = |low: usize| low + 1 + ((noise.next() + 1.0) * 2.0) as usize;
    let first = cut(0);
    let second = cut(first);
    if noise.next() > 0.0 {
        vec![0..first, first..EXTENTS[0]]
    } else {
        vec![0..first, first..second, second..EXTENTS[0]]
    }
}

struct Case {
    text: String,
    program: Verified,
    stencil: Stencil,
    schedule: Schedule,
}

fn cases(count: u64) -> Vec<Case> {
    let case = |seed| {
        let text = program(seed);
        let parsed = text::parse(&text).unwrap_or_else(|e| panic!("{text}\n{e}"));
        let program = verify(parsed).unwrap_or_else(|e| panic!("{text}\n{e:?}"));
        let mut stencil = program.stencil().clone();
        let schedule = schedule(&mut stencil, 0);
        Case { text, program, stencil, schedule }
    };
    (0..count).map(case).collect()
}

#[test]
fn schedules_do_what_the_statements_say() {
    let (mut waits, mut fused, mut in_place) = (0, 0, 0);
    let cases = cases(400);
    for case in &cases {
        for pace in 0..6 {
            if let Some(what) = difference(&case.program, &case.schedule, &case.stencil, pace) {
                panic!("{what} differs, pace {pace}\n{}\n{:#?}", case.text, case.schedule);
            }
        }
        let phases = &case.schedule.phases;
        waits += usize::from(phases.iter().any(|p| p.waits == Wait::All));
        fused += usize::from(phases.len() < case.program.stencil().steps[0].statements.len());
        in_place += usize::from(!case.schedule.in_place.is_empty());
    }
    // The cases exercise what is tested.
    let few = cases.len() / 10;
    assert!(waits > few && fused > few && in_place > few, "{waits} {fused} {in_place}");
}

/// The executor sees what a wrong schedule does: every wait left out, and every time function in
/// place, shows in many programs.
#[test]
fn wrong_schedules_are_noticed() {
    let cases = cases(150);
    let caught = |spoil: &dyn Fn(&Case) -> Option<Schedule>| {
        let spoilt: Vec<(&Case, Schedule)> =
            cases.iter().filter_map(|c| Some((c, spoil(c)?))).collect();
        let seen = spoilt.iter().filter(|(case, schedule)| {
            (0..6).any(|p| difference(&case.program, schedule, &case.stencil, p).is_some())
        });
        (seen.count(), spoilt.len())
    };
    let (seen, all) = caught(&|case| {
        let mut schedule = case.schedule.clone();
        let needed = |k: usize| matches!(schedule.phases[k].waits, Wait::All) && k > 0;
        let any = (0..schedule.phases.len()).any(needed);
        schedule.phases.iter_mut().for_each(|p| p.waits = Wait::No);
        any.then_some(schedule)
    });
    assert!(2 * seen > all && all > 20, "without waits: {seen} of {all}");
    let (seen, all) = caught(&|case| {
        let mut schedule = case.schedule.clone();
        let u = case.stencil.field_named("u")?;
        let refused = !schedule.in_place.contains(&u);
        schedule.in_place.push(u);
        refused.then_some(schedule)
    });
    assert!(2 * seen > all && all > 20, "in place: {seen} of {all}");
}
