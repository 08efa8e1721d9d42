//! The plan of an interrupted evaluation, beside what that has left.
//!
//! Speeds are measured anew by every process, and the plan that they lead to differs a little: what
//! was stored under the one would not be found by the schedule of the other. So the plan is kept, and
//! taken again where it still fits.

use std::path::Path;

use retrograd::checkpoint::Strategy;
use retrograd::checkpoint::plan::TierPlan;
use serde::{Deserialize, Serialize};

use super::memory::{MemoryPlan, Saves};
use super::{InversionError, Watch};
use crate::engine::Keep;
use crate::files::{self, FileError};

const PLAN_FILE: &str = "plan.json";

/// A strategy and its tiers, as they are written.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct KeptPlan {
    strategy: KeptStrategy,
    tiers: Vec<KeptTier>,
}

/// Strategies that use files.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KeptStrategy {
    Mixed { capacity: u64, restart_size: u64, adjoint_size: u64 },
    Asynchronous { period: u64, snapshots: u64 },
    Recording { period: u64 },
    DiskRevolve { snapshots: u64, write_millisteps: u64, read_millisteps: u64 },
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KeptTier {
    Handles { slots: u64 },
    File { capacity_bytes: u64, snapshot_bytes: u64, codec: String, queue: usize },
}

/// Where evaluations of `run` are kept half done: on the `disk` of its snapshots, where the plan uses
/// it or something was left there. The plan of an interrupted evaluation is taken again, where that is
/// possible.
pub(super) fn open(
    memory: &mut MemoryPlan,
    (disk, run): (&Path, &str),
    watch: &dyn Watch,
) -> Result<Option<Keep>, InversionError> {
    if memory.saves.is_none() && !Keep::exists(disk, run) {
        return Ok(None);
    }
    let mut keep = Keep::open(disk, run)?;
    if let Some((strategy, tiers)) = load(keep.path(), disk)
        && keep.needs_plan(&tiers)
        && memory.take_again((strategy, &tiers), keep.held_bytes())
    {
        watch.note(&format!("the plan of the interrupted run goes on:\n{}", memory.plan));
    }
    // Otherwise what is there is taken up and removed at the end.
    if let Some(Saves { every, sweeps }) = memory.saves {
        (keep.every, keep.sweeps) = (every, sweeps);
    }
    save(keep.path(), memory.plan.strategy, &memory.plan.tiers)?;
    Ok(Some(keep))
}

/// Writes a plan; nothing is written of one without files.
fn save(folder: &Path, strategy: Strategy, tiers: &[TierPlan]) -> Result<(), FileError> {
    let (Some(strategy), Some(tiers)) =
        (kept_strategy(strategy), tiers.iter().map(kept_tier).collect())
    else {
        return Ok(());
    };
    files::write_json(&folder.join(PLAN_FILE), &KeptPlan { strategy, tiers })
}

/// Reads a plan with its files on `disk`; nothing if there is none that is whole.
fn load(folder: &Path, disk: &Path) -> Option<(Strategy, Vec<TierPlan>)> {
    let kept: KeptPlan = files::read_json(&folder.join(PLAN_FILE)).ok()?;
    let tiers = kept.tiers.into_iter().map(|tier| tier_of(tier, disk)).collect::<Option<_>>()?;
    Some((strategy_of(&kept.strategy), tiers))
}

fn kept_strategy(strategy: Strategy) -> Option<KeptStrategy> {
    Some(match strategy {
        Strategy::Mixed { capacity, restart_size, adjoint_size } => {
            KeptStrategy::Mixed { capacity, restart_size, adjoint_size }
        }
        Strategy::Asynchronous { period, snapshots } => {
            KeptStrategy::Asynchronous { period, snapshots }
        }
        Strategy::Recording { period } => KeptStrategy::Recording { period },
        Strategy::DiskRevolve { snapshots, write_millisteps, read_millisteps } => {
            KeptStrategy::DiskRevolve { snapshots, write_millisteps, read_millisteps }
        }
        _ => return None,
    })
}

fn strategy_of(kept: &KeptStrategy) -> Strategy {
    match *kept {
        KeptStrategy::Mixed { capacity, restart_size, adjoint_size } => {
            Strategy::Mixed { capacity, restart_size, adjoint_size }
        }
        KeptStrategy::Asynchronous { period, snapshots } => {
            Strategy::Asynchronous { period, snapshots }
        }
        KeptStrategy::Recording { period } => Strategy::Recording { period },
        KeptStrategy::DiskRevolve { snapshots, write_millisteps, read_millisteps } => {
            Strategy::DiskRevolve { snapshots, write_millisteps, read_millisteps }
        }
    }
}

fn kept_tier(tier: &TierPlan) -> Option<KeptTier> {
    match tier {
        TierPlan::Handles { slots } => Some(KeptTier::Handles { slots: *slots }),
        TierPlan::File { capacity_bytes, snapshot_bytes, codec, queue, .. } => {
            Some(KeptTier::File {
                capacity_bytes: *capacity_bytes,
                snapshot_bytes: *snapshot_bytes,
                codec: codec.to_string(),
                queue: *queue,
            })
        }
        _ => None,
    }
}

fn tier_of(kept: KeptTier, disk: &Path) -> Option<TierPlan> {
    Some(match kept {
        KeptTier::Handles { slots } => TierPlan::Handles { slots },
        KeptTier::File { capacity_bytes, snapshot_bytes, codec, queue } => {
            let (folder, codec) = (disk.to_owned(), codec.parse().ok()?);
            TierPlan::File { folder, capacity_bytes, snapshot_bytes, codec, queue }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_with_files_comes_back_and_no_other() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let disk = Path::new("/scratch");
        assert_eq!(load(folder.path(), disk), None);
        let handles = TierPlan::Handles { slots: 7 };
        let file = TierPlan::File {
            folder: disk.to_owned(),
            capacity_bytes: 123_456,
            snapshot_bytes: 1000,
            codec: "zfp:lossless".parse().expect("a codec"),
            queue: 2,
        };
        let all = [
            Strategy::Mixed { capacity: 90, restart_size: 2, adjoint_size: 1 },
            Strategy::Asynchronous { period: 30, snapshots: 4 },
            Strategy::Recording { period: 17 },
            Strategy::DiskRevolve { snapshots: 3, write_millisteps: 250, read_millisteps: 750 },
        ];
        for strategy in all {
            let tiers = vec![handles.clone(), file.clone()];
            save(folder.path(), strategy, &tiers).expect("should be written");
            assert_eq!(load(folder.path(), disk), Some((strategy, tiers)));
        }
        let kept = std::fs::read(folder.path().join(PLAN_FILE)).expect("should be there");
        save(folder.path(), Strategy::StoreAll, &[]).expect("nothing to write");
        assert_eq!(std::fs::read(folder.path().join(PLAN_FILE)).expect("there"), kept);
        // One written before tiers had sizes of snapshots is not taken up.
        let old = String::from_utf8(kept.clone()).expect("a text").replace("snapshot_bytes", "x");
        std::fs::write(folder.path().join(PLAN_FILE), old).expect("should be written");
        assert_eq!(load(folder.path(), disk), None);
        std::fs::write(folder.path().join(PLAN_FILE), &kept[..40]).expect("should be written");
        assert_eq!(load(folder.path(), disk), None);
    }
}
