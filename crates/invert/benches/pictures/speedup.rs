//! Compression and recomputation beside recomputation alone, against the memory there is.

use std::num::NonZeroUsize;
use std::path::Path;

use retrograd::Storage;
use retrograd::checkpoint::codec::Codec;
use retrograd::checkpoint::plan::{CodecOffer, TierPlan};
use retrograd::checkpoint::{Revolve, Workload};
use retrograd_plot::Curves;

use crate::common::{Case, Failure, MIB, Shot};

/// The last of them also in three dimensions, where the other takes a quarter of an hour.
const CODECS: [(&str, &str); 2] =
    [("zfp:relative=1e-3", "ZFP, 1e-3"), ("block:relative=1e-3", "block, 1e-3")];

/// Snapshots as they are that the smallest budget has room for, and how often it is doubled.
const LEAST_SNAPSHOTS: u64 = 2;
const DOUBLINGS: u32 = 7;

/// Draws the time of Revolve by that of Revolve with encoded snapshots in as many bytes, in two and
/// in three dimensions.
pub(crate) fn draw(model: &Path, out: &Path) -> Result<(), Failure> {
    for (case, name, codecs) in
        [(Case::Marmousi, "2d", &CODECS[..]), (Case::Volume, "3d", &CODECS[1..])]
    {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let mut race = Race::new(case, model, threads)?;
        let title = format!("Revolve by Revolve with encoded snapshots, Marmousi, {name}");
        let mut curves = Curves::new(title)
            .x_axis("Snapshots as they are for which there is room (log2)")
            .y_axis("Speed-up");
        let all = (0..DOUBLINGS).map(|doubling| LEAST_SNAPSHOTS << doubling);
        let alone: Vec<(u64, f64)> = all
            .map(|slots| Ok((slots, race.run(slots, None)?.0)))
            .collect::<Result<_, Failure>>()?;
        for &(codec, label) in codecs {
            let offer =
                race.shot.simulation.measure_codec(&codec.parse::<Codec>()?, 12, threads)?;
            let (mut at, mut speedups) = (Vec::new(), Vec::new());
            for &(slots, alone) in &alone {
                let (encoded, error) = race.run(slots, Some(&offer))?;
                println!(
                    "speed-up, {name}, {:.0} MiB, {label}: {alone:.2} s and {encoded:.2} s, {:.2}; \
                     error of the gradient {error:.1e}",
                    (slots * race.job.snapshot_bytes) as f64 / MIB as f64,
                    alone / encoded
                );
                at.push((slots as f64).log2());
                speedups.push(alone / encoded);
            }
            curves = curves.line(label, &at, &speedups);
        }
        curves.draw()?.save(out.join(format!("speedup-{name}.png")))?;
    }
    Ok(())
}

struct Race {
    shot: Shot,
    job: Workload,
    threads: NonZeroUsize,
    storage: Storage,
    exact: Vec<f32>,
}

impl Race {
    fn new(case: Case, model: &Path, threads: NonZeroUsize) -> Result<Self, Failure> {
        let shot = Shot::new((case, None), model, threads.get())?;
        let job = shot.simulation.workload(1, 1);
        let mut race = Self { shot, job, threads, storage: Storage::default(), exact: Vec::new() };
        race.run(LEAST_SNAPSHOTS << (DOUBLINGS - 1), None)?;
        race.exact = race.shot.gradient()?;
        Ok(race)
    }

    /// Seconds of Revolve in the room of so many snapshots, and the error of the gradient.
    fn run(&mut self, slots: u64, codec: Option<&CodecOffer>) -> Result<(f64, f64), Failure> {
        let capacity_bytes = slots * self.job.snapshot_bytes;
        let (tier, slots) = match codec {
            None => (TierPlan::Handles { slots }, slots),
            Some(offer) => {
                // Of the snapshot that is encoded worst, and a tenth for those in between.
                let encoded = 1.1 * self.job.snapshot_bytes as f64 / offer.ratio;
                let slots = (capacity_bytes as f64 / encoded) as u64;
                let (snapshot_bytes, codec) = (self.job.snapshot_bytes, offer.codec.clone());
                (TierPlan::Ram { capacity_bytes, snapshot_bytes, codec }, slots)
            }
        };
        let schedule = Revolve::new(self.job.steps, slots.min(self.job.steps - 1))?;
        let simulation = &self.shot.simulation;
        let mut executor = self.storage.executor(&[tier], simulation, self.threads)?;
        let seconds = self.shot.evaluate(&mut executor, schedule)?;
        let found = self.shot.gradient()?;
        Ok((seconds, crate::common::relative_error(&found, &self.exact)))
    }
}
