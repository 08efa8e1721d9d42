//! What is left out where waves have not been, and that nothing changes by it.

use std::sync::Arc;

use retrograd_ir::text::parse;
use retrograd_ir::{FieldId, ScalarId, SparseId};
use retrograd_runtime::{Backend, JitOptions, Program, Session, Team};

use crate::common;

/// Pressure and a flux with its weighted copy, as adjoints of first-order systems have it; what is
/// recorded and what it adds up to.
const TEXT: &str = "\
stencil active f32
dim x, z
param dt
function m(x, z)
function k(x, z)
function total(x, z)
time function u(x, z) levels 3
time function v(x, z) levels 2
time function w(x, z) levels 2
tape q(x, z)
sparse src linear
sparse rec linear
step forward {
  u[t+1] = 2 * u - u[t-1] + dt * m * (u[x+1] + u[x-1] + u[z+1] + u[z-1] - 4 * u);
  q = u[t+1] - u[t-1];
  v[t+1] = v + dt * (w[x+1] - w);
  w[t+1] = k * v[t+1] + dt * u;
  inject src into u[t+1]: src * m;
  interpolate rec: u + v;
}
step reverse reverse {
  u[t+1] = 2 * u - u[t-1] + dt * m * (u[x+1] + u[x-1] + u[z+1] + u[z-1] - 4 * u);
  total += q * u[t+1];
  inject rec into u[t+1]: rec;
}
";

const EXTENTS: [usize; 2] = [40, 130];
const STEPS: usize = 12;
/// The first step with a sample that is not zero.
const START: usize = 3;

struct Fixture {
    program: Arc<Program>,
    /// Size of the waves.
    size: f32,
}

fn fixture(options: &JitOptions) -> Fixture {
    fixture_of(TEXT, options)
}

fn fixture_of(text: &str, options: &JitOptions) -> Fixture {
    let stencil = parse(text).expect("should be well formed");
    let program = Program::new(stencil, &["forward", "reverse"], Backend::C, options);
    Fixture { program: program.expect("should compile"), size: 1.0 }
}

impl Fixture {
    fn field(&self, name: &str) -> FieldId {
        self.program.stencil().field_named(name).expect("should be declared")
    }

    fn session(&self, threads: usize, k: f32) -> Session {
        let session = Session::new(&self.program, &EXTENTS, &[], STEPS, Team::new(threads));
        let mut session = session.expect("should fit");
        session.set_active(true);
        session.set_param("dt", 0.25);
        let points: usize = EXTENTS.iter().product();
        let m: Vec<f32> = (0..points).map(|i| 0.5 + 0.3 * (i % 7) as f32 / 7.0).collect();
        session.set_function(self.field("m"), &m).expect("memory");
        session.set_function(self.field("k"), &vec![k; points]).expect("memory");
        session
    }

    /// Forward with everything recorded and back, from a source at `at`; all that comes out.
    fn shot(&self, session: &mut Session, at: [f64; 2]) -> Vec<u32> {
        let (src, rec) = (SparseId(0), SparseId(1));
        session.release(&["u", "v", "w"].map(|name| self.field(name)));
        session.zero(self.field("total")).expect("memory");
        session.place(src, &[at.to_vec()]).expect("inside");
        session.place(rec, &[vec![at[0] + 2.5, at[1]], vec![3.0, 100.3]]).expect("inside");
        let samples: Vec<f32> = (0..STEPS)
            .map(|n| if n < START { 0.0 } else { self.size * (1.0 - 0.1 * n as f32) })
            .collect();
        session.set_series(src, &samples);
        session.set_tape_window(0..STEPS);
        session.run("forward", 0..STEPS).expect("should run");
        let mut all: Vec<f32> = session.series(rec);
        for name in ["u", "v", "w"] {
            all.extend(session.level::<f32>(self.field(name), 0));
        }
        (0..STEPS).for_each(|n| all.extend(session.tape_entry::<f32>(self.field("q"), n)));
        session.release(&[self.field("u")]);
        session.run("reverse", (0..STEPS).rev()).expect("should run");
        session.set_tape_window(0..0);
        all.extend(session.function::<f32>(self.field("total")));
        // Which NaN an operation returns is not defined.
        all.iter().map(|x| if x.is_nan() { f32::NAN } else { *x }.to_bits()).collect()
    }
}

/// Shots one after another in the same buffers, with the switch on, off, or in between: the same
/// bits, signs of zeros included.
#[test]
fn shots_in_used_buffers_give_the_bits_of_whole_grids() {
    let Some(options) = common::options() else { return };
    for mut f in [fixture(&options), fixture_of(&in_parts(), &options)] {
        check_shots(&f);
        // Products that are flushed to zeros of either sign.
        f.size = 1e-19;
        check_shots(&f);
    }
}

