//! Where updates may differ from zero.

use retrograd_compile::schedule::{PhaseKind, schedule};
use retrograd_compile::support::{
    Effect, Known, Near, Output, Support, Values, is_silent_without_samples, outputs,
};
use retrograd_ir::interpret::{Subnormals, evaluate_uniform};
use retrograd_ir::{ExprId, FieldId, StatementKind, Stencil, text, verify};

const DECLARATIONS: &str = "
stencil test f32
dim x, z
param dt, minus
function m(x, z)
function a(x, z)
function plus(x, z)
function wild(x, z)
time function u(x, z) levels 3
time function v(x, z) levels 2
time function w(z) levels 2
tape q(x, z)
sparse src linear
step forward {
";

fn parsed(statements: &str) -> Stencil {
    let parsed = text::parse(&format!("{DECLARATIONS}{statements}}}")).expect("should parse");
    verify(parsed).expect("should be well formed").stencil().clone()
}

fn function(stencil: &Stencil, field: FieldId) -> Values {
    match stencil.field(field).name.as_str() {
        "plus" => Values::Positive,
        "wild" => Values::Wild,
        _ => Values::Finite,
    }
}

/// `dt` is 0.5, `minus` is -2.
fn uniform(stencil: &Stencil) -> impl Fn(ExprId) -> f64 + '_ {
    let params = |id: retrograd_ir::ParamId| [0.5, -2.0][id.0 as usize];
    move |id| evaluate_uniform(stencil, id, &params, &|_| f64::INFINITY, Subnormals::Flush)
}

/// Levels of a set with `|` between them, sets with `&`; `u-1(-2..3, 0)` is the level `t-1`, read up
/// to two points below and three above along the first dimension.
fn describe(stencil: &Stencil, output: &Output) -> String {
    let level = |near: &Near| {
        let time =
            if near.target.time == 0 { String::new() } else { format!("{:+}", near.target.time) };
        let along = near.spread.iter().take(2).map(|spread| match spread {
            None => "any".to_owned(),
            Some([low, high]) if low == high => low.to_string(),
            Some([low, high]) => format!("{low}..{high}"),
        });
        let along = along.collect::<Vec<_>>().join(", ");
        format!("{}{time}({along})", stencil.field(near.target.field).name)
    };
    let set = |set: &Vec<Near>| set.iter().map(level).collect::<Vec<_>>().join(" | ");
    let support = match &output.support {
        Support::Everywhere => "everywhere".to_owned(),
        Support::Within(sets) => sets.iter().map(set).collect::<Vec<_>>().join(" & "),
    };
    let sign = match output.effect {
        Effect::Assigns => "=",
        Effect::Adds => "+=",
    };
    format!("{} {sign} {support}", stencil.field(output.target.field).name)
}

#[track_caller]
fn check(statements: &str, expected: &[&str]) {
    let mut stencil = parsed(statements);
    let plan = schedule(&mut stencil, 0);
    let nests = plan.phases.iter().filter_map(|phase| match &phase.kind {
        PhaseKind::Nest(nest) => Some(nest),
        PhaseKind::Other(_) => None,
    });
    let (uniform, function) = (uniform(&stencil), |field| function(&stencil, field));
    let known = Known { uniform: &uniform, function: &function };
    let found: Vec<String> = nests
        .flat_map(|nest| &nest.parts)
        .flat_map(|part| outputs(&stencil, part, &known))
        .map(|output| describe(&stencil, &output))
        .collect();
    assert_eq!(found, expected, "{statements}");
}

#[test]
fn sums_vanish_where_all_summands_do() {
    check(
        "u[t+1] = 2 * u - u[t-1] + m * (u[x-2] + u[x+3] - 2 * u) / a;",
        &["u = u-1(0, 0) | u(-2..3, 0)"],
    );
    check("v[t+1] = v + m * (u[z+1] - u) * dt;", &["v = u(0, 0..1) | v(0, 0)"]);
    check("v[t+1] = v + m;", &["v = everywhere"]);
    check("v[t+1] = v + w;", &["v = everywhere"]);
    check("v[t+1] = 0;", &["v = "]);
}

/// Each factor bounds the product.
#[test]
fn products_vanish_where_one_factor_does() {
    check("a += q[x+1] * u;", &["a += q(1, 0) & u(0, 0)"]);
    check("a += q * u + q[t-1] * v;", &["a += q-1(0, 0) | q(0, 0) & v(0, 0) | u(0, 0)"]);
    check("a += m * u * u;", &["a += u(0, 0)"]);
    check("a += m;", &["a += everywhere"]);
}

/// What is assigned has to be `+0`; what is added may be zero of either sign.
#[test]
fn the_sign_of_zero_matters_where_it_is_stored() {
    check("v[t+1] = -u;", &["v = everywhere"]);
    check("v[t+1] = m * u;", &["v = everywhere"]);
    check("v[t+1] = dt * u;", &["v = u(0, 0)"]);
    check("v[t+1] = minus * u;", &["v = everywhere"]);
    check("v[t+1] = v + minus * u;", &["v = u(0, 0) | v(0, 0)"]);
    check("v[t+1] = u - v * m;", &["v = u(0, 0) | v(0, 0)"]);
    check("v[t+1] = -u + dt * v;", &["v = u(0, 0) | v(0, 0)"]);
    check("v[t+1] = plus * u;", &["v = u(0, 0)"]);
    check("v[t+1] = plus[x+1 odd] * u;", &["v = everywhere"]);
    check("a += minus * u;", &["a += u(0, 0)"]);
    check("v[t+1] = u[x+1 odd];", &["v = everywhere"]);
}

#[test]
fn other_operations_vanish_where_they_must() {
    check("v[t+1] = min(max(u, -4), 4);", &["v = u(0, 0)"]);
    check("v[t+1] = max(u, 1);", &["v = everywhere"]);
    check("v[t+1] = sqrt(abs(-u)) + sin(v);", &["v = u(0, 0) | v(0, 0)"]);
    check("v[t+1] = exp(u) - 1;", &["v = everywhere"]);
    check("v[t+1] = u / (2 + abs(v));", &["v = u(0, 0)"]);
    check("v[t+1] = m / u;", &["v = everywhere"]);
    check("v[t+1] = u * (1 / (dt - 0.5));", &["v = everywhere"]);
    check("v[t+1] = select(u < 0, m, v);", &["v = u(0, 0) | v(0, 0)"]);
    check("v[t+1] = select(u <= 0, m, v);", &["v = everywhere"]);
    check("v[t+1] = v + wild * u;", &["v = everywhere"]);
    check("v[t+1] = pow(u, 2);", &["v = u(0, 0)"]);
    check("v[t+1] = pow(u, m);", &["v = everywhere"]);
}

#[test]
fn samples_of_zero_inject_nothing_unless_something_else_is_added() {
    for (value, expected) in
        [("src * m", true), ("src / m * u", true), ("src + m", false), ("u", false)]
    {
        let stencil = parsed(&format!("v[t+1] = v; inject src into v[t+1]: {value};"));
        let StatementKind::Inject { value: id, .. } = stencil.steps[0].statements[1].kind else {
            panic!("the second statement injects")
        };
        let (uniform, function) = (uniform(&stencil), |field| function(&stencil, field));
        let known = Known { uniform: &uniform, function: &function };
        let silent = is_silent_without_samples(&stencil, id, &known);
        assert_eq!(silent, expected, "{value}");
    }
}
