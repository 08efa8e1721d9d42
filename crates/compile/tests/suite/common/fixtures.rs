//! Programs that the adjoint tests run over.

use retrograd_compile::symbolic::{Eq, Expression, Grid, TimeFunction, div, grad, solve};
use retrograd_compile::{Item, discretise};
use retrograd_ir::{DType, FieldId, Levels, Stencil};

const SHAPES: [&[usize]; 3] = [&[23], &[15, 12], &[10, 9, 11]];

/// Acoustic waves, `m u_tt - lap u + damp u_t = f`: squared slowness in front of a symmetric
/// operator.
pub(crate) fn acoustic(dims: usize, space_order: usize, dtype: DType) -> Stencil {
    let grid = Grid::new(SHAPES[dims - 1]).expect("grid");
    let (m, damp) = (grid.function("m"), grid.function("damp").layer_only());
    let u = grid.time_function("u").time_order(2).space_order(space_order);
    let (src, rec) = (grid.sparse("src").sinc(2), grid.sparse("rec"));
    let pde = &m * u.dt2() - u.laplace() + &damp * u.dt();
    let step = solve(&pde, &u.forward()).expect("should be linear");
    let items = [
        Item::Update(Eq::new(u.forward(), step.update())),
        inject(&src, &u, src.value() * step.response()),
        Item::Interpolate { sparse: rec, value: u.value() },
    ];
    discretise("acoustic", &grid, dtype, &items).expect("should discretise")
}

fn inject(src: &retrograd_compile::symbolic::Sparse, u: &TimeFunction, value: Expression) -> Item {
    Item::Inject { sparse: src.clone(), target: u.forward(), value }
}

/// The same waves as `u+ = 2 u - u- + dt^2 v^2 lap u`: the coefficient is not symmetric with the
/// operator, and receivers read the new level.
pub(crate) fn velocity_form() -> Stencil {
    let grid = Grid::new(SHAPES[1]).expect("grid");
    let v = grid.function("v");
    let u = grid.time_function("u").time_order(2).space_order(4);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec").sinc(3));
    let dt2 = Grid::dt() * Grid::dt();
    let scale = &dt2 * (&v * v.value());
    let value = 2.0 * u.value() - u.backward() + &scale * u.laplace();
    let items = [
        Item::Update(Eq::new(u.forward(), value)),
        inject(&src, &u, src.value() * &dt2),
        Item::Interpolate { sparse: rec, value: u.forward() },
    ];
    discretise("velocity_form", &grid, DType::F64, &items).expect("should discretise")
}

/// Velocity and stress on staggered grids, time order 1: two updates, the second reads what the
/// first has just computed.
pub(crate) fn velocity_stress() -> Stencil {
    let grid = Grid::new(SHAPES[1]).expect("grid");
    let (b, k) = (grid.function("b"), grid.function("k"));
    let p = grid.time_function("p").time_order(1).space_order(4);
    let vx = grid.time_function("vx").time_order(1).space_order(4).staggered(0);
    let vz = grid.time_function("vz").time_order(1).space_order(4).staggered(1);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let slope = |f: Expression, dim, side| f.derivative_at(dim, 1, 4, side);
    let dt = Grid::dt();
    let items = [
        Item::Update(Eq::new(
            vx.forward(),
            vx.value() + &dt * (b.value().at(&vx) * slope(p.value(), 0, 1)),
        )),
        Item::Update(Eq::new(
            vz.forward(),
            vz.value() + &dt * (b.value().at(&vz) * slope(p.value(), 1, 1)),
        )),
        Item::Update(Eq::new(
            p.forward(),
            p.value() + &dt * (&k * (slope(vx.forward(), 0, -1) + slope(vz.forward(), 1, -1))),
        )),
        inject(&src, &p, src.value() * &dt),
        Item::Interpolate { sparse: rec, value: p.value() + p.forward() },
    ];
    discretise("velocity_stress", &grid, DType::F64, &items).expect("should discretise")
}

