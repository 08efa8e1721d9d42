//! Where and when statements act: layers, subdomains, every so many steps.

use retrograd_ir::{
    Bound, DOMAIN, Levels, Offset, Predicate, Region, RegionId, Side, Statement, StatementKind,
    Stencil, Target, Width, WidthId, WriteMode,
};

use super::{DiscretiseError, Item, Lower};
use crate::algebra::Build;
use crate::symbolic::{Layer, Span, Subdomain, Thickness};

/// The bounds of a dimension as a whole.
const WHOLE: [Bound; 2] = [
    Bound { side: Side::Low, cells: 0, width: None },
    Bound { side: Side::High, cells: 0, width: None },
];

/// The name of the width of the absorbing layer on one side of a dimension, in programs.
pub fn layer_width(dim: &str, side: Side) -> String {
    format!("w_{dim}{}", usize::from(side == Side::High))
}

/// The steps in which an item acts.
pub(super) fn predicate(item: &Item) -> Result<Predicate, DiscretiseError> {
    let (every, name) = match item {
        Item::Update(eq) => (eq.every, eq.target.names()),
        Item::InterpolateEvery { sparse, period, first, .. } => {
            (Some([*period, *first]), sparse.name().to_owned())
        }
        Item::Inject { .. } | Item::Interpolate { .. } => (None, String::new()),
    };
    match every {
        None | Some([1, 0]) => Ok(Predicate::Always),
        Some([period, phase]) if phase < period => Ok(Predicate::Every { period, phase }),
        Some([period, first]) => Err(DiscretiseError::Period { name, period, first }),
    }
}

impl Lower {
    /// The region inside a layer, none where there is none; inside a layer that is one sample `wider`,
    /// for means. Widths are run-time values, one per side of the grid.
    pub(super) fn inside(&mut self, layer: Layer, wider: bool) -> Option<RegionId> {
        if layer == Layer::None {
            return None;
        }
        if let Some((_, id)) = self.inside.iter().find(|(known, _)| *known == (layer, wider)) {
            return Some(*id);
        }
        let names: Vec<String> = self.stencil.dims.iter().map(|d| d.name.clone()).collect();
        let cells = u8::from(wider);
        let bounds = (0..names.len()).map(|dim| match layer {
            Layer::Along(along) if along != dim => WHOLE,
            _ => [Side::Low, Side::High].map(|side| {
                let width = Some(self.layer_width(dim, side));
                Bound { side, cells, width }
            }),
        });
        let bounds: Vec<[Bound; 2]> = bounds.collect();
        let name = match layer {
            Layer::Along(dim) => format!("inner_{}", names.get(dim).map_or("", |name| name)),
            _ => "inner".into(),
        };
        let name = if wider { name + "_1" } else { name };
        self.stencil.regions.push(Region { name, bounds });
        let id = RegionId(self.stencil.regions.len() as u32 - 1);
        self.inside.push(((layer, wider), id));
        Some(id)
    }

    /// The run-time width of this name.
    fn width(&mut self, name: String) -> WidthId {
        let widths = &mut self.stencil.widths;
        let known = widths.iter().position(|w| w.name == name);
        WidthId(known.unwrap_or_else(|| {
            widths.push(Width { name });
            widths.len() - 1
        }) as u32)
    }

    /// The width of the absorbing layer on one side. All sides have one as soon as one has.
    fn layer_width(&mut self, dim: usize, side: Side) -> WidthId {
        let names = self.stencil.dims.iter();
        let sides = |name: &str| [Side::Low, Side::High].map(|side| layer_width(name, side));
        let all: Vec<String> = names.flat_map(|d| sides(&d.name)).collect();
        let own = all[2 * dim + usize::from(side == Side::High)].clone();
        for name in all {
            self.width(name);
        }
        self.width(own)
    }

    /// The region of a subdomain; the whole grid for none.
    pub(super) fn subdomain(
        &mut self,
        part: Option<&Subdomain>,
    ) -> Result<RegionId, DiscretiseError> {
        let Some(part) = part else { return Ok(DOMAIN) };
        let (found, dims) = (part.spans().len(), self.stencil.dims.len());
        if found != dims {
            let name = part.name().to_owned();
            return Err(DiscretiseError::Subdomain { name, found, dims });
        }
        let along = part.spans().iter().enumerate();
        let bounds: Vec<[Bound; 2]> = along.map(|(dim, span)| self.span(dim, span)).collect();
        if bounds.iter().all(|b| *b == WHOLE) {
            return Ok(DOMAIN);
        }
        let region = Region { name: part.name().into(), bounds };
        let named = self.stencil.regions.iter().position(|r| r.name == region.name);
        match named {
            Some(at) if self.stencil.regions[at] == region => Ok(RegionId(at as u32)),
            Some(_) => Err(DiscretiseError::NameClash { name: region.name }),
            None => {
                self.stencil.regions.push(region);
                Ok(RegionId(self.stencil.regions.len() as u32 - 1))
            }
        }
    }

    fn span(&mut self, dim: usize, span: &Span) -> [Bound; 2] {
        let [low, high] = WHOLE;
        match span {
            Span::Whole => WHOLE,
            Span::Left(thickness) => [low, self.bound(dim, Side::Low, thickness)],
            Span::Middle(first, last) => {
                [self.bound(dim, Side::Low, first), self.bound(dim, Side::High, last)]
            }
            Span::Right(thickness) => [self.bound(dim, Side::High, thickness), high],
        }
    }

    fn bound(&mut self, dim: usize, side: Side, thickness: &Thickness) -> Bound {
        match thickness {
            Thickness::Points(cells) => Bound { side, cells: *cells, width: None },
            Thickness::Width(name) => {
                Bound { side, cells: 0, width: Some(self.width(name.clone())) }
            }
            Thickness::Layer => Bound { side, cells: 0, width: Some(self.layer_width(dim, side)) },
        }
    }

    /// Where an update acts in some steps only, and nothing `before` assigns the time function there
    /// in every step, it stays as it is in the others: said before all its updates, so that those
    /// of other parts hold.
    pub(super) fn hold(&mut self, statement: &Statement, before: &mut Vec<Statement>) {
        let StatementKind::Update { target, region, .. } = statement.kind else { return };
        let timed = matches!(self.stencil.field(target.field).levels, Levels::Time(_));
        let assigns = |s: &Statement| match s.kind {
            StatementKind::Update { target: known, region: place, .. } => {
                let there = place == DOMAIN || place == region;
                known == target && s.when == Predicate::Always && there
            }
            _ => false,
        };
        if statement.when == Predicate::Always || !timed || before.iter().any(assigns) {
            return;
        }
        let now = Target { field: target.field, time: 0 };
        let value = self.stencil.exprs.load(now, Offset::ZERO);
        let kind = StatementKind::Update { target, region, mode: WriteMode::Assign, value };
        let first = before.iter().position(|s| Stencil::written(s) == Some(target));
        let at = first.unwrap_or(before.len());
        before.insert(at, Statement { when: Predicate::Always, kind });
    }
}
