//! Which means of parameters are computed where they are used.

use retrograd_compile::passes::reread_means;
use retrograd_ir::text;

/// The steps of a program with these statements in `setup` and `forward`.
fn program(setup: &str, forward: &str) -> retrograd_ir::Stencil {
    let text = format!(
        "stencil test f64\ndim x, z\nwidth w\nregion inner = x[w : -w], z[w : -w]\n\
         region x_low = x[: w]\nregion x_high = x[-w :]\nregion z_low = x[w : -w], z[: w]\n\
         region z_high = x[w : -w], z[-w :]\n\
         function m(x, z)\nfunction n(x, z)\nfunction damp(x, z) zero in inner\n\
         function a(x, z)\nfunction b(x, z)\nfunction layer(x, z) zero in inner\n\
         time function u(x, z) levels 2\nstep setup {{ {setup} }}\nstep forward {{ {forward} }}"
    );
    text::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

#[track_caller]
fn check(setup: &str, forward: &str, expected: &str) {
    let found = text::print(&reread_means(program(setup, forward)));
    assert_eq!(found, text::print(&program(setup, expected)));
}

#[track_caller]
fn check_kept(setup: &str, forward: &str) {
    check(setup, forward, forward);
}

const MEAN: &str = "a = 0.5 * (m + m[x+1 clamp]);";

#[test]
fn a_mean_goes_where_its_parameter_is_read_anyway() {
    check(MEAN, "u[t+1] = m * u + a;", "u[t+1] = m * u + 0.5 * (m + m[x+1 clamp]);");
    check_kept(MEAN, "u[t+1] = n * u + a;");
}

#[test]
fn two_means_of_one_parameter_go() {
    let both = format!("{MEAN} b = 0.5 * (m + m[z+1 clamp]);");
    check(
        &both,
        "u[t+1] = a * u + b;",
        "u[t+1] = 0.5 * (m + m[x+1 clamp]) * u + 0.5 * (m + m[z+1 clamp]);",
    );
    check_kept(&both, "u[t+1] = a * u;");
    let of_two = format!("{MEAN} b = 0.5 * (n + n[z+1 clamp]);");
    check_kept(&of_two, "u[t+1] = a * u + b;");
}

#[test]
fn what_is_no_mean_stays() {
    for setup in [
        "a = 1 / m;",
        "a = sqrt(m + m[x+1 clamp]);",
        "a = m * m[x+1 clamp];",
        "a = 0.5 * (m + n);",
        "a = m + m[x+1 clamp] + m[x+2 clamp] + m[x-1 clamp] + m[x-2 clamp];",
        "m = 2 * n; a = 0.5 * (m + m[x+1 clamp]);",
        "a = m; a = 0.5 * (m + m[x+1 clamp]);",
    ] {
        check_kept(setup, "u[t+1] = m * u + a;");
    }
}

/// Away from the point there may be nothing to read the parameter of; a quotient is worth an array.
#[test]
fn what_is_read_elsewhere_or_divides_stays() {
    check_kept(MEAN, "u[t+1] = m * u + a[x+1 clamp];");
    check_kept(MEAN, "u[t+1] = m * u / a;");
    check_kept(MEAN, "u[t+1] = m * u + sqrt(a);");
}

/// Zero inside a layer and computed in its shells alone: outside of them the parameter is zero too.
#[test]
fn means_in_layers_go_too() {
    let mean = "0.5 * (damp + damp[x+1 clamp])";
    let shells = ["x_low", "x_high", "z_low", "z_high"];
    let setup = shells.map(|shell| format!("in {shell}: layer = {mean};"));
    check(
        &setup.join(" "),
        "u[t+1] = damp * u; in x_low: u[t+1] += layer * u;",
        &format!("u[t+1] = damp * u; in x_low: u[t+1] += {mean} * u;"),
    );
}
