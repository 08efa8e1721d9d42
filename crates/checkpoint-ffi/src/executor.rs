//! The executor: a model of C follows a schedule.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use retrograd_checkpoint::tier::{Key, TierError, TierUse};
use retrograd_checkpoint::{Action, ExecuteError, Progress};

use crate::handle::{Content, Handle, Owned, Shared, free, make};
use crate::model::{Callbacks, ModelError, rg_model};
use crate::pointer::{In, Out, Place, array};
use crate::schedule::Schedule;
use crate::snapshot::{Pool, Snapshot};
use crate::status::{Error, c_text, chain, rg_status, run};
use crate::sweep::{Sweeping, rg_sweep};
use crate::tiers::{Found, rg_tier};

/// Tiers, and what they hold during a run: `rg_executor`.
pub type rg_executor = Handle<Executor>;

/// What an [`rg_executor`] holds.
pub struct Executor(Mutex<State>);

struct State {
    executor: retrograd_checkpoint::Executor<Snapshot>,
    pool: Arc<Pool>,
    /// What tiers have found of an earlier process, until the first run.
    found: Vec<Found>,
    /// What went wrong during the last run and was mended.
    failures: Vec<CString>,
    /// What the callback has returned that ended the last run; 0 if none did.
    model_status: c_int,
}

/// How far a run has come: `rg_progress`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct rg_progress {
    /// Actions done.
    pub actions: u64,
    /// Forward steps run without recording.
    pub advances: u64,
    /// Forward steps run with recording.
    pub recorded: u64,
    /// Steps reversed.
    pub reversed: u64,
    /// Snapshots stored.
    pub writes: u64,
    /// Snapshots loaded.
    pub reads: u64,
    /// Snapshots held now.
    pub held: u64,
    /// The most snapshots held at a time.
    pub peak_held: u64,
    /// Data that a tier could not keep or give back, and that were computed again.
    pub lost: u64,
}

/// What a tier has done, of all runs together: `rg_tier_use`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct rg_tier_use {
    /// Bytes held now, encoded.
    pub held_bytes: u64,
    /// The most bytes held at a time.
    pub peak_bytes: u64,
    /// Bytes that were handed in.
    pub raw_bytes: u64,
    /// Bytes that were written, encoded.
    pub written_bytes: u64,
    /// Bytes that were read.
    pub read_bytes: u64,
    /// Seconds that the run has waited for stores and loads.
    pub waited_seconds: f64,
    /// Seconds of encoding and writing, in whatever thread.
    pub write_seconds: f64,
    /// Seconds of reading and decoding, in whatever thread.
    pub read_seconds: f64,
    /// The largest error that the codec has made, in the unit of the data.
    pub max_error: f64,
}

/// Called before every action; nonzero stops the run.
pub type rg_watch = unsafe extern "C-unwind" fn(*mut c_void, *const rg_progress) -> c_int;

/// Asked at each new state whether the step from there is the last; nonzero says that it is.
pub type rg_is_last = unsafe extern "C-unwind" fn(*mut c_void, u64) -> c_int;

/// More tiers than any machine has.
const TIERS_MAX: u64 = 1 << 10;

impl Content for Executor {
    const TAG: [u8; 8] = *b"rgexecu\0";

    fn is_idle(&self) -> bool {
        self.lock().is_ok()
    }
}

impl Executor {
    /// # Safety
    /// The texts of the tiers are NULL or end with a NUL.
    pub(crate) unsafe fn build(given: &[rg_tier]) -> Result<Self, Error> {
        let pool = Arc::default();
        let (mut tiers, mut found) = (Vec::with_capacity(given.len()), Vec::new());
        for (number, tier) in given.iter().enumerate() {
            // SAFETY: promised by the caller.
            let made = unsafe { tier.build(number, &pool) }?;
            tiers.push(made.tier);
            found.extend(made.found);
        }
        let what = "a table of so many snapshots";
        let executor = retrograd_checkpoint::Executor::with_tiers(tiers);
        let executor = executor.map_err(|_| Error::Memory { what })?;
        let state = State { executor, pool, found, failures: Vec::new(), model_status: 0 };
        Ok(Self(Mutex::new(state)))
    }

    /// Waits for nobody: who holds the lock may be the caller of the callback that asks.
    fn lock(&self) -> Result<MutexGuard<'_, State>, Error> {
        match self.0.try_lock() {
            Ok(state) => Ok(state),
            // A run begins by clearing what an unfinished one has left.
            Err(TryLockError::Poisoned(state)) => Ok(PoisonError::into_inner(state)),
            Err(TryLockError::WouldBlock) => Err(Error::Busy { what: "executor" }),
        }
    }
}

