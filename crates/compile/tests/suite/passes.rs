//! Passes, as pairs of texts.

use retrograd_compile::passes::{
    contract_products, hoist_invariants, normalise_updates, optimise, restrict_to_shells,
    split_layers,
};
use retrograd_ir::interpret::{Subnormals, evaluate_uniform};
use retrograd_ir::{BinaryOp, Expr, ExprId, ParamId, Stencil, UnaryOp, text, verify};

const DECLARATIONS: &str = "
dim x, z
param dt, h
width w0, w1
region inner = x[w0 : -w1], z[w0 : -w1]
region inner_x_low = x[: w0]
region inner_x_high = x[-w1 :]
function m(x, z)
function b(x, z)
function a(x, z)
function g(z)
function damp(x, z) zero in inner
time function u(x, z) levels 3
region inner_x = x[w0 : -w1], z[:]
region inner_z = x[:], z[w0 : -w1]
time function psi(x, z) levels 2 zero in inner_x
time function zeta(x, z) levels 2 zero in inner_z
sparse src linear
";

fn stencil(steps: &str) -> Stencil {
    let parsed = text::parse(&format!("stencil test f64\n{DECLARATIONS}{steps}"));
    verify(parsed.expect("should parse")).expect("should be well formed").stencil().clone()
}

fn forward(statements: &str) -> Stencil {
    stencil(&format!("step forward {{ {statements} }}"))
}

