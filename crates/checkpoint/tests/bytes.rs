//! Tiers of bytes: the same gradients as with handles, in RAM and in files, at once or in the
//! background; damage is found and mended.

mod common;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use common::ring::{POINTS, Ring, gradient_by_hand};
use proptest::prelude::*;
use retrograd_checkpoint::tier::medium::{DirectIo, Medium, RamMedium};
use retrograd_checkpoint::tier::{
    Bytes, BytesOptions, Handles, Key, Loaded, Payload, Tier, TierError, TierUse,
};
use retrograd_checkpoint::{Action, Data, Executor, Revolve, TierId};

type State = Arc<[f64; POINTS]>;

/// Room for a small state of these tests, and more.
const PAGE: u64 = 4096;

fn vacant(_: Key) -> State {
    Arc::new([0.0; POINTS])
}

/// Revolve's schedule, with the snapshots of every `period`-th step in the second tier.
fn two_tiers(n: u64, c: u64, period: u64) -> Vec<Action> {
    let place = |step: u64| TierId(u32::from(step.is_multiple_of(period)));
    let in_two = |action| match action {
        Action::Store { kind, step, .. } => Action::Store { kind, step, tier: place(step) },
        Action::Load { kind, step, .. } => Action::Load { kind, step, tier: place(step) },
        Action::Discard { kind, step, .. } => Action::Discard { kind, step, tier: place(step) },
        other => other,
    };
    Revolve::new(n, c).unwrap().map(in_two).collect()
}

/// Runs with a second tier of bytes; gives the gradient and the number of losses.
fn run(actions: Vec<Action>, bytes: Bytes<State>) -> (Vec<u64>, u64) {
    let handles = Handles::new(64).unwrap();
    let mut executor = Executor::with_tiers(vec![Box::new(handles), Box::new(bytes)]).unwrap();
    let mut model = Ring { restarts: true, ..Ring::new() };
    let done = executor.run(&mut model, actions).unwrap();
    assert_eq!(executor.usage()[1].held_bytes, 0);
    (model.gradient_bits(), done.lost)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn bytes_in_ram_do_not_change_one_bit(
        n in 1_u64..100, c in 1_u64..20, period in 1_u64..6, queue in 0_usize..4,
    ) {
        let tier = BytesOptions::in_ram(32 * PAGE).unwrap().queue(queue).build(vacant).unwrap();
        let (gradient, lost) = run(two_tiers(n, c, period), tier);
        prop_assert_eq!((gradient, lost), (gradient_by_hand(n), 0));
    }

    /// A tier that is too small loses what does not fit, and that is all.
    #[test]
    fn a_tier_that_is_full_only_costs_time(n in 2_u64..100, room in 0_u64..4, queue in 0_usize..3) {
        let tier = BytesOptions::in_ram(room * 64).unwrap().queue(queue).build(vacant).unwrap();
        let (gradient, _) = run(two_tiers(n, 9, 1), tier);
        prop_assert_eq!(gradient, gradient_by_hand(n));
    }
}

/// Lossless codecs change nothing; a lossy one changes the gradient by about its error, and says
/// what that is.
#[test]
fn codecs_change_the_gradient_as_they_say() {
    let exact: Vec<f64> = gradient_by_hand(90).into_iter().map(f64::from_bits).collect();
    let gradient = |codec: &str| {
        let options = BytesOptions::in_ram(64 * PAGE).unwrap().codec(codec.parse().unwrap());
        let handles = Handles::new(64).unwrap();
        let tier = options.queue(1).build(vacant).unwrap();
        let mut executor = Executor::with_tiers(vec![Box::new(handles), Box::new(tier)]).unwrap();
        let mut model = Ring::new();
        executor.run(&mut model, two_tiers(90, 7, 1)).unwrap();
        let values: Vec<f64> = model.gradient_bits().into_iter().map(f64::from_bits).collect();
        (values, executor.usage()[1].max_error)
    };
    for codec in ["none", "lz4", "shuffle+zstd:1", "pco:4", "zfp:lossless"] {
        assert_eq!(gradient(codec), (exact.clone(), 0.0), "{codec}");
    }
    let (values, error) = gradient("zfp:absolute=1e-7");
    assert!(error > 0.0 && error <= 1e-7, "{error}");
    // 90 steps, each with an adjoint of norm below 10 and derivatives below 10 in turn.
    let off = values.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off > 0.0 && off < 90.0 * 100.0 * 1e-7, "{off}");
    // Five numbers are no block: they are stored as they are.
    assert_eq!(gradient("block:absolute=1e-7"), (exact, 0.0));
}