impl From<Progress> for rg_progress {
    fn from(done: Progress) -> Self {
        let Progress {
            actions,
            advances,
            recorded,
            reversed,
            writes,
            reads,
            held,
            peak_held,
            lost,
            replanned: _,
        } = done;
        Self { actions, advances, recorded, reversed, writes, reads, held, peak_held, lost }
    }
}

impl From<TierUse> for rg_tier_use {
    fn from(done: TierUse) -> Self {
        let TierUse {
            held_bytes,
            peak_bytes,
            raw_bytes,
            written_bytes,
            read_bytes,
            waited_seconds,
            write_seconds,
            read_seconds,
            max_error,
            stores: _,
            loads: _,
        } = done;
        Self {
            held_bytes,
            peak_bytes,
            raw_bytes,
            written_bytes,
            read_bytes,
            waited_seconds,
            write_seconds,
            read_seconds,
            max_error,
        }
    }
}

/// Makes an executor with `count` tiers, number 0 first.
///
/// # Safety
/// `tiers` is NULL, or `count` tiers lie there whose texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_executor_new(
    tiers: *const rg_tier,
    count: u64,
    out: Out<'_, *mut rg_executor>,
) -> rg_status {
    make(out, || {
        if count > TIERS_MAX {
            return Err(Error::argument("count", count, "at most 1024"));
        }
        // SAFETY: promised by the caller.
        unsafe { Executor::build(array(tiers, count, "tiers")?) }
    })
}

/// Runs the whole schedule, however much of it was pulled, over a model that is at its initial
/// state. `watch`, if not NULL, is called with `watch_ctx` before every action. `done`, if not
/// NULL, says how far the run has come, also where it has failed.
///
/// # Safety
/// The callbacks of the model are what the header says and may be called with its `ctx`; `watch`
/// with `watch_ctx`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_executor_run(
    executor: Shared<'_, Executor>,
    schedule: Shared<'_, Schedule>,
    model: In<'_, rg_model>,
    watch: Option<rg_watch>,
    watch_ctx: *mut c_void,
    done: Out<'_, rg_progress>,
) -> rg_status {
    run(|| {
        let mut state = executor.get("executor")?.lock()?;
        let actions = schedule.get("schedule")?.whole()?;
        let place = done.wanted("done")?;
        let watch = Watch::new(watch, watch_ctx);
        // SAFETY: promised by the caller.
        unsafe { state.run(&model.get("model")?, actions, watch, place) }
    })
}

/// As [`rg_executor_run`], for a schedule that does not know where it ends: at each new state,
/// after all actions before, `is_last` is asked whether the step from there is the last.
///
/// # Safety
/// As for [`rg_executor_run`]; `is_last` may be called with the model's `ctx`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_executor_run_until(
    executor: Shared<'_, Executor>,
    schedule: Shared<'_, Schedule>,
    model: In<'_, rg_model>,
    is_last: Option<rg_is_last>,
    watch: Option<rg_watch>,
    watch_ctx: *mut c_void,
    done: Out<'_, rg_progress>,
) -> rg_status {
    run(|| {
        let mut state = executor.get("executor")?.lock()?;
        let online = schedule.get("schedule")?.forward()?;
        let (place, model) = (done.wanted("done")?, model.get("model")?);
        let is_last = is_last.ok_or(Error::Null { what: "is_last" })?;
        // SAFETY: promised by the caller.
        let actions = online.until(|step| unsafe { is_last(model.ctx, step) } != 0);
        let watch = Watch::new(watch, watch_ctx);
        // SAFETY: promised by the caller.
        unsafe { state.run(&model, actions, watch, place) }
    })
}

/// As [`rg_executor_run`], such that another run can take the reverse sweep up, also one of
/// another process: its state is written to the file of `sweep` from time to time. If there is one
/// of the same identity, the schedule is followed from where it was, with what the tiers still hold
/// or have found by their manifests; without that, what is left is reversed from what there is, or
/// from the initial state, to which the model goes by its `restart`.
///
/// # Safety
/// As for [`rg_executor_run`]; the callbacks of `sweep` may be called with the model's `ctx`, and
/// its path is NULL or ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_executor_run_resumable(
    executor: Shared<'_, Executor>,
    schedule: Shared<'_, Schedule>,
    model: In<'_, rg_model>,
    sweep: In<'_, rg_sweep>,
    watch: Option<rg_watch>,
    watch_ctx: *mut c_void,
    done: Out<'_, rg_progress>,
) -> rg_status {
    run(|| {
        let mut state = executor.get("executor")?.lock()?;
        let actions = schedule.get("schedule")?.whole()?;
        let place = done.wanted("done")?;
        // SAFETY: promised by the caller.
        let (mut log, sweep) = unsafe { sweep.get("sweep")?.open() }?;
        // SAFETY: promised by the caller.
        let mut model = unsafe { Callbacks::new(&model.get("model")?, Arc::clone(&state.pool)) }?;
        if log.pending().is_some() {
            state.describe_found(&mut model)?;
        }
        state.found.clear();
        let mut model = Sweeping { model, sweep };
        let mut watch = Watch::new(watch, watch_ctx);
        // SAFETY: promised by the caller.
        let seen = |progress: &Progress| unsafe { watch.see(progress) };
        let result = state.executor.run_resumable(&mut model, actions, &mut log, seen);
        state.settle(result, watch.last, place)
    })
}

