//! Snapshots: data handed out of a session without a copy, and numbers in and out of them.

use std::sync::Arc;

use retrograd_ir::{DType, FieldId};

use super::zeros::note_occupied;
use super::{FieldData, Session, SessionError};
use crate::buffer::{Level, OutOfMemory, Pool};
use crate::layout::Layout;
use crate::program::Program;
use crate::real::Real;

/// What fits all sessions of one program on one grid.
#[derive(Debug)]
pub(super) struct Fit {
    pub(super) program: Arc<Program>,
    pub(super) extents: Vec<usize>,
    /// Layout, number type and buffers of every function.
    pub(super) functions: Vec<(Layout, DType, Arc<Pool>)>,
}

/// Data of some functions, shared with the session that goes on: the kept time levels, or the
/// entries of one step of the tapes. Fits all sessions of one program on one grid.
#[derive(Clone, Debug)]
pub struct Snapshot {
    fit: Arc<Fit>,
    held: Vec<(FieldId, Vec<Arc<Level>>)>,
}

/// Makes unfilled snapshots of one kind, in any thread.
#[derive(Clone, Debug)]
pub struct Vacancy {
    fit: Arc<Fit>,
    /// Functions, and how many buffers of each.
    wanted: Vec<(FieldId, usize)>,
}

impl Vacancy {
    /// A snapshot to be filled: zero outside the grid, of any value inside until then.
    ///
    /// # Errors
    /// No memory.
    pub fn make(&self) -> Result<Snapshot, OutOfMemory> {
        let mut held = Vec::with_capacity(self.wanted.len());
        for &(field, count) in &self.wanted {
            let pool = &self.fit.functions[field.0 as usize].2;
            let levels: Result<Vec<_>, _> = (0..count).map(|_| pool.take()).collect();
            held.push((field, levels?));
        }
        Ok(Snapshot { fit: self.fit.clone(), held })
    }

    /// Bytes of the numbers on the grid of such a snapshot.
    pub fn grid_bytes(&self) -> usize {
        let bytes = |&(field, count): &(FieldId, usize)| {
            let (layout, dtype, _) = &self.fit.functions[field.0 as usize];
            count * grid_bytes(layout, *dtype)
        };
        self.wanted.iter().map(bytes).sum()
    }
}

impl Snapshot {
    /// Appends the numbers on the grid of every buffer, without padding. Room is made for all of
    /// them at once, and no more.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        let bytes = |(field, levels): &(FieldId, Vec<Arc<Level>>)| {
            let (layout, dtype, _) = &self.fit.functions[field.0 as usize];
            levels.len() * grid_bytes(layout, *dtype)
        };
        out.reserve_exact(self.held.iter().map(bytes).sum());
        for (field, levels) in &self.held {
            let (layout, dtype, _) = &self.fit.functions[field.0 as usize];
            for level in levels {
                match dtype {
                    DType::F32 => gather(layout, level.buffer().slice::<f32>(), out),
                    DType::F64 => gather(layout, level.buffer().slice::<f64>(), out),
                }
            }
        }
    }

    /// Fills every buffer with what [`append_to`](Self::append_to) has appended; `false` if `from`
    /// has another length.
    ///
    /// # Panics
    /// If somebody shares the snapshot: it has to come from a [`Vacancy`].
    pub fn fill_from(&mut self, from: &[u8]) -> bool {
        let mut rest = from;
        for (field, levels) in &mut self.held {
            let (layout, dtype, _) = &self.fit.functions[field.0 as usize];
            let bytes = grid_bytes(layout, *dtype);
            for level in levels {
                let Some((own, behind)) = rest.split_at_checked(bytes) else { return false };
                rest = behind;
                let level = own_level(level);
                let buffer = level.buffer_mut();
                match dtype {
                    DType::F32 => scatter(layout, own, buffer.slice_mut::<f32>()),
                    DType::F64 => scatter(layout, own, buffer.slice_mut::<f64>()),
                }
                note_occupied(level, layout);
            }
        }
        rest.is_empty()
    }

    /// Shows the numbers of every buffer: number type, extents (last axis fastest, 1 for axes
    /// that the function does not have), and the numbers on the grid without padding, gathered in
    /// `scratch`.
    #[allow(clippy::type_complexity, reason = "three plain arguments")]
    pub fn for_each(&self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(DType, [usize; 3], &[u8])) {
        for (field, levels) in &self.held {
            let (layout, dtype, _) = &self.fit.functions[field.0 as usize];
            for level in levels {
                scratch.clear();
                scratch.reserve_exact(grid_bytes(layout, *dtype));
                match dtype {
                    DType::F32 => gather(layout, level.buffer().slice::<f32>(), scratch),
                    DType::F64 => gather(layout, level.buffer().slice::<f64>(), scratch),
                }
                each(*dtype, extents(layout), scratch);
            }
        }
    }

    /// Lets the numbers of every buffer be filled, as [`for_each`](Self::for_each) shows them.
    ///
    /// # Panics
    /// If somebody shares the snapshot: it has to come from a [`Vacancy`].
    #[allow(clippy::type_complexity, reason = "three plain arguments")]
    pub fn for_each_mut(
        &mut self,
        scratch: &mut Vec<u8>,
        each: &mut dyn FnMut(DType, [usize; 3], &mut [u8]),
    ) {
        for (field, levels) in &mut self.held {
            let (layout, dtype, _) = &self.fit.functions[field.0 as usize];
            for level in levels {
                let level = own_level(level);
                let bytes = grid_bytes(layout, *dtype);
                scratch.reserve_exact(bytes.saturating_sub(scratch.len()));
                scratch.resize(bytes, 0);
                each(*dtype, extents(layout), scratch);
                match dtype {
                    DType::F32 => scatter(layout, scratch, level.buffer_mut().slice_mut::<f32>()),
                    DType::F64 => scatter(layout, scratch, level.buffer_mut().slice_mut::<f64>()),
                }
                note_occupied(level, layout);
            }
        }
    }
}

