//! Runs through the C interface: gradients to the bit on every medium, and every way to fail.

mod common;

use std::ffi::{CStr, CString, c_int, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};

use common::ring::{Ring, gradient_by_hand, largest};
use proptest::prelude::*;
use retrograd_checkpoint_ffi::executor::{
    Executor, rg_executor_failure, rg_executor_free, rg_executor_model_status, rg_executor_new,
    rg_executor_usage, rg_watch,
};
use retrograd_checkpoint_ffi::handle::{Owned, Shared};
use retrograd_checkpoint_ffi::model::element::RG_F64;
use retrograd_checkpoint_ffi::pointer::Out;
use retrograd_checkpoint_ffi::schedule::{
    Schedule, rg_schedule_asynchronous, rg_schedule_free, rg_schedule_mixed, rg_schedule_multistage,
};
use retrograd_checkpoint_ffi::status::rg_last_error;
use retrograd_checkpoint_ffi::tiers::medium_kind::*;
use retrograd_checkpoint_ffi::{
    rg_executor, rg_executor_run, rg_field, rg_model, rg_progress, rg_schedule, rg_status, rg_tier,
    rg_tier_use,
};

const NO_TIER: rg_tier = rg_tier {
    medium: RG_BUFFERS,
    queue_depth: 0,
    threads: 0,
    slots: 0,
    capacity_bytes: 0,
    snapshot_bytes: 0,
    path: null(),
    codec: null(),
    manifest: null(),
    identity: 0,
};

const BUFFERS: rg_tier = rg_tier { slots: 64, ..NO_TIER };

/// An executor and a schedule that are freed in the end.
struct Pair {
    executor: *mut rg_executor,
    schedule: *mut rg_schedule,
}

impl Pair {
    fn new(tiers: &[rg_tier], make: impl FnOnce(Out<'_, *mut rg_schedule>) -> rg_status) -> Self {
        let mut pair = Self { executor: null_mut(), schedule: null_mut() };
        assert_eq!(make((&mut pair.schedule).into()), rg_status::RG_OK);
        let out = (&mut pair.executor).into();
        // SAFETY: as many tiers as the slice has.
        let status = unsafe { rg_executor_new(tiers.as_ptr(), tiers.len() as u64, out) };
        assert_eq!(status, rg_status::RG_OK, "{}", last_error());
        pair
    }

    fn executor(&self) -> Shared<'_, Executor> {
        // SAFETY: freed when this is dropped.
        unsafe { Shared::new(self.executor) }
    }

    fn schedule(&self) -> Shared<'_, Schedule> {
        // SAFETY: freed when this is dropped.
        unsafe { Shared::new(self.schedule) }
    }

    fn run(&self, model: &rg_model) -> (rg_status, rg_progress) {
        self.run_watched(model, None, null_mut())
    }

    fn run_watched(
        &self,
        model: &rg_model,
        watch: Option<rg_watch>,
        ctx: *mut c_void,
    ) -> (rg_status, rg_progress) {
        let mut done = rg_progress::default();
        let (executor, schedule, out) = (self.executor(), self.schedule(), (&mut done).into());
        // SAFETY: the models of these tests are what the header says, and so are their watches.
        let status = unsafe { rg_executor_run(executor, schedule, model.into(), watch, ctx, out) };
        (status, done)
    }

    fn usage(&self, tier: u32) -> rg_tier_use {
        let mut usage = rg_tier_use::default();
        let status = rg_executor_usage(self.executor(), tier, (&mut usage).into());
        assert_eq!(status, rg_status::RG_OK);
        usage
    }

    fn failure(&self) -> Option<String> {
        let text = rg_executor_failure(self.executor(), 0);
        // SAFETY: a text that stays until the next run.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // SAFETY: made by this crate, and freed here only.
        let (executor, schedule) =
            unsafe { (Owned::new(self.executor), Owned::new(self.schedule)) };
        assert_eq!(rg_executor_free(executor), rg_status::RG_OK);
        assert_eq!(rg_schedule_free(schedule), rg_status::RG_OK);
    }
}

