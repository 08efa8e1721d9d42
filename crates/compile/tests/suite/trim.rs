//! Assignments are computed where they last.

use retrograd_compile::passes::{optimise, trim_overwritten};
use retrograd_compile::schedule::schedule;
use retrograd_ir::{Stencil, text};

const DECLARATIONS: &str = "stencil test f64
dim x, z
param dt
width w
region left = x[0 : w]
region middle = x[w : -4]
region right = x[-4 : ]
region box = x[w : -4], z[2 : -2]
region corner = x[-4 : ], z[0 : 3]
region other = x[5 : -5]
function m(x, z)
function a(x, z)
time function u(x, z) levels 3
time function p(x, z) levels 2
sparse src linear
";

fn parsed(statements: &str) -> Stencil {
    let written = format!("{DECLARATIONS}step forward {{ {statements} }}");
    text::parse(&written).unwrap_or_else(|e| panic!("{statements}\n{e}"))
}

/// The statements that are left, one a line.
#[track_caller]
fn check(before: &str, after: &[&str]) {
    let printed = text::print(&trim_overwritten(parsed(before)));
    let step = printed.split("step forward {").nth(1).expect("should be printed");
    let lines: Vec<&str> = step.lines().map(str::trim).filter(|l| l.ends_with(';')).collect();
    assert_eq!(lines, after, "{before}\n{printed}");
}

#[test]
fn what_parts_overwrite_is_computed_beside_them() {
    check("u[t+1] = u; in left: u[t+1] = 0;", &["in rest: u[t+1] = u;", "in left: u[t+1] = 0;"]);
    let printed = text::print(&trim_overwritten(parsed("u[t+1] = 0; in box: u[t+1] = u;")));
    for part in ["region rest = x[w : -4], z[: 2]", "region rest_1 = x[w : -4], z[-2 :]"] {
        assert!(printed.contains(part), "{part}\n{printed}");
    }
    check(
        "u[t+1] = 0; in box: u[t+1] = u;",
        &[
            "in left: u[t+1] = 0;",
            "in right: u[t+1] = 0;",
            "in rest: u[t+1] = 0;",
            "in rest_1: u[t+1] = 0;",
            "in box: u[t+1] = u;",
        ],
    );
}

#[test]
fn what_parts_overwrite_everywhere_goes() {
    let parts = ["in left: u[t+1] = m;", "in middle: u[t+1] = u;", "in right: u[t+1] = a;"];
    check(&format!("u[t+1] = 0; {}", parts.join(" ")), &parts);
    check("u[t+1] = 0; u[t+1] = m;", &["u[t+1] = m;"]);
    check("every 2: a = m; every 2: a = u;", &["every 2: a = u;"]);
}

/// What is read, added to or overwritten in other steps only stays.
#[test]
fn what_is_needed_stays() {
    for statements in [
        &["u[t+1] = u;", "p[t+1] = u[t+1];", "in left: u[t+1] = 0;"][..],
        &["u[t+1] = u;", "u[t+1] += m;", "in left: u[t+1] = 0;"],
        &["u[t+1] = u;", "inject src into u[t+1]: src;", "in left: u[t+1] = 0;"],
        &["u[t+1] = u;", "every 2: u[t+1] = 0;"],
        &["every 2: a = u;", "every 3: in left: a = 0;"],
        &["a = a + u;", "in left: a = 0;"],
    ] {
        check(&statements.join(" "), statements);
    }
}

/// Waves beside a body that is at rest take the place of the oldest level, as they do without it.
#[test]
fn the_oldest_level_is_overwritten_beside_a_part() {
    let wave = "u[t+1] = 2 * u - u[t-1] + m * (u[x+1] - 2 * u + u[x-1]);";
    for part in ["left", "box", "corner"] {
        let whole = parsed(&format!("{wave} in {part}: u[t+1] = 0;"));
        let field = whole.field_named("u").expect("should be declared");
        let mut trimmed = optimise(whole.clone());
        assert_eq!(schedule(&mut trimmed, 0).in_place, [field], "{part}");
    }
}
