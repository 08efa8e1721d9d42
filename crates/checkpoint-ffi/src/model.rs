//! A model whose steps are functions of C.

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use retrograd_checkpoint::codec::{Element, FieldShape};
use retrograd_checkpoint::{Data, Model};

use crate::action::number_of;
use crate::pointer::array;
use crate::snapshot::{Layout, OutOfMemory, Pool, Snapshot};
use crate::status::{Error, rg_status};

/// One array of a snapshot: `rg_field`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct rg_field {
    /// `RG_BYTE`, `RG_F32`, `RG_F64`.
    pub element: i32,
    /// Elements along each axis, last axis fastest; 1 for axes that do not exist.
    pub extents: [u64; 3],
}

/// Types of elements.
pub mod element {
    /// Anything.
    pub const RG_BYTE: i32 = 0;
    /// `float`.
    pub const RG_F32: i32 = 1;
    /// `double`.
    pub const RG_F64: i32 = 2;
}

/// Runs the steps `begin..end` in one way.
pub type rg_steps = unsafe extern "C-unwind" fn(*mut c_void, u64, u64) -> c_int;
/// Fills a buffer of so many bytes with the data of a step.
pub type rg_save = unsafe extern "C-unwind" fn(*mut c_void, i32, u64, *mut c_void, u64) -> c_int;
/// Takes the data of a step from a buffer.
pub type rg_restore =
    unsafe extern "C-unwind" fn(*mut c_void, i32, u64, *const c_void, u64) -> c_int;
/// Says how many bytes the data of a step are.
pub type rg_bytes = unsafe extern "C-unwind" fn(*mut c_void, i32, u64) -> u64;
/// Says of which fields the data of a step consist.
pub type rg_fields =
    unsafe extern "C-unwind" fn(*mut c_void, i32, u64, *mut u64) -> *const rg_field;
/// Goes back to the initial state.
pub type rg_restart = unsafe extern "C-unwind" fn(*mut c_void) -> c_int;

/// A simulator: `rg_model`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_model {
    /// Handed to every callback.
    pub ctx: *mut c_void,
    /// Runs forward and keeps nothing.
    pub advance: Option<rg_steps>,
    /// Runs forward and keeps what the adjoint reads.
    pub record: Option<rg_steps>,
    /// Runs the adjoint, last step first.
    pub reverse: Option<rg_steps>,
    /// Fills a buffer.
    pub save: Option<rg_save>,
    /// Takes data from a buffer.
    pub restore: Option<rg_restore>,
    /// The size of a snapshot without fields; NULL if all have fields.
    pub snapshot_bytes: Option<rg_bytes>,
    /// The fields of a snapshot; NULL if none has.
    pub fields: Option<rg_fields>,
    /// Goes back to the initial state; NULL if the model cannot.
    pub restart: Option<rg_restart>,
    /// Whether `save` and `restore` know adjoint data.
    pub stores_adjoint: c_int,
}

/// What went wrong in a model.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum ModelError {
    #[error("`{callback}` has returned {code}")]
    Failed { callback: &'static str, code: c_int },
    #[error("{what}")]
    Layout { what: String },
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
}

impl ModelError {
    pub(crate) fn status(&self) -> rg_status {
        match self {
            Self::Failed { .. } => rg_status::RG_ERROR_MODEL,
            Self::Layout { .. } => rg_status::RG_ERROR_ARGUMENT,
            Self::Memory(_) => rg_status::RG_ERROR_MEMORY,
        }
    }
}

/// The callbacks of a model, none of them NULL that is needed.
pub(crate) struct Callbacks<'a> {
    ctx: *mut c_void,
    advance: rg_steps,
    record: rg_steps,
    reverse: rg_steps,
    save: rg_save,
    restore: rg_restore,
    snapshot_bytes: Option<rg_bytes>,
    fields: Option<rg_fields>,
    restart: Option<rg_restart>,
    stores_adjoint: bool,
    pool: Arc<Pool>,
    /// The last layout of each kind: most models have no other.
    layouts: [Option<Layout>; 2],
    alive: PhantomData<&'a c_void>,
}

