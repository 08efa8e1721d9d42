//! What a tier of bytes is predicted to take in RAM is what it allocates.

use retrograd_checkpoint::codec::{Codec, Element, FieldShape};
use retrograd_checkpoint::plan::{CodecOffer, DiskOffer, Means, Speeds, TierPlan};
use retrograd_checkpoint::tier::medium::{DirectIo, FileMedium, Medium};
use retrograd_checkpoint::tier::{BufferNeeds, Bytes, BytesOptions, Key, Payload, Tier};
use retrograd_checkpoint::{Data, Strategy, Workload};

const PAGE: u64 = 4096;

/// A field that is gathered, as one with a halo is.
struct Gathered(Vec<f64>);

impl Payload for Gathered {
    fn fields(&self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &[u8])) {
        scratch.clear();
        scratch.reserve_exact(8 * self.0.len());
        scratch.extend(self.0.iter().flat_map(|value| value.to_le_bytes()));
        let shape = FieldShape::new(Element::F64, [self.0.len(), 1, 1]).unwrap();
        each(shape, scratch);
    }
    fn fields_mut(&mut self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &mut [u8])) {
        scratch.resize(8 * self.0.len(), 0);
        let shape = FieldShape::new(Element::F64, [self.0.len(), 1, 1]).unwrap();
        each(shape, scratch);
        let (values, _) = scratch.as_chunks();
        self.0.iter_mut().zip(values).for_each(|(to, from)| *to = f64::from_le_bytes(*from));
    }
}

/// Stores as many snapshots as there is room for, and reads them back.
fn fill<S: Payload>(tier: &mut Bytes<S>, count: u64, make: impl Fn() -> S) {
    let key = |step| Key { step, kind: Data::Restart };
    for step in 0..count {
        tier.store(key(step), make()).unwrap();
        tier.drain().unwrap();
    }
    for step in (0..count).rev() {
        tier.take(key(step)).unwrap();
    }
}

/// Numbers that no copy of zeros hides.
fn values(points: usize) -> Vec<f64> {
    (0..points).map(|i| 1.0 / (i + 1) as f64).collect()
}

#[test]
fn what_is_predicted_is_what_is_allocated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshots");
    for points in [1, 1000, 40_000, 700_000] {
        let bytes = 8 * points as u64;
        let count = 3;
        // Each with its lengths, in whole pages of a 1024th or 4 KiB.
        let capacity = count * (bytes + bytes / 512 + 2 * PAGE);
        for (queue, file, gathers) in
            [(0, false, false), (2, false, true), (0, true, true), (1, true, false)]
        {
            let options = if file {
                BytesOptions::in_file(&path, capacity, DirectIo::Auto).unwrap()
            } else {
                BytesOptions::in_ram(capacity).unwrap()
            };
            let options = options.snapshot_bytes(bytes).queue(queue);
            let allocated = if gathers {
                let mut tier = options.build(move |_| Gathered(vec![0.0; points])).unwrap();
                fill(&mut tier, count, || Gathered(values(points)));
                tier.buffer_bytes()
            } else {
                let mut tier = options.build(move |_| vec![0.0_f64; points]).unwrap();
                fill(&mut tier, count, || values(points));
                tier.buffer_bytes()
            };
            let needs = BufferNeeds {
                snapshot_bytes: bytes,
                gathered_bytes: if gathers { bytes } else { 0 },
                capacity_bytes: capacity,
                file,
                codec: &Codec::None,
                queue,
            };
            let direct =
                file && FileMedium::new(&path, capacity, DirectIo::Auto).unwrap().is_direct();
            let cached = if file && !direct { FileMedium::BUFFER_BYTES } else { 0 };
            let predicted = needs.buffer_bytes() - cached;
            let what = format!("{points} points, {needs:?}: {predicted} for {allocated}");
            assert!((allocated..=allocated + PAGE).contains(&predicted), "{what}");
            assert_eq!(needs.bytes() - needs.buffer_bytes(), (queue as u64 + 1) * bytes);
        }
    }
}

