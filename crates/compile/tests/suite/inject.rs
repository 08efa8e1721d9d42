//! Injections are behind the updates that do not see them.

use retrograd_compile::passes::inject_late;
use retrograd_ir::text;

const DECLARATIONS: &str = "stencil test f64
dim x
function m(x)
time function u(x) levels 3
time function p(x) levels 2
sparse src linear
sparse rec linear
";

/// The statements afterwards, one a line.
#[track_caller]
fn check(before: &str, after: &[&str]) {
    let written = format!("{DECLARATIONS}step forward {{ {before} }}");
    let stencil = text::parse(&written).unwrap_or_else(|e| panic!("{before}\n{e}"));
    let printed = text::print(&inject_late(stencil));
    let step = printed.split("step forward {").nth(1).expect("should be printed");
    let lines: Vec<&str> = step.lines().map(str::trim).filter(|l| l.ends_with(';')).collect();
    assert_eq!(lines, after, "{before}\n{printed}");
}

#[test]
fn updates_of_other_functions_are_passed() {
    check(
        "u[t+1] = u; inject src into u[t+1]: src; p[t+1] = p + u;",
        &["u[t+1] = u;", "p[t+1] = p + u;", "inject src into u[t+1]: src;"],
    );
    // Two of them keep their order.
    check(
        "inject src into u[t+1]: src; inject src into u[t+1]: 2 * src; p[t+1] = p;",
        &["p[t+1] = p;", "inject src into u[t+1]: src;", "inject src into u[t+1]: 2 * src;"],
    );
}

#[test]
fn what_reads_or_writes_the_same_is_not_passed() {
    for last in ["p[t+1] = p + u[t+1];", "p[t+1] = p + u[t+1, x+1];", "u[t+1] += p;", "m = p;"] {
        check(
            &format!("inject src into u[t+1]: m * src; {last}"),
            &["inject src into u[t+1]: m * src;", last],
        );
    }
}

#[test]
fn samples_are_not_passed() {
    let statements = ["inject src into u[t+1]: src;", "interpolate rec: p;", "p[t+1] = p;"];
    check(&statements.join(" "), &statements);
}
