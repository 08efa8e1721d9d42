//! Images of static functions, stored around the grid; see [`retrograd_compile::halos`].

use std::sync::Arc;

use retrograd_compile::halos::StoredHalo;
use retrograd_ir::{DType, FieldId};

use super::{FieldData, Session};
use crate::buffer::Buffer;
use crate::layout::Layout;
use crate::real::Real;

impl Session {
    /// Fills the halo of a static function whose values have changed, if it has one. Takes a pass
    /// over the ends of its rows and over the rows beyond the sides.
    pub(super) fn fill_halo(&self, field: FieldId, buffer: &mut Buffer) {
        let Some(halo) = self.program.halos[field.0 as usize] else { return };
        let layout = &self.layouts[self.places[field.0 as usize].0].1;
        match self.program.stencil().field(field).dtype {
            DType::F32 => fill::<f32>(layout, &halo, buffer.slice_mut()),
            DType::F64 => fill::<f64>(layout, &halo, buffer.slice_mut()),
        }
    }

    /// The same for all that a step has written, whose buffers are the session's own.
    pub(super) fn fill_written_halos(&mut self, step: usize) {
        let program = self.program.clone();
        let mut written: Vec<FieldId> =
            program.steps[step].written.iter().map(|target| target.field).collect();
        written.retain(|field| program.halos[field.0 as usize].is_some());
        written.sort_unstable();
        written.dedup();
        for field in written {
            let FieldData::Static(held) = &mut self.fields[field.0 as usize] else { continue };
            let Some(mut buffer) = held.take() else { continue };
            let own = Arc::get_mut(&mut buffer).expect("what a step writes should not be shared");
            self.fill_halo(field, own);
            self.fields[field.0 as usize] = FieldData::Static(Some(buffer));
        }
    }
}

/// An index along one dimension, in or beyond the grid.
#[derive(Clone, Copy)]
struct Index {
    /// From the first grid point.
    at: i64,
    /// That of its image; nothing for zero.
    image: Option<usize>,
    negated: bool,
}

/// All indices of a halo along one dimension of `n` points.
fn indices(halo: &StoredHalo, d: usize, n: usize) -> impl Iterator<Item = Index> + use<> {
    let ([low, high], ends) = (halo.depth[d], halo.closure.0[d]);
    (-(low as i64)..(n + high) as i64).map(move |at| {
        let image = ends.image(at, n);
        let negated = image.is_some_and(|(_, negated)| negated);
        Index { at, image: image.map(|(image, _)| image), negated }
    })
}

/// A row beside or in the grid, and the row of the grid whose image it is.
struct Row {
    start: usize,
    /// Nothing for zeros.
    image: Option<usize>,
    negated: bool,
}

fn fill<T: Real>(layout: &Layout, halo: &StoredHalo, numbers: &mut [T]) {
    let last = layout.extents.len() - 1;
    let length = if layout.strides[last] > 0 { layout.extents[last] } else { 1 };
    // Zeros along one dimension take their sign from mirrors of the others.
    let signed = |value: T, negated: bool| {
        if negated { T::from_f64(-value.to_f64()) } else { value }
    };
    let zero = T::from_f64(0.0);
    for Row { start, image, negated } in rows(layout, halo) {
        match image {
            Some(from) if from == start => {}
            Some(from) => numbers.copy_within(from..from + length, start),
            None => numbers[start..start + length].fill(zero),
        }
        if negated {
            numbers[start..start + length].iter_mut().for_each(|x| *x = signed(*x, true));
        }
        if layout.strides[last] == 0 {
            continue;
        }
        for index in indices(halo, last, length).filter(|i| !(0..length as i64).contains(&i.at)) {
            let value = match index.image {
                Some(image) => signed(numbers[start + image], index.negated),
                None => signed(zero, negated),
            };
            numbers[(start as i64 + index.at) as usize] = value;
        }
    }
}

