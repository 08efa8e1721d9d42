//! What a user of the library reads when something is wrong: place, found, allowed, remedy.

use std::fmt::Display;

use retrograd_invert::models::{Freeze, Models, Start};
use retrograd_invert::optimise::{Ask, Lbfgs, LbfgsOptions, Unknowns};
use retrograd_invert::resample::RegularGrid;
use retrograd_invert::smooth::Smoother;
use retrograd_invert::wavelet::Wavelet;

#[track_caller]
fn check<T, E: Display>(result: Result<T, E>, expected: &str) {
    match result {
        Ok(_) => panic!("it should fail: {expected}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[test]
fn grids() {
    check(
        RegularGrid::new(&[4, 3], &[1.0], &[0.0, 0.0]),
        "a grid of 2 axes was given 1 spacings and 2 origin coordinates\n  help: give one of each \
         per axis, depth last",
    );
    check(
        RegularGrid::new(&[4, 0], &[1.0; 2], &[0.0; 2]),
        "axis 1 of shape [4, 0] has no points\n  help: every axis needs at least one",
    );
    let error = RegularGrid::new(&[4, 3], &[1.0, -2.0], &[0.0; 2]).expect_err("a negative spacing");
    let message = error.to_string();
    assert!(message.starts_with("axis 1: spacing -2 m and origin 0 m\n  help:"), "{message}");
}

#[test]
fn smoothing() {
    let error = Smoother::new(&[4, 3], &[1.0; 2], &[1.0, -1.0]).expect_err("a negative length");
    let message = error.to_string();
    assert!(message.starts_with("axis 1: smoothing length -1 m on a spacing of 1 m"), "{message}");
    let error = Smoother::new(&[4, 3], &[1.0; 1], &[1.0; 2]).expect_err("an axis is missing");
    assert!(error.to_string().contains("2 axes was given 1 spacings and 2 smoothing lengths"));
    let smoother = Smoother::new(&[4, 3], &[1.0; 2], &[1.0; 2]).expect("a smoother");
    check(
        smoother.with_frozen(&[false; 11]),
        "the mask has 11 cells, the model 12\n  help: give one entry per cell",
    );
}

#[test]
fn models() {
    let grid = RegularGrid::new(&[4, 3], &[10.0; 2], &[0.0; 2]).expect("a grid");
    let models = |truth, start, freeze| Models::new(&grid, truth, start, &freeze, [1500.0, 4000.0]);
    let smooth = || Start::SmoothTruth { sigma_m: 10.0 };
    check(
        models(None, smooth(), Freeze::default()),
        "this start model needs the true model\n  help: give the true model, or another start",
    );
    let help = "the grid 12 nodes\n  help: give one value per node";
    let wrong = |what| format!("{what} has 11 values, {help}");
    let short = || vec![2000.0; 11];
    check(models(Some(short()), smooth(), Freeze::default()), &wrong("the true model"));
    check(models(None, Start::Given(short()), Freeze::default()), &wrong("the model"));
    let freeze = Freeze { mask: Some(vec![true; 11]), ..Freeze::default() };
    let start = Start::Given(vec![2000.0; 12]);
    check(models(None, start, freeze), &wrong("the mask of frozen nodes"));
}

#[test]
fn wavelets() {
    let message = Wavelet::ricker(0.0).expect_err("no frequency").to_string();
    assert!(message.contains("is 0, but must be a positive number\n  help: "), "{message}");
    let message = Wavelet::sampled(vec![0.0; 3], -0.1).expect_err("no interval").to_string();
    assert!(message.contains("is -0.1, but must be a positive number\n  help: "), "{message}");
    let message = Wavelet::sampled(vec![0.0, f64::NAN], 0.1).expect_err("a gap").to_string();
    let start = "wavelet of 2 samples: sample 1 is missing or not finite\n  help: look at the file";
    assert!(message.starts_with(start), "{message}");
}

#[test]
fn the_optimiser() {
    let new =
        |start: &[f64]| Lbfgs::new(Unknowns::bounded(start, 0.0, 1.0), LbfgsOptions::new(0.1));
    let message = new(&[0.5, 2.0]).expect_err("outside").to_string();
    assert!(
        message.starts_with("cell 1 starts at 2, outside its bounds 0 to 1\n  help:"),
        "{message}"
    );
    let mut optimiser = new(&[0.5, 0.5]).expect("an optimiser");
    check(
        optimiser.tell(1.0, &[0.0], None),
        "the gradient has 1 values, the model 2\n  help: give one value per cell",
    );
    let message = optimiser.tell(1.0, &[0.0; 2], Some(&[1.0, -1.0])).expect_err("sign").to_string();
    assert!(message.starts_with("the preconditioner is -1 at cell 1\n  help:"), "{message}");
    // No gradient: nothing is left to do.
    optimiser.tell(1.0, &[0.0; 2], None).expect("the start");
    assert!(matches!(optimiser.ask(), Ask::Finished(_)));
    check(
        optimiser.tell(1.0, &[0.0; 2], None),
        "the optimiser has finished and takes no more evaluations\n  help: start a new one",
    );
}

/// Every way in which the saved state of an optimiser can be spoilt is said with the file's name.
#[test]
fn a_state_that_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("optimiser.bin");
    let optimiser = Lbfgs::new(Unknowns::free(&[0.5, 2.0]), LbfgsOptions::new(0.1));
    optimiser.expect("an optimiser").save(&path).expect("the state should be written");
    let whole = std::fs::read(&path).expect("the state");
    let cut = &whole[..whole.len() / 2];
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    for spoilt in [b"vp", cut, &changed] {
        std::fs::write(&path, spoilt).expect("the file should be writable");
        let message = Lbfgs::load(&path).expect_err("damaged").to_string();
        let start = format!("{}: not a state of the optimiser: ", path.display());
        assert!(message.starts_with(&start) && message.contains("help:"), "{message}");
    }
    std::fs::remove_file(&path).expect("the file should go");
    let message = Lbfgs::load(&path).expect_err("missing").to_string();
    assert!(
        message.contains("optimiser.bin: cannot read") && message.contains("help:"),
        "{message}"
    );
}
