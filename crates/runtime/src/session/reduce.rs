//! Combining what the rows of the grid come to.

use retrograd_compile::schedule::PhaseKind;
use retrograd_ir::interpret::{Subnormals, binary};
use retrograd_ir::{DType, StatementKind};

use super::Session;
use crate::program::Code;

impl Session {
    /// Room for one number per row of the grid.
    pub(super) fn row_results(&mut self) -> *mut f64 {
        let outer = self.extents.len() - 1;
        self.rows.resize(self.extents[..outer].iter().product(), 0.0);
        self.rows.as_mut_ptr()
    }

    /// Combines the rows of a reduction, in their order, by one thread; uniform values of the steps
    /// that are planned follow, but for the running one. Whether the phase is a reduction.
    pub(super) fn finish_reduction(&mut self, kind: &PhaseKind) -> bool {
        let PhaseKind::Other(StatementKind::Reduce { scalar, op, region, .. }) = *kind else {
            return false;
        };
        let program = self.program.clone();
        let region = &program.stencil().regions[region.0 as usize];
        let mut ranges = region.resolve(&self.extents, &self.widths);
        let along_rows = ranges.pop().unwrap_or(0..0);
        let mut rows = if along_rows.is_empty() { Vec::new() } else { vec![0] };
        for (range, n) in ranges.into_iter().zip(&self.extents) {
            let along = |row: &usize| {
                let first = row * n;
                range.clone().map(move |i| first + i)
            };
            rows = rows.iter().flat_map(along).collect();
        }
        let (combine, start) = op.combine();
        let total = rows.into_iter().fold(start, |total, row| {
            binary(combine, [total, self.rows[row]], DType::F64, Subnormals::Flush)
        });
        self.scalars[scalar.0 as usize] = total;
        for (step, code) in program.steps.iter().enumerate() {
            if let (Some(mut plan), Code::C(c)) = (self.plans[step].take(), &code.code) {
                plan.uniforms = self.uniforms(c);
                self.plans[step] = Some(plan);
            }
        }
        true
    }
}