/// The rows of the grid and of the halo.
fn rows(layout: &Layout, halo: &StoredHalo) -> Vec<Row> {
    let last = layout.extents.len() - 1;
    let mut rows = vec![Row { start: layout.origin, image: Some(layout.origin), negated: false }];
    for d in (0..last).filter(|&d| layout.strides[d] > 0) {
        let stride = layout.strides[d];
        let along = |row: &Row| {
            let Row { start, image, negated } = *row;
            indices(halo, d, layout.extents[d]).map(move |index| Row {
                start: (start as i64 + index.at * stride as i64) as usize,
                image: image.zip(index.image).map(|(row, image)| row + image * stride),
                negated: negated != index.negated,
            })
        };
        rows = rows.iter().flat_map(along).collect();
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use retrograd_ir::{Closure, DimSet, Edge, Ends};

    /// Every position of the halo against the definition, dimension by dimension: values, and the
    /// signs of zeros. Outside of it nothing changes.
    #[test]
    fn halos_hold_images() {
        use Edge::{Clamp, Even, Odd, Periodic, Zero};
        let half = |edges| Ends { half: true, ..Ends::new(edges) };
        let closures = [
            [Ends::new([Clamp; 2]), Ends::new([Clamp; 2]), Ends::new([Clamp; 2])],
            [Ends::new([Odd, Zero]), half([Odd, Even]), Ends::new([Zero, Odd])],
            [Ends::new([Periodic; 2]), Ends::new([Even, Clamp]), half([Odd; 2])],
        ];
        for closure in closures {
            for (extents, missing) in [
                (vec![17], None),
                (vec![5, 9], None),
                (vec![4, 3, 8], None),
                (vec![4, 5], Some(1)),
                (vec![4, 5], Some(0)),
            ] {
                let mut all = Closure::ZERO;
                all.0[..extents.len()].copy_from_slice(&closure[..extents.len()]);
                let mut depth = [[0; 2]; retrograd_ir::MAX_DIMS];
                depth[..extents.len()].fill([2, 3]);
                let mut dims = DimSet::first(extents.len());
                if let Some(missing) = missing {
                    dims.0 &= !(1 << missing);
                    (all.0[missing], depth[missing]) = (Ends::ZERO, [0; 2]);
                }
                check(&extents, dims, &StoredHalo { closure: all, depth });
            }
        }
    }

    fn check(extents: &[usize], dims: DimSet, halo: &StoredHalo) {
        let radius = vec![3; extents.len()];
        let layout = Layout::new(extents, dims, &radius, 5, DType::F64);
        let mut numbers = vec![f64::NAN; layout.len];
        for (at, row) in layout.rows().enumerate() {
            for (i, x) in numbers[row].iter_mut().enumerate() {
                *x = (100 * at + i + 1) as f64;
            }
        }
        let before = numbers.clone();
        fill(&layout, halo, &mut numbers);
        let mut seen = vec![false; layout.len];
        let mut all: Vec<Vec<i64>> = vec![Vec::new()];
        for (d, &n) in extents.iter().enumerate() {
            let n = if dims.contains(d) { n as i64 } else { 1 };
            let [low, high] = halo.depth[d].map(|k| k as i64);
            let along = |index: &Vec<i64>| {
                let index = index.clone();
                (-low..n + high).map(move |i| [&index[..], &[i]].concat())
            };
            all = all.iter().flat_map(along).collect();
        }
        for index in all {
            let along = index.iter().zip(&layout.strides);
            let place = layout.origin as i64 + along.map(|(i, s)| i * *s as i64).sum::<i64>();
            seen[place as usize] = true;
            let mut image = Some(layout.origin);
            let mut sign = 1.0;
            for (d, &i) in index.iter().enumerate() {
                let found = halo.closure.0[d].image(i, extents[d]);
                image = image.zip(found).map(|(at, (i, _))| at + i * layout.strides[d]);
                sign *= if found.is_some_and(|(_, negated)| negated) { -1.0 } else { 1.0 };
            }
            let expected = sign * image.map_or(0.0, |at| before[at]);
            let found = numbers[place as usize];
            assert_eq!(found.to_bits(), expected.to_bits(), "{halo:?} {extents:?} {index:?}");
        }
        for (at, _) in seen.iter().enumerate().filter(|(_, seen)| !**seen) {
            assert_eq!(numbers[at].to_bits(), before[at].to_bits(), "{halo:?} {extents:?} {at}");
        }
    }
}
