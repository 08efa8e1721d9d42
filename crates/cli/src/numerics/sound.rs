//! Models that cannot be run, refused before anything runs: what a file may hold beside the bounds.

use retrograd_invert::acoustic::stable_dt_s;
use retrograd_invert::inversion::{DataSource, InversionSetup};

use super::RunError;

/// Whether waves run in every model of a setup: velocities are positive, and slow enough for the
/// time step on every grid that they are modelled on.
///
/// The time step follows from the upper bound; the true model and frozen nodes of the start model
/// do not keep to it.
pub(super) fn check(setup: &InversionSetup) -> Result<(), RunError> {
    let e = &setup.experiment;
    let truth = setup.truth.as_deref().map(|values| ("true model", values));
    for model in [Some(("start model", setup.start.as_slice())), truth].into_iter().flatten() {
        positive(model, e.grid.shape())?;
        stable(setup, model, (1, e.space_order))?;
    }
    match (truth, &setup.data) {
        (Some(truth), DataSource::Finer { refine, space_order, .. }) => {
            stable(setup, truth, (*refine, *space_order))
        }
        (_, DataSource::SameGrid | DataSource::Finer { .. } | DataSource::Measured(_)) => Ok(()),
    }
}

fn positive((name, values): (&str, &[f64]), shape: &[usize]) -> Result<(), RunError> {
    let Some(at) = values.iter().position(|v| *v <= 0.0) else { return Ok(()) };
    let mut rest = at;
    let mut node: Vec<usize> = shape
        .iter()
        .rev()
        .map(|n| {
            let index = rest % n;
            rest /= n;
            index
        })
        .collect();
    node.reverse();
    let message = format!("the {name} has {} m/s at node {node:?}: allowed are more", values[at]);
    Err(RunError::new(message).help("give what is not rock a small velocity, or cut it off"))
}

/// On a grid so many times finer in space and time, with another space order.
fn stable(
    setup: &InversionSetup,
    (name, values): (&str, &[f64]),
    (finer, space_order): (usize, usize),
) -> Result<(), RunError> {
    let e = &setup.experiment;
    let fastest = values.iter().copied().fold(0.0, f64::max);
    let limit_s = stable_dt_s(e.grid.spacing_m(), space_order, fastest);
    if e.dt_s <= limit_s {
        return Ok(());
    }
    let grid = if finer == 1 { String::new() } else { format!(" on a grid {finer} times finer") };
    let message = format!(
        "the {name} reaches {fastest} m/s: at order {space_order} in space{grid} it allows time \
         steps of {:.4} ms, and the step is {:.4} ms",
        limit_s / finer as f64 * 1e3,
        e.dt_s / finer as f64 * 1e3
    );
    let help = "raise the upper one of model.bounds, or set a smaller time.dt or time.courant";
    Err(RunError::new(message).help(help))
}