/// The same where loop nests have parts that read, at the point, what earlier parts of the nest have
/// written: in regions side by side, in one that overlaps with them, assigned and added.
fn in_parts() -> String {
    let parts = TEXT
        .replace("param dt\n", "param dt\nregion low = x[: 9]\nregion high = x[9 :]\nregion left = z[: 70]\n")
        .replace("  q = u[t+1] - u[t-1];\n", "  in low: q = u[t+1] - u[t-1]; in high: q = dt * u[t+1];\n  in left: q += k * u[t+1];\n")
        .replace("  total += ", "  in high: total += ");
    assert!(parts.matches("  in ").count() == 3 && parts.contains("region left"));
    parts
}

fn check_shots(f: &Fixture) {
    let shots = [[20.0, 60.0], [3.2, 125.7], [36.0, 1.0], [20.0, 60.0]];
    let mut whole = f.session(1, 2.0);
    whole.set_active(false);
    let expected = shots.map(|at| f.shot(&mut whole, at));
    assert!(expected[0].iter().filter(|bits| **bits != 0).count() > 300, "only zeros");
    for (threads, block) in [(1, [1, 0]), (1, [4, 8]), (3, [1, 0]), (2, [3, 2])] {
        let mut session = f.session(threads, 2.0);
        session.set_block(block[0], block[1]);
        for (at, expected) in shots.into_iter().zip(&expected) {
            assert!(f.shot(&mut session, at) == *expected, "{at:?}, {threads} threads, {block:?}");
        }
        assert!(session.points_computed() * 2 < whole.points_computed());
        for (number, (at, expected)) in shots.into_iter().zip(&expected).enumerate() {
            session.set_active(number % 2 == 1);
            assert!(f.shot(&mut session, at) == *expected, "{at:?}, switched, {threads} threads");
        }
    }
}

/// Nothing before the first sample; then the box of the source, wider by one point per step, cut
/// between vectors of 16 numbers along the last dimension.
#[test]
fn points_are_counted_from_the_first_sample_on() {
    let Some(options) = common::options() else { return };
    let f = fixture(&options);
    for threads in [1, 3] {
        let mut session = f.session(threads, 2.0);
        session.set_block(1, 0);
        session.place(SparseId(0), &[vec![20.0, 60.0]]).expect("inside");
        session.place(SparseId(1), &[vec![20.0, 60.0]]).expect("inside");
        let samples: Vec<f32> = (0..STEPS).map(|n| if n < START { 0.0 } else { 1.0 }).collect();
        session.set_series(SparseId(0), &samples);
        session.set_tape_window(0..STEPS);
        session.run("forward", 0..=START).expect("should run");
        assert_eq!(session.points_computed(), 0, "the wave begins after step {START}");
        session.run("forward", START + 1..START + 2).expect("should run");
        // Rows 19 to 21, columns 59 to 61 cut to 48..64, in the one nest that there is.
        assert_eq!(session.points_computed(), 3 * 16);
    }
}

/// Infinity times the zeros of a wave that has not arrived is not left out; neither are zeros that
/// might be negative.
#[test]
fn coefficients_that_are_not_finite_or_positive_change_nothing() {
    let Some(options) = common::options() else { return };
    let f = fixture(&options);
    for k in [f32::INFINITY, f32::NAN, -1.0, 0.0] {
        let [found, expected] = [true, false].map(|active| {
            let mut session = f.session(1, k);
            session.set_active(active);
            f.shot(&mut session, [20.0, 60.0])
        });
        assert!(found == expected, "k = {k}");
    }
}

/// Zero that is added to `-0` makes it `+0`: a sum that was flushed to `-0` does not keep it where
/// waves are no more.
#[test]
fn zeros_that_are_added_to_negative_zeros_are_not_left_out() {
    let Some(options) = common::options() else { return };
    let f = fixture(&options);
    let total = f.field("total");
    let minus: Vec<f32> = (0..EXTENTS.iter().product()).map(|i| [0.0, -0.0][i % 2]).collect();
    let [found, expected] = [true, false].map(|active| {
        let mut session = f.session(1, 2.0);
        session.set_active(active);
        f.shot(&mut session, [20.0, 60.0]);
        let before = session.points_computed();
        session.release(&["u", "v", "w"].map(|name| f.field(name)));
        session.set_function(total, &minus).expect("memory");
        session.run("reverse", [0]).expect("should run");
        let once = session.points_computed() - before;
        // Now it is known that there are none.
        session.release(&[f.field("u")]);
        session.run("reverse", [0]).expect("should run");
        assert_eq!(session.points_computed() - before == once, active, "{once} points at first");
        session.function::<f32>(total).into_iter().map(f32::to_bits).collect::<Vec<_>>()
    });
    assert_eq!(expected.iter().filter(|bits| **bits != 0).count(), 0, "all were added to");
    assert!(found == expected);
}