/// The text of the steps, without line breaks and indents.
fn steps(stencil: &Stencil) -> String {
    let verified = verify(stencil.clone().compact()).expect("a pass should keep programs valid");
    let printed = text::print(verified.stencil());
    let from = printed.find("step ").expect("there should be a step");
    printed[from..].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(pass: fn(Stencil) -> Stencil, before: &str, after: &str) {
    let result = pass(forward(before));
    assert_eq!(steps(&result), after.split_whitespace().collect::<Vec<_>>().join(" "), "{before}");
    // A second time changes nothing.
    assert_eq!(steps(&pass(result)), steps(&pass(forward(before))), "{before}: not idempotent");
}

#[track_caller]
fn normal(before: &str, after: &str) {
    let step = |value: &str| format!("step forward {{ u[t+1] = {value}; }}");
    check(normalise_updates, &format!("u[t+1] = {before};"), &step(after));
}

#[test]
fn leapfrog_appears_where_coefficients_cancel() {
    let value = "(2 * m / dt^2 * u - m / dt^2 * u[t-1] + (u[x-1] + u[x+1])) / (m / dt^2)";
    normal(value, "2 * u - u[t-1] + dt^2 / m * (u[x-1] + u[x+1])");
    normal("(m * u + m * u[t-1]) / m", "u + u[t-1]");
    normal("m * u / (m * m)", "1 / m * u");
    normal("u * dt / dt", "u");
}

#[test]
fn reads_with_one_weight_share_one_product() {
    normal("0.5 * u[x-1] + 2 * u + 0.5 * u[x+1]", "0.5 * (u[x-1] + u[x+1]) + 2 * u");
    normal("h * u[x-1] - h * u[x+1]", "h * (u[x-1] - u[x+1])");
    normal("u * h - 3 * u", "(h + -3) * u");
    normal("u[x-1] / h + u / h^2 + u[x+1] / h", "1 / h * (u[x-1] + u[x+1]) + 1 / h^2 * u");
}

/// What will be computed ahead of time takes along what all its terms share, so that sums with
/// equal weights stay equal.
#[test]
fn uniform_factors_go_ahead_of_time() {
    normal("(dt^2 / h * u[x-1] + dt^2 * u) / m", "dt^2 / m * (1 / h * u[x-1] + u)");
    normal("(3 * u[x-1] + 3 * dt * u) / m", "3 / m * (u[x-1] + dt * u)");
    normal("(3 * u[x-1] + 2 * u) / m", "1 / m * (3 * u[x-1] + 2 * u)");
    // Not computed ahead: a product more would be one per point.
    normal("m * (dt * u[x-1] + dt * u)", "m * (dt * (u[x-1] + u))");
}

/// `m / D` and `damp / D` with `D = m / dt^2 + damp / (2 dt)`: one of them is enough.
#[test]
fn one_of_the_fractions_that_add_up_to_one_is_replaced() {
    let denominator = "(m / dt^2 + damp / (2 * dt))";
    let damped = "m * (2 * u - u[t-1]) / dt^2 + damp * u[t-1] / (2 * dt) + u[x+1]";
    check(
        normalise_updates,
        &format!("u[t+1] = ({damped}) / {denominator};"),
        "step forward { let e1 = m * (1 / dt^2) + damp * (0.5 / dt); \
         u[t+1] = 2 * u - u[t-1] + (1 / e1 * u[x+1] - 1 / dt * damp / e1 * (u - u[t-1])); }",
    );
    // One fraction only, and a coefficient that might be zero and would divide.
    normal("m * u / (m + damp)", "m / (m + damp) * u");
    check(
        normalise_updates,
        "u[t+1] = (m * u + damp * u[t-1]) / (m + h * damp);",
        "step forward { let e1 = m + damp * h; u[t+1] = m / e1 * u + damp / e1 * u[t-1]; }",
    );
    normal("(m * u + h * damp * u) / (m + h * damp)", "u");
}

/// The sum of all weights of a value as kernels have them, for a field that is 1 everywhere.
fn of_ones(stencil: &Stencil, id: ExprId) -> f64 {
    let of = |id| of_ones(stencil, id);
    if stencil.is_uniform(id) {
        let params = |p: ParamId| 10.0 + 0.1 * f64::from(p.0);
        return evaluate_uniform(stencil, id, &params, &|_| 0.0, Subnormals::Flush);
    }
    match stencil.exprs[id] {
        Expr::Load { .. } => 1.0,
        Expr::Unary { op: UnaryOp::Neg, arg } => -of(arg),
        Expr::Binary { op: BinaryOp::Add, lhs, rhs } => of(lhs) + of(rhs),
        Expr::Binary { op: BinaryOp::Sub, lhs, rhs } => of(lhs) - of(rhs),
        Expr::Binary { op: BinaryOp::Mul, lhs, rhs } => of(lhs) * of(rhs),
        ref other => panic!("{other:?} is not a weighted sum"),
    }
}

/// Fornberg's weights of order 8 along two dimensions of different spacing. In f32 the centre
/// alone is rounded by up to 2^-24 of 0.056, that is 3e-9; the finest weight, 1.7e-5, by 1e-12.
#[test]
fn rounded_weights_of_a_laplacian_add_up_to_zero() {
    let line = |dim: &str| {
        let weights = [8.0 / 5.0, -1.0 / 5.0, 8.0 / 315.0, -1.0 / 560.0];
        let pairs = weights.iter().zip(1..).map(|(w, k)| {
            let reads = format!("(u[{dim}-{k}] + u[{dim}+{k}])");
            format!("{:?} / h_{dim}^2 * {reads}", *w)
        });
        format!("{} - {:?} / h_{dim}^2 * u", pairs.collect::<Vec<_>>().join(" + "), 205.0 / 72.0)
    };
    let value = format!("u[t+1] = {} + {};", line("x"), line("z")).replace("+ -", "- ");
    let text = |dtype: &str| {
        format!(
            "stencil test {dtype}\ndim x, z\nparam h_x, h_z\ntime function u(x, z) levels 3\n\
             step forward {{ {value} }}"
        )
    };
    let sum = |dtype: &str, pass: fn(Stencil) -> Stencil| {
        let stencil = pass(text::parse(&text(dtype)).expect("should parse"));
        of_ones(&stencil, stencil.steps[0].statements[0].kind.value())
    };
    assert!(sum("f32", |s| s).abs() > 1e-10, "rounding should show without the pass");
    assert!(sum("f32", normalise_updates).abs() < 4e-12);
    assert!(sum("f32", |s| normalise_updates(normalise_updates(s))).abs() < 4e-12);
    assert!(sum("f64", normalise_updates).abs() < 1e-16);
}

#[test]
fn signs_are_taken_out() {
    normal("-(u - u[t-1])", "-(u - u[t-1])");
    normal("-(u - 2 * u[t-1])", "-u + 2 * u[t-1]");
    normal("-2 * u[x-1] - 2 * u[x+1]", "-(2 * (u[x-1] + u[x+1]))");
    normal("u - (-(u[t-1]))", "u + u[t-1]");
    normal("0.5 * u[x-1] - 0.5 * u[x+1]", "0.5 * (u[x-1] - u[x+1])");
}

#[test]
fn equal_terms_add_up_and_vanish() {
    normal("u + u + u", "3 * u");
    normal("u + u[t-1] - u", "u[t-1]");
    normal("u - u", "0");
    normal("2 + u - 1", "1 + u");
}

#[test]
fn what_is_no_sum_of_products_stays() {
    normal("abs(u - u) + abs(u)", "abs(u - u) + abs(u)");
    normal("max(u, u[t-1]) * 2", "2 * max(u, u[t-1])");
    normal("u / (u + 1)", "u / (u + 1)");
    normal("select(u < 0, u, m)", "select(u < 0, u, m)");
}

#[test]
fn a_division_or_a_function_is_hoisted_a_product_of_one_read_is_not() {
    check(hoist_invariants, "u[t+1] = u / m;", "step forward { u[t+1] = u / m; }");
    check(
        hoist_invariants,
        "u[t+1] = 1 / m * u;",
        "step forward { u[t+1] = pre * u; } step setup { pre = 1 / m; }",
    );
    check(
        hoist_invariants,
        "u[t+1] = sqrt(m) * u;",
        "step forward { u[t+1] = pre * u; } step setup { pre = sqrt(m); }",
    );
    check(
        hoist_invariants,
        "u[t+1] = m * b * u;",
        "step forward { u[t+1] = pre * u; } step setup { pre = m * b; }",
    );
    check(hoist_invariants, "u[t+1] = dt * m * u;", "step forward { u[t+1] = dt * m * u; }");
    check(hoist_invariants, "u[t+1] = 1 / dt * u;", "step forward { u[t+1] = 1 / dt * u; }");
    check(hoist_invariants, "u[t+1] = exp(u);", "step forward { u[t+1] = exp(u); }");
}

#[test]
fn equal_invariants_share_a_function_across_statements_steps_and_offsets() {
    check(
        hoist_invariants,
        "u[t+1] = 1 / m * u + 1 / m[x+1] * u[x+1];",
        "step forward { u[t+1] = pre * u + pre[x+1] * u[x+1]; } step setup { pre = 1 / m; }",
    );
    let both = "step forward { u[t+1] = 1 / m * u; } step other { u[t+1] = u + 1 / m; }";
    assert_eq!(
        steps(&hoist_invariants(stencil(both))),
        "step forward { u[t+1] = pre * u; } step other { u[t+1] = u + pre; } \
         step setup { pre = 1 / m; }"
    );
}

/// Never two values at one point: not where regions may meet, nor if one is read beside the point.
#[test]
fn invariants_of_regions_apart_share_a_function() {
    let kept = "step setup { pre = 1 / m; pre_1 = 1 / b; }";
    for (before, after, setup) in [
        (
            "in inner: a = u + 1 / m; in inner_x_low: a = 2 * u + 1 / b;",
            "in inner: a = u + pre; in inner_x_low: a = 2 * u + pre;",
            "step setup { in inner: pre = 1 / m; in inner_x_low: pre = 1 / b; }",
        ),
        (
            "in inner: a = u + 1 / m; in inner_x_low: a = 2 * u + 1 / b; \
             in inner_x_low: a += 3 * u + 1 / (m * b);",
            "in inner: a = u + pre; in inner_x_low: a = 2 * u + pre; \
             in inner_x_low: a += 3 * u + pre_1;",
            "step setup { pre_1 = 1 / (m * b); in inner: pre = 1 / m; \
             in inner_x_low: pre = 1 / b; }",
        ),
        (
            "a = u + 1 / m; in inner: a = 2 * u + 1 / b;",
            "a = u + pre; in inner: a = 2 * u + pre_1;",
            kept,
        ),
        (
            "in inner_x_high: a = u + 1 / m; in inner_x_low: a = 2 * u + 1 / b;",
            "in inner_x_high: a = u + pre; in inner_x_low: a = 2 * u + pre_1;",
            kept,
        ),
        (
            "in inner: a = u + 1 / m[x+1]; in inner_x_low: a = 2 * u + 1 / b;",
            "in inner: a = u + pre[x+1]; in inner_x_low: a = 2 * u + pre_1;",
            kept,
        ),
    ] {
        check(hoist_invariants, before, &format!("step forward {{ {after} }} {setup}"));
    }
}

#[test]
fn a_set_up_that_is_there_is_continued() {
    let with = "step setup { b = m; } step forward { u[t+1] = 1 / m * u; }";
    assert_eq!(
        steps(&hoist_invariants(stencil(with))),
        "step setup { b = m; pre = 1 / m; } step forward { u[t+1] = pre * u; }"
    );
}

#[test]
fn what_a_step_writes_is_not_hoisted() {
    let kept = "u[t+1] = 1 / a * u; a += u;";
    check(hoist_invariants, kept, &format!("step forward {{ {kept} }}"));
}

/// Reads at several offsets are one value of no single function; outside the grid, `1 / (1 + m)`
/// is 1 where reads are zero, not zero.
#[test]
fn what_would_change_at_the_boundary_is_not_hoisted() {
    for kept in [
        "u[t+1] = m * b[x+1] * u;",
        "u[t+1] = 1 / (1 + m[x+1]) * u;",
        "u[t+1] = sqrt(m[x+1]) * u;",
        "u[t+1] = 1 / m[x+1 odd] * u;",
        "u[t+1] = 1 / (m[x+1] * b[x+1 clamp]) * u;",
        "u[t+1] = m[x+1 odd|even] * b[x+1 odd|even] * u;",
        "u[t+1] = 1 / (1 + m[x+1 fold even]) * u;",
        "u[t+1] = m[x+1 even] * b[x+1 half even] * u;",
    ] {
        check(hoist_invariants, kept, &format!("step forward {{ {kept} }}"));
    }
    check(
        hoist_invariants,
        "u[t+1] = 1 / (1 + m[x+1 clamp]) * u + m[z-1] * b[z-1] * u;",
        "step forward { u[t+1] = pre[x+1 clamp] * u + pre_1[z-1] * u; } \
         step setup { pre = 1 / (1 + m); pre_1 = m * b; }",
    );
    check(
        hoist_invariants,
        "u[t+1] = 1 / (1 + m[x+1 half even]) * u + 1 / (1 + m[z-1 even|clamp]) * u;",
        "step forward { u[t+1] = pre[x+1 half even] * u + pre[z-1 even|clamp] * u; } \
         step setup { pre = 1 / (1 + m); }",
    );
}

#[test]
fn the_inside_of_a_layer_does_not_read_it() {
    check(
        split_layers,
        "u[t+1] = u - damp * u;",
        "step forward {
           in inner: u[t+1] = u;
           let e1 = u - damp * u;
           in inner_x_low: u[t+1] = e1;
           in inner_x_high: u[t+1] = e1;
           in inner_z_low: u[t+1] = e1;
           in inner_z_high: u[t+1] = e1; }",
    );
    let regions = text::print(&split_layers(forward("u[t+1] = u - damp * u;")));
    for region in [
        "inner_x_low = x[: w0]\n",
        "inner_x_high = x[-w1 :]\n",
        "inner_z_low = x[w0 : -w1], z[: w0]\n",
        "inner_z_high = x[w0 : -w1], z[-w1 :]\n",
    ] {
        assert!(regions.contains(region), "{region}{regions}");
    }
}

