//! What is kept and what is recomputed.

use std::fmt;

use super::Workload;
use crate::bytes::Bytes;
use crate::schedule::{AnySchedule, Asynchronous, OpenSchedule};
use crate::{DiskRevolve, Mixed, Online, OnlineRule, Revolve, StoreAll, TierCost, Trajectory};

/// What is kept and what is recomputed: a schedule family with its parameters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Strategy {
    /// Keep the adjoint data of every step in working memory ([`StoreAll`]).
    StoreAll,
    /// Keep restart snapshots and recompute the rest ([`Revolve`]).
    Revolve {
        /// The most snapshots of one job at a time, the initial state included.
        snapshots: u64,
    },
    /// Keep restart data of some steps and adjoint data of others ([`Mixed`]); of all steps, where
    /// there is room for them.
    Mixed {
        /// Room, in units.
        capacity: u64,
        /// Units of restart data.
        restart_size: u64,
        /// Units of the adjoint data of one step.
        adjoint_size: u64,
    },
    /// Every so many steps a snapshot goes to the second tier in the background
    /// ([`Asynchronous`]).
    Asynchronous {
        /// Steps from one to the next.
        period: u64,
        /// Snapshots in the first tier.
        snapshots: u64,
    },
    /// Every so many steps a snapshot goes to the second tier in the background, and the steps
    /// between are recorded whole ([`Asynchronous::recording`]). The first tier is not used.
    Recording {
        /// Steps from one to the next.
        period: u64,
    },
    /// The fewest seconds with a second tier without limit ([`DiskRevolve`]).
    DiskRevolve {
        /// Snapshots in the first tier.
        snapshots: u64,
        /// A write into the second tier, in thousandths of a forward step.
        write_millisteps: u64,
        /// A read from the second tier, likewise.
        read_millisteps: u64,
    },
    /// Keep restart snapshots of steps that are not alike within a number of bytes, and recompute
    /// the rest, the cheap steps rather than the dear ones ([`UnevenSteps`](crate::UnevenSteps)).
    /// Only [`UnevenWorkload::choose`](crate::UnevenWorkload::choose) plans it.
    Uneven {
        /// Bytes of the snapshots of one job at a time, encoded where its tier encodes.
        capacity_bytes: u64,
    },
    /// For an unknown number of steps: restart snapshots, placed as the run goes on ([`Online`]).
    Online {
        /// The most snapshots of one job at a time, the initial state included.
        snapshots: u64,
        /// How they are placed.
        rule: OnlineRule,
    },
    /// For an unknown number of steps: every so many steps a snapshot goes to the second tier, and
    /// between them snapshots are placed as the run goes on ([`Online::with_disk`]).
    OnlineWithDisk {
        /// Snapshots in the first tier.
        snapshots: u64,
        /// Steps from one snapshot in the second tier to the next.
        period: u64,
    },
    /// For an unknown number of steps: every so many steps a snapshot goes to the second tier, and
    /// the steps between are recorded whole ([`OpenSchedule::blocks`]). The first tier is not used.
    OnlineRecording {
        /// Steps from one snapshot to the next.
        period: u64,
    },
    /// For a number of steps of which only the largest is known: the adjoint data of every step go
    /// to the first tier ([`OpenSchedule::each`]).
    OnlineStoreAll {
        /// The most steps that there is room for.
        most: u64,
    },
}

impl Strategy {
    /// The schedule for `steps` and the forward steps that it runs in all; nothing if there is
    /// none.
    pub(super) fn schedule(self, steps: u64) -> Option<(AnySchedule, u128)> {
        Some(match self {
            Self::StoreAll => (AnySchedule::new(StoreAll::new(steps)), steps.into()),
            Self::Revolve { snapshots } => {
                let schedule = Revolve::with_slots(steps, snapshots, Trajectory::default());
                let total = schedule.costs().total_forward;
                (AnySchedule::new(schedule), total)
            }
            Self::Mixed { capacity, restart_size, adjoint_size } => {
                let schedule = Mixed::new(steps, capacity, restart_size, adjoint_size).ok()?;
                let total = schedule.total_forward();
                (AnySchedule::new(schedule), total)
            }
            Self::Asynchronous { period, snapshots } => {
                let schedule = Asynchronous::new(steps, period, snapshots).ok()?;
                let total = schedule.costs().total_forward;
                (AnySchedule::new(schedule), total)
            }
            Self::Recording { period } => {
                let schedule = Asynchronous::recording(steps, period).ok()?;
                let total = schedule.costs().total_forward;
                (AnySchedule::new(schedule), total)
            }
            Self::DiskRevolve { .. } => {
                let schedule = self.disk_revolve(steps)?;
                let total = schedule.advances() + u128::from(steps);
                (AnySchedule::new(schedule), total)
            }
            // Depends on more than the number of steps.
            Self::Uneven { .. } => return None,
            Self::Online { .. }
            | Self::OnlineWithDisk { .. }
            | Self::OnlineRecording { .. }
            | Self::OnlineStoreAll { .. } => {
                let total = self.open_advances(steps)? + u128::from(steps);
                (AnySchedule::new(self.open_schedule()?.until_end(steps)), total)
            }
        })
    }

    /// The schedule of a strategy for an unknown number of steps; nothing for the others.
    pub(super) fn open_schedule(self) -> Option<OpenSchedule> {
        match self {
            Self::OnlineRecording { period } => OpenSchedule::blocks(period).ok(),
            Self::OnlineStoreAll { .. } => Some(OpenSchedule::each()),
            _ => self.online().map(OpenSchedule::from),
        }
    }

