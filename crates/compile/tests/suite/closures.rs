//! Adjoints of programs with boundaries: the tests of [`crate::dot_product`] and [`crate::tangent`]
//! with every kind of closure.

use retrograd_compile::symbolic::{Eq, Grid, TimeFunction};
use retrograd_compile::{Item, discretise, passes};
use retrograd_ir::Edge::{Clamp, Even, Odd, Periodic, Zero};
use retrograd_ir::{
    Closure, DType, Edge, Ends, Expr, ExprArena, ExprId, FieldId, Levels, Stencil, text, verify,
};

use crate::common::fixtures;
use crate::dot_product::{BOUND, derived, dot_product_error};
use crate::{common, tangent};

/// Sides along the dimensions of a program; more of them than grids have.
type Sides = [[Edge; 2]; 3];

const ALL: [Sides; 6] = [
    [[Even; 2], [Even; 2], [Even; 2]],
    [[Odd; 2], [Odd; 2], [Odd; 2]],
    [[Clamp; 2], [Clamp; 2], [Clamp; 2]],
    [[Odd, Zero], [Zero, Even], [Odd, Clamp]],
    [[Even, Odd], [Periodic; 2], [Clamp, Even]],
    [[Clamp, Odd], [Even, Clamp], [Periodic; 2]],
];

/// The same program with the closure of every read changed.
fn with_closures(stencil: &Stencil, change: impl Fn(FieldId, &mut Closure)) -> Stencil {
    let mut result = stencil.clone();
    result.exprs = ExprArena::default();
    let mut renamed: Vec<ExprId> = Vec::with_capacity(stencil.exprs.len());
    for node in stencil.exprs.nodes() {
        let mut node = node.map_operands(|op| renamed[op.index()]);
        if let Expr::Load { field, closure, .. } = &mut node {
            change(*field, closure);
        }
        renamed.push(result.exprs.intern(node));
    }
    for statement in result.steps.iter_mut().flat_map(|s| &mut s.statements) {
        statement.kind = statement.kind.with_value(renamed[statement.kind.value().index()]);
    }
    result.compact()
}

/// The same program with all its reads closed like this; mirrors are those of the functions read.
pub(crate) fn closed(stencil: &Stencil, sides: Sides) -> Stencil {
    with_closures(stencil, |field, closure| {
        let staggered = stencil.field(field).staggered;
        for (d, edges) in sides.into_iter().enumerate() {
            closure.0[d] = Ends { half: staggered.contains(d), ..Ends::new(edges) };
        }
    })
}

/// The fixtures whose reads differ most: orders up to 16, three dimensions, staggered functions,
/// coefficients that are read at offsets, derivatives of derivatives.
fn programs() -> Vec<(String, Stencil)> {
    let wanted = [
        "acoustic 1-D so=16",
        "acoustic 2-D so=4",
        "velocity-stress",
        "velocity records",
        "transport",
        "variable density 3-D",
    ];
    let all = fixtures::linear().into_iter();
    let found: Vec<_> = all.filter(|(name, _)| wanted.contains(&name.as_str())).collect();
    assert_eq!(found.len(), wanted.len());
    found
}

#[test]
fn programs_with_boundaries_have_the_exact_transpose() {
    for (name, stencil) in programs() {
        for sides in ALL {
            let stencil = closed(&stencil, sides);
            for steps in [3, 6] {
                let plain = dot_product_error(&derived(&stencil, |s| s), steps);
                assert!(plain <= BOUND, "{name}, {sides:?}, {steps} steps: {plain:e}");
                let fast = dot_product_error(&derived(&stencil, passes::optimise), steps);
                assert!(fast <= BOUND, "{name}, {sides:?}, optimised, {steps} steps: {fast:e}");
            }
        }
    }
}