/// The same with sources that push and receivers that feel the velocity, off the nodes.
pub(crate) fn velocity_records() -> Stencil {
    let grid = Grid::new(SHAPES[1]).expect("grid");
    let (b, k) = (grid.function("b"), grid.function("k"));
    let p = grid.time_function("p").time_order(1).space_order(4);
    let vx = grid.time_function("vx").time_order(1).space_order(4).staggered(0);
    let vz = grid.time_function("vz").time_order(1).space_order(4).staggered(1);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let slope = |f: Expression, dim, side| f.derivative_at(dim, 1, 4, side);
    let dt = Grid::dt();
    let items = [
        Item::Update(Eq::new(
            vx.forward(),
            vx.value() + &dt * (b.value().at(&vx) * slope(p.value(), 0, 1)),
        )),
        Item::Update(Eq::new(
            vz.forward(),
            vz.value() + &dt * (b.value().at(&vz) * slope(p.value(), 1, 1)),
        )),
        inject(&src, &vx, src.value() * &dt),
        Item::Update(Eq::new(
            p.forward(),
            p.value() + &dt * (&k * (slope(vx.forward(), 0, -1) + slope(vz.forward(), 1, -1))),
        )),
        Item::Interpolate { sparse: rec.clone(), value: vx.value() },
        Item::Interpolate { sparse: grid.sparse("rec_z"), value: 0.5 * vz.forward() },
    ];
    discretise("velocity_records", &grid, DType::F64, &items).expect("should discretise")
}

/// Advection and diffusion with variable coefficients in flux form: nested derivatives.
pub(crate) fn transport() -> Stencil {
    let grid = Grid::new(SHAPES[1]).expect("grid");
    let (d, a) = (grid.function("d"), grid.function("a"));
    let c = grid.time_function("c").time_order(1).space_order(2);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let flux = |dim| (&d * c.derivative(dim, 1)).derivative(dim, 1, 2);
    let pde = c.dt() - 0.1 * (flux(0) + flux(1)) + 0.2 * (&a * c.derivative(0, 1));
    let step = solve(&pde, &c.forward()).expect("should be linear");
    let items = [
        Item::Update(Eq::new(c.forward(), step.update())),
        inject(&src, &c, src.value() * step.response()),
        Item::Interpolate { sparse: rec, value: 0.5 * c.value() },
    ];
    discretise("transport", &grid, DType::F64, &items).expect("should discretise")
}

/// Burgers' equation with a smooth reaction: non-linear in the state.
pub(crate) fn burgers() -> Stencil {
    let grid = Grid::new(SHAPES[0]).expect("grid");
    let nu = grid.function("nu");
    let u = grid.time_function("u").time_order(1).space_order(4);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let pde = u.dt() + u.value() * u.derivative(0, 1) - 0.3 * (&nu * u.derivative(0, 2))
        + 0.1 * (u.value() * nu.value()).sin();
    let step = solve(&pde, &u.forward()).expect("should be linear in the new level");
    let items = [
        Item::Update(Eq::new(u.forward(), step.update())),
        inject(&src, &u, src.value() * step.response()),
        Item::Interpolate { sparse: rec, value: u.value() },
    ];
    discretise("burgers", &grid, DType::F64, &items).expect("should discretise")
}

/// Acoustic waves with variable density on staggered differences,
/// `m u_tt - div (b grad u) + damp u_t = f`: self-adjoint, and `b` is read at an offset.
pub(crate) fn variable_density(dims: usize) -> Stencil {
    let grid = Grid::new(SHAPES[dims - 1]).expect("grid");
    let (m, b) = (grid.function("m"), grid.function("b"));
    let damp = grid.function("damp").layer_only();
    let u = grid.time_function("u").time_order(2).space_order(4);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let pde = &m * u.dt2() - div(&b.value() * grad(&u, dims)) + &damp * u.dt();
    let step = solve(&pde, &u.forward()).expect("should be linear");
    let items = [
        Item::Update(Eq::new(u.forward(), step.update())),
        inject(&src, &u, src.value() * step.response() * m.value()),
        Item::Interpolate { sparse: rec, value: u.value() - 0.5 * u.backward() },
    ];
    discretise("variable_density", &grid, DType::F64, &items).expect("should discretise")
}