fn last_error() -> String {
    // SAFETY: a text that stays until another call on this thread fails.
    unsafe { CStr::from_ptr(rg_last_error()) }.to_string_lossy().into_owned()
}

fn text(path: &Path) -> CString {
    CString::new(path.as_os_str().as_encoded_bytes()).unwrap()
}

fn multistage(n: u64, ram: u64, disk: u64) -> impl Fn(Out<'_, *mut rg_schedule>) -> rg_status {
    move |out| rg_schedule_multistage(n, ram, disk, 0, out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_medium_changes_one_bit(
        n in 1_u64..80, ram in 0_u64..5, disk in 1_u64..9, medium in 1_i32..6, depth in 0_u32..4,
        codec in 0_usize..3, of_fields: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("snapshots");
        let path = text(if medium == RG_MAPPED_SCRATCH { folder.path() } else { &file });
        let codec = [None, Some(c"shuffle+lz4"), Some(c"pco:4")][codec];
        let second = rg_tier {
            medium,
            queue_depth: depth,
            threads: 2,
            capacity_bytes: 1 << 17,
            path: path.as_ptr(),
            codec: codec.map_or(null(), CStr::as_ptr),
            ..NO_TIER
        };
        let pair = Pair::new(&[BUFFERS, second], multistage(n, ram, disk));
        for _ in 0..2 {
            let mut ring = Ring::new();
            let model = if of_fields { ring.model_of_fields() } else { ring.model() };
            let (status, done) = pair.run(&model);
            prop_assert_eq!((status, done.reversed, done.lost), (rg_status::RG_OK, n, 0));
            prop_assert_eq!(ring.gradient_bits(), gradient_by_hand(n));
        }
        prop_assert_eq!(pair.usage(1).held_bytes, 0);
        prop_assert!(pair.failure().is_none());
    }

    /// Whatever callback fails, its code comes back, and the executor serves the next run.
    #[test]
    fn failures_of_the_model_come_back(
        n in 2_u64..40, ram in 0_u64..4, which in 0_usize..5, after in 0_u32..6, code in 1_i32..99,
        panics: bool,
    ) {
        let pair = Pair::new(&[BUFFERS, rg_tier { slots: 3, ..NO_TIER }], multistage(n, ram, 3));
        let callback = ["advance", "record", "reverse", "save", "restore"][which];
        let mut ring = Ring::new();
        if panics {
            ring.panics = Some(callback);
        } else {
            ring.fails = Some((callback, after, code));
        }
        let (status, done) = pair.run(&ring.model());
        let given = rg_executor_model_status(pair.executor());
        if panics && status == rg_status::RG_ERROR_INTERNAL {
            prop_assert!(last_error().contains("the test says so"), "{}", last_error());
            prop_assert_eq!(given, 0);
        } else if status == rg_status::RG_ERROR_MODEL {
            prop_assert_eq!(given, code);
            let words = format!("`{callback}` has returned {code}");
            prop_assert!(last_error().ends_with(&words), "{}", last_error());
            prop_assert!(done.reversed < n || callback == "reverse");
        } else {
            // So many calls there are not.
            prop_assert_eq!((status, done.reversed, given), (rg_status::RG_OK, n, 0));
        }
        let mut ring = Ring::new();
        prop_assert_eq!(pair.run(&ring.model()).0, rg_status::RG_OK);
        prop_assert_eq!(ring.gradient_bits(), gradient_by_hand(n));
        prop_assert_eq!(rg_executor_model_status(pair.executor()), 0);
    }

    /// Adjoint data of another size than restart data share the tier.
    #[test]
    fn adjoint_data_are_kept_as_well(n in 1_u64..60, s in 1_u64..12, b in 1_u64..4) {
        let mixed = move |out: Out<'_, _>| rg_schedule_mixed(n, s, 1, b, out);
        let second = rg_tier { medium: RG_RAM, capacity_bytes: 1 << 18, ..NO_TIER };
        for tier in [BUFFERS, second, rg_tier { queue_depth: 2, ..second }] {
            let pair = Pair::new(&[tier], mixed);
            let mut ring = Ring::new();
            let (status, _) = pair.run(&ring.model_of_fields());
            prop_assert_eq!(status, rg_status::RG_OK);
            prop_assert_eq!(ring.gradient_bits(), gradient_by_hand(n));
        }
    }
}

/// A codec that knows of numbers makes the errors it says; without fields it keeps every bit.
#[test]
fn fields_are_what_lossy_codecs_work_on() {
    const STEPS: u64 = 40;
    let codecs = [(c"zfp:absolute=1e-8", 1e-8), (c"block:relative=1e-8", 1e-8 * largest(STEPS))];
    for ((codec, tolerance), of_fields) in codecs.into_iter().flat_map(|c| [(c, true), (c, false)])
    {
        let codec = codec.as_ptr();
        let first = rg_tier { medium: RG_RAM, capacity_bytes: 1 << 18, codec, ..NO_TIER };
        let pair = Pair::new(&[first], multistage(STEPS, 6, 0));
        let mut ring = Ring::new();
        let model = if of_fields { ring.model_of_fields() } else { ring.model() };
        assert_eq!(pair.run(&model).0, rg_status::RG_OK);
        let error = pair.usage(0).max_error;
        assert_eq!(error > 0.0, of_fields, "{error}");
        assert!(error <= tolerance, "{error} {tolerance}");

        // A step multiplies errors by at most 1 + 0.05 (1 + 0.6) = 1.08, forward and back. A state
        // has passed the codec once per step at most, and enters a step of the adjoint by 0.05.
        let growth = 1.08_f64.powi(STEPS as i32);
        let steps = STEPS as f64;
        let bound = steps * 0.05 * (steps * error * growth) * growth;
        let exact = gradient_by_hand(STEPS).into_iter().map(f64::from_bits);
        let off = ring.gradient().into_iter().zip(exact).map(|(a, b)| (a - b).abs());
        let off = off.fold(0.0, f64::max);
        assert!(off <= bound && (off > 0.0) == of_fields, "{off} {bound}");
    }
}

/// What a tier loses is computed again, and said.
#[test]
fn a_mapped_file_cut_short_is_mended() {
    unsafe extern "C-unwind" fn cut(ctx: *mut c_void, progress: *const rg_progress) -> c_int {
        // SAFETY: the test hands over the path; the executor hands over its progress.
        let (path, progress) = unsafe { (&*ctx.cast::<std::path::PathBuf>(), &*progress) };
        if progress.reversed == 9 {
            std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap();
        }
        0
    }
    let folder = tempfile::tempdir().unwrap();
    let mut file = folder.path().join("snapshots");
    let path = text(&file);
    for depth in [0, 2] {
        let second = rg_tier {
            medium: RG_MAPPED,
            queue_depth: depth,
            capacity_bytes: 1 << 17,
            path: path.as_ptr(),
            ..NO_TIER
        };
        let pair = Pair::new(&[BUFFERS, second], |out| rg_schedule_asynchronous(60, 6, 3, out));
        let mut ring = Ring::new();
        let ctx = (&raw mut file).cast();
        let (status, done) = pair.run_watched(&ring.model(), Some(cut), ctx);
        assert_eq!(status, rg_status::RG_OK, "{}", last_error());
        assert!(done.lost > 0);
        assert_eq!(ring.gradient_bits(), gradient_by_hand(60));
        let failure = pair.failure().unwrap();
        let expected = format!("{} failed to read: the file has been cut short", file.display());
        assert_eq!(failure, expected);

        // Without a way back to the initial state it is an error.
        let mut ring = Ring::new();
        let model = rg_model { restart: None, ..ring.model() };
        let (status, _) = pair.run_watched(&model, Some(cut), ctx);
        assert_eq!(status, rg_status::RG_ERROR_TIER);
        drop(pair);
    }
}

/// An executor that runs is busy for other threads, and for itself.
#[test]
fn a_running_executor_is_busy() {
    unsafe extern "C-unwind" fn ask(ctx: *mut c_void, _: *const rg_progress) -> c_int {
        // SAFETY: the test hands over the pair, which it does not use meanwhile but here.
        let pair = unsafe { &*ctx.cast::<Pair>() };
        let executor = pair.executor.expose_provenance();
        let elsewhere = std::thread::spawn(move || {
            let executor = std::ptr::with_exposed_provenance(executor);
            // SAFETY: the run waits for this thread, and the pair for the run.
            let executor = unsafe { Shared::new(executor) };
            rg_executor_usage(executor, 0, (&mut rg_tier_use::default()).into())
        });
        assert_eq!(elsewhere.join().unwrap(), rg_status::RG_ERROR_BUSY);
        // SAFETY: as above; refused, so that it is freed once.
        let freed = rg_executor_free(unsafe { Owned::new(pair.executor) });
        assert_eq!(freed, rg_status::RG_ERROR_BUSY);
        // The schedule is the executor's own copy.
        0
    }
    let pair = Pair::new(&[BUFFERS], multistage(5, 2, 0));
    let mut ring = Ring::new();
    let ctx = (&raw const pair).cast_mut().cast();
    assert_eq!(pair.run_watched(&ring.model(), Some(ask), ctx).0, rg_status::RG_OK);
    assert_eq!(ring.gradient_bits(), gradient_by_hand(5));
}

#[test]
fn layouts_that_make_no_sense_are_refused() {
    unsafe extern "C-unwind" fn fields(
        ctx: *mut c_void,
        _: i32,
        _: u64,
        count: *mut u64,
    ) -> *const rg_field {
        // SAFETY: the test hands over a field; the executor hands over room for a count.
        unsafe { count.write(2) };
        ctx.cast()
    }
    unsafe extern "C-unwind" fn nothing(_: *mut c_void, _: u64, _: u64) -> c_int {
        0
    }
    unsafe extern "C-unwind" fn bytes(_: *mut c_void, _: i32, _: u64) -> u64 {
        u64::MAX
    }
    let pair = Pair::new(&[BUFFERS], multistage(5, 2, 0));
    let mut ring = Ring::new();
    let ring = ring.model();
    let run = |mut two: [rg_field; 2]| {
        let model = rg_model {
            ctx: two.as_mut_ptr().cast(),
            advance: Some(nothing),
            snapshot_bytes: None,
            fields: Some(fields),
            ..ring
        };
        (pair.run(&model).0, last_error())
    };
    let good = rg_field { element: RG_F64, extents: [1, 1, 5] };
    let (status, text) = run([good, rg_field { element: 7, ..good }]);
    assert_eq!(status, rg_status::RG_ERROR_ARGUMENT);
    assert!(text.contains("the element of a field is 7, but must be RG_BYTE"), "{text}");
    let (status, text) = run([good, rg_field { extents: [5, 0, 0], ..good }]);
    assert_eq!(status, rg_status::RG_ERROR_ARGUMENT);
    assert!(text.contains("help: 1 for axes that do not exist"), "{text}");
    let huge = rg_field { extents: [1, 1, 1 << 59], ..good };
    assert_eq!(run([huge; 2]).0, rg_status::RG_ERROR_MEMORY);
    assert_eq!(
        run([good, rg_field { extents: [u64::MAX; 3], ..good }]).0,
        rg_status::RG_ERROR_ARGUMENT
    );

    let model = rg_model { ctx: null_mut(), snapshot_bytes: None, fields: Some(fields), ..ring };
    assert_eq!(pair.run(&model).0, rg_status::RG_ERROR_ARGUMENT);
    let model = rg_model { snapshot_bytes: Some(bytes), ..ring };
    assert_eq!(pair.run(&model).0, rg_status::RG_ERROR_MEMORY);
    assert!(last_error().contains("bytes of memory for a snapshot"), "{}", last_error());
}
