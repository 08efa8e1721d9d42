//! Names and declarations.

use std::collections::BTreeMap;

use super::Invalid;
use crate::points::MAX_RADIUS;
use crate::program::{Bound, DOMAIN, Field, Interpolation, Levels, MAX_DIMS, Side, Stencil};
use crate::text::words::{RESERVED, is_identifier};

/// The broken rules about names and declarations.
pub(super) fn check(stencil: &Stencil) -> Vec<Invalid> {
    let mut broken = Vec::new();
    names(stencil, &mut broken);
    let count = stencil.dims.len();
    if !(1..=MAX_DIMS).contains(&count) {
        broken.push(Invalid::DimensionCount { found: count });
    }
    let domain = &stencil.regions[DOMAIN.0 as usize];
    let whole = [Bound::end(Side::Low), Bound::end(Side::High)];
    if domain.name != "domain" || domain.bounds.iter().any(|b| *b != whole) {
        broken.push(Invalid::Domain { name: domain.name.clone() });
    }
    for region in stencil.regions.iter().filter(|r| r.bounds.len() != count) {
        let (region, found) = (region.name.clone(), region.bounds.len());
        broken.push(Invalid::RegionBounds { region, found, expected: count });
    }
    for field in &stencil.fields {
        check_field(field, count, &mut broken);
    }
    for sparse in &stencil.sparse {
        if let Interpolation::Sinc { radius } = sparse.interpolation
            && !(1..=MAX_RADIUS).contains(&radius)
        {
            broken.push(Invalid::SincRadius { sparse: sparse.name.clone(), radius });
        }
    }
    broken
}

fn names(stencil: &Stencil, broken: &mut Vec<Invalid>) {
    let mut legal = |what: &'static str, name: &str| {
        if !is_identifier(name) || RESERVED.contains(&name) {
            broken.push(Invalid::IllegalName { what, name: name.into() });
        }
    };
    legal("stencil", &stencil.name);
    let declared = stencil.names();
    let domain = stencil.dims.len() + stencil.params.len() + stencil.widths.len();
    for (at, &(what, name)) in declared.iter().enumerate() {
        if at != domain {
            legal(what, name);
        }
    }
    let steps: Vec<(&str, &str)> = stencil.steps.iter().map(|s| ("step", &*s.name)).collect();
    for &(_, name) in &steps {
        legal("step", name);
    }
    for space in [declared, steps.iter().map(|s| ("step", s.1)).collect()] {
        let mut first: BTreeMap<&str, &'static str> = BTreeMap::new();
        for (second, name) in space {
            match first.get(name) {
                Some(&first) => {
                    broken.push(Invalid::DuplicateName { name: name.into(), first, second });
                }
                None => {
                    first.insert(name, second);
                }
            }
        }
    }
}

fn check_field(field: &Field, count: usize, broken: &mut Vec<Invalid>) {
    for dim in field.dims.iter().filter(|&dim| dim >= count) {
        broken.push(Invalid::FieldDimensions {
            field: field.name.clone(),
            what: "varies along",
            dim,
            lacks: "the stencil lacks",
        });
    }
    for dim in field.staggered.iter().filter(|&dim| !field.dims.contains(dim)) {
        broken.push(Invalid::FieldDimensions {
            field: field.name.clone(),
            what: "is staggered along",
            dim,
            lacks: "it does not vary along",
        });
    }
    if let Levels::Time(found) = field.levels
        && !(2..=128).contains(&found)
    {
        broken.push(Invalid::LevelCount { field: field.name.clone(), found });
    }
}