impl Callbacks<'_> {
    /// # Safety
    /// The callbacks are what the header says, and may be called with `ctx` as long as the result
    /// lives.
    pub(crate) unsafe fn new(model: &rg_model, pool: Arc<Pool>) -> Result<Self, Error> {
        let null = |what| Error::Null { what };
        if model.snapshot_bytes.is_none() && model.fields.is_none() {
            return Err(null("model.snapshot_bytes"));
        }
        Ok(Self {
            ctx: model.ctx,
            advance: model.advance.ok_or(null("model.advance"))?,
            record: model.record.ok_or(null("model.record"))?,
            reverse: model.reverse.ok_or(null("model.reverse"))?,
            save: model.save.ok_or(null("model.save"))?,
            restore: model.restore.ok_or(null("model.restore"))?,
            snapshot_bytes: model.snapshot_bytes,
            fields: model.fields,
            restart: model.restart,
            stores_adjoint: model.stores_adjoint != 0,
            pool,
            layouts: [None, None],
            alive: PhantomData,
        })
    }

    /// What is handed to every callback.
    pub(crate) fn context(&self) -> *mut c_void {
        self.ctx
    }

    fn run(
        &self,
        callback: &'static str,
        steps: rg_steps,
        range: &Range<u64>,
    ) -> Result<(), ModelError> {
        // SAFETY: promised to `new`.
        done(callback, unsafe { steps(self.ctx, range.start, range.end) })
    }

    /// The layout of the data of a step.
    pub(crate) fn layout(&mut self, kind: Data, step: u64) -> Result<Layout, ModelError> {
        let number = number_of(kind);
        let mut count = 0;
        let first = self.fields.map_or(std::ptr::null(), |fields| {
            // SAFETY: promised to `new`; `count` is ours.
            unsafe { fields(self.ctx, number, step, &raw mut count) }
        });
        let known = &mut self.layouts[number as usize];
        if first.is_null() {
            let bytes = self.snapshot_bytes.ok_or_else(|| ModelError::Layout {
                what: format!(
                    "`fields` has returned NULL for {kind} data, and there is no `snapshot_bytes`"
                ),
            })?;
            // SAFETY: promised to `new`.
            let bytes = unsafe { bytes(self.ctx, number, step) };
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            return settle(known, &[FieldShape::of_bytes(bytes)]);
        }
        // SAFETY: a callback of this type returns an array of `count` fields that stays as it is
        // until the next callback.
        let given = unsafe { array(first, count, "fields") };
        let given = given.map_err(|error| ModelError::Layout { what: error.to_string() })?;
        if let [one] = *given {
            // The usual case allocates nothing.
            return settle(known, &[shape_of(one)?]);
        }
        let shapes: Result<Vec<FieldShape>, ModelError> =
            given.iter().map(|&field| shape_of(field)).collect();
        settle(known, &shapes?)
    }
}

/// The layout of these fields: the known one, if it is the same.
fn settle(known: &mut Option<Layout>, fields: &[FieldShape]) -> Result<Layout, ModelError> {
    if let Some(known) = known.as_ref().filter(|known| known.fields() == fields) {
        return Ok(known.clone());
    }
    let too_large = || ModelError::Layout { what: "a snapshot is larger than memory".to_owned() };
    let layout = Layout::new(fields).ok_or_else(too_large)?;
    *known = Some(layout.clone());
    Ok(layout)
}

fn shape_of(field: rg_field) -> Result<FieldShape, ModelError> {
    let wrong = |what: String| ModelError::Layout { what };
    let element = match field.element {
        element::RG_BYTE => Element::Byte,
        element::RG_F32 => Element::F32,
        element::RG_F64 => Element::F64,
        other => {
            return Err(wrong(format!(
                "the element of a field is {other}, but must be RG_BYTE, RG_F32 or RG_F64"
            )));
        }
    };
    if field.extents.contains(&0) {
        return Err(wrong(format!(
            "the extents of a field are {:?}, but must be at least 1\n  \
             help: 1 for axes that do not exist",
            field.extents
        )));
    }
    let extents = field.extents.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    FieldShape::new(element, extents).map_err(|error| wrong(error.to_string()))
}

pub(crate) fn done(callback: &'static str, code: c_int) -> Result<(), ModelError> {
    if code == 0 { Ok(()) } else { Err(ModelError::Failed { callback, code }) }
}

impl Model for Callbacks<'_> {
    type Snapshot = Snapshot;
    type Error = ModelError;

    fn advance(&mut self, steps: Range<u64>) -> Result<(), ModelError> {
        self.run("advance", self.advance, &steps)
    }

    fn record(&mut self, steps: Range<u64>) -> Result<(), ModelError> {
        self.run("record", self.record, &steps)
    }

    fn reverse(&mut self, steps: Range<u64>) -> Result<(), ModelError> {
        self.run("reverse", self.reverse, &steps)
    }

    fn save(&mut self, kind: Data, step: u64) -> Result<Snapshot, ModelError> {
        let layout = self.layout(kind, step)?;
        let mut snapshot = self.pool.take(&layout)?;
        let bytes = snapshot.bytes_mut();
        let (buffer, length) = (bytes.as_mut_ptr().cast(), bytes.len() as u64);
        // SAFETY: promised to `new`; the buffer is of the length said, and nobody else's.
        done("save", unsafe { (self.save)(self.ctx, number_of(kind), step, buffer, length) })?;
        Ok(snapshot)
    }

    fn restore(&mut self, kind: Data, step: u64, from: &Snapshot) -> Result<(), ModelError> {
        let bytes = from.bytes();
        let (buffer, length) = (bytes.as_ptr().cast(), bytes.len() as u64);
        // SAFETY: promised to `new`; the buffer is of the length said, and not written meanwhile.
        done("restore", unsafe { (self.restore)(self.ctx, number_of(kind), step, buffer, length) })
    }

    fn take(&mut self, kind: Data, step: u64, from: Snapshot) -> Result<(), ModelError> {
        self.restore(kind, step, &from)
    }

    fn stores_adjoint(&self) -> bool {
        self.stores_adjoint
    }

    fn restart(&mut self) -> Option<Result<(), ModelError>> {
        // SAFETY: promised to `new`.
        self.restart.map(|restart| done("restart", unsafe { restart(self.ctx) }))
    }
}
