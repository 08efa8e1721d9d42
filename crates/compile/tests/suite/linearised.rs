//! The linearised step against dual numbers: the same derivative by two roads.

use retrograd_compile::{passes, tangent};
use retrograd_ir::interpret::{DenseMemory, Dual, Number, Subnormals, run_step};
use retrograd_ir::{
    Direction, FieldId, Levels, ParamId, SparseId, Stencil, Target, Verified, verify,
};

use crate::common::{Noise, fixtures};

const STEPS: usize = 6;
const LAYER: usize = 3;

fn verified(stencil: Stencil) -> Verified {
    verify(stencil).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// Memory with values that follow from the names of functions and series: those of programs that
/// share names are alike. `direction` says how far a parameter moves at a point.
fn memory<N: Number>(
    program: &Verified,
    known: &Stencil,
    value: impl Fn(&str, usize, f64) -> N,
) -> DenseMemory<N> {
    let stencil = program.stencil();
    let extents = [&[23][..], &[15, 12], &[10, 9, 11]][stencil.dims.len() - 1];
    let widths = vec![LAYER; stencil.widths.len()];
    let mut memory = DenseMemory::new(program, extents, &widths, STEPS);
    for (number, param) in stencil.params.iter().enumerate() {
        let value = if param.name == "dt" { 0.11 } else { 1.1 };
        memory.set_param(ParamId(number as u32), N::constant(value));
    }
    let noise = |name: &str| Noise::new(name.bytes().fold(7, |h, b| h * 31 + u64::from(b)));
    for (number, sparse) in stencil.sparse.iter().enumerate() {
        let rows: [[f64; 3]; 2] = [[4.3, 5.6, 3.2], [6.0, 7.0, 5.0]];
        let points: Vec<&[f64]> = rows.iter().map(|p| &p[..extents.len()]).collect();
        let id = SparseId(number as u32);
        memory.place(stencil, id, &points).expect("points should fit");
        let noise = noise(&sparse.name);
        let samples = memory.series_mut(id);
        if sparse.name.starts_with("src") {
            for sample in samples.iter_mut() {
                *sample = N::constant(noise.next());
            }
        }
    }
    for id in (0..known.fields.len() as u32).map(FieldId) {
        let field = known.field(id);
        let here = stencil.field_named(&field.name).expect("should be in both");
        let noise = noise(&field.name);
        let zero = field.zero_in.map(|r| known.regions[r.0 as usize].resolve(extents, &widths));
        let inside = |i: usize| {
            let mut rest = i;
            zero.as_ref().is_some_and(|zero| {
                extents.iter().zip(zero).rev().all(|(&n, range)| {
                    let k = rest % n;
                    rest /= n;
                    range.contains(&k)
                })
            })
        };
        let mut fill = |time: i8, value: &dyn Fn(usize, f64) -> N| {
            let array = memory.array_mut(Target { field: here, time });
            for (i, at) in array.iter_mut().enumerate() {
                let random = noise.next();
                *at = if inside(i) { N::constant(0.0) } else { value(i, random) };
            }
        };
        match field.levels {
            Levels::Static => fill(0, &|i, random| value(&field.name, i, 1.5 + 0.5 * random)),
            Levels::Time(levels) => {
                (0..levels as i8 - 1).for_each(|back| fill(-back, &|_, x| N::constant(x)));
            }
            Levels::Tape => {}
        }
    }
    memory
}

fn advance<N: Number>(program: &Verified, memory: &mut DenseMemory<N>) {
    let stencil = program.stencil();
    let named = |name| stencil.steps.iter().position(|s| s.name == name);
    if let Some(setup) = named("setup") {
        run_step(program, setup, 0, memory, Subnormals::Keep);
    }
    let step = named("forward").expect("should be there");
    let rising: Vec<usize> = (0..STEPS).collect();
    let numbers = match stencil.steps[step].direction {
        Direction::Forward => rising,
        Direction::Reverse => rising.into_iter().rev().collect(),
    };
    for n in numbers {
        run_step(program, step, n as i64, memory, Subnormals::Keep);
        memory.rotate(&stencil.steps[step]);
    }
}

/// How far a parameter moves at a point.
fn displacement(name: &str, point: usize) -> f64 {
    Noise::new(1000 * name.len() as u64 + point as u64).next()
}

fn relative(a: &[f64], b: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>().sqrt();
    let scale = norm(&mut b.iter().copied());
    assert!(scale > 0.0, "nothing moves");
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / scale
}

/// 6 steps of at most some 200 operations with 1.1e-16 each, of numbers of like size.
const BOUND: f64 = 1e-12;

#[test]
fn the_linearised_step_computes_what_dual_numbers_do() {
    for (name, stencil, parameters) in fixtures::all() {
        let plain = verified(stencil.clone());
        let mut dual = memory(&plain, &stencil, |name, i, usual| Dual {
            value: usual,
            tangent: displacement(name, i),
        });
        advance(&plain, &mut dual);
        let made = tangent(&stencil, "forward", &parameters).expect("should have a tangent");
        for optimised in [false, true] {
            let program = made.stencil.clone();
            let program =
                verified(if optimised { passes::optimise(program) } else { program.compact() });
            let mut numbers = memory(&program, &stencil, |_, _, usual| usual);
            for &(parameter, direction) in &made.directions {
                let name = &made.stencil.field(parameter).name;
                let twin = &made.stencil.field(direction).name;
                let usual = numbers.array(named(&program, name)).to_vec();
                let array = numbers.array_mut(named(&program, twin));
                for (i, (at, usual)) in array.iter_mut().zip(usual).enumerate() {
                    *at = if usual == 0.0 { 0.0 } else { displacement(name, i) };
                }
            }
            advance(&program, &mut numbers);
            for &(state, twin) in &made.states {
                let [state, twin] = [state, twin].map(|f| made.stencil.field(f).name.clone());
                let expected = dual.array(named(&plain, &state)).iter().map(|d| d.tangent);
                let expected: Vec<f64> = expected.collect();
                let error = relative(numbers.array(named(&program, &twin)), &expected);
                assert!(error <= BOUND, "{name}, {state}, optimised {optimised}: {error:e}");
            }
            for &(series, twin) in &made.outputs {
                let [series, twin] =
                    [series, twin].map(|s| made.stencil.sparse[s.0 as usize].name.clone());
                let id = |p: &Verified, name: &str| {
                    p.stencil().sparse_named(name).expect("should be there")
                };
                let expected = dual.series(id(&plain, &series)).iter().map(|d| d.tangent);
                let expected: Vec<f64> = expected.collect();
                let error = relative(numbers.series(id(&program, &twin)), &expected);
                assert!(error <= BOUND, "{name}, {series}, optimised {optimised}: {error:e}");
            }
        }
    }
}

/// The current level of a function.
fn named(program: &Verified, name: &str) -> Target {
    Target { field: program.stencil().field_named(name).expect("should be there"), time: 0 }
}

#[test]
fn what_has_no_tangent_is_refused() {
    let stencil = fixtures::acoustic(1, 2, retrograd_ir::DType::F64);
    let u = stencil.field_named("u").expect("should be there");
    let message = |step, parameters: &[FieldId]| {
        tangent(&stencil, step, parameters).expect_err("should be refused").to_string()
    };
    assert_eq!(message("backward", &[]), "the stencil has no step named `backward`");
    assert_eq!(
        message("forward", &[u]),
        "`u` is not a parameter function: directions are in static functions"
    );
}