#[test]
fn neighbours_at_the_point_are_split_along() {
    check(
        split_layers,
        "u[t+1] = damp * u; a += u[t+1];",
        "step forward {
           in inner: u[t+1] = 0;
           in inner: a += u[t+1];
           let e1 = damp * u;
           in inner_x_low: u[t+1] = e1;
           in inner_x_low: a += u[t+1];
           in inner_x_high: u[t+1] = e1;
           in inner_x_high: a += u[t+1];
           in inner_z_low: u[t+1] = e1;
           in inner_z_low: a += u[t+1];
           in inner_z_high: u[t+1] = e1;
           in inner_z_high: a += u[t+1]; }",
    );
}

/// What needs the whole grid of others is another sweep, which is split by itself.
#[test]
fn updates_that_need_others_on_the_whole_grid_are_split_apart() {
    check(
        split_layers,
        "u[t+1] = damp * u; a = u[t+1, x-1];",
        "step forward {
           in inner: u[t+1] = 0;
           let e1 = damp * u;
           in inner_x_low: u[t+1] = e1;
           in inner_x_high: u[t+1] = e1;
           in inner_z_low: u[t+1] = e1;
           in inner_z_high: u[t+1] = e1;
           a = u[t+1, x-1]; }",
    );
}

#[test]
fn some_updates_stay_whole() {
    for kept in [
        // Nothing is known to vanish at the point.
        "u[t+1] = m * u;",
        "u[t+1] = damp[x+1] * u;",
        // A profile is written once per region: it would add up five times.
        "u[t+1] = damp * u; g += 1;",
        "every 2: a = m;",
    ] {
        check(split_layers, kept, &format!("step forward {{ {kept} }}"));
    }
}

