//! Running a step by the interpreter on the session's own buffers.

use std::sync::Arc;

use retrograd_ir::interpret::{Memory, Subnormals, run_step};
use retrograd_ir::points::SparseTable;
use retrograd_ir::{DType, DimSet, FieldId, ParamId, ScalarId, SparseId, Target, WidthId};

use super::{FieldData, Session};
use crate::buffer::{Buffer, Level};

impl Session {
    pub(super) fn run_interpreted(
        &mut self,
        number: usize,
        n: i64,
        fresh: &[(FieldId, Arc<Level>)],
    ) {
        let program = self.program.clone();
        let mut memory = View { session: self, fresh };
        run_step(program.verified(), number, n, &mut memory, Subnormals::Flush);
    }
}

/// A session while a step computes new levels.
struct View<'a> {
    session: &'a mut Session,
    fresh: &'a [(FieldId, Arc<Level>)],
}

impl View<'_> {
    fn buffer(&self, target: Target, n: i64) -> Option<&Buffer> {
        match &self.session.fields[target.field.0 as usize] {
            FieldData::Static(buffer) => buffer.as_deref(),
            FieldData::Time(_) if target.time == 1 => {
                let found = self.fresh.iter().find(|(f, _)| *f == target.field);
                found.map(|(_, level)| level.buffer())
            }
            FieldData::Time(held) => {
                held.get(usize::from(target.time.unsigned_abs())).map(|level| level.buffer())
            }
            FieldData::Tape(tape) => {
                tape.get(n + i64::from(target.time)).map(|level| level.buffer())
            }
        }
    }

    fn position(&self, field: FieldId, index: &[usize]) -> usize {
        self.session.layouts[self.session.places[field.0 as usize].0].1.position(index)
    }

    fn dtype(&self, field: FieldId) -> DType {
        self.session.program.stencil().field(field).dtype
    }
}

impl Memory for View<'_> {
    fn extents(&self) -> &[usize] {
        &self.session.extents
    }

    fn width(&self, id: WidthId) -> usize {
        self.session.widths[id.0 as usize]
    }

    fn param(&self, id: ParamId) -> f64 {
        self.session.param(id)
    }

    fn scalar(&self, id: ScalarId) -> f64 {
        self.session.scalar(id)
    }

    fn set_scalar(&mut self, id: ScalarId, value: f64) {
        self.session.scalars[id.0 as usize] = value;
    }

    fn load(&self, target: Target, n: i64, index: &[usize]) -> f64 {
        let at = self.position(target.field, index);
        let Some(buffer) = self.buffer(target, n) else { return 0.0 };
        match self.dtype(target.field) {
            DType::F32 => f64::from(buffer.slice::<f32>()[at]),
            DType::F64 => buffer.slice::<f64>()[at],
        }
    }

    fn store(&mut self, target: Target, n: i64, index: &[usize], value: f64) {
        let at = self.position(target.field, index);
        let dtype = self.dtype(target.field);
        let Some(buffer) = self.buffer(target, n) else { return };
        assert!((at + 1) * dtype.bytes() <= buffer.bytes(), "the point should lie in the buffer");
        // SAFETY: the position was just checked. The session is borrowed exclusively and no slice
        // of the buffer lives here; what a step writes (new levels, own static functions, tape
        // entries) is shared with no snapshot and no other session, as `prepare` and
        // `fresh_levels` have made sure.
        unsafe {
            match dtype {
                DType::F32 => buffer.address_of::<f32>().add(at).write(value as f32),
                DType::F64 => buffer.address_of::<f64>().add(at).write(value),
            }
        }
    }

    fn table(&self, sparse: SparseId, staggered: DimSet) -> Arc<SparseTable> {
        self.session.sparse[sparse.0 as usize].table(staggered).1.clone()
    }

    fn sample(&self, sparse: SparseId, point: usize, step: i64) -> f64 {
        let data = &self.session.sparse[sparse.0 as usize];
        data.row(step).map_or(0.0, |row| data.samples.get(row + point))
    }

    fn set_sample(&mut self, sparse: SparseId, point: usize, step: i64, value: f64) {
        let data = &mut self.session.sparse[sparse.0 as usize];
        if let Some(row) = data.row(step) {
            data.samples.set(row + point, value);
        }
    }
}
