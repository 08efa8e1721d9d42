//! The planner by predicted time: workload, speeds, codecs and a disk in; strategy, tiers, seconds
//! and what lost against it out.

use std::ffi::{CStr, CString, c_char};
use std::path::Path;
use std::ptr::null;

use retrograd_checkpoint::codec::Codec;
use retrograd_checkpoint::plan::{Choice, CodecOffer, DiskOffer, Means, Speeds, TierPlan};
use retrograd_checkpoint::schedule::AnySchedule;

use crate::executor::{Executor, rg_executor};
use crate::handle::{Content, Handle, Owned, Shared, free, make};
use crate::plan::{RG_NO_BUDGET, rg_workload, workload};
use crate::pointer::{In, Out, Text, array};
use crate::schedule::{Schedule, rg_schedule};
use crate::status::{Error, c_text, rg_status, run};
use crate::tiers::{medium_kind, rg_tier};

/// A codec, and what it makes of the data: `rg_codec_offer`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_codec_offer {
    /// What it is called; NULL is none.
    pub codec: *const c_char,
    /// Raw bytes per encoded byte, of the snapshot that is encoded worst.
    pub ratio: f64,
    /// Raw bytes encoded per second.
    pub encode_bytes_per_second: f64,
    /// Raw bytes decoded per second.
    pub decode_bytes_per_second: f64,
}

/// A folder on a disk for snapshots: `rg_disk_offer`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_disk_offer {
    /// The folder.
    pub path: *const c_char,
    /// The most bytes that all jobs together may store there.
    pub capacity_bytes: u64,
    /// Bytes written per second, by all jobs together.
    pub write_bytes_per_second: f64,
    /// Bytes read per second, by all jobs together.
    pub read_bytes_per_second: f64,
    /// What every transfer costs beside its bytes.
    pub latency_seconds: f64,
    /// Time of a step while the disk is busy, in times that it takes otherwise; 1 is no slower.
    pub slowdown: f64,
    /// What is done to data on their way.
    pub codec: rg_codec_offer,
    /// Bytes in RAM with which a job writes the log of its reverse sweep; 0 if it writes none.
    pub log_bytes: u64,
}

/// What a plan may use beside buffers in RAM: `rg_means`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_means {
    /// One forward step.
    pub forward_seconds: f64,
    /// One forward step with its adjoint data kept.
    pub record_seconds: f64,
    /// One reverse step.
    pub reverse_seconds: f64,
    /// What every start of a forward run costs beside its steps.
    pub restart_seconds: f64,
    /// The exponent by which a job gets faster with the threads of others: 0 not at all.
    pub inner_efficiency: f64,
    /// Codecs for snapshots in RAM.
    pub ram_codecs: *const rg_codec_offer,
    /// How many.
    pub ram_codec_count: u64,
    /// A disk; NULL is none.
    pub disk: *const rg_disk_offer,
    /// Whether the model stores adjoint data.
    pub stores_adjoint: i32,
}

/// A plan, chosen or not: `rg_candidate`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_candidate {
    /// What is kept and what is recomputed, in words.
    pub strategy: *const c_char,
    /// Why it was not chosen; empty for the one that was.
    pub reason: *const c_char,
    /// Predicted seconds of all jobs; negative if it does not fit.
    pub seconds: f64,
    /// Bytes of the process, at most.
    pub peak_bytes: u64,
    /// How many tiers each job has.
    pub tiers: u64,
}

/// The plan that was chosen, and what lost against it: `rg_choice`.
pub type rg_choice = Handle<Chosen>;

/// What an [`rg_choice`] holds.
pub struct Chosen {
    candidates: Vec<Candidate>,
    schedule: AnySchedule,
    concurrency: u64,
}

struct Candidate {
    strategy: CString,
    reason: CString,
    seconds: f64,
    peak_bytes: u64,
    tiers: Vec<Described>,
}

/// A tier in the words of C.
struct Described {
    medium: i32,
    queue_depth: u32,
    slots: u64,
    capacity_bytes: u64,
    snapshot_bytes: u64,
    path: Option<CString>,
    codec: Option<CString>,
}

