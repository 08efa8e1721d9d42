//! What a planner may use: speeds, codecs, a disk.

use std::path::PathBuf;

use crate::codec::Codec;
use crate::simulate::TierSpeed;
use crate::tier::BufferNeeds;

/// Seconds of one job's steps, with the wanted number of jobs at a time. Guesses do: they decide
/// what is chosen, never what is computed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Speeds {
    /// One forward step.
    pub forward_seconds: f64,
    /// One forward step with its adjoint data kept.
    pub record_seconds: f64,
    /// One reverse step.
    pub reverse_seconds: f64,
    /// What every start of a forward run costs beside its steps.
    pub restart_seconds: f64,
}

impl Default for Speeds {
    /// All steps alike, in the unit of a step.
    fn default() -> Self {
        Self {
            forward_seconds: 1.0,
            record_seconds: 1.0,
            reverse_seconds: 1.0,
            restart_seconds: 0.0,
        }
    }
}

/// A codec, and what it makes of this job's data.
#[derive(Clone, PartialEq, Debug)]
pub struct CodecOffer {
    /// The codec.
    pub codec: Codec,
    /// Raw bytes per encoded byte of the snapshot that is encoded worst.
    pub ratio: f64,
    /// Raw bytes encoded per second.
    pub encode_bytes_per_second: f64,
    /// Raw bytes decoded per second.
    pub decode_bytes_per_second: f64,
}

impl CodecOffer {
    /// No codec: bytes as they are, at the speed of a copy.
    pub fn none(copy_bytes_per_second: f64) -> Self {
        Self {
            codec: Codec::None,
            ratio: 1.0,
            encode_bytes_per_second: copy_bytes_per_second,
            decode_bytes_per_second: copy_bytes_per_second,
        }
    }
}

/// A folder on a disk for snapshots.
#[derive(Clone, PartialEq, Debug)]
pub struct DiskOffer {
    /// The folder.
    pub path: PathBuf,
    /// The most bytes that all jobs together may store there.
    pub capacity_bytes: u64,
    /// Bytes written per second, by all jobs together.
    pub write_bytes_per_second: f64,
    /// Bytes read per second, by all jobs together.
    pub read_bytes_per_second: f64,
    /// What every transfer costs beside its bytes.
    pub latency_seconds: f64,
    /// Time of a step while the disk's thread is busy, in times that it takes otherwise.
    pub slowdown: f64,
    /// What is done to data on their way; [`CodecOffer::none`] if nothing.
    pub codec: CodecOffer,
    /// Bytes in RAM with which a job writes the log of its reverse sweep
    /// ([`SweepLog`](crate::SweepLog)); 0 if it writes none.
    pub log_bytes: u64,
}

/// What a plan may use beside RAM for handles.
#[derive(Clone, PartialEq, Debug)]
pub struct Means {
    /// How fast the model is.
    pub speeds: Speeds,
    /// The exponent `e` by which a job gets faster with the threads of others, `threads^e`: 0 not
    /// at all, 1 in proportion.
    pub inner_efficiency: f64,
    /// Threads of all jobs together, of which each at a time has its share: tiers without a queue
    /// encode and decode with them, and have buffers for each.
    pub threads: u64,
    /// Whether the model stores adjoint data.
    pub stores_adjoint: bool,
    /// Codecs for snapshots in RAM.
    pub ram_codecs: Vec<CodecOffer>,
    /// A disk.
    pub disk: Option<DiskOffer>,
}

impl Default for Means {
    /// Handles in RAM, steps that are all alike, one thread, and others that help it by half.
    fn default() -> Self {
        Self {
            speeds: Speeds::default(),
            inner_efficiency: 0.5,
            threads: 1,
            stores_adjoint: false,
            ram_codecs: Vec::new(),
            disk: None,
        }
    }
}

