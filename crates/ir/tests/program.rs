//! What a program reads and writes, and its canonical form.

use retrograd_ir::text::parse;
use retrograd_ir::{FieldId, Stencil};

fn stencil(statements: &str) -> Stencil {
    let head = "stencil s f64\ndim x, z\nparam dt\nfunction m(x, z)\n\
                time function u(x, z) levels 3\ntime function v(x, z) levels 2\nscalar r\n";
    let text = format!("{head}step forward {{\n{statements}\n}}\n");
    parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_read_radius_is_the_largest_displacement_per_dimension() {
    let stencil = stencil("u[t+1] = u[x-4] + u[x+2, z-1] + m; v[t+1] = u[z+3]; m = u[t+1];");
    let statements = &stencil.steps[0].statements;
    assert_eq!(stencil.read_radius(FieldId(1), statements), [4, 3]);
    assert_eq!(stencil.read_radius(FieldId(1), &statements[..1]), [4, 1]);
    assert_eq!(stencil.read_radius(FieldId(0), statements), [0, 0]);
}

#[test]
fn values_are_uniform_or_time_invariant() {
    let stencil = stencil("m = dt * 2; m = dt * m; m = r; m = u;");
    let values = stencil.steps[0].statements.iter().map(|s| s.kind.value());
    let found: Vec<(bool, bool)> =
        values.map(|v| (stencil.is_uniform(v), stencil.is_time_invariant(v))).collect();
    assert_eq!(found, [(true, true), (false, true), (true, false), (false, false)]);
}

#[test]
fn a_step_advances_the_time_functions_that_it_writes() {
    let stencil = stencil("v[t+1] = 0; m = u; v[t+1] += u;");
    assert_eq!(stencil.steps[0].advances(), [FieldId(2)]);
}

#[test]
fn compact_programs_do_not_depend_on_the_order_of_construction() {
    let one = stencil("let a = dt * 2; let b = m * 3; m = b + a;");
    let other = stencil("let b = m * 3; let a = dt * 2; let c = a - b; m = b + a;");
    assert_eq!(one, other);
    assert_eq!(one.clone().compact(), one);
}

#[test]
fn closures_that_cannot_act_are_dropped() {
    assert_eq!(stencil("m = u[x odd, z-1 even];"), stencil("m = u[x, z-1 even];"));
    assert_eq!(stencil("m = u[x-1 fold half zero];"), stencil("m = u[x-1];"));
    assert_eq!(stencil("m = u[x-1 fold periodic];"), stencil("m = u[x-1 periodic];"));
    assert_ne!(stencil("m = u[x-1 fold even];"), stencil("m = u[x-1 even];"));
}

#[test]
fn fresh_names_are_free() {
    let mut stencil = stencil("");
    assert_eq!(stencil.fresh_name("g"), "g");
    assert_eq!(stencil.fresh_name("u"), "u_1");
    stencil.add_static("u_1");
    assert_eq!(stencil.fresh_name("u"), "u_2");
}