impl Content for Chosen {
    const TAG: [u8; 8] = *b"rgchoic\0";
}

impl rg_codec_offer {
    /// # Safety
    /// `codec` is NULL or a text that ends with a NUL.
    unsafe fn offer(&self) -> Result<CodecOffer, Error> {
        // SAFETY: promised by the caller.
        let name = unsafe { Text::new(self.codec) }.given("offer.codec")?;
        for (what, given) in [
            ("offer.ratio", self.ratio),
            ("offer.encode_bytes_per_second", self.encode_bytes_per_second),
            ("offer.decode_bytes_per_second", self.decode_bytes_per_second),
        ] {
            positive(what, given)?;
        }
        Ok(CodecOffer {
            codec: name.map_or(Ok(Codec::None), str::parse)?,
            ratio: self.ratio,
            encode_bytes_per_second: self.encode_bytes_per_second,
            decode_bytes_per_second: self.decode_bytes_per_second,
        })
    }
}

impl rg_disk_offer {
    /// # Safety
    /// The texts are NULL or end with a NUL.
    unsafe fn offer(&self) -> Result<DiskOffer, Error> {
        // SAFETY: promised by the caller.
        let (path, codec) =
            unsafe { (Text::new(self.path).get("disk.path")?, self.codec.offer()?) };
        positive("disk.write_bytes_per_second", self.write_bytes_per_second)?;
        positive("disk.read_bytes_per_second", self.read_bytes_per_second)?;
        positive("disk.slowdown", self.slowdown)?;
        not_negative("disk.latency_seconds", self.latency_seconds)?;
        Ok(DiskOffer {
            path: Path::new(path).to_owned(),
            capacity_bytes: self.capacity_bytes,
            write_bytes_per_second: self.write_bytes_per_second,
            read_bytes_per_second: self.read_bytes_per_second,
            latency_seconds: self.latency_seconds,
            slowdown: self.slowdown,
            codec,
            log_bytes: self.log_bytes,
        })
    }
}

impl rg_means {
    /// # Safety
    /// Pointers are NULL or point to what the header says.
    unsafe fn means(&self) -> Result<Means, Error> {
        positive("means.forward_seconds", self.forward_seconds)?;
        for (what, given) in [
            ("means.record_seconds", self.record_seconds),
            ("means.reverse_seconds", self.reverse_seconds),
            ("means.restart_seconds", self.restart_seconds),
            ("means.inner_efficiency", self.inner_efficiency),
        ] {
            not_negative(what, given)?;
        }
        // SAFETY: promised by the caller.
        let codecs = unsafe { array(self.ram_codecs, self.ram_codec_count, "means.ram_codecs") }?;
        // SAFETY: promised by the caller.
        let disk = unsafe { array(self.disk, u64::from(!self.disk.is_null()), "means.disk") }?;
        // SAFETY: promised by the caller, for each of them.
        let offer = |codec: &rg_codec_offer| unsafe { codec.offer() };
        let ram_codecs: Result<Vec<CodecOffer>, Error> = codecs.iter().map(offer).collect();
        Ok(Means {
            speeds: Speeds {
                forward_seconds: self.forward_seconds,
                record_seconds: self.record_seconds,
                reverse_seconds: self.reverse_seconds,
                restart_seconds: self.restart_seconds,
            },
            inner_efficiency: self.inner_efficiency,
            stores_adjoint: self.stores_adjoint != 0,
            // Tiers of this interface encode with the caller's thread.
            threads: 1,
            ram_codecs: ram_codecs?,
            // SAFETY: promised by the caller.
            disk: disk.first().map(|disk| unsafe { disk.offer() }).transpose()?,
        })
    }
}

fn positive(what: &'static str, given: f64) -> Result<(), Error> {
    let allowed = "a finite number above 0";
    if given.is_finite() && given > 0.0 {
        Ok(())
    } else {
        Err(Error::argument(what, given, allowed))
    }
}

