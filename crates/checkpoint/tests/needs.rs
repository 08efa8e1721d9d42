//! What a tier of bytes is predicted to take in RAM is what it allocates.

use std::num::NonZeroUsize;

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

/// Many fields, each in its own piece.
struct Pieces(Vec<Vec<f64>>);

impl Pieces {
    const COUNT: usize = 9;

    /// Of so many points in all.
    fn of(points: usize) -> Self {
        Self(values(points).chunks(points.div_ceil(Self::COUNT)).map(<[f64]>::to_vec).collect())
    }
}

impl Payload for Pieces {
    fn fields(&self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &[u8])) {
        self.0.iter().for_each(|piece| piece.fields(scratch, each));
    }
    fn fields_mut(&mut self, scratch: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &mut [u8])) {
        self.0.iter_mut().for_each(|piece| piece.fields_mut(scratch, each));
    }
}

/// A snapshot in many pieces is appended piece by piece, into no more than it takes.
#[test]
fn pieces_take_no_more_than_the_whole() {
    for points in [100, 40_000] {
        let bytes = 8 * points as u64;
        let capacity_bytes = 2 * bytes + PAGE;
        let options = BytesOptions::in_ram(capacity_bytes).unwrap().snapshot_bytes(bytes);
        let mut tier = options.build(move |_| Pieces::of(points)).unwrap();
        fill(&mut tier, 1, || Pieces::of(points));
        let needs = BufferNeeds {
            snapshot_bytes: bytes,
            gathered_bytes: 0,
            capacity_bytes,
            file: false,
            codec: &Codec::None,
            queue: 0,
            threads: 1,
        };
        let (taken, most) = (tier.buffer_bytes(), needs.buffer_bytes());
        assert!(taken <= most, "{points} points: {taken} > {most}");
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
                threads: 1,
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

/// Bytes of a shape.
struct Shaped(FieldShape, Vec<u8>);

impl Payload for Shaped {
    fn fields(&self, _: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &[u8])) {
        each(self.0, &self.1);
    }
    fn fields_mut(&mut self, _: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &mut [u8])) {
        each(self.0, &mut self.1);
    }
}

/// Waves, noise that nothing encodes, or numbers of which the first is none.
fn contents(shape: FieldShape, kind: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let values = (0..shape.elements()).map(|i| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
        match kind {
            0 => (i as f64 * 0.01).sin(),
            1 => f64::from_bits(state >> 2),
            _ if i == 0 => f64::NAN,
            _ => (state >> 40) as f64,
        }
    });
    match shape.element() {
        Element::F64 => values.flat_map(f64::to_le_bytes).collect(),
        Element::F32 => values.flat_map(|value| (value as f32).to_le_bytes()).collect(),
        Element::Byte => values.map(|value| value.to_bits() as u8).collect(),
    }
}

const CODECS: [&str; 14] = [
    "none",
    "lz4",
    "shuffle+lz4",
    "zstd:-7",
    "shuffle+zstd:3",
    "zstd:12",
    "zstd:22",
    "pco:4",
    "zfp:lossless",
    "zfp:relative=1e-3",
    "zfp:relative=1e-12",
    "zfp:rate=8",
    "block:relative=1e-3",
    "block:absolute=1e-6",
];

/// Whatever is encoded by however many threads: no more is allocated than was said.
#[test]
fn no_codec_takes_more_than_is_predicted() {
    let shapes = [
        (Element::F32, [1, 1, 100]),
        (Element::F32, [17, 45, 300]),
        (Element::F32, [2, 2, 100_000]),
        (Element::F64, [5, 70, 301]),
        (Element::F64, [2, 80, 500]),
        (Element::F64, [1, 16, 5000]),
        (Element::Byte, [1, 1, 300_001]),
    ];
    let compiled = |text: &&str| text.parse::<Codec>().is_ok_and(|codec| codec.check().is_ok());
    for codec in CODECS.iter().filter(|text| compiled(text)) {
        let codec: &Codec = &codec.parse().unwrap();
        for (element, extents) in shapes {
            let shape = FieldShape::new(element, extents).unwrap();
            let bytes = shape.bytes() as u64;
            let kinds = [0, 1, 2].map(|kind| contents(shape, kind));
            for threads in [1, 3] {
                let capacity_bytes = 2 * bytes + 3 * PAGE;
                let options = BytesOptions::in_ram(capacity_bytes).unwrap().snapshot_bytes(bytes);
                let options = options.codec(codec.clone());
                let options = options.threads(NonZeroUsize::new(threads).unwrap());
                let mut tier =
                    options.build(move |_| Shaped(shape, vec![0; shape.bytes()])).unwrap();
                for content in &kinds {
                    fill(&mut tier, 1, || Shaped(shape, content.clone()));
                }
                let needs = BufferNeeds {
                    snapshot_bytes: bytes,
                    gathered_bytes: 0,
                    capacity_bytes,
                    file: false,
                    codec,
                    queue: 0,
                    threads: threads as u64,
                };
                let (taken, most) = (tier.buffer_bytes(), needs.buffer_bytes());
                assert!(taken <= most, "{codec}, {shape:?}, {threads} threads: {taken} > {most}");
            }
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

/// A tier in RAM encodes with the threads of its job, and a plan counts the buffers of each.
#[test]
fn plans_count_the_buffers_of_every_thread() {
    const MIB: u64 = 1 << 20;
    let work = Workload {
        steps: 500,
        snapshot_bytes: 8 * MIB,
        adjoint_bytes: MIB,
        worker_bytes: 0,
        shared_bytes: 0,
        jobs: 2,
        concurrency: 2,
    };
    let codec: Codec = "block:relative=1e-3".parse().unwrap();
    let offer = CodecOffer { codec: codec.clone(), ratio: 20.0, ..CodecOffer::none(1e12) };
    for threads in [1, 5, 12] {
        let means = Means { threads, ram_codecs: vec![offer.clone()], ..Means::default() };
        let plan = work.choose(&means, Some(400 * MIB)).unwrap().plan;
        let [TierPlan::Ram { capacity_bytes, .. }] = plan.tiers[..] else {
            panic!("snapshots should be encoded: {}", plan.strategy)
        };
        let tier = BufferNeeds {
            snapshot_bytes: work.snapshot_bytes,
            gathered_bytes: work.snapshot_bytes,
            capacity_bytes,
            file: false,
            codec: &codec,
            queue: 0,
            threads: threads.div_ceil(plan.concurrency),
        };
        assert_eq!(plan.parts.snapshots, plan.concurrency * (capacity_bytes + tier.bytes()));
        assert!(plan.predicted_peak_bytes <= 400 * MIB);
    }
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