/// Bytes of the numbers on the grid of one buffer.
fn grid_bytes(layout: &Layout, dtype: DType) -> usize {
    layout.shape().iter().product::<usize>() * dtype.bytes()
}

fn own_level(level: &mut Arc<Level>) -> &mut Level {
    Arc::get_mut(level).expect("a vacant snapshot should not be shared")
}

fn extents(layout: &Layout) -> [usize; 3] {
    let mut extents = [1; 3];
    let shape = layout.shape();
    let missing = extents.len() - shape.len();
    extents[missing..].copy_from_slice(&shape);
    extents
}

fn gather<T: Real>(layout: &Layout, numbers: &[T], bytes: &mut Vec<u8>) {
    for row in layout.rows() {
        bytes.extend_from_slice(T::bytes(&numbers[row]));
    }
}

fn scatter<T: Real>(layout: &Layout, bytes: &[u8], numbers: &mut [T]) {
    let mut rest = bytes;
    for row in layout.rows() {
        let (part, behind) = rest.split_at(row.len() * size_of::<T>());
        T::bytes_mut(&mut numbers[row]).copy_from_slice(part);
        rest = behind;
    }
}

impl Session {
    /// Hands over the kept levels of the given functions; they stay readable here, and the next
    /// steps write elsewhere.
    ///
    /// # Errors
    /// No memory.
    pub fn save(&mut self, fields: &[FieldId]) -> Result<Snapshot, SessionError> {
        let mut held = Vec::with_capacity(fields.len());
        for &field in fields {
            self.allocate(field)?;
            if let FieldData::Time(levels) = &self.fields[field.0 as usize] {
                held.push((field, levels.clone()));
            }
        }
        Ok(Snapshot { fit: self.fit.clone(), held })
    }

    /// Hands over what the tapes hold of one step; it stays readable here.
    pub fn save_tape_entry(&self, step: usize) -> Snapshot {
        let entry = |(number, data): (usize, &FieldData)| match data {
            FieldData::Tape(tape) => {
                let level = tape.get(step as i64)?;
                Some((FieldId(number as u32), vec![level.clone()]))
            }
            FieldData::Static(_) | FieldData::Time(_) => None,
        };
        let held = self.fields.iter().enumerate().filter_map(entry).collect();
        Snapshot { fit: self.fit.clone(), held }
    }

    /// Makes snapshots such as [`save`](Self::save) hands over.
    pub fn vacancy(&self, fields: &[FieldId]) -> Vacancy {
        let stencil = self.program().stencil();
        let kept = |&field: &FieldId| (field, super::kept_levels(stencil.field(field).levels));
        Vacancy { fit: self.fit.clone(), wanted: fields.iter().map(kept).collect() }
    }

    /// Makes snapshots such as [`save_tape_entry`](Self::save_tape_entry) hands over.
    pub fn tape_vacancy(&self) -> Vacancy {
        let tape = |(number, data): (usize, &FieldData)| match data {
            FieldData::Tape(_) => Some((FieldId(number as u32), 1)),
            FieldData::Static(_) | FieldData::Time(_) => None,
        };
        let wanted = self.fields.iter().enumerate().filter_map(tape).collect();
        Vacancy { fit: self.fit.clone(), wanted }
    }

    /// Goes back to a snapshot that stays stored.
    ///
    /// # Panics
    /// As [`take`](Self::take).
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.take(snapshot.clone());
    }

    /// Goes back to a snapshot at its last use: its buffers are the session's again.
    ///
    /// # Panics
    /// If the snapshot is of another program or of a grid of other extents, or of a tape.
    pub fn take(&mut self, snapshot: Snapshot) {
        self.expect_fit(&snapshot);
        for (field, levels) in snapshot.held {
            let data = &mut self.fields[field.0 as usize];
            assert!(matches!(data, FieldData::Time(_)), "it should be a snapshot of time levels");
            *data = FieldData::Time(levels);
        }
    }

    /// Moves the window of the tapes to one step, whose entries come from a snapshot.
    ///
    /// # Panics
    /// If the snapshot is of another program or grid, or not of a tape.
    pub fn take_tape_entry(&mut self, step: usize, snapshot: Snapshot) {
        self.expect_fit(&snapshot);
        self.set_tape_window(step..step + 1);
        for (field, mut levels) in snapshot.held {
            let FieldData::Tape(tape) = &mut self.fields[field.0 as usize] else {
                panic!("it should be a snapshot of a tape")
            };
            *tape.slot(step as i64) = levels.pop();
        }
    }

    /// Kernels trust buffers to have the layout of their session.
    fn expect_fit(&self, snapshot: &Snapshot) {
        let fits = Arc::ptr_eq(&self.fit.program, &snapshot.fit.program)
            && self.fit.extents == snapshot.fit.extents;
        assert!(fits, "a snapshot should come from a session of the same program and grid");
    }
}
