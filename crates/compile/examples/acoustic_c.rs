//! Prints the C of every step of a 2-D acoustic program and its adjoint.
//!
//! `cargo run -p retrograd-compile --example acoustic_c`

use retrograd_compile::emit::{Vectors, emit_c};
use retrograd_compile::symbolic::{Eq, Grid, solve};
use retrograd_compile::{Item, adjoint, discretise, passes, schedule};
use retrograd_ir::DType;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let grid = Grid::new([101, 101])?.spacing([10.0, 10.0])?;
    let (m, damp) = (grid.function("m"), grid.function("damp").layer_only());
    let u = grid.time_function("u").time_order(2).space_order(4);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let pde = &m * u.dt2() - u.laplace() + &damp * u.dt();
    let step = solve(&pde, &u.forward())?;
    let items = [
        Item::Update(Eq::new(u.forward(), step.update())),
        Item::Inject {
            sparse: src.clone(),
            target: u.forward(),
            value: src.value() * step.response(),
        },
        Item::Interpolate { sparse: rec, value: u.value() },
    ];
    let stencil = discretise("acoustic", &grid, DType::F32, &items)?;
    let m = stencil.field_named("m").ok_or("m should be declared")?;
    let adjoint = adjoint(&stencil, "forward", &[m])?;
    let mut optimised = passes::optimise(adjoint.stencil);
    for number in 0..optimised.steps.len() {
        let name = optimised.steps[number].name.clone();
        let plan = schedule::schedule(&mut optimised, number);
        let module = emit_c(&optimised, &plan, Vectors { bytes: 64 })?;
        println!("/* ---- {name}: in place {:?} */", plan.in_place);
        for phase in &plan.phases {
            println!("/* {:?} {:?} */", phase.waits, phase.when);
        }
        println!("{}", module.text);
    }
    Ok(())
}
