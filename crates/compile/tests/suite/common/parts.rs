//! Programs of which updates hold in a part of the grid, or in some steps, alone.

use retrograd_compile::symbolic::{Eq, Grid, Span, Thickness, solve};
use retrograd_compile::{Item, discretise};
use retrograd_ir::{DType, Stencil};

fn grid() -> Grid {
    Grid::new([15, 12]).expect("grid")
}

/// Waves in three slabs side by side: damped ones in the first, as wide as said at run time, others
/// between, quicker ones in the last: reads go across, whatever there is.
fn slabs() -> Stencil {
    let grid = grid();
    let (m, q) = (grid.function("m"), grid.function("q"));
    let u = grid.time_function("u").time_order(2).space_order(4);
    let (src, rec) = (grid.sparse("src").sinc(2), grid.sparse("rec"));
    let part = |name, span| grid.subdomain(name, [span, Span::Whole]).expect("should have points");
    let first = part("first", Span::left("width"));
    let between = part("between", Span::middle("width", 5));
    let last = part("last", Span::right(5));
    let damped = &m * u.dt2() - u.laplace() + &q * u.dt();
    let plain = &m * u.dt2() - u.laplace();
    let quick = &m * u.dt2() - 1.5 * (&q * u.laplace());
    let solved = |pde| solve(&pde, &u.forward()).expect("should be linear");
    let response = solved(plain.clone()).response();
    let update = |pde, on| Item::Update(Eq::new(u.forward(), solved(pde).update()).on(on));
    let items = [
        update(damped, &first),
        update(plain, &between),
        update(quick, &last),
        Item::Inject { sparse: src.clone(), target: u.forward(), value: src.value() * response },
        Item::Interpolate { sparse: rec, value: u.value() },
    ];
    discretise("slabs", &grid, DType::F64, &items).expect("should discretise")
}

/// A body in the middle of the grid, over the updates of the whole grid, of a system of two
/// functions; the second lives in an absorbing layer, as wide as it the body's first part.
fn body() -> Stencil {
    let grid = grid();
    let (b, k) = (grid.function("b"), grid.function("k"));
    let p = grid.time_function("p").space_order(2);
    let v = grid.time_function("v").space_order(2).staggered(0);
    let memory = grid.time_function("memory").in_layer(1);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let body = [Span::middle(2, "depth"), Span::Middle(Thickness::Layer, Thickness::Layer)];
    let body = grid.subdomain("body", body).expect("should have points");
    let corner = grid.subdomain("corner", [Span::left(7), Span::right(6)]).expect("corner");
    let dt = Grid::dt();
    let push = b.value().at(&v) * p.value().derivative_at(0, 1, 4, 1);
    let spread = v.forward().derivative_at(0, 1, 4, -1);
    let items = [
        Item::Update(Eq::new(memory.forward(), 0.5 * memory.value() + 0.1 * p.value())),
        Item::Update(Eq::new(v.forward(), v.value() + &dt * &push)),
        Item::Update(Eq::new(v.forward(), 0.5 * v.value() + &dt * (1.5 * push)).on(&body)),
        Item::Update(Eq::new(
            p.forward(),
            p.value() + &dt * (&k * &spread) + 0.3 * memory.forward(),
        )),
        Item::Update(Eq::new(p.forward(), p.value() + &dt * (&k * &b * spread)).on(&body)),
        Item::Update(Eq::new(p.forward(), 0.0).on(&corner)),
        Item::Inject { sparse: src.clone(), target: p.forward(), value: src.value() * &dt },
        Item::Interpolate { sparse: rec, value: p.value() },
    ];
    discretise("body", &grid, DType::F64, &items).expect("should discretise")
}

/// Waves and a slow field: that is updated every third step, from what waves are then, and feeds
/// them; on a part of the grid in other steps as well. Recorded every second step.
fn slow() -> Stencil {
    let grid = grid();
    let (m, d) = (grid.function("m"), grid.function("d"));
    let u = grid.time_function("u").time_order(2).space_order(4);
    let c = grid.time_function("c").space_order(2);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let slow = grid.sparse("rec_slow");
    let left = grid.subdomain("left", [Span::left("width"), Span::Whole]).expect("left");
    let wave = &m * u.dt2() - u.laplace() - 0.1 * c.value();
    let wave = solve(&wave, &u.forward()).expect("should be linear");
    let heat = c.dt() - &d * c.laplace() - 0.2 * u.value();
    let heat = solve(&heat, &c.forward()).expect("should be linear").update();
    let items = [
        Item::Update(Eq::new(u.forward(), wave.update())),
        Item::Inject {
            sparse: src.clone(),
            target: u.forward(),
            value: src.value() * wave.response(),
        },
        Item::Update(Eq::new(c.forward(), heat.clone()).every_from(3, 1)),
        Item::Update(Eq::new(c.forward(), heat + 0.1 * u.forward()).on(&left).every(2)),
        Item::InterpolateEvery { sparse: slow, value: c.forward(), period: 3, first: 0 },
        Item::InterpolateEvery { sparse: rec, value: u.backward(), period: 2, first: 1 },
    ];
    discretise("slow", &grid, DType::F64, &items).expect("should discretise")
}

/// Those that are linear in state and sources.
pub(super) fn linear() -> Vec<(String, Stencil)> {
    vec![("slabs".into(), slabs()), ("body".into(), body()), ("slow field".into(), slow())]
}

/// Programs that the symbolic layer does not write, or that are not linear.
pub(super) fn special() -> Vec<(String, Stencil)> {
    let declarations = "stencil test f64
        dim x
        param dt
        width w
        region low = x[0 : w]
        region box = x[w : -4]
        function m(x)
        function b(x)
        function a(x)
        time function u(x) levels 3
        time function p(x) levels 2
        sparse src linear
        sparse rec sinc 2
        {computed}
        step forward {";
    let programs = [
        (
            "parts that add, and overwrite each other",
            "",
            "u[t+1] = m * u + b * u[x-1];
             in low: u[t+1] += dt * m[x+1] * u[t-1, x+1] * p;
             in box: u[t+1] = u * p[x+1] / (m + b);
             in low: u[t+1] += b * u;
             in box: u[t+1] += u[t-1, x-2] / m;
             inject src into u[t+1]: src;
             p[t+1] = 0;
             in box: p[t+1] = (p + a * u[t+1, x+1]) / b;
             interpolate rec: u[t+1] + p;",
        ),
        (
            "in some steps, not linearly",
            "function c(x)",
            "c = m * u;
             in low: c = b * a * u[x-1];
             p[t+1] = p;
             every 3: p[t+1] = p / m + c[x+1] * c;
             every 2 from 1: in box: p[t+1] += b[x-1] * p * u;
             u[t+1] = (2 * m * u - m * u[t-1] + 0.01 * p[t+1]) / m;
             every 2: in box: u[t+1] = (u + b[x+1] * p[x-1]) / m;
             inject src into u[t+1]: src * m;
             every 2: interpolate rec: u;",
        ),
    ];
    let parsed = |(name, computed, steps): (&str, &str, &str)| {
        let declarations = declarations.replace("{computed}", computed);
        let parsed = retrograd_ir::text::parse(&format!("{declarations} {steps} }}"));
        (name.to_owned(), parsed.unwrap_or_else(|e| panic!("{name}\n{e}")))
    };
    programs.into_iter().map(parsed).collect()
}