#[test]
fn other_statements_and_predicates_end_a_run() {
    let after = steps(&split_layers(forward(
        "u[t+1] = damp * u; inject src into u[t+1]: src; a += u[t+1]; every 2: b = damp;",
    )));
    assert!(after.contains("inject src into u[t+1]: src; a += u[t+1]; every 2: in inner: b = 0;"));
}

#[test]
fn products_that_are_added_once_become_one_operation() {
    for (before, after) in [
        ("u[t+1] = u + a * m;", "u[t+1] = fma(a, m, u);"),
        ("u[t+1] = a * m + u;", "u[t+1] = fma(a, m, u);"),
        // Signs go to what is the same everywhere, or stay where they are.
        ("u[t+1] = u - m * dt;", "u[t+1] = fma(-dt, m, u);"),
        ("u[t+1] = u - a * m;", "u[t+1] = fma(-a, m, u);"),
        ("u[t+1] = dt * m - u;", "u[t+1] = fma(dt, m, -u);"),
        // Of two products one; sums of sums.
        ("u[t+1] = a * m + b * u;", "u[t+1] = fma(b, u, a * m);"),
        ("u[t+1] = u + a * m - 2 * b;", "u[t+1] = fma(-2, b, fma(a, m, u));"),
        // What is used twice, or the same everywhere, stays; so does the set-up.
        ("u[t+1] = (u + a * m) * (a * m);", "let e1 = a * m; u[t+1] = (u + e1) * e1;"),
        // Update by update.
        ("u[t+1] = a * m; a = u + a * m;", "u[t+1] = a * m; a = fma(a, m, u);"),
        ("u[t+1] = u + 2 * dt;", "u[t+1] = u + 2 * dt;"),
        (
            "u[t+1] = u; inject src into u[t+1]: src + a * m;",
            "u[t+1] = u; inject src into u[t+1]: src + a * m;",
        ),
    ] {
        check(contract_products, before, &format!("step forward {{ {after} }}"));
    }
    let setup = "step setup { a = b + a * m; }";
    let kept = steps(&contract_products(stencil(setup)));
    assert!(kept.contains(setup), "{kept}");
}

