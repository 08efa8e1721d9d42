use std::sync::Mutex;

use retrograd::DType;
use retrograd::checkpoint::Strategy;

use super::*;
use crate::engine::{Purpose, SurveyGradient};
use crate::fixture::{DT_S, STEPS, experiment, resources, velocity};
use crate::wavelet::Wavelet;

const QUIET: &(dyn Fn() + Sync) = &|| ();

/// Three shots, one at a time; none without a compiler.
fn engine() -> Option<Engine> {
    let resources = resources(1)?;
    let engine = Engine::new(experiment(3, DType::F32), &resources, Purpose::Gradients);
    Some(engine.expect("engine"))
}

fn wavelet() -> Vec<f64> {
    Wavelet::ricker(9.0).expect("wavelet").sampled_at(STEPS, DT_S)
}

fn bits(found: &SurveyGradient) -> Vec<u64> {
    let SurveyGradient { misfit, gradient, illumination } = found;
    let all = [misfit].into_iter().chain(gradient).chain(illumination);
    all.map(|value| value.to_bits()).collect()
}

/// An evaluation of three shots.
struct Case {
    engine: Engine,
    data: Vec<Record>,
    plan: Plan,
}

impl Case {
    fn new() -> Option<Self> {
        let mut engine = engine()?;
        let data = engine.simulate(&velocity(-200.0), &wavelet(), 1, QUIET).expect("data");
        let workload = engine.workload(1).expect("workload");
        let plan = workload.plan_with(Strategy::Revolve { snapshots: 6 }, None).expect("plan");
        Some(Self { engine, data, plan })
    }

    /// The gradient at the start model, with the notes.
    fn run(&mut self, keep: Option<&Keep>, evaluation: u64) -> (Vec<u64>, Vec<String>) {
        let Self { engine, data, plan } = self;
        let notes = Mutex::new(Vec::new());
        let note = |text: &str| notes.lock().expect("lock").push(text.to_owned());
        let kept = keep.map(|keep| Kept { keep, evaluation, note: &note });
        let found = engine.evaluate_kept(&velocity(0.0), &wavelet(), (data, plan), kept, QUIET);
        (bits(&found.expect("gradient")), notes.into_inner().expect("lock"))
    }
}

/// The folder of a run that saves as often as it can.
fn opened(parent: &Path) -> Keep {
    let mut keep = Keep::open(parent, "run").expect("a folder");
    (keep.every, keep.sweeps) = (Duration::ZERO, true);
    keep
}

#[test]
fn finished_shots_are_taken_up_and_no_others() {
    let Some(mut case) = Case::new() else { return };
    let parent = tempfile::tempdir().expect("a temporary folder");
    let (expected, notes) = case.run(None, 5);
    assert_eq!(notes, [""; 0]);
    let keep = opened(parent.path());
    assert_eq!(case.run(Some(&keep), 5), (expected.clone(), vec![]));
    // What is left is what a kill within the last shot leaves.
    let sums = keep.path().join("sums");
    let whole = fs::read(&sums).expect("sums");
    let taken = ["2 of 3 shots of this evaluation taken up"].map(str::to_owned).to_vec();
    for _ in 0..2 {
        assert_eq!(case.run(Some(&keep), 5), (expected.clone(), taken.clone()));
    }
    // Another evaluation, and files cut short or changed, begin anew.
    assert_eq!(case.run(Some(&keep), 6), (expected.clone(), vec![]));
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        bytes
    };
    let cut = |len: usize| whole[..len].to_vec();
    for damaged in [cut(0), cut(20), cut(whole.len() - 1), flipped(9), flipped(whole.len() / 2)] {
        fs::write(&sums, damaged).expect("should be written");
        assert_eq!(case.run(Some(&keep), 5), (expected.clone(), vec![]));
        assert_eq!(fs::read(&sums).expect("sums"), whole, "they are saved again");
    }
    drop(keep);
    let keep = Keep::open(parent.path(), "run").expect("a folder");
    assert_eq!(case.run(Some(&keep), 5), (expected.clone(), taken));
    // Nothing more is saved by one that saves seldom.
    assert_eq!(case.run(Some(&keep), 6), (expected, vec![]));
    assert_eq!(fs::read(&sums).expect("sums"), whole);
    keep.remove();
    assert_eq!(fs::read_dir(parent.path()).expect("a folder").count(), 0);
}

/// A plan with loss: what a codec has lost would be computed again without, so that no half-done
/// sweep is kept.
#[test]
fn sweeps_with_loss_are_not_kept() {
    let Some(mut case) = Case::new() else { return };
    let parent = tempfile::tempdir().expect("a temporary folder");
    let keep = opened(parent.path());
    let note = |_: &str| ();
    let kept = Kept { keep: &keep, evaluation: 0, note: &note };
    let mut sweeps = |codec: &str| {
        case.plan.tiers = vec![retrograd::checkpoint::plan::TierPlan::Ram {
            capacity_bytes: 1 << 20,
            snapshot_bytes: 1 << 10,
            codec: codec.parse().expect("a codec"),
        }];
        Ongoing::new(&case.engine, kept, (&[], &[]), &case.data, &case.plan).sweeps
    };
    assert!(sweeps("zfp:lossless") && !sweeps("zfp:relative=1e-3"));
}
