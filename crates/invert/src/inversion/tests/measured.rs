//! Recorded data with the wavelet that was emitted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use retrograd::DType;

use crate::fixture::{DT_S, setup, stage};
use crate::inversion::{DataSource, Inversion, InversionSetup, Outcome, Quiet, SourceSignature};
use crate::records;
use crate::wavelet::Wavelet;

/// 0.8 s: the block has been seen from all sides, and waves are on their way when it ends.
const STEPS: usize = 300;
/// Sampling interval of the wavelet's file, not that of the run.
const WAVELET_DT_S: f64 = 2e-3;

/// A wavelet in a file, as somebody might have measured it: it begins abruptly.
fn write_wavelet(path: &Path) {
    let ricker = Wavelet::Ricker { peak_hz: 10.0, delay_s: 0.06 };
    let samples: Vec<f32> =
        ricker.sampled_at(120, WAVELET_DT_S).iter().map(|v| *v as f32).collect();
    crate::npy::write_f32(path, &[120], &samples).expect("wavelet");
}

/// Two stages of a wavelet from a file, both below its peak; none without a compiler.
fn problem(folder: &Path, name: &str) -> Option<InversionSetup> {
    let folder_of_run = folder.join(name);
    std::fs::create_dir_all(&folder_of_run).expect("folder");
    let mut setup = setup(&folder_of_run)?;
    let file = folder.join("wavelet.npy");
    if !file.exists() {
        write_wavelet(&file);
    }
    let samples = crate::npy::read(&file).expect("wavelet").values.into_f64();
    let wavelet = Wavelet::sampled(samples, WAVELET_DT_S).expect("a sound wavelet");
    setup.signature = SourceSignature::Fixed(wavelet);
    setup.experiment.steps = STEPS;
    setup.stages = vec![stage(5.0), stage(8.0)];
    setup.stages[1].smoothing_m = 30.0;
    Some(setup)
}

/// Models the recordings in the true model and writes them, a file per shot.
fn record(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut inversion = Inversion::new(problem(folder, "recording")?).expect("inversion");
    let truth = inversion.setup().truth.clone().expect("a true model");
    let shots = inversion.setup().experiment.survey.shots.clone();
    let wavelet = inversion.setup().emitted(0);
    assert_eq!(wavelet, inversion.setup().emitted(1), "a fixed wavelet is that of every stage");
    let recorded = inversion.engine_mut().simulate(&truth, &wavelet, 2, &|| ()).expect("records");
    let path = |number: usize| folder.join(format!("shot_{number}.npy"));
    let paths: Vec<PathBuf> = (0..shots.len()).map(path).collect();
    for ((record, shot), path) in recorded.iter().zip(&shots).zip(&paths) {
        records::write(path, record, shot.receivers.len()).expect("file");
    }
    Some(paths)
}

fn from_files(setup: &mut InversionSetup, paths: &[PathBuf]) {
    let records = records::read(paths, &setup.experiment.survey, STEPS).expect("records");
    setup.data = DataSource::Measured(Arc::new(records));
    setup.truth = None;
}

fn run(setup: InversionSetup) -> Outcome {
    Inversion::new(setup).expect("inversion").run(&Quiet).expect("run")
}

/// Samples are `f32` in memory and in files, and filters work on what is there: not one bit is
/// lost on the way through files.
#[test]
fn recordings_from_files_invert_to_the_bits_of_those_made_in_place() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(paths) = record(folder.path()) else { return };
    let in_place = run(problem(folder.path(), "in_place").expect("a compiler was there"));
    let mut setup = problem(folder.path(), "files").expect("a compiler was there");
    from_files(&mut setup, &paths);
    let files = run(setup);
    let bits = |o: &Outcome| o.model.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert!(bits(&files) == bits(&in_place), "models differ");
    let misfits = |o: &Outcome| o.rows.iter().map(|r| r.misfit.to_bits()).collect::<Vec<_>>();
    assert_eq!(misfits(&files), misfits(&in_place));
    assert_eq!(files.stages, in_place.stages);
    for stage in &files.stages {
        assert!(stage.iterations >= 2 && stage.misfit_ratio < 0.7, "{stage:?}");
    }
    let errors: Vec<f64> = in_place.rows.iter().filter_map(|r| r.model_error).collect();
    assert!(errors[errors.len() - 1] < errors[0], "{errors:?}");
    // The files know no truth.
    assert!(files.rows.iter().all(|r| r.model_error.is_none()));
}

/// In `f64`, with recordings in `f32`: each sample is off by half an ulp of itself before the
/// filter, whose gain is at most one, and by as much of the filtered one after it. What the misfit
/// is at the truth cannot be more than that; the start model explains a million times less.
#[test]
fn filtered_recordings_are_those_of_the_filtered_wavelet() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(mut setup) = problem(folder.path(), "run") else { return };
    setup.experiment.dtype = DType::F64;
    let (truth, start) = (setup.truth.clone().expect("truth"), setup.start.clone());
    let mut inversion = Inversion::new(setup).expect("inversion");
    let emitted = inversion.setup().emitted(0);
    let raw = inversion.engine_mut().simulate(&truth, &emitted, 2, &|| ()).expect("records");
    let norm = |all: &[Vec<f32>]| -> f64 {
        all.iter().flatten().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt()
    };
    for number in 0..2 {
        let observed = inversion.observed(number, &Quiet).expect("data");
        let wavelet = inversion.wavelet(number).expect("wavelet");
        assert!(norm(&observed) < 0.9 * norm(&raw), "the filter should take something away");
        let half_ulp = 0.5 * f64::from(f32::EPSILON);
        let bound = 0.5 * DT_S * (half_ulp * (norm(&raw) + norm(&observed))).powi(2);
        let mut misfit = |vp: &[f64]| {
            inversion.evaluate(vp, &wavelet, &observed, &Quiet).expect("gradient").misfit
        };
        let (at_truth, at_start) = (misfit(&truth), misfit(&start));
        println!("stage {number}: {at_truth:e} <= {bound:e}, start {at_start:e}");
        assert!(at_truth <= bound, "{at_truth:e} {bound:e}");
        assert!(at_start > 1e6 * bound, "{at_start:e} {bound:e}");
    }
}

#[test]
fn data_that_do_not_go_with_the_source_or_the_survey_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(setup) = problem(folder.path(), "run") else { return };
    let refused = |change: &dyn Fn(&mut InversionSetup)| {
        let mut setup = setup.clone();
        let samples = STEPS * setup.experiment.survey.traces() / 2;
        setup.data = DataSource::Measured(Arc::new(vec![vec![0.0; samples]; 2]));
        change(&mut setup);
        Inversion::new(setup).expect_err("should be refused").to_string()
    };
    let error = refused(&|s| s.signature = SourceSignature::RickerOfStage { delay_s: None });
    assert!(error.contains("give the wavelet that the sources emitted"), "{error}");
    let error = refused(&|s| s.experiment.steps -= 1);
    assert!(error.contains("the record of shot 0 has 4500 values, the survey needs 4485"));
    let error = refused(&|s| s.data = DataSource::Measured(Arc::new(Vec::new())));
    assert!(error.contains("the list of records has 0 values, the survey needs 2"), "{error}");
    let error = refused(&|s| (s.data, s.truth) = (DataSource::SameGrid, None));
    assert!(error.contains("need the true model"), "{error}");
    let error = refused(&|s| s.stages[0].frequency_hz = -1.0);
    assert!(error.contains("corner"), "{error}");
}