#[test]
fn all_passes_together_leave_leapfrog_in_the_interior() {
    let result = optimise(forward(
        "u[t+1] = (m * (2 * u - u[t-1]) / dt^2 + damp * u[t-1] / (2 * dt) + u[x-1] - 2 * u + \
         u[x+1]) / (m / dt^2 + damp / (2 * dt));",
    ));
    let text = steps(&result);
    for part in [
        "let e1 = 2 * u; let e2 = u[x-1] + u[x+1] - e1; let e3 = e1 - u[t-1];",
        "in inner: u[t+1] = fma(pre, e2, e3);",
        "let e4 = e3 + fma(-pre, u - u[t-1], pre_1 * e2); in inner_x_low: u[t+1] = e4;",
        "step setup { let e1 = dt^2; let e2 = m * (1 / e1) + damp * (0.5 / dt); pre_1 = 1 / e2; \
         in inner: pre = e1 / m; let e3 = 1 / dt * damp / e2; in inner_x_low: pre = e3;",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn memory_of_a_layer_is_computed_and_read_there_alone() {
    check(
        restrict_to_shells,
        "psi[t+1] = b * psi + a * u[x+1]; zeta[t+1] = b * zeta;
         u[t+1] = u + m * (psi[t+1] + zeta[t+1] + u[z+1]); a += u[t+1];",
        "step forward {
         u[t+1] = u + m * u[z+1];
         let e1 = b * psi + a * u[x+1];
         in inner_x_x_low: psi[t+1] = e1;
         let e2 = m * psi[t+1];
         in inner_x_x_low: u[t+1] += e2;
         in inner_x_x_high: psi[t+1] = e1;
         in inner_x_x_high: u[t+1] += e2;
         let e3 = b * zeta;
         in inner_z_z_low: zeta[t+1] = e3;
         in inner_z_z_high: zeta[t+1] = e3;
         let e4 = m * zeta[t+1];
         in inner_z_z_low: u[t+1] += e4;
         in inner_z_z_high: u[t+1] += e4;
         a += u[t+1]; }",
    );
}

/// The shells of what is read at an offset are wider, and come after all of it is computed.
#[test]
fn shells_are_as_wide_as_reads_reach() {
    check(
        restrict_to_shells,
        "psi[t+1] = b * psi; u[t+1] = psi[t+1, x+2] - psi[t+1, z-3] + u;",
        "step forward {
         u[t+1] = u;
         let e1 = b * psi;
         in inner_x_x_low: psi[t+1] = e1;
         in inner_x_x_high: psi[t+1] = e1;
         let e2 = -psi[t+1, z-3] + psi[t+1, x+2];
         in inner_x_x_low_2: u[t+1] += e2;
         in inner_x_x_high_2: u[t+1] += e2; }",
    );
}

#[test]
fn updates_that_are_not_linear_in_a_layer_stay_whole() {
    check(
        restrict_to_shells,
        "u[t+1] = u + psi * psi; inject src into u[t+1]: src;",
        "step forward { u[t+1] = u + psi * psi; inject src into u[t+1]: src; }",
    );
}

#[test]
fn updates_that_add_nothing_go() {
    check(
        normalise_updates,
        "u[t+1] = u; a += 0 * m; every 2: u[t+1] += u - u; a = 0;",
        "step forward { u[t+1] = u; a = 0; }",
    );
    check(
        |stencil| normalise_updates(restrict_to_shells(stencil)),
        "u[t+1] = u; psi[t+1] = psi; u[t+1] += psi;",
        "step forward {
         u[t+1] = u;
         in inner_x_x_low: psi[t+1] = psi;
         in inner_x_x_low: u[t+1] += psi;
         in inner_x_x_high: psi[t+1] = psi;
         in inner_x_x_high: u[t+1] += psi; }",
    );
}