fn not_negative(what: &'static str, given: f64) -> Result<(), Error> {
    let allowed = "a finite number from 0";
    if given.is_finite() && given >= 0.0 {
        Ok(())
    } else {
        Err(Error::argument(what, given, allowed))
    }
}

impl Described {
    fn of(tier: &TierPlan) -> Result<Self, Error> {
        let none = Self {
            medium: medium_kind::RG_BUFFERS,
            queue_depth: 0,
            slots: 0,
            capacity_bytes: 0,
            snapshot_bytes: 0,
            path: None,
            codec: None,
        };
        Ok(match tier {
            TierPlan::Handles { slots } => Self { slots: *slots, ..none },
            TierPlan::Ram { capacity_bytes, snapshot_bytes, codec } => Self {
                medium: medium_kind::RG_RAM,
                capacity_bytes: *capacity_bytes,
                snapshot_bytes: *snapshot_bytes,
                codec: Some(c_text(&codec.to_string())),
                ..none
            },
            TierPlan::File { folder, capacity_bytes, snapshot_bytes, codec, queue } => Self {
                medium: medium_kind::RG_FILE,
                queue_depth: u32::try_from(*queue).unwrap_or(u32::MAX),
                capacity_bytes: *capacity_bytes,
                snapshot_bytes: *snapshot_bytes,
                path: Some(c_text(&folder.to_string_lossy())),
                codec: Some(c_text(&codec.to_string())),
                ..none
            },
            _ => return Err(Error::Unknown { what: "a tier of the plan" }),
        })
    }

    /// The tier; its texts live as long as this.
    fn tier(&self) -> rg_tier {
        rg_tier {
            medium: self.medium,
            queue_depth: self.queue_depth,
            threads: 1,
            slots: self.slots,
            capacity_bytes: self.capacity_bytes,
            snapshot_bytes: self.snapshot_bytes,
            path: self.path.as_deref().map_or(null(), CStr::as_ptr),
            codec: self.codec.as_deref().map_or(null(), CStr::as_ptr),
            manifest: null(),
            identity: 0,
        }
    }
}

impl Chosen {
    fn new(choice: &Choice) -> Result<Self, Error> {
        let Choice { plan, runners_up, .. } = choice;
        let tiers = |tiers: &[TierPlan]| tiers.iter().map(Described::of).collect::<Result<_, _>>();
        let mut candidates = vec![Candidate {
            strategy: c_text(&plan.strategy.to_string()),
            reason: CString::default(),
            seconds: plan.seconds.unwrap_or(-1.0),
            peak_bytes: plan.predicted_peak_bytes,
            tiers: tiers(&plan.tiers)?,
        }];
        for other in runners_up {
            candidates.push(Candidate {
                strategy: c_text(&other.strategy.to_string()),
                reason: c_text(&other.reason),
                seconds: other.seconds.unwrap_or(-1.0),
                peak_bytes: other.peak_bytes,
                tiers: tiers(&other.tiers)?,
            });
        }
        let schedule = AnySchedule::new(plan.actions());
        Ok(Self { candidates, schedule, concurrency: plan.concurrency })
    }

    fn candidate(&self, index: u64) -> Result<&Candidate, Error> {
        let found = usize::try_from(index).ok().and_then(|index| self.candidates.get(index));
        found.ok_or_else(|| Error::argument("index", index, "less than `rg_choice_count` says"))
    }
}

/// Chooses the strategy with the least predicted time that keeps the budget. `RG_NO_BUDGET` is
/// none.
///
/// # Safety
/// What `means` points to is what the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_choose(
    work: In<'_, rg_workload>,
    means: In<'_, rg_means>,
    budget_bytes: u64,
    out: Out<'_, *mut rg_choice>,
) -> rg_status {
    make(out, || {
        let work = workload(work.get("work")?);
        // SAFETY: promised by the caller.
        let means = unsafe { means.get("means")?.means() }?;
        let budget = (budget_bytes != RG_NO_BUDGET).then_some(budget_bytes);
        Chosen::new(&work.choose(&means, budget)?)
    })
}

