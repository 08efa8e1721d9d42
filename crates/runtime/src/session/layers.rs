//! Grids that are too small: for layers that leave no room between them, for images of closed reads.

use retrograd_compile::emit::LeastExtent;
use retrograd_ir::{Bound, Field, Levels, Side, Stencil};

use super::SessionError;
use crate::program::{Code, Program};

/// What the proof of [`retrograd_compile::schedule::Schedule::in_place`] is worth on a grid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum InPlace {
    Allowed,
    /// Some region has its lower bound above its upper one: the proof does not cover that.
    Forbidden,
}

/// Refuses layers that meet where updates have been split along them (the pieces would overlap),
/// and tells whether bounds are in order everywhere.
pub(super) fn check_layers(
    stencil: &Stencil,
    extents: &[usize],
    widths: &[usize],
    radius: &[usize],
) -> Result<InPlace, SessionError> {
    let mut in_place = InPlace::Allowed;
    for (number, region) in stencil.regions.iter().enumerate() {
        for (dim, ([lower, upper], &extent)) in region.bounds.iter().zip(extents).enumerate() {
            let inset =
                |b: &Bound| usize::from(b.cells) + b.width.map_or(0, |w| widths[w.0 as usize]);
            let inside = |f: &&Field| f.zero_in.is_some_and(|r| r.0 as usize == number);
            let mut living = stencil.fields.iter().filter(inside);
            // Shells are as much wider as what lives in them is read from the inside.
            let moving = |f: &Field| f.levels != Levels::Static;
            let layered = lower.width.is_some() || upper.width.is_some();
            let reach = if layered && living.any(moving) { 2 * radius[dim] } else { 0 };
            let meet = match (lower.side, upper.side) {
                (Side::Low, Side::High) => inset(lower) + inset(upper) + reach > extent,
                (Side::Low, Side::Low) => inset(lower) > inset(upper),
                (Side::High, Side::High) => inset(lower) < inset(upper),
                (Side::High, Side::Low) => inset(lower) + inset(upper) < extent,
            };
            if !meet {
                continue;
            }
            in_place = InPlace::Forbidden;
            if stencil.fields.iter().any(|f| inside(&f)) {
                let (low, high) = (inset(lower), inset(upper));
                return Err(SessionError::LayersMeet { dim, low, high, extent });
            }
        }
    }
    Ok(in_place)
}

/// Refuses grids that generated code cannot close reads on.
pub(super) fn check_images(program: &Program, extents: &[usize]) -> Result<(), SessionError> {
    let stencil = program.stencil();
    for step in &program.steps {
        let Code::C(c) = &step.code else { continue };
        for LeastExtent { field, dim, points: least } in c.module.least.iter().copied() {
            if extents[dim] < least {
                return Err(SessionError::TooFewPoints {
                    function: stencil.field(field).name.clone(),
                    dim: stencil.dims[dim].name.clone(),
                    extent: extents[dim],
                    least,
                });
            }
        }
    }
    Ok(())
}