/// Who watches a run, and what was seen last.
struct Watch {
    call: Option<rg_watch>,
    ctx: *mut c_void,
    last: Progress,
}

impl Watch {
    fn new(call: Option<rg_watch>, ctx: *mut c_void) -> Self {
        Self { call, ctx, last: Progress::default() }
    }

    /// # Safety
    /// The callback may be called with its context.
    unsafe fn see(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.last = *progress;
        let stop = self.call.is_some_and(|call| {
            let progress = rg_progress::from(self.last);
            // SAFETY: promised by the caller; the progress is ours.
            unsafe { call(self.ctx, &raw const progress) != 0 }
        });
        if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl State {
    /// # Safety
    /// As for [`rg_executor_run`].
    unsafe fn run(
        &mut self,
        model: &rg_model,
        actions: impl Iterator<Item = Action> + Clone,
        mut watch: Watch,
        place: Option<Place<'_, rg_progress>>,
    ) -> Result<rg_status, Error> {
        // SAFETY: promised by the caller.
        let mut model = unsafe { Callbacks::new(model, Arc::clone(&self.pool)) }?;
        // A run that takes up no sweep begins with empty tiers.
        self.found.clear();
        // SAFETY: promised by the caller.
        let seen = |progress: &Progress| unsafe { watch.see(progress) };
        let result = self.executor.run_watched(&mut model, actions, seen);
        self.settle(result, watch.last, place)
    }

    /// Asks the model for the layouts of what tiers have found.
    fn describe_found(&self, model: &mut Callbacks<'_>) -> Result<(), Error> {
        let mut layout = |key: Key| model.layout(key.kind, key.step);
        self.found.iter().try_for_each(|found| found.describe(&mut layout))?;
        Ok(())
    }

    /// Keeps what there is to say of a run that has ended.
    fn settle(
        &mut self,
        result: Result<Progress, ExecuteError<ModelError>>,
        last: Progress,
        mut place: Option<Place<'_, rg_progress>>,
    ) -> Result<rg_status, Error> {
        let words = |failure: &TierError| c_text(&chain(failure));
        self.failures = self.executor.failures().iter().map(words).collect();
        self.model_status = match &result {
            Err(ExecuteError::Model { source: ModelError::Failed { code, .. }, .. }) => *code,
            Ok(_) | Err(_) => 0,
        };
        if let Some(place) = &mut place {
            place.put(result.as_ref().map_or(last, |done| *done).into());
        }
        result?;
        Ok(rg_status::RG_OK)
    }
}

/// What the callback has returned that has ended the last run; 0 if none did, or if this is no
/// executor.
#[unsafe(no_mangle)]
pub extern "C" fn rg_executor_model_status(executor: Shared<'_, Executor>) -> c_int {
    let mut status = 0;
    run(|| {
        status = executor.get("executor")?.lock()?.model_status;
        Ok(rg_status::RG_OK)
    });
    status
}

/// What went wrong in tiers during the last run and was mended, in words: number `index` of the
/// first few, NULL if there are fewer. The text stays until the next run or until the executor is
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn rg_executor_failure(executor: Shared<'_, Executor>, index: u64) -> *const c_char {
    let mut text = std::ptr::null();
    run(|| {
        let state = executor.get("executor")?.lock()?;
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        text = state.failures.get(index).map_or(std::ptr::null(), |text| text.as_ptr());
        Ok(rg_status::RG_OK)
    });
    text
}

/// What tier number `tier` has done, of all runs together.
#[unsafe(no_mangle)]
pub extern "C" fn rg_executor_usage(
    executor: Shared<'_, Executor>,
    tier: u32,
    out: Out<'_, rg_tier_use>,
) -> rg_status {
    run(|| {
        let mut place = out.get("out")?;
        let usage = executor.get("executor")?.lock()?.executor.usage();
        let usage = usage.get(tier as usize);
        let missing = || Error::argument("tier", tier, "the number of a tier of the executor");
        place.put((*usage.ok_or_else(missing)?).into());
        Ok(rg_status::RG_OK)
    })
}

/// Frees an executor and all that its tiers hold; NULL is none. One that is running is not freed.
#[unsafe(no_mangle)]
pub extern "C" fn rg_executor_free(executor: Owned<Executor>) -> rg_status {
    free(executor, "executor")
}
