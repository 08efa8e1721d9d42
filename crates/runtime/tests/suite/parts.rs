//! Parts of the grid that overwrite what the whole grid is given.

use retrograd_compile::passes::optimise;
use retrograd_ir::{FieldId, Stencil, text};
use retrograd_runtime::{Backend, JitOptions, Program, Session, Team};

use crate::common::{self, Noise};

/// Five steps of a wave: bits of the last level, or why the grid is refused.
fn run(
    stencil: Stencil,
    backend: Backend,
    options: &JitOptions,
    ([rows, length], width): ([usize; 2], usize),
) -> Result<Vec<u64>, String> {
    let program = Program::new(stencil, &["forward"], backend, options).expect("should compile");
    let session = Session::new(&program, &[rows, length], &[width], 5, Team::new(1));
    let mut session = session.map_err(|error| error.to_string())?;
    let mut noise = Noise::new(5);
    let mut values = || (0..rows * length).map(|_| noise.next()).collect::<Vec<f64>>();
    session.set_function(FieldId(0), &values()).expect("memory");
    session.set_level(FieldId(1), 0, &values()).expect("memory");
    session.run("forward", 0..5).expect("should run");
    Ok(session.level::<f64>(FieldId(1), 0).into_iter().map(f64::to_bits).collect())
}

/// Computed beside the parts alone and in place of the oldest level: what bounds leave open, on grids
/// where parts vanish or fill everything, changes no bit.
#[test]
fn what_parts_overwrite_may_be_left_out_on_any_grid() {
    let Some(options) = common::options() else { return };
    for part in ["x[w : -4], z[2 : -2]", "x[-4 : ], z[0 : 3]", "x[w : -4]", "x[5 : -5]"] {
        let source = format!(
            "stencil parts f64
             dim x, z
             width w
             region part = {part}
             function m(x, z)
             time function u(x, z) levels 3
             step forward {{
                 u[t+1] = 2 * u - u[t-1] + m * (u[x+1] - 2 * u + u[x-1]);
                 in part: u[t+1] = 0;
             }}"
        );
        let stencil = text::parse(&source).unwrap_or_else(|error| panic!("{error}"));
        let trimmed = optimise(stencil.clone());
        for rows in 1..14 {
            for grid in [[rows, 1], [rows, 4], [rows, 20]].map(|extents| (extents, 1 + rows % 6)) {
                let expected = run(stencil.clone(), Backend::Interpreter, &options, grid);
                for backend in [Backend::Interpreter, Backend::C] {
                    let found = run(trimmed.clone(), backend, &options, grid);
                    assert!(found == expected, "{part}, {grid:?}, {backend:?}");
                }
            }
        }
    }
}