/// A sum that is flushed to `-0` becomes `+0` in the next step, though what is added there is zero;
/// whether the sum was looked at in between (after step 0) or not.
#[test]
fn a_sum_that_was_flushed_to_negative_zero_is_added_to() {
    let Some(options) = common::options() else { return };
    let f = fixture(&options);
    let (u, q, total) = (f.field("u"), f.field("q"), f.field("total"));
    let points: usize = EXTENTS.iter().product();
    let at = EXTENTS[1] * (EXTENTS[0] / 2) + EXTENTS[1] / 2;
    let entry = |value: f32| {
        let mut values = vec![0.0; points];
        values[at] = value;
        values
    };
    for steps in [[2, 1, 0], [2, 0, 1]] {
        let mut computed = Vec::new();
        for active in [false, true] {
            let mut session = f.session(1, 2.0);
            session.set_active(active);
            session.set_block(1, 0);
            session.place(SparseId(1), &[vec![3.0, 3.0]]).expect("inside");
            session.set_tape_window(0..STEPS);
            // A wave that stays 1 far from the sides, until there is none.
            for back in [0, 1] {
                session.set_level(u, back, &vec![1.0_f32; points]).expect("memory");
            }
            for (step, value) in steps.into_iter().zip([1.5, -1.75]) {
                let value = value * f32::MIN_POSITIVE;
                session.set_tape_entry(q, step, &entry(value)).expect("memory");
            }
            for (step, sum) in steps.into_iter().zip([1.5 * f32::MIN_POSITIVE, -0.0, 0.0]) {
                if sum == 0.0 && sum.is_sign_positive() {
                    session.release(&[u]);
                }
                session.run("reverse", [step]).expect("should run");
                let found = session.function::<f32>(total)[at];
                assert_eq!(found.to_bits(), sum.to_bits(), "{active}, {steps:?}, step {step}");
            }
            computed.push(session.points_computed());
        }
        assert!(computed[1] < computed[0], "{computed:?}");
    }
}

/// Boxes come back with snapshots, also with those that have been bytes.
#[test]
fn snapshots_keep_their_boxes() {
    let Some(options) = common::options() else { return };
    let f = fixture(&options);
    let fields = ["u", "v", "w"].map(|name| f.field(name));
    let mut session = f.session(1, 2.0);
    session.set_block(1, 0);
    f.shot(&mut session, [20.0, 60.0]);
    session.release(&fields);
    session.set_tape_window(0..STEPS);
    session.run("forward", 0..7).expect("should run");
    let snapshot = session.save(&fields).expect("memory");
    let mut bytes = Vec::new();
    snapshot.append_to(&mut bytes);
    let rest = |session: &mut Session| {
        session.set_tape_window(0..STEPS);
        let before = session.points_computed();
        session.run("forward", 7..STEPS).expect("should run");
        (session.points_computed() - before, session.level::<f32>(f.field("u"), 0))
    };
    let expected = rest(&mut session);
    session.restore(&snapshot);
    assert_eq!(rest(&mut session), expected);
    let mut filled = session.vacancy(&fields).make().expect("memory");
    assert!(filled.fill_from(&bytes));
    session.take(filled);
    let found = rest(&mut session);
    assert_eq!(found.1, expected.1);
    // What is found to be zero may be more than what was known to be.
    assert!(found.0 <= expected.0 && found.0 * 2 > expected.0, "{found:?} {expected:?}");
}

/// What a reduction comes to may have another sign in every step: a product with it is not known to be
/// `+0` where the wave has not been.
#[test]
fn what_steps_reduce_has_any_sign() {
    let Some(options) = common::options() else { return };
    let text = "\
stencil reduced f32
dim x, z
scalar s
time function u(x, z) levels 2
time function v(x, z) levels 2
step forward {
  u[t+1] = u;
  s = min of u;
  v[t+1] = s * u[t+1];
}
";
    let stencil = parse(text).expect("should be well formed");
    let program =
        Program::new(stencil, &["forward"], Backend::C, &options).expect("should compile");
    let field = |name| program.stencil().field_named(name).expect("should be declared");
    let points: usize = EXTENTS.iter().product();
    let mut wave = vec![0.0_f32; points];
    wave[points / 2] = -1.0;
    let [found, expected] = [true, false].map(|active| {
        let session = Session::new(&program, &EXTENTS, &[], STEPS, Team::new(2));
        let mut session = session.expect("should fit");
        session.set_active(active);
        session.set_scalar(ScalarId(0), 1.0);
        session.set_level(field("u"), 0, &wave).expect("memory");
        session.run("forward", 0..2).expect("should run");
        session.level::<f32>(field("v"), 0).into_iter().map(f32::to_bits).collect::<Vec<_>>()
    });
    assert_eq!(expected[0], (-0.0_f32).to_bits());
    assert!(found == expected);
}
