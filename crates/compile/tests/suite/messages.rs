//! Every message that a user can cause, read in full or by the part that names the place.

use retrograd_compile::emit::{Vectors, emit_c};
use retrograd_compile::schedule::schedule;
use retrograd_compile::symbolic::{Eq, Expression, Grid, GridError, Span, solve};
use retrograd_compile::{Item, adjoint, discretise};
use retrograd_ir::{DType, FieldId, Stencil, text};

const DECLARATIONS: &str = "
dim x, z
param dt
region inner = x[2 : -2]
function m(x, z)
function a(x, z)
function g(z)
function single(x, z) f32
function far(x, z) device
time function u(x, z) levels 3
time function v(x, z) levels 3 staggered(x)
time function w(z) levels 2
time function p(x, z) levels 2
tape q(x, z)
sparse src linear
sparse rec linear
scalar s
step forward {
";

fn parsed(statements: &str) -> Stencil {
    let text = format!("stencil test f64\n{DECLARATIONS}{statements}\n}}");
    text::parse(&text).unwrap_or_else(|e| panic!("{statements}\n{e}"))
}

fn grid() -> Grid {
    Grid::new([8, 8]).expect("should be a grid")
}

#[track_caller]
fn grid_error(result: Result<Grid, GridError>, message: &str) {
    assert_eq!(result.expect_err("should be refused").to_string(), message);
}

#[test]
fn grids() {
    grid_error(
        Grid::new([2, 2, 2, 2]),
        "a grid has 1, 2 or 3 dimensions, not 4\n  help: give one extent per dimension",
    );
    grid_error(
        Grid::new([3, 0]),
        "extent 0 of dimension 1 is too small\n  help: give at least 1 grid point",
    );
    for spacing in [0.0, -1.0, f64::INFINITY] {
        grid_error(
            grid().spacing([1.0, spacing]),
            &format!("spacing {spacing} m of dimension 1 is not a positive number of metres"),
        );
    }
    grid_error(grid().spacing([1.0]), "1 values of `spacing` for a grid of 2 dimensions");
    grid_error(
        grid().origin([0.0, f64::NAN]),
        "origin NaN m of dimension 1 is not a finite number of metres",
    );
    grid_error(grid().origin([0.0; 3]), "3 values of `origin` for a grid of 2 dimensions");
}

#[test]
fn subdomains() {
    let error = |spans: &[Span]| {
        let found = grid().subdomain("sea", spans.iter().cloned());
        found.expect_err("should be refused").to_string()
    };
    assert_eq!(
        error(&[Span::left(2)]),
        "subdomain `sea` has 1 spans on a grid of 2 dimensions\n  help: give one per dimension, \
         `Span::Whole` where it takes all"
    );
    for span in [Span::left(0), Span::right(0), Span::middle(5, 3)] {
        assert_eq!(
            error(&[Span::Whole, span]),
            "subdomain `sea` has no point along dimension 1, of 8 points\n  help: make `left` and \
             `right` thicker than 0, and what `middle` leaves out thinner than the grid"
        );
    }
    let c = grid().time_function("c");
    let on = |spans: &[Span], grid: &Grid| {
        let part = grid.subdomain("sea", spans.iter().cloned()).expect("should have points");
        Item::Update(Eq::new(c.forward(), c.value()).on(&part))
    };
    let line = Grid::new([9]).expect("grid");
    discretise_error(
        &[on(&[Span::Whole], &line)],
        "subdomain `sea` has 1 dimensions, the grid has 2\n  help: declare it with \
         `Grid::subdomain` of the same grid",
    );
    discretise_error(
        &[on(&[Span::Whole, Span::left(2)], &grid()), on(&[Span::Whole, Span::left(3)], &grid())],
        "two different functions, sets of points or subdomains are named `sea`\n  help: give each \
         its own name",
    );
    for (period, first) in [(0, 0), (3, 3)] {
        discretise_error(
            &[Item::Update(Eq::new(c.forward(), c.value()).every_from(period, first))],
            &format!(
                "`c` acts every {period} steps from step {first}: the period should be above 0 and \
                 the first step below it"
            ),
        );
    }
}

#[track_caller]
fn discretise_error(items: &[Item], message: &str) {
    let error = discretise("test", &grid(), DType::F64, items).expect_err("should be refused");
    assert_eq!(error.to_string(), message);
}

#[track_caller]
fn value_error(value: Expression, message: &str) {
    let c = grid().time_function("c");
    discretise_error(&[Item::Update(Eq::new(c.forward(), value))], message);
}

#[test]
fn declarations_in_equations() {
    let grid = grid();
    let value = |order| grid.function("f").space_order(order).value();
    let space = "space order 3 of `f`: allowed are even orders from 2 to 16";
    value_error(value(3), space);
    value_error(value(18), &space.replace('3', "18"));
    value_error(
        grid.time_function("f").time_order(3).value(),
        "time order 3 of `f`: allowed are 1 and 2",
    );
    value_error(
        grid.function("f").value() + grid.function("f").staggered(0).value(),
        "two different functions, sets of points or subdomains are named `f`\n  help: give each \
         its own name",
    );
    let points = grid.sparse("rec");
    let record = |sparse| Item::Interpolate { sparse, value: grid.function("f").value() };
    discretise_error(
        &[record(points.clone()), record(points.sinc(4))],
        "two different functions, sets of points or subdomains are named `rec`\n  help: give each \
         its own name",
    );
}

#[test]
fn equations() {
    let grid = grid();
    let (f, c) = (grid.function("f").value(), grid.time_function("c"));
    discretise_error(
        &[Item::Update(Eq::new(c.value(), f.clone()))],
        "the left side of an update should be `u.forward()` of a time function or a function",
    );
    let allowed = "allowed are orders from 0 (a mean) to 8 and even accuracies from 2 to 16";
    for (order, accuracy) in [(9, 2), (1, 3), (1, 18)] {
        value_error(
            f.derivative(0, order, accuracy),
            &format!("derivative of order {order} with accuracy {accuracy}: {allowed}"),
        );
    }
    value_error(
        f.derivative(2, 1, 2),
        "a derivative or a layer along dimension 2 of a grid with 2 dimensions",
    );
    value_error(
        c.backward(),
        "`c` has time order 1: its level -1 does not exist\n  help: declare `.time_order(2)` to \
         use `backward()`",
    );
    let reach = "derivatives of derivatives read more than 127 grid points away";
    value_error((0..3).fold(f.clone(), |f, _| f.derivative_at(0, 1, 2, 90)), reach);
    value_error((0..3).fold(f.clone(), |f, _| f.derivative_at(0, 1, 2, -90)), reach);
    // One derivative far off its argument, in either direction.
    for half_cells in [i8::MIN, -97, 97, i8::MAX] {
        value_error(f.derivative_at(0, 1, 2, half_cells), reach);
    }
}

#[test]
fn derivatives_reach_as_far_as_they_may() {
    for (half_cells, cells) in [(-96, "-48"), (96, "+48")] {
        let far = grid().function("f").value().derivative_at(0, 8, 16, half_cells);
        let message = format!(
            "the update of `c`: `c` sits at the nodes, `f` sits {cells} cells along x\n  {HELP}"
        );
        value_error(far, &message);
    }
}

const HELP: &str = "help: take the mean of neighbours with `.at(...)`, or a derivative that leads \
                    there (`grad`, `div`, `curl`, `staggered_derivative`)";

#[test]
fn what_sits_apart_does_not_combine() {
    let grid = grid();
    let (c, b) = (grid.time_function("c"), grid.function("b"));
    let v = grid.time_function("v").staggered(0);
    value_error(
        &b * v.value(),
        &format!(
            "the update of `c`: `b` sits at the nodes, `v` sits +1 half cells along x\n  {HELP}"
        ),
    );
    value_error(
        v.value(),
        &format!(
            "the update of `c`: `c` sits at the nodes, `v` sits +1 half cells along x\n  {HELP}"
        ),
    );
    // The weights at sparse points would be those of the nodes.
    let strain = c.value().staggered_derivative(0);
    discretise_error(
        &[Item::Interpolate { sparse: grid.sparse("rec"), value: strain }],
        &format!(
            "the interpolation of `c`: `c` sits +1 half cells along x, `a difference or mean at \
             sparse points` sits at the nodes\n  {HELP}"
        ),
    );
    let allowed = [
        Item::Update(Eq::new(v.forward(), b.value().at(&v) * c.value().staggered_derivative(0))),
        Item::Update(Eq::new(c.forward(), b.value() * v.forward().staggered_derivative(0))),
        Item::Interpolate { sparse: grid.sparse("rec"), value: v.value() },
    ];
    discretise("test", &grid, DType::F64, &allowed).expect("should combine");
}

#[track_caller]
fn solve_error(residual: &Expression, unknown: &Expression, message: &str) {
    assert_eq!(solve(residual, unknown).expect_err("should be refused").to_string(), message);
}

#[test]
fn solving() {
    let grid = grid();
    let u = grid.time_function("u").time_order(2);
    let x = u.forward();
    solve_error(
        &u.value(),
        &x,
        "the equation does not contain the unknown `u.forward()`\n  help: a time derivative such \
         as `u.dt2()` brings in `u.forward()`",
    );
    let help = "help: `solve` handles a x + b = 0; write the update of a non-linear scheme with \
                `Eq`";
    for (residual, place) in [
        (&x * &x, "a product of itself"),
        (1.0 / x.clone(), "a denominator"),
        (x.min(0.0), "a minimum, maximum, power or choice"),
        (x.where_less(0.0, 1.0, &x), "a minimum, maximum, power or choice"),
        (x.exp(), "an elementary function"),
    ] {
        let start = "the equation is not linear in the unknown `u.forward()`: it occurs in";
        solve_error(&residual, &x, &format!("{start} {place}\n  {help}"));
    }
    solve_error(
        &x.derivative(0, 2, 2),
        &x,
        "the unknown `u.forward()` stands under a spatial derivative: the scheme is implicit\n  \
         help: take the derivative at a known time level, such as `u.laplace()`",
    );
    solve_error(
        &x,
        &(&x + 1.0),
        "`solve` finds a level of a function, such as `u.forward()`, not a compound expression",
    );
}

#[track_caller]
fn adjoint_error(statements: &str, with_respect_to: &[&str], message: &str) {
    let stencil = parsed(statements);
    let ids: Vec<FieldId> = with_respect_to
        .iter()
        .map(|n| stencil.field_named(n).expect("should be declared"))
        .collect();
    let error = adjoint(&stencil, "forward", &ids).expect_err("should be refused");
    assert_eq!(error.to_string(), message, "{statements}");
}

#[test]
fn adjoints_of_updates() {
    let missing = adjoint(&parsed("u[t+1] = u;"), "nowhere", &[]).expect_err("should be refused");
    assert_eq!(missing.to_string(), "the stencil has no step named `nowhere`");
    let early = "`u` is read at its new level before its last write in the step\n  help: move \
                 interpolations and later updates behind all injections into `u`";
    adjoint_error("u[t+1] = u; interpolate rec: u[t+1]; inject src into u[t+1]: src;", &[], early);
    adjoint_error("u[t+1] = u; p[t+1] = u[t+1]; u[t+1] += p[t+1];", &[], early);
    adjoint_error(
        "u[t+1] = u; inject src into u[t+1]: src; in inner: u[t+1] = 0;",
        &[],
        "samples are injected into `u` before an update of a part of the grid, or in some steps, \
         overwrites them\n  help: move the injection behind all updates of `u`",
    );
    for (statement, name) in [
        ("a += m;", "a"),
        ("u[t+1] = a; a = m;", "a"),
        ("in inner: a = m;", "a"),
        ("q = m;", "q"),
        ("inject src into a: src;", "a"),
    ] {
        adjoint_error(
            statement,
            &[],
            &format!(
                "`{name}` is no time function, but carries data from step to step; its adjoint is \
                 not supported\n  help: make it a time function, or compute it over the whole \
                 grid before it is read"
            ),
        );
    }
    for statement in ["s = max of m;", "while s > 1: u[t+1] = u;"] {
        let message = "statement 0 of the step reduces over the grid, or acts while a reduction is \
                       large; its adjoint is not supported yet";
        adjoint_error(statement, &[], message);
    }
    adjoint_error(
        "every 2: u[t+1] = u;",
        &[],
        "`u` is updated in some steps only, and nothing assigns it in the others\n  help: assign \
         it before, for all steps: `u[t+1] = u`, say",
    );
}

#[test]
fn adjoints_by_what_is_no_full_parameter() {
    adjoint_error(
        "u[t+1] = u;",
        &["p"],
        "`p` is not a parameter function: gradients are by static functions",
    );
    let profile = |name: &str| {
        format!(
            "`{name}` lacks a dimension of the grid; the adjoint of a state, or the gradient by a \
             parameter, that does is not supported yet"
        )
    };
    adjoint_error("u[t+1] = g * u;", &["g"], &profile("g"));
    adjoint_error("w[t+1] = w; u[t+1] = u + w;", &[], &profile("w"));
}

#[test]
fn adjoints_of_sparse_operations() {
    let refused = |operation: &str, points: &str, why: &str| {
        format!("the {operation} of `{points}` {why}; its adjoint is not supported yet")
    };
    for (value, why) in [
        ("src * m[x+1]", "reads the grid at an offset"),
        ("src * p", "depends on the state"),
        ("src * src", "is not linear in the samples"),
        ("src + src[t-1]", "reads samples of several steps"),
    ] {
        let statements = format!("p[t+1] = p; u[t+1] = u; inject src into u[t+1]: {value};");
        adjoint_error(&statements, &[], &refused("injection", "src", why));
    }
    adjoint_error(
        "u[t+1] = u; v[t+1] = v; inject src into u[t+1]: src; inject src into v[t+1]: src;",
        &[],
        &refused(
            "injection",
            "src",
            "goes into functions on different staggered grids or at different steps",
        ),
    );
    adjoint_error(
        "v[t+1] = v; inject src into v[t+1]: src * m;",
        &["m"],
        &refused("injection", "src", "reads a parameter on another staggered grid than its target"),
    );
    for (value, why) in [
        ("u[x+1]", "reads the grid at an offset"),
        ("u * u", "is not linear in the state"),
        ("u + v", "mixes functions on different staggered grids"),
        ("m * u", "reads a parameter that a gradient is asked for"),
    ] {
        let statements = format!("u[t+1] = m * u; v[t+1] = v; interpolate rec: {value};");
        adjoint_error(&statements, &["m"], &refused("interpolation", "rec", why));
    }
    adjoint_error(
        "u[t+1] = u; interpolate rec: u; interpolate rec[t+1]: u;",
        &[],
        &refused("interpolation", "rec", "happens more than once per step"),
    );
    adjoint_error(
        "u[t+1] = u; inject src into u[t+1]: src; interpolate src: u;",
        &[],
        &refused("interpolation", "src", "is of points that are injected too"),
    );
}

#[track_caller]
fn emit_error(statements: &str, message: &str) {
    let mut stencil = parsed(statements);
    let result = schedule(&mut stencil, 0);
    let error = emit_c(&stencil, &result, Vectors { bytes: 16 }).expect_err("should be refused");
    assert_eq!(error.to_string(), message, "{statements}");
}

#[test]
fn c_texts() {
    let mixed = "the C back end needs all functions of a step in its working precision; `single` \
                 differs\n  help: declare it alike, or use the interpreter";
    emit_error("single = m;", mixed);
    emit_error("a = single;", mixed);
    emit_error("a = far;", "the C back end works in host memory; `far` lives on a device");
    emit_error(
        "g = 1;",
        "the C back end writes functions of all dimensions; `g` lacks one\n  help: declare it in \
         full, or use the interpreter",
    );
    let own = "the C back end works in place; `a` is read at an offset by the statement that \
               writes it\n  help: write to a function of its own first, or use the interpreter";
    emit_error("a = a[x+1];", own);
    emit_error("a += a[z-1];", own);
    emit_error("inject src into a: src * a[x-1];", own);
}

/// What is uniform over the grid is evaluated by the caller: any function of it will do.
#[test]
fn uniform_values_may_use_any_function() {
    let mut stencil = parsed("a = exp(dt) * m + pow(dt, 1.5);");
    let result = schedule(&mut stencil, 0);
    let module = emit_c(&stencil, &result, Vectors { bytes: 16 }).expect("should be printable");
    assert_eq!(module.uniforms.len(), 2);
    assert!(!module.elementary);
}