impl Means {
    /// Threads of each of `workers` jobs at a time, at most.
    pub(super) fn threads_of(&self, workers: u64) -> u64 {
        self.threads.div_ceil(workers.max(1)).max(1)
    }
}

/// One tier of a plan, of one job.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum TierPlan {
    /// Snapshots in RAM as they are.
    Handles {
        /// The most at a time.
        slots: u64,
    },
    /// Encoded snapshots in RAM.
    Ram {
        /// Bytes of the tier.
        capacity_bytes: u64,
        /// Bytes of the largest snapshot that goes there, as it is: whoever makes the tier has to
        /// state it ([`BytesOptions::snapshot_bytes`](crate::tier::BytesOptions::snapshot_bytes)),
        /// or its pages are not those that the plan counts on.
        snapshot_bytes: u64,
        /// How they are encoded.
        codec: Codec,
    },
    /// Snapshots in a file.
    File {
        /// The folder.
        folder: PathBuf,
        /// Bytes of the tier.
        capacity_bytes: u64,
        /// Bytes of the largest snapshot that goes there, as it is: whoever makes the tier has to
        /// state it ([`BytesOptions::snapshot_bytes`](crate::tier::BytesOptions::snapshot_bytes)),
        /// or its pages are not those that the plan counts on.
        snapshot_bytes: u64,
        /// How they are encoded.
        codec: Codec,
        /// Depth of the queue of background transfers.
        queue: usize,
    },
}

impl TierPlan {
    /// Bytes in RAM beside what the tier stores, whose largest snapshot is taken to be one field that
    /// does not lie in one piece, for a job of so many threads.
    pub(super) fn needed_bytes(&self, threads: u64) -> u64 {
        let (capacity_bytes, snapshot_bytes, codec, queue, file) = match self {
            Self::Handles { .. } => return 0,
            Self::Ram { capacity_bytes, snapshot_bytes, codec } => {
                (*capacity_bytes, *snapshot_bytes, codec, 0, false)
            }
            Self::File { capacity_bytes, snapshot_bytes, codec, queue, .. } => {
                (*capacity_bytes, *snapshot_bytes, codec, *queue, true)
            }
        };
        BufferNeeds {
            snapshot_bytes,
            gathered_bytes: snapshot_bytes,
            capacity_bytes,
            file,
            codec,
            queue,
            // A queue has one of its own.
            threads: if queue == 0 { threads } else { 1 },
        }
        .bytes()
    }

    /// Bytes of the largest snapshot, of a tier that counts bytes.
    pub(super) fn snapshot_bytes(&self) -> Option<u64> {
        match self {
            Self::Handles { .. } => None,
            Self::Ram { snapshot_bytes, .. } | Self::File { snapshot_bytes, .. } => {
                Some(*snapshot_bytes)
            }
        }
    }

    /// What kind of tier it is, whatever its size.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Handles { .. } => "handles".to_owned(),
            Self::Ram { codec, .. } => format!("RAM {codec}"),
            Self::File { folder, codec, .. } => format!("{} {codec}", folder.display()),
        }
    }
}

impl CodecOffer {
    /// The speed of a tier in RAM with this codec.
    pub(super) fn ram_speed(&self) -> TierSpeed {
        TierSpeed {
            ratio: self.ratio,
            encode_bytes_per_second: self.encode_bytes_per_second,
            decode_bytes_per_second: self.decode_bytes_per_second,
            ..TierSpeed::HANDLES
        }
    }
}

impl DiskOffer {
    /// The speed of a file that `workers` jobs at a time use alike.
    pub(super) fn speed(&self, workers: u64, queue: usize) -> TierSpeed {
        let share = workers.max(1) as f64;
        TierSpeed {
            write_bytes_per_second: self.write_bytes_per_second / share,
            read_bytes_per_second: self.read_bytes_per_second / share,
            latency_seconds: self.latency_seconds,
            queue,
            slowdown: self.slowdown,
            ..self.codec.ram_speed()
        }
    }
}