/// What comes back of a wave of three slabs, and what the tier says of it.
fn through(options: BytesOptions) -> (Vec<f32>, TierUse) {
    let wave: Vec<f32> = (0..150_000).map(|i| (i as f32 * 0.01).sin()).collect();
    let options = options.codec("block:absolute=1e-3".parse().unwrap());
    let mut tier = options.build(|_| vec![0.0_f32; 150_000]).unwrap();
    let key = Key { step: 1, kind: Data::Adjoint };
    tier.store(key, wave.clone()).unwrap();
    let back = tier.take(key).unwrap();
    let errors = back.iter().zip(&wave).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
    let off = errors.fold(0.0, f64::max);
    assert!(off > 0.0 && off <= tier.usage().max_error, "{off}");
    let untimed =
        TierUse { waited_seconds: 0.0, write_seconds: 0.0, read_seconds: 0.0, ..tier.usage() };
    (back, untimed)
}

/// Whoever encodes, alone, in threads or on a pool of which anything may be expected, the same
/// bytes are written and the same numbers come back.
#[test]
fn encoding_does_not_depend_on_who_does_it() {
    let three = NonZeroUsize::new(3).unwrap();
    let in_ram = || BytesOptions::in_ram(32 * PAGE).unwrap();
    let alone = through(in_ram());
    assert_eq!((alone.1.stores, alone.1.loads), (1, 1));
    assert!(alone.1.written_bytes * 4 < alone.1.raw_bytes && alone.1.max_error <= 1e-3);
    assert_eq!(through(in_ram().threads(three)), alone);
    assert_eq!(through(in_ram().pool(three, |_, _| ())), alone, "a pool that is busy");
    let calls = Arc::new(AtomicUsize::new(0));
    for queue in [0, 2] {
        let counted = calls.clone();
        let last_first = move |tasks: usize, task: &(dyn Fn(usize) + Sync)| {
            counted.fetch_add(1, Ordering::Relaxed);
            (0..tasks).rev().for_each(task);
        };
        assert_eq!(through(in_ram().queue(queue).pool(three, last_first)), alone);
    }
    // Encoded and decoded once each way.
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}

#[test]
fn files_do_not_change_one_bit() {
    let folder = tempfile::tempdir().unwrap();
    for (direct, queue) in [(DirectIo::Auto, 2), (DirectIo::Never, 0), (DirectIo::Auto, 0)] {
        let path = folder.path().join("snapshots");
        let options = BytesOptions::in_file(&path, 32 * PAGE, direct).unwrap();
        let tier = options.queue(queue).build(vacant).unwrap();
        assert_eq!(run(two_tiers(90, 7, 1), tier), (gradient_by_hand(90), 0));
    }
}

#[test]
fn a_file_cut_short_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshots");
    let tier = BytesOptions::in_file(&path, 32 * PAGE, DirectIo::Never).unwrap();
    let tier = tier.build(vacant).unwrap();
    let handles = Handles::new(64).unwrap();
    let mut executor = Executor::with_tiers(vec![Box::new(handles), Box::new(tier)]).unwrap();
    let mut model = Ring { restarts: true, ..Ring::new() };
    let mut cut = false;
    let done = executor.run_watched(&mut model, two_tiers(60, 6, 2), |progress| {
        if progress.reversed == 9 && !cut {
            cut = true;
            std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
        }
        std::ops::ControlFlow::Continue(())
    });
    assert!(done.unwrap().lost > 0);
    assert_eq!(model.gradient_bits(), gradient_by_hand(60));
    let message = executor.failures()[0].to_string();
    assert_eq!(message, format!("{} failed to read", path.display()));
}

/// RAM that flips one bit of every `every`-th write, or fails it.
struct Unreliable {
    ram: RamMedium,
    every: u64,
    writes: Arc<AtomicU64>,
    fails: bool,
}

