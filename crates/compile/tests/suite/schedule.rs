//! Decisions of the schedule: what shares a loop, what waits, what works in place.

use retrograd_compile::adjoint::{RECORD, REVERSE};
use retrograd_compile::schedule::{Part, PhaseKind, Schedule, Wait, schedule};
use retrograd_compile::{adjoint, passes};
use retrograd_ir::{DType, StatementKind, Stencil, text, verify};

use crate::common::fixtures;

const DECLARATIONS: &str = "
stencil test f64
dim x, z
param dt
width w
region inner = x[w : -w], z[w : -w]
region x_low = x[: w]
region x_high = x[-w :]
region left = x[: 5]
region right = x[-5 :]
function m(x, z)
function a(x, z)
function b(x, z)
function single(x, z) f32
time function u(x, z) levels 3
time function v(x, z) levels 3
time function p(x, z) levels 2
tape q(x, z)
sparse src linear
sparse rec linear
scalar s
step forward {
";

/// Phases in order, parts of a sweep with `/` between them, `|` where threads wait, then the functions that work in place.
fn describe(stencil: &Stencil, schedule: &Schedule) -> String {
    let name = |t: retrograd_ir::Target| stencil.field(t.field).name.clone();
    let mut words = Vec::new();
    for phase in &schedule.phases {
        if phase.waits == Wait::All {
            words.push("|".to_owned());
        }
        words.push(match &phase.kind {
            PhaseKind::Nest(nest) => {
                let part = |part: &Part| {
                    part.outputs.iter().map(|(t, _)| name(*t)).collect::<Vec<_>>().join("+")
                };
                nest.parts.iter().map(part).collect::<Vec<_>>().join("/")
            }
            PhaseKind::Other(StatementKind::Inject { target, .. }) => {
                format!("inject({})", name(*target))
            }
            PhaseKind::Other(StatementKind::Interpolate { .. }) => "interpolate".into(),
            PhaseKind::Other(StatementKind::Reduce { .. }) => "reduce".into(),
            PhaseKind::Other(StatementKind::Update { .. }) => "update?".into(),
        });
    }
    let in_place: Vec<&str> =
        schedule.in_place.iter().map(|f| stencil.field(*f).name.as_str()).collect();
    format!("{} in place: {}", words.join(" "), in_place.join(" ")).trim_end().to_owned()
}

#[track_caller]
fn check(statements: &str, expected: &str) {
    let parsed = text::parse(&format!("{DECLARATIONS}{statements}}}")).expect("should parse");
    let mut stencil = verify(parsed).expect("should be well formed").stencil().clone();
    let result = schedule(&mut stencil, 0);
    assert_eq!(describe(&stencil, &result), expected, "{statements}");
}

/// Leapfrog, reading the oldest level at the point.
const LEAPFROG: &str = "u[t+1] = 2 * u - u[t-1] + dt * u[x+1];";

#[track_caller]
fn check_after_leapfrog(statements: &str, expected: &str) {
    check(&format!("{LEAPFROG} {statements}"), expected);
}

#[test]
fn updates_share_a_loop_where_they_meet_at_the_point_only() {
    check("a = m; b = m;", "a+b in place:");
    check("a = m; b = a * m; a += b;", "b+a in place:");
    check("a = m; b = a[x+1];", "a | b in place:");
    check("a = b[x+1]; b = m;", "a | b in place:");
    check("a = b; b = m;", "a+b in place:");
    check("in inner: a = m; b = m;", "a/b in place:");
    check("in inner: a = m; in inner: b = a;", "a+b in place:");
    check("every 2: a = m; b = m;", "a b in place:");
    check("every 2: a = m; every 2: b = m;", "a+b in place:");
    check("p[t+1] = p; interpolate rec: p[t+1]; a = m;", "p | interpolate a in place: p");
    check("p[t+1] = p; q = p[t+1] * p; a += q;", "p+q+a in place: p");
}

/// What is stored in another precision is rounded: it cannot be forwarded.
#[test]
fn a_conversion_is_not_forwarded() {
    check("single = m; a = single;", "single a in place:");
    check("single = m; a = m;", "single+a in place:");
}

#[test]
fn the_new_level_overwrites_the_oldest_only_if_nothing_misses_that() {
    check(LEAPFROG, "u in place: u");
    check("p[t+1] = p;", "p in place: p");
    check("p[t+1] = p[x+1];", "p in place:");
    // Read elsewhere in a loop before it, and in the same loop.
    check("b = p[x+1]; a = b[x+1]; p[t+1] = p + a[x+1];", "b | a | p in place: p");
    check("b = p[x+1]; p[t+1] = p;", "b+p in place:");
    check("u[t+1] = 2 * u - u[t-1, x+1];", "u in place:");
    check_after_leapfrog("a += u[t-1];", "u+a in place: u");
    check_after_leapfrog("a += u[t-1, x+1];", "u+a in place:");
    check_after_leapfrog("interpolate rec: u[t-1];", "u interpolate in place:");
    check(&format!("interpolate rec: u[t-1]; {LEAPFROG}"), "interpolate | u in place: u");
    check(&format!("a = u[t-1]; inject src into a: src; {LEAPFROG}"), "a inject(a) u in place: u");
    check_after_leapfrog("inject src into u[t+1]: src; a += u[t-1];", "u inject(u) a in place:");
    check_after_leapfrog("inject src into u[t+1]: src * u[t-1];", "u inject(u) in place:");
    check_after_leapfrog("s = sum of u[t-1];", "u | reduce in place:");
}

#[test]
fn equal_statements_are_told_apart() {
    check_after_leapfrog(
        "a += u[t-1]; inject src into u[t+1]: src; a += u[t-1];",
        "u+a inject(u) a in place:",
    );
}

/// The reader of the old level does not reach the loop of its writer: a shifted read in between
/// starts a loop of its own.
#[test]
fn a_reader_in_a_later_loop_forbids_working_in_place() {
    check_after_leapfrog("b = u[t+1, x+1]; a += u[t-1];", "u | b+a in place:");
}

#[test]
fn regions_may_be_overwritten_one_after_the_other_if_they_are_disjoint() {
    let shells = "in inner: u[t+1] = u[t-1]; in x_low: u[t+1] = u[t-1]; \
                  in x_high: u[t+1] = u[t-1];";
    let rest = "u[t+1] = 0;";
    // `u[t+1] = 0` comes first to cover the grid, and overwrites everything.
    check(&format!("{rest} {shells}"), "u/u/u/u in place:");
    check("u[t+1] = u[t-1]; in inner: u[t+1] = u;", "u/u in place: u");
    check("u[t+1] = u[t-1]; in inner: u[t+1] += u[t-1];", "u/u in place:");
    check("v[t+1] = v; in left: a = m; u[t+1] = u[t-1];", "v/a/u in place: u v");
}

/// One sweep as long as nothing is read, away from the point, that another part of it writes.
#[test]
fn regions_share_a_sweep() {
    check("in inner: a = m; in x_low: a = b; in x_high: a = m;", "a/a/a in place:");
    check("in inner: a = m; in inner: b = m; in x_low: b = m;", "a+b/b in place:");
    // Written away from here, before or after it is read.
    check("in inner: a = m; in x_low: b = a[x+1];", "a | b in place:");
    check("in inner: b = a[x+1]; in x_low: a = m;", "b | a in place:");
    // Other places: nothing is forwarded, nothing goes wrong.
    check("in inner: a = m; in x_low: b = a;", "a/b in place:");
    // Where they overlap, a row is finished part by part.
    check("in left: a = m; in right: a += m;", "a/a in place:");
    check("b = m; in left: b += a;", "b/b in place:");
    // Another predicate.
    check("in inner: a = m; every 2: in x_low: a = b;", "a a in place:");
}

/// Two ends of the grid may overlap on a small one. A region between them says that they do not.
#[test]
fn the_ends_of_the_grid_are_disjoint_if_there_is_a_region_between() {
    let text = |between: &str| {
        format!(
            "stencil test f64\ndim x\nwidth w\nregion low = x[: w]\nregion high = x[-w :]\n\
             {between}time function u(x) levels 3\nstep forward {{\n\
             in low: u[t+1] = u[t-1]; in high: u[t+1] = u[t-1]; in mid: u[t+1] = u; }}"
        )
    };
    let in_place = |text: &str| {
        let mut stencil = text::parse(text).expect("should parse");
        schedule(&mut stencil, 0).in_place.len()
    };
    assert_eq!(in_place(&text("region mid = x[w : -w]\n")), 1);
    assert_eq!(in_place(&text("region mid = x[1 : -1]\n")), 0);
}

#[test]
fn threads_wait_for_what_others_write_or_still_read() {
    // Read after write, away from the point.
    check("p[t+1] = p; a = p[t+1, x-1];", "p | a in place: p");
    check("p[t+1] = p; a = p[t+1, z-1];", "p | a in place: p");
    // Write after read.
    check("p[t+1] = a[x-1]; a = m;", "p | a in place: p");
    check("interpolate rec: a; a = m;", "interpolate | a in place:");
    check("interpolate rec: a; inject src into a: src;", "interpolate | inject(a) in place:");
    // One wait settles all that came before.
    check(
        "a = m; b = m; p[t+1] = a[x-1] + b[x-1]; inject src into p[t+1]: src * a[x+1];",
        "a+b | p inject(p) in place: p",
    );
    // At the point, each thread sees its own.
    check(
        "p[t+1] = p; inject src into p[t+1]: src; v[t+1] = p[t+1];",
        "p inject(p) v in place: v p",
    );
    check(
        "p[t+1] = p; inject src into p[t+1]: src; interpolate rec: p[t+1];",
        "p inject(p) | interpolate in place: p",
    );
    check("p[t+1] = p; interpolate rec: p;", "p interpolate in place:");
}

/// New and oldest level are one buffer: threads wait only if one has read the oldest elsewhere.
#[test]
fn working_in_place_adds_no_waits_at_the_point() {
    check("v[t+1] = v; u[t+1] = u[t-1] * v[t+1, x+1]; v[t+1] = m;", "v | u | v in place: u v");
    check("a = u[t-1]; p[t+1] = p; b = p[t+1, x+1]; u[t+1] = u[t-1];", "a+p | b+u in place: u p");
}

/// What is injected into the new level before all regions are done lands in the oldest one.
#[test]
fn an_injection_between_regions_forbids_working_in_place() {
    let in_place = |between: &str| {
        let mut stencil = text::parse(&format!(
            "stencil test f64\ndim x\nregion low = x[: 3]\nregion high = x[3 :]\nfunction m(x)\n\
             time function u(x) levels 3\nsparse src linear\nstep forward {{\n\
             in low: u[t+1] = u[t-1]; {between} in high: u[t+1] = u[t-1]; }}"
        ))
        .expect("should parse");
        schedule(&mut stencil, 0).in_place.len()
    };
    assert_eq!(in_place(""), 1);
    assert_eq!(in_place("inject src into m: src;"), 1);
    assert_eq!(in_place("inject src into u[t+1]: src;"), 0);
}

/// Samples belong to no grid point: an injection reads those of any thread.
#[test]
fn samples_are_waited_for() {
    check("interpolate src: a; inject src into b: src;", "interpolate | inject(b) in place:");
    check("inject src into b: src; interpolate src: a;", "inject(b) | interpolate in place:");
    check("interpolate rec: a; inject src into b: src;", "interpolate inject(b) in place:");
}

#[test]
fn reductions_wait_and_are_waited_for() {
    check("a = m; s = sum of a; b = m;", "a | reduce b in place:");
    check("s = sum of m; b = s * m;", "| reduce | b in place:");
    check("b = s * m; s = sum of m;", "b | reduce in place:");
    check("s = max of a; a = m;", "| reduce | a in place:");
}

/// The programs that matter most: one loop per step, two levels of memory.
#[test]
fn acoustic_waves_take_one_loop_and_work_in_place() {
    let stencil = fixtures::acoustic(2, 8, DType::F32);
    let parameters = ["m", "damp"].map(|n| stencil.field_named(n).expect("should be there"));
    let result = adjoint(&stencil, "forward", &parameters).expect("should have an adjoint");
    let mut plain = result.stencil.clone();
    let mut optimised = passes::optimise(result.stencil);
    let described = |stencil: &mut Stencil, name: &str| {
        let at = stencil.steps.iter().position(|s| s.name == name).expect("should be there");
        let result = schedule(stencil, at);
        describe(stencil, &result)
    };
    assert_eq!(described(&mut plain, "forward"), "u inject(u) interpolate in place: u");
    assert_eq!(described(&mut optimised, "forward"), "interpolate u/u/u/u/u inject(u) in place: u");
    let record = described(&mut optimised, RECORD);
    assert!(record.contains("u+u_tape"), "{record}");
    let reverse = described(&mut optimised, REVERSE);
    assert!(reverse.starts_with("u_adj+m_grad"), "{reverse}");
    assert!(reverse.ends_with("in place: u_adj"), "{reverse}");
}