    fn online(self) -> Option<Online> {
        match self {
            Self::Online { snapshots, rule } => Online::with_rule(snapshots, rule).ok(),
            Self::OnlineWithDisk { snapshots, period } => Online::with_disk(snapshots, period).ok(),
            _ => None,
        }
    }

    /// Forward steps run without recording, of a strategy for an unknown number.
    fn open_advances(self, steps: u64) -> Option<u128> {
        match self {
            Self::OnlineStoreAll { .. } => Some(0),
            Self::OnlineRecording { .. } => Some(steps.saturating_sub(1).into()),
            _ => self.online().map(|online| online.until_end(steps).advances()),
        }
    }

    fn disk_revolve(self, steps: u64) -> Option<DiskRevolve> {
        let Self::DiskRevolve { snapshots, write_millisteps, read_millisteps } = self else {
            return None;
        };
        let steps_of = |millisteps: u64| millisteps as f64 / 1000.0;
        let disk = TierCost { write: steps_of(write_millisteps), read: steps_of(read_millisteps) };
        DiskRevolve::new(steps, snapshots, disk, 1.0, 1.0).ok()
    }

    /// Snapshots in the second tier at a time, at most; nothing if there is no schedule.
    pub(super) fn disk_snapshots(self, steps: u64) -> Option<u64> {
        self.disk_revolve(steps).map(|schedule| schedule.disk_writes())
    }

    /// Steps whose adjoint data working memory holds at a time.
    pub(super) fn recorded(self, steps: u64) -> u64 {
        match self {
            Self::StoreAll => steps,
            Self::Recording { period } | Self::OnlineRecording { period } => steps.min(period),
            _ => steps.min(1),
        }
    }

    /// Bytes of the largest snapshot in a tier that is not handles.
    pub(super) fn largest_encoded(self, job: &Workload) -> u64 {
        match self {
            // Capacity for every step's adjoint data: nothing else is stored.
            Self::Mixed { capacity, adjoint_size, .. }
                if capacity / adjoint_size.max(1) >= job.steps =>
            {
                job.adjoint_bytes
            }
            Self::StoreAll | Self::Mixed { .. } => job.snapshot_bytes.max(job.adjoint_bytes),
            Self::OnlineStoreAll { .. } => job.adjoint_bytes,
            Self::Revolve { .. }
            | Self::Asynchronous { .. }
            | Self::Recording { .. }
            | Self::DiskRevolve { .. }
            | Self::Uneven { .. }
            | Self::Online { .. }
            | Self::OnlineWithDisk { .. }
            | Self::OnlineRecording { .. } => job.snapshot_bytes,
        }
    }

    /// Bytes of the snapshots in the first tier, as they are.
    pub(super) fn bytes_in_ram(self, job: &Workload) -> u128 {
        let of = |count: u64, bytes: u64| u128::from(count) * u128::from(bytes);
        match self {
            Self::StoreAll | Self::Recording { .. } | Self::OnlineRecording { .. } => 0,
            Self::Uneven { capacity_bytes } => capacity_bytes.into(),
            Self::OnlineStoreAll { most } => of(most, job.adjoint_bytes),
            Self::Revolve { snapshots }
            | Self::Asynchronous { snapshots, .. }
            | Self::DiskRevolve { snapshots, .. }
            | Self::Online { snapshots, .. }
            | Self::OnlineWithDisk { snapshots, .. } => of(snapshots, job.snapshot_bytes),
            Self::Mixed { capacity, restart_size, adjoint_size } => {
                let unit =
                    (job.snapshot_bytes / restart_size).max(job.adjoint_bytes / adjoint_size);
                of(capacity, unit)
            }
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoreAll => f.write_str("store-all"),
            Self::Revolve { snapshots: 1 } => f.write_str("Revolve with 1 snapshot"),
            Self::Revolve { snapshots } => write!(f, "Revolve with {snapshots} snapshots"),
            Self::Mixed { capacity, restart_size, adjoint_size } => write!(
                f,
                "mixed with {capacity} units (restart data {restart_size}, adjoint data \
                 {adjoint_size})"
            ),
            Self::Asynchronous { period, snapshots } => {
                write!(f, "asynchronous, every {period} steps, {snapshots} snapshots in RAM")
            }
            Self::Recording { period } => {
                write!(f, "asynchronous, blocks of {period} steps recorded whole")
            }
            Self::DiskRevolve { snapshots, .. } => {
                write!(f, "Disk-Revolve with {snapshots} snapshots in RAM")
            }
            Self::Uneven { capacity_bytes } => {
                write!(f, "uneven steps, snapshots within {}", Bytes(*capacity_bytes).rounded())
            }
            Self::Online { snapshots, rule } => {
                let plural = if *snapshots == 1 { "" } else { "s" };
                write!(f, "online with {snapshots} snapshot{plural}")?;
                match rule {
                    OnlineRule::Targets => Ok(()),
                    OnlineRule::WangMoin => f.write_str(" by the rule of Wang and Moin"),
                }
            }
            Self::OnlineWithDisk { snapshots, period } => write!(
                f,
                "online with {snapshots} snapshots in RAM and one on disk every {period} steps"
            ),
            Self::OnlineRecording { period } => {
                write!(f, "online, blocks of {period} steps recorded whole")
            }
            Self::OnlineStoreAll { most } => write!(f, "store-all of up to {most} steps"),
        }
    }
}
