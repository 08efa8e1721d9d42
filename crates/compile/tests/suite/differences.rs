//! Differences of differences are functions of their own.

use retrograd_compile::symbolic::{Eq, Expression, Grid, TimeFunction};
use retrograd_compile::{Item, discretise};
use retrograd_ir::{DType, Edge, Stencil, text, verify};

use crate::common::systems;

fn update(u: &TimeFunction, value: &Expression) -> Item {
    Item::Update(Eq::new(u.forward(), u.value() + value))
}

fn program(grid: &Grid, items: &[Item]) -> Stencil {
    discretise("test", grid, DType::F64, items).expect("should discretise")
}

/// How many functions are stored.
fn stored(stencil: &Stencil) -> usize {
    stencil.fields.iter().filter(|f| f.name.starts_with("diff")).count()
}

/// `div (b grad u)` with slopes of `accuracy`.
fn flux(grid: &Grid, u: &TimeFunction, accuracy: usize) -> Expression {
    let b = grid.function("b");
    let terms = (0..2).map(|d| {
        let slope = u.value().derivative_at(d, 1, accuracy, 1);
        (b.value().at(&slope) * &slope).derivative_at(d, 1, accuracy, -1)
    });
    Expression::sum(terms.collect())
}

#[test]
fn fluxes_are_stored_as_if_one_had_said_so() {
    let grid = Grid::new([20, 17]).expect("grid");
    let u = grid.time_function("u").time_order(1).space_order(4);
    let b = grid.function("b");
    let found = program(&grid, &[update(&u, &flux(&grid, &u, 4))]);
    let mut items = Vec::new();
    let mut terms = Vec::new();
    for (d, name) in [(0, "diff"), (1, "diff_1")] {
        let slope = u.value().derivative_at(d, 1, 4, 1);
        let stored = grid.function(name).staggered(d);
        items.push(Item::Update(Eq::new(&stored, b.value().at(&slope) * &slope)));
        terms.push(stored.value().derivative_at(d, 1, 4, -1));
    }
    items.push(update(&u, &Expression::sum(terms)));
    let expected = program(&grid, &items);
    let statements = |s: &Stencil| {
        let printed = text::print(s);
        printed[printed.find("step").expect("a step")..].to_string()
    };
    assert_eq!(statements(&found), statements(&expected));
}

/// What is taken with several factors is stored without them, once for all equations.
#[test]
fn slopes_along_an_axis_are_stored_once() {
    assert_eq!(stored(&systems::tilted()), 2);
}

#[test]
fn short_formulas_and_special_sides_stay_as_they_stand() {
    let grid = Grid::new([20, 17]).expect("grid");
    let u = grid.time_function("u").time_order(1).space_order(4);
    assert_eq!(stored(&program(&grid, &[update(&u, &flux(&grid, &u, 2))])), 0);
    let closed = u.clone().boundary(0, [Edge::Periodic; 2]);
    assert_eq!(stored(&program(&grid, &[update(&closed, &flux(&grid, &closed, 4))])), 0);
    assert_eq!(stored(&program(&grid, &[update(&u, &u.laplace())])), 0);
}

/// Functions of the equations keep their names, wherever these first come up.
#[test]
fn what_is_stored_takes_no_name_of_the_equations() {
    let grid = Grid::new([20, 17]).expect("grid");
    let u = grid.time_function("u").time_order(1).space_order(4);
    let later = ["diff", "diff_1", "coef"].map(|name| grid.function(name).value());
    let items = [
        update(&u, &flux(&grid, &u, 4)),
        Item::Interpolate { sparse: grid.sparse("rec"), value: Expression::sum(later.into()) },
    ];
    let verified = verify(program(&grid, &items)).expect("should be well formed");
    let named = |name: &str| verified.stencil().field_named(name).is_some();
    assert!(["diff", "diff_1", "diff_2", "diff_3", "coef", "coef_1"].into_iter().all(named));
}

/// A difference of a level that has changed since is computed anew.
#[test]
fn differences_are_those_of_the_latest_values() {
    let grid = Grid::new([20, 17]).expect("grid");
    let [u, p, q] = ["u", "p", "q"].map(|n| grid.time_function(n).time_order(1).space_order(4));
    let second = |e: Expression| e.derivative_at(0, 1, 4, 1).derivative_at(0, 1, 4, -1);
    let twice = |value: Expression| {
        let src = grid.sparse("src");
        let source = src.value();
        let nested = second(value);
        let items = [
            update(&u, &(0.5 * u.value())),
            update(&p, &nested),
            Item::Inject { sparse: src, target: u.forward(), value: source },
            update(&q, &nested),
        ];
        stored(&program(&grid, &items))
    };
    assert_eq!([twice(u.value()), twice(u.forward())], [1, 2]);
}