/// Plain reads in the place of their transposes are no adjoint: the boundary matters to the test.
#[test]
fn reads_that_are_not_folded_are_noticed() {
    for (name, stencil) in programs() {
        let stencil = closed(&stencil, ALL[0]);
        let unfolded = |stencil: Stencil| {
            let plain = |ends: &mut Ends| ends.folded = false;
            with_closures(&stencil, |_, closure| closure.0.iter_mut().for_each(plain))
        };
        let error = dot_product_error(&derived(&stencil, unfolded), 6);
        assert!(error > 1e3 * BOUND, "{name}: a wrong adjoint passes with {error:e}");
    }
}

#[test]
fn the_adjoint_of_the_adjoint_closes_reads_as_the_program_does() {
    for (name, stencil) in programs().into_iter().filter(|(name, _)| name.contains("acoustic")) {
        for sides in ALL {
            let once = derived(&closed(&stencil, sides), |s| s);
            let twice = retrograd_compile::adjoint(&once.stencil, "reverse", &[]);
            let twice = twice.unwrap_or_else(|error| panic!("{name}: {error}"));
            let difference = common::twice_against_once(&once, &twice, 7);
            assert!(difference <= BOUND, "{name}, {sides:?}: differs by {difference:e}");
        }
    }
}

/// Against dual numbers, which know nothing of transposes: gradients by coefficients, too.
#[test]
fn gradients_with_boundaries_are_the_transpose_of_tangents() {
    for (name, stencil) in programs() {
        let ids = (0..stencil.fields.len() as u32).map(FieldId);
        let parameters: Vec<FieldId> =
            ids.filter(|id| stencil.field(*id).levels == Levels::Static).collect();
        for sides in ALL {
            let stencil = closed(&stencil, sides);
            let plain = tangent::error(&tangent::derived(&stencil, &parameters, |s| s), 4);
            assert!(plain <= BOUND, "{name}, {sides:?}: {plain:e}");
            let fast = tangent::derived(&stencil, &parameters, passes::optimise);
            let fast = tangent::error(&fast, 5);
            assert!(fast <= BOUND, "{name}, {sides:?}, optimised: {fast:e}");
        }
    }
}

#[test]
fn boundaries_of_functions_close_all_their_reads() {
    let grid = Grid::new([9, 9]).expect("grid");
    let p = grid.time_function("p").boundary(1, [Even, Zero]).boundary(1, [Odd, Zero]);
    let v = grid.time_function("v").staggered(1).boundary(1, [Even, Clamp]);
    let b = grid.function("b").staggered(1).boundary(0, [Periodic; 2]);
    let slope = p.value().derivative_at(1, 1, 4, 1);
    let items = [
        Item::Update(Eq::new(v.forward(), slope + b.value().derivative(0, 1, 2))),
        Item::Update(Eq::new(p.forward(), v.value().derivative_at(1, 1, 2, -1))),
    ];
    let stencil = discretise("closed", &grid, DType::F64, &items).expect("should discretise");
    let text = text::print(verify(stencil).expect("should be well formed").stencil());
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for read in ["p[z-1 odd|zero]", "p[z+1 odd|zero]", "b[x-1 periodic]", "v[z-1 half even|clamp]"]
    {
        assert!(text.contains(read), "{read} should be in {text}");
    }
}

#[test]
fn boundaries_that_make_no_sense_are_refused() {
    let grid = Grid::new([9]).expect("grid");
    let refused = |u: TimeFunction| {
        let items = [Item::Update(Eq::new(u.forward(), u.derivative(0, 1)))];
        discretise("refused", &grid, DType::F64, &items).expect_err("should be refused").to_string()
    };
    let u = || grid.time_function("u");
    assert_eq!(
        refused(u().boundary(7, [Odd; 2])),
        "`u` has a boundary along dimension 7 of a grid with 1 dimensions"
    );
    assert_eq!(
        refused(u().boundary(0, [Odd, Periodic])),
        "`u` is periodic on one side of dimension 0 only\n  help: make it periodic on both sides \
         or on neither"
    );
}