/// How many plans a choice has to tell of: number 0 was chosen, the others are the best of every
/// other kind, fastest first. `concurrency`, if not NULL, is the number of jobs at a time.
#[unsafe(no_mangle)]
pub extern "C" fn rg_choice_count(
    choice: Shared<'_, Chosen>,
    concurrency: Out<'_, u64>,
    out: Out<'_, u64>,
) -> rg_status {
    run(|| {
        let (choice, mut place) = (choice.get("choice")?, out.get("out")?);
        if let Some(mut place) = concurrency.wanted("concurrency")? {
            place.put(choice.concurrency);
        }
        place.put(choice.candidates.len() as u64);
        Ok(rg_status::RG_OK)
    })
}

/// Plan number `index`. Its texts live as long as the choice.
#[unsafe(no_mangle)]
pub extern "C" fn rg_choice_get(
    choice: Shared<'_, Chosen>,
    index: u64,
    out: Out<'_, rg_candidate>,
) -> rg_status {
    run(|| {
        let candidate = choice.get("choice")?.candidate(index)?;
        out.get("out")?.put(rg_candidate {
            strategy: candidate.strategy.as_ptr(),
            reason: candidate.reason.as_ptr(),
            seconds: candidate.seconds,
            peak_bytes: candidate.peak_bytes,
            tiers: candidate.tiers.len() as u64,
        });
        Ok(rg_status::RG_OK)
    })
}

/// Tier number `tier` of each job of plan number `index`. The path of a file is that of its
/// folder. Texts live as long as the choice.
#[unsafe(no_mangle)]
pub extern "C" fn rg_choice_tier(
    choice: Shared<'_, Chosen>,
    index: u64,
    tier: u32,
    out: Out<'_, rg_tier>,
) -> rg_status {
    run(|| {
        let candidate = choice.get("choice")?.candidate(index)?;
        let missing = || Error::argument("tier", tier, "the number of a tier of the plan");
        let found = candidate.tiers.get(tier as usize).ok_or_else(missing)?;
        out.get("out")?.put(found.tier());
        Ok(rg_status::RG_OK)
    })
}

/// The schedule of one job of the plan that was chosen.
#[unsafe(no_mangle)]
pub extern "C" fn rg_choice_schedule(
    choice: Shared<'_, Chosen>,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || Ok(Schedule::of(choice.get("choice")?.schedule.clone())))
}

/// An executor with the tiers of one job of the plan that was chosen. A tier in a file is in the
/// folder of the disk, under `name`, which may be NULL if there is none; the file stays.
///
/// # Safety
/// `name` is NULL or a text that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_choice_executor(
    choice: Shared<'_, Chosen>,
    name: *const c_char,
    out: Out<'_, *mut rg_executor>,
) -> rg_status {
    make(out, || {
        let chosen = choice.get("choice")?.candidate(0)?;
        let mut paths = Vec::with_capacity(chosen.tiers.len());
        for described in &chosen.tiers {
            paths.push(match &described.path {
                None => None,
                Some(folder) => {
                    // SAFETY: promised by the caller.
                    let name = unsafe { Text::new(name) }.get("name")?;
                    let file = Path::new(&*folder.to_string_lossy()).join(name);
                    Some(c_text(&file.to_string_lossy()))
                }
            });
        }
        let tiers: Vec<rg_tier> = chosen
            .tiers
            .iter()
            .zip(&paths)
            .map(|(described, path)| rg_tier {
                path: path.as_deref().map_or(null(), CStr::as_ptr),
                ..described.tier()
            })
            .collect();
        // SAFETY: the texts are ours, and live until the tiers are made.
        unsafe { Executor::build(&tiers) }
    })
}

/// Frees a choice and its texts; NULL is none.
#[unsafe(no_mangle)]
pub extern "C" fn rg_choice_free(choice: Owned<Chosen>) -> rg_status {
    free(choice, "choice")
}