/// Waves along a tilted axis: the slope along it is stored once per step and read at many offsets.
pub(crate) fn stored_slope() -> Stencil {
    let grid = Grid::new(SHAPES[1]).expect("grid");
    let (m, c) = (grid.function("m"), grid.function("c"));
    let u = grid.time_function("u").time_order(2).space_order(4);
    let slope = grid.function("slope");
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let forward = |d| u.value().derivative_at(d, 1, 2, 1).taken_at(&u);
    let back = |e: Expression, d| e.derivative_at(d, 1, 2, -1).taken_at(&u);
    let along = &c * forward(0) + c.value().cos() * forward(1);
    let divergence = back(&c * slope.value(), 0) + back(c.value().cos() * slope.value(), 1);
    let step = solve(&(&m * u.dt2() - divergence), &u.forward()).expect("should be linear");
    let items = [
        Item::Update(Eq::new(slope.value(), along)),
        Item::Update(Eq::new(u.forward(), step.update())),
        inject(&src, &u, src.value() * step.response()),
        Item::Interpolate { sparse: rec, value: u.value() },
    ];
    discretise("stored_slope", &grid, DType::F64, &items).expect("should discretise")
}

/// Pressure and velocity with memory in layers along one side each, one of them read at an offset.
pub(crate) fn layered() -> Stencil {
    let grid = Grid::new(SHAPES[1]).expect("grid");
    let (a, k) = (grid.function("a"), grid.function("k"));
    let p = grid.time_function("p").space_order(2);
    let v = grid.time_function("v").space_order(2).staggered(0);
    let psi = grid.time_function("psi").staggered(0).in_layer(0);
    let zeta = grid.time_function("zeta").space_order(4).in_layer(1);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let dt = Grid::dt();
    let slope = p.value().staggered_derivative(0);
    let items = [
        Item::Update(Eq::new(psi.forward(), 0.7 * psi.value() + a.value().at(&v) * &slope)),
        Item::Update(Eq::new(v.forward(), v.value() + &dt * (&slope + psi.forward()))),
        Item::Update(Eq::new(zeta.forward(), 0.4 * zeta.value() + &k * p.value())),
        Item::Update(Eq::new(
            p.forward(),
            p.value() + &dt * (&k * (v.forward().staggered_derivative(0) + zeta.derivative(1, 2))),
        )),
        inject(&src, &p, src.value() * &dt),
        Item::Interpolate { sparse: rec, value: p.value() },
    ];
    discretise("layered", &grid, DType::F64, &items).expect("should discretise")
}

/// One source that drives two functions, which exchange what they have just computed.
pub(crate) fn coupled() -> Stencil {
    let grid = Grid::new(SHAPES[0]).expect("grid");
    let (k, b) = (grid.function("k"), grid.function("b"));
    let p = grid.time_function("p").time_order(1);
    let q = grid.time_function("q").time_order(1);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let dt = Grid::dt();
    let items = [
        Item::Update(Eq::new(p.forward(), p.value() + &dt * (&k * q.derivative(0, 2)))),
        inject(&src, &p, src.value() * &dt),
        Item::Update(Eq::new(q.forward(), q.value() - &dt * (&b * p.forward()))),
        inject(&src, &q, 2.0 * (src.value() * k.value())),
        Item::Interpolate { sparse: rec, value: p.forward() + q.forward() },
    ];
    discretise("coupled", &grid, DType::F64, &items).expect("should discretise")
}

/// Diffusion with a reaction made of everything that has a derivative almost everywhere.
pub(crate) fn reaction() -> Stencil {
    let grid = Grid::new(SHAPES[1]).expect("grid");
    let (d, a) = (grid.function("d"), grid.function("a"));
    let c = grid.time_function("c").time_order(1);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let u = c.value();
    let growth = (&u * &u + 1.0).sqrt() * (-(&u * &u)).exp() + (u.abs() + 2.0).pow(1.5) * 0.1;
    let limited = u.min(&(a.value() * 0.2)).max(-0.4) * (2.0 + u.sin() + u.tanh());
    let switched = u.where_less(&(0.1 * a.value()), &u * &a.value(), (u.cos() + 2.0).ln());
    let pde = c.dt() - 0.1 * (&d * c.laplace()) - 0.2 * growth + 0.3 * limited + 0.2 * switched;
    let step = solve(&pde, &c.forward()).expect("should be linear in the new level");
    let items = [
        Item::Update(Eq::new(c.forward(), step.update())),
        inject(&src, &c, src.value() * step.response()),
        Item::Interpolate { sparse: rec, value: c.value() },
    ];
    discretise("reaction", &grid, DType::F64, &items).expect("should discretise")
}

