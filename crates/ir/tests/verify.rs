//! Every rule of `verify`, broken.

mod common;

use common::Choices;
use proptest::prelude::*;
use retrograd_ir::conformance::{Array, Case, Interpreter, Machine};
use retrograd_ir::interpret::{DenseMemory, Subnormals, run_step};
use retrograd_ir::text::parse;
use retrograd_ir::{
    DimSet, Expr, FieldId, Interpolation, Invalid, Levels, Offset, RegionId, SparseId, Stencil,
    Verified, WidthId, verify,
};

const HEAD: &str = "stencil s f64\ndim x, z\nparam a\nwidth w, v\nregion inner = x[w : -w]\n\
                    region low = x[: w]\nregion high = x[-w :]\nregion other = x[v : -w]\n\
                    function m(x, z)\nfunction profile(z)\n\
                    time function u(x, z) levels 3\ntime function s(x, z) levels 2\n\
                    tape q(x, z)\nsparse src linear\nsparse rec linear\nscalar peak\n";

fn stencil(statements: &str) -> Stencil {
    let text = format!("{HEAD}step forward {{\n{statements}\n}}\n");
    parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn messages(stencil: Stencil) -> Vec<String> {
    verify(stencil).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check_valid(statements: &str) {
    assert_eq!(messages(stencil(statements)), Vec::<String>::new());
}

/// Exactly one rule is broken, and its message has these parts.
#[track_caller]
fn check(stencil: Stencil, parts: &[&str]) {
    let found = messages(stencil);
    assert_eq!(found.len(), 1, "{found:#?}");
    for part in parts {
        assert!(found[0].contains(part), "`{part}` should be in\n{}", found[0]);
    }
}

#[track_caller]
fn check_statements(statements: &str, parts: &[&str]) {
    check(stencil(statements), parts);
}

#[test]
fn messages_name_the_place_and_the_remedy() {
    let error = verify(stencil("u[t+1] = 1; m = u[t-2];")).expect_err("should fail");
    assert_eq!(
        error[0].to_string(),
        "statement 2 of step `forward`, `m = u[t-2]`, reads `u[t-2]`, but `u` has 3 levels: `t+1` \
         to `t-1`\n  help: declare more levels"
    );
}

#[test]
fn all_broken_rules_are_reported() {
    let found = messages(stencil("m = u[t-2]; m[t+1] = 0; m = src; every 0: m = 1; m = s[t+1];"));
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn levels() {
    check_statements("m = m[t-1];", &["reads `m[t-1]`", "static", "drop `t`"]);
    check_statements("m = s[t-1];", &["2 levels: `t+1` and `t`"]);
    check_statements("u = 1;", &["writes `u`", "of a time function only `t+1` is written"]);
    check_statements("m[t+1] = 1;", &["a static function has no time levels"]);
    check_statements("q[t-1] = 1;", &["a tape is written at the current step only"]);
    check_valid("u[t+1] = u[t-1] + q[t-1] + q[t+7]; q = u[t+1];");
}

#[test]
fn order() {
    check_statements("m = u[t+1]; u[t+1] = 1;", &["reads `u[t+1]`, which nothing assigns before"]);
    check_statements("u[t+1] = u[t+1, x-1];", &["reads `u[t+1]`", "under the same predicate"]);
    check_statements("u[t+1] += 1;", &["adds to `u[t+1]`"]);
    check_statements("inject src into u[t+1]: src;", &["injects into `u[t+1]`"]);
    check_statements("every 2: u[t+1] = 1; m = u[t+1];", &["reads `u[t+1]`"]);
    check_valid("every 2: u[t+1] = 1; every 2: m = u[t+1];");
    check_valid("u[t+1] = 1; every 2: u[t+1] += 1; in inner: u[t+1] = u[t+1, x-1];");
    check_valid("m += 1; inject src into m: src;");
}

#[test]
fn coverage() {
    let part = "assigns `u[t+1]` on a part of the grid only";
    check_statements("in inner: u[t+1] = 1;", &[part, "x = 0, z = 0"]);
    check_statements("in inner: u[t+1] = 1; in low: u[t+1] = 2;", &[part, "x = n - w, z = 0"]);
    check_valid("in inner: u[t+1] = 1; in low: u[t+1] = 2; in high: u[t+1] = 3;");
    check_valid("u[t+1] = 0; in inner: u[t+1] = 1;");
    // Layers of different widths are not known to meet.
    let statements = "in low: u[t+1] = 1; in other: u[t+1] = 1; in high: u[t+1] = 1;";
    check_statements(statements, &[part, "x = w"]);
    check_valid("in inner: m = 1;");
}

#[test]
fn series_and_sparse_points() {
    check_statements("m = src;", &["reads the series `src`; only an injection"]);
    check_statements("interpolate rec: src;", &["only an injection reads a series"]);
    check_statements("inject src into m: rec;", &["its own series only, `src`"]);
    check_statements("inject src into profile: src;", &["does not vary along `x`", "lie off it"]);
    let mut wide = stencil("");
    wide.sparse[0].interpolation = Interpolation::Sinc { radius: 11 };
    check(wide, &["sinc of radius 11; allowed are 1 to 10"]);
}

#[test]
fn dimensions() {
    check_statements("m = profile[x+1];", &["reads `profile[x+1]`, displaced along x"]);
    check_statements("profile = m;", &["writes `profile`, which does not vary along `x`"]);
    let mut beyond = stencil("");
    let load = Expr::Load {
        field: FieldId(0),
        time: 0,
        offset: Offset::along(3, 1),
        closure: retrograd_ir::Closure::ZERO,
    };
    let mut used = stencil("m = 1;");
    let value = used.exprs.intern(load);
    let statement = &mut used.steps[0].statements[0];
    statement.kind = statement.kind.with_value(value);
    check(used, &["displaced along dimension number 3"]);
    beyond.fields[0].dims = DimSet(0b111);
    check(beyond, &["function `m` varies along dimension number 2, which the stencil lacks"]);
    let mut staggered = stencil("");
    staggered.fields[1].staggered = DimSet(0b01);
    check(staggered, &["`profile` is staggered along dimension number 0, which it does not vary"]);
}

#[test]
fn a_dimension_is_periodic_on_both_sides_or_on_neither() {
    check_statements(
        "m = u[z-1 periodic|odd];",
        &["`u[z-1 periodic|odd]`, periodic on one side of `z`"],
    );
    check_valid("m = u[z-1 periodic, x+1 odd|zero] + u[z+1 fold half even];");
}

#[test]
fn predicates() {
    check_statements("every 0: m = 1;", &["acts every 0 steps", "period must be above 0"]);
    check_statements("every 3 from 3: m = 1;", &["every 3 steps from step 3"]);
    check_statements("while peak > m: m = 1;", &["a threshold that reads functions"]);
    check_valid("every 3 from 2: m = 1; while peak > a * 2: m = 1; peak = max of m;");
}

#[test]
fn names() {
    let mut twice = stencil("");
    twice.fields[0].name = "a".into();
    check(twice, &["a parameter and a function are both called `a`"]);
    for name in ["", "4u", "u v", "in", "t", "sin", "domain", "é"] {
        let mut illegal = stencil("");
        illegal.fields[1].name = name.into();
        let found = messages(illegal);
        assert!(found[0].starts_with(&format!("`{name}` cannot be the name of a function")));
    }
    let mut steps = stencil("");
    let step = steps.steps[0].clone();
    steps.steps.push(step);
    check(steps, &["a step and a step are both called `forward`"]);
}

#[test]
fn declarations() {
    let mut levels = stencil("");
    levels.fields[2].levels = Levels::Time(1);
    check(levels, &["`u` has 1 levels; allowed are 2"]);
    let mut domain = stencil("");
    domain.regions[0].bounds[0][0].cells = 1;
    check(domain, &["region number 0 must be `domain`"]);
    let mut bounds = stencil("");
    bounds.regions[1].bounds.pop();
    check(bounds, &["region `inner` has bounds for 1 dimensions, the stencil has 2"]);
    check(Stencil::new("s", retrograd_ir::DType::F32, &[]), &["has 0 dimensions; allowed are 1"]);
    let five = ["a", "b", "c", "d", "e"];
    check(Stencil::new("s", retrograd_ir::DType::F32, &five), &["has 5 dimensions"]);
}

#[test]
fn dangling_references() {
    let mut field = stencil("");
    field.fields[0].zero_in = Some(RegionId(9));
    check(field, &["function `m` refers to region number 9, but only 5"]);
    let mut width = stencil("");
    width.regions[1].bounds[0][0].width = Some(WidthId(7));
    check(width, &["region `inner` refers to width number 7"]);
    let mut series = stencil("m = 1;");
    series.exprs.intern(Expr::Series { sparse: SparseId(5), time: 0 });
    check(series, &["set of sparse points number 5, but only 2"]);
    let mut other = stencil("m = 1 + a;");
    other.exprs = retrograd_ir::ExprArena::default();
    check(other, &["statement 1 of step `forward` refers to expression number 2, but only 0"]);
    let mut missing = stencil("");
    missing.regions.clear();
    assert!(matches!(verify(missing).expect_err("should fail")[..], [Invalid::Domain { .. }, ..]));
}

/// Drops statements until every rule holds.
fn reduced(mut stencil: Stencil) -> Verified {
    loop {
        match verify(stencil.clone()) {
            Ok(program) => return program,
            Err(broken) => {
                assert!(broken.iter().all(|rule| !rule.to_string().is_empty()));
                let longest = stencil.steps.iter_mut().max_by_key(|s| s.statements.len());
                let dropped = longest.and_then(|step| step.statements.pop());
                assert!(dropped.is_some(), "{broken:?}");
            }
        }
    }
}

proptest! {
    /// Whatever the stencil, `verify` answers; what it accepts, the interpreter runs.
    #[test]
    fn verified_programs_run(list in prop::collection::vec(any::<u32>(), 8..200)) {
        let program = reduced(common::stencil(&mut Choices::new(list)));
        let dims = program.stencil().dims.len();
        let mut memory = DenseMemory::<f64>::new(&program, &vec![3; dims], &[1, 2], 2);
        for sparse in 0..2 {
            let points = [vec![1.25; dims]];
            prop_assert!(memory.place(program.stencil(), SparseId(sparse), &points).is_ok());
        }
        for step in 0..2 {
            run_step(&program, step, 1, &mut memory, Subnormals::Flush);
        }
    }
}

#[test]
fn a_wrong_expectation_is_found() {
    let text = "#: extents 3\n#: set u = 1 2 3\n#: run forward 0..1\n#: expect u = 2 4 7\n\
                stencil s f64 dim x function u(x) step forward { u = 2 * u; }";
    let case = Case::read("wrong", text).expect("should be a case");
    let mut machine = Interpreter::new(&case, Subnormals::Keep);
    let mismatches = case.check(&mut machine);
    assert_eq!(mismatches.len(), 1);
    assert_eq!(mismatches[0].at, Some(2));
    let target = retrograd_ir::Target { field: FieldId(0), time: 0 };
    assert_eq!(machine.get(Array::Level(target)), [2.0, 4.0, 6.0]);
    let error = Case::read("bad", &text.replace("set u = 1 2 3", "set u = 1 2"));
    let error = error.expect_err("should fail").to_string();
    assert_eq!(error, "line 2: `set u = 1 2`: expected 1 or 3 values, found 2");
}