impl Medium for Unreliable {
    fn name(&self) -> String {
        "unreliable RAM".to_owned()
    }
    fn capacity_bytes(&self) -> u64 {
        self.ram.capacity_bytes()
    }
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        let mut bytes = bytes.to_vec();
        if number % self.every == self.every - 1 {
            if self.fails {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            let bit = number as usize % (8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        self.ram.write(offset, &bytes)
    }
    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.ram.read(offset, bytes)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_flipped_bit_is_found_and_mended(
        n in 2_u64..100, c in 1_u64..20, every in 1_u64..9, queue in 0_usize..3, fails: bool,
    ) {
        let (ram, writes) = (RamMedium::new(32 * PAGE).unwrap(), Arc::default());
        let medium = Unreliable { ram, every, writes: Arc::clone(&writes), fails };
        let tier = BytesOptions::on(Box::new(medium)).queue(queue).build(vacant).unwrap();
        let (gradient, lost) = run(two_tiers(n, c, 2), tier);
        prop_assert_eq!(gradient, gradient_by_hand(n));
        prop_assert!(lost > 0 || writes.load(Ordering::Relaxed) < every);
    }
}

#[test]
fn errors_say_what_where_and_how_to_mend() {
    let key = Key { step: 3, kind: Data::Restart };
    let mut tier = BytesOptions::in_ram(PAGE).unwrap().build(|_| vec![0_u8; 5000]).unwrap();
    let full = tier.store(key, vec![7; 5000]).unwrap_err();
    assert_eq!(
        full.to_string(),
        "RAM has no room for the restart data of step 3: 5000 bytes are needed, 4096 are free\n  \
         help: make the tier larger, or give it fewer snapshots"
    );
    let missing = tier.load(key).unwrap_err();
    assert_eq!(missing.to_string(), "RAM does not hold the restart data of step 3");

    let medium = Unreliable {
        ram: RamMedium::new(2 * PAGE).unwrap(),
        every: 1,
        writes: Arc::default(),
        fails: false,
    };
    let mut tier = BytesOptions::on(Box::new(medium)).build(|_| vec![0_u8; 5000]).unwrap();
    tier.store(key, vec![7; 5000]).unwrap();
    assert_eq!(
        tier.load(key).unwrap_err().to_string(),
        "the restart data of step 3 in unreliable RAM are damaged: their checksum is not that of \
         what was stored"
    );
}

/// A snapshot whose own code panics is an error of the tier, also in its thread.
struct Panics;

impl Payload for Panics {
    fn fields(
        &self,
        _: &mut Vec<u8>,
        _: &mut dyn FnMut(retrograd_checkpoint::codec::FieldShape, &[u8]),
    ) {
        panic!("the test says so");
    }
    fn fields_mut(
        &mut self,
        _: &mut Vec<u8>,
        _: &mut dyn FnMut(retrograd_checkpoint::codec::FieldShape, &mut [u8]),
    ) {
        panic!("the test says so");
    }
}

#[test]
fn a_panic_in_the_background_is_an_error() {
    let key = Key { step: 3, kind: Data::Restart };
    let mut tier = BytesOptions::in_ram(PAGE).unwrap().queue(2).build(|_| Panics).unwrap();
    let failed = tier.store(key, Panics).and_then(|()| tier.drain()).unwrap_err();
    assert!(matches!(failed, TierError::Other { .. }), "{failed}");
}

/// In the background, a load that was announced is ready when it is asked for, and what is
/// announced is bounded by the queue.
#[test]
fn announcements_are_bounded_by_the_queue() {
    let mut tier = BytesOptions::in_ram(32 * PAGE).unwrap().queue(2).build(vacant).unwrap();
    let key = |step| Key { step, kind: Data::Restart };
    for step in 0..4 {
        tier.store(key(step), Arc::new([step as f64; POINTS])).unwrap();
    }
    tier.drain().unwrap();
    assert!(tier.prefetch(key(3)) && tier.prefetch(key(2)));
    assert!(!tier.prefetch(key(1)), "two are on their way");
    assert!(tier.prefetch(key(3)), "known already");
    assert!(matches!(tier.load(key(3)), Ok(Loaded::Owned(state)) if state[0] == 3.0));
    assert!(tier.prefetch(key(1)));
    for step in (0..4).rev() {
        assert_eq!(tier.take(key(step)).unwrap()[0], step as f64);
    }
    let usage = tier.usage();
    let bytes = 8 * POINTS as u64;
    // Without a codec, bytes are kept as they are.
    assert_eq!((usage.raw_bytes, usage.written_bytes), (4 * bytes, 4 * bytes));
    // A state is a page of 64 bytes.
    assert_eq!((usage.held_bytes, usage.peak_bytes), (0, 4 * 64));
}