/// A plan with a file counts what that file's tier takes: the queue, two buffers, and a megabyte,
/// of the snapshots that go there and not of larger ones that do not.
#[test]
fn plans_count_what_tiers_take() {
    const MIB: u64 = 1 << 20;
    let work = Workload {
        steps: 1000,
        snapshot_bytes: 2 * MIB,
        adjoint_bytes: 9 * MIB,
        worker_bytes: 0,
        shared_bytes: 0,
        jobs: 1,
        concurrency: 1,
    };
    let disk = DiskOffer {
        path: "/scratch".into(),
        capacity_bytes: 1 << 40,
        write_bytes_per_second: 1e9,
        read_bytes_per_second: 1e9,
        latency_seconds: 0.0,
        slowdown: 1.0,
        codec: CodecOffer::none(1e10),
        log_bytes: 0,
    };
    let speeds = Speeds { forward_seconds: 1e-2, ..Speeds::default() };
    let means = Means { speeds, disk: Some(disk), ..Means::default() };
    let plan = work.choose(&means, Some(40 * MIB)).unwrap().plan;
    let [TierPlan::Handles { slots }, TierPlan::File { queue: 1, .. }] = plan.tiers[..] else {
        panic!("a disk should be used: {}", plan.strategy)
    };
    // Two in the queue, one encoded, one gathered; the megabyte; less than a page per snapshot.
    let least = (2 * slots + (2 + 1 + 1) * 2 + 1) * MIB;
    let parts = plan.parts.snapshots;
    assert!((least..=least + 1000 * PAGE).contains(&parts), "{least} {parts}");
    assert_eq!(plan.predicted_peak_bytes, parts + plan.parts.adjoint);
}

/// A file past the page cache that forgets everything.
struct Forgetful(u64);

impl Medium for Forgetful {
    fn name(&self) -> String {
        "nothing".to_owned()
    }
    fn capacity_bytes(&self) -> u64 {
        self.0
    }
    fn alignment(&self) -> u64 {
        FileMedium::ALIGNMENT
    }
    fn write(&mut self, _: u64, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }
    fn read(&mut self, _: u64, _: &mut [u8]) -> std::io::Result<()> {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }
}

/// A file made as its plan says holds as many snapshots as that stores, be they ever so many: pages
/// are those of the largest snapshot, not of the file.
#[test]
fn files_hold_what_plans_store() {
    const POINTS: usize = 13_000;
    let steps = 7000;
    let bytes = 8 * POINTS as u64;
    let work = Workload {
        steps,
        snapshot_bytes: bytes,
        adjoint_bytes: bytes,
        worker_bytes: 0,
        shared_bytes: 0,
        jobs: 1,
        concurrency: 1,
    };
    let disk = DiskOffer {
        path: "/scratch".into(),
        capacity_bytes: 1 << 40,
        write_bytes_per_second: 1e9,
        read_bytes_per_second: 1e9,
        latency_seconds: 0.0,
        slowdown: 1.0,
        codec: CodecOffer::none(1e10),
        log_bytes: 0,
    };
    let means = Means { stores_adjoint: true, disk: Some(disk), ..Means::default() };
    let plan = work.choose(&means, Some(50 * bytes)).unwrap().plan;
    assert!(matches!(plan.strategy, Strategy::Mixed { capacity, .. } if capacity == steps));
    let [TierPlan::File { capacity_bytes, snapshot_bytes, .. }] = plan.tiers[..] else {
        panic!("everything should go to the disk: {}", plan.strategy)
    };
    let options = BytesOptions::on(Box::new(Forgetful(capacity_bytes)));
    let options = options.snapshot_bytes(snapshot_bytes);
    let mut tier = options.build(move |_| vec![0.0_f64; POINTS]).unwrap();
    for step in 0..steps {
        tier.store(Key { step, kind: Data::Adjoint }, vec![0.0; POINTS]).unwrap();
    }
}