/// Diffusion and advection of a profile-weighted field: `g` varies along the last dimension only.
pub(crate) fn with_profile() -> Stencil {
    let mut stencil = transport();
    let field = stencil.field_named("a").expect("should be declared");
    stencil.fields[field.0 as usize].dims = retrograd_ir::DimSet::NONE.with(1);
    stencil.name = "profile".into();
    stencil
}

/// All programs that are linear in state and sources.
pub(crate) fn linear() -> Vec<(String, Stencil)> {
    let mut all: Vec<(String, Stencil)> = Vec::new();
    for (dims, order) in [(1, 2), (1, 16), (2, 4), (2, 8), (3, 4)] {
        all.push((format!("acoustic {dims}-D so={order}"), acoustic(dims, order, DType::F64)));
    }
    all.push(("velocity form".into(), velocity_form()));
    all.push(("velocity-stress".into(), velocity_stress()));
    all.push(("velocity records".into(), velocity_records()));
    all.push(("transport".into(), transport()));
    all.push(("variable density 2-D".into(), variable_density(2)));
    all.push(("variable density 3-D".into(), variable_density(3)));
    all.push(("coupled".into(), coupled()));
    all.push(("layered".into(), layered()));
    all.push(("stored slope".into(), stored_slope()));
    all.push(("tilted".into(), super::systems::tilted()));
    all.push(("elastic".into(), super::systems::elastic()));
    all.extend(super::parts::linear());
    all
}

/// A program that is written as text.
fn written(steps: &str) -> Stencil {
    let declarations = "stencil test f64
        dim x
        param dt, h_x
        function m(x)
        function b(x)
        function k(x)
        time function u(x) levels 3
        time function p(x) levels 2
        sparse src linear
        sparse rec sinc 2
        step forward {";
    let parsed = retrograd_ir::text::parse(&format!("{declarations} {steps} }}"));
    parsed.unwrap_or_else(|e| panic!("{steps}\n{e}"))
}

/// Programs that the symbolic layer does not write.
fn special() -> Vec<(String, Stencil)> {
    let all = [
        (
            "periodic boundaries, of parameters too",
            "u[t+1] = 2 * u - u[t-1] + dt^2 * m * (b[x+1 periodic] * (u[x+1 periodic] - u)
               - b * (u - u[x-1 periodic]) + k[x-2 periodic] * b[x+1] * u[x+2]);
             inject src into u[t+1]: src * m;
             interpolate rec: u;",
        ),
        (
            "an update in two parts, around one that it reads",
            "u[t+1] = u + dt * (m * u[x-1]);
             p[t+1] = (k * p + u[x+1]) / (k + b);
             u[t+1] += dt * b[x+1] * p[t+1, x+1] * u[t-1];
             inject src into u[t+1]: src;
             interpolate rec: u[t+1] + p;",
        ),
        (
            "writes and injections that are overwritten",
            "u[t+1] = m * u * k;
             inject src into u[t+1]: src;
             u[t+1] = 0.5 * m * u[x-1] + b * u[t-1] / (2 + k);
             p[t+1] = p + dt * u[t+1, x+1];
             inject src into p[t+1]: src * b;
             interpolate rec: p;",
        ),
    ];
    all.into_iter().map(|(name, steps)| (name.to_owned(), written(steps))).collect()
}

/// All programs, with the names of their parameter functions.
/// Whether a function is a parameter: static, and computed by no step.
pub(crate) fn is_given(stencil: &Stencil, field: FieldId) -> bool {
    let statements = stencil.steps.iter().flat_map(|s| &s.statements);
    let mut written = statements.filter_map(Stencil::written);
    stencil.field(field).levels == Levels::Static && written.all(|t| t.field != field)
}

pub(crate) fn all() -> Vec<(String, Stencil, Vec<FieldId>)> {
    let mut programs = linear();
    programs.extend(special());
    programs.extend(super::parts::special());
    programs.push(("burgers".into(), burgers()));
    programs.push(("reaction".into(), reaction()));
    let with_parameters = |(name, stencil): (String, Stencil)| {
        let ids = (0..stencil.fields.len() as u32).map(FieldId);
        let parameters = ids.filter(|id| is_given(&stencil, *id)).collect();
        (name, stencil, parameters)
    };
    programs.into_iter().map(with_parameters).collect()
}
