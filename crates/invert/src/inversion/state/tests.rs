use super::*;
use crate::optimise::{Ask, LbfgsOptions, Unknowns};

const FINGERPRINT: &str = "job \"a\" models 0123";

/// A state in the middle of a run, with numbers that are hard to print.
fn state() -> State {
    let row = |iteration, misfit: f64| IterationRow {
        stage: 2,
        iteration,
        misfit,
        misfit_ratio: misfit / 3.0,
        model_error: Some(0.1 + 0.2),
        step_m_s: 5e-324,
        evaluations: 7,
        seconds: 1.0 / 3.0,
        peak_rss_bytes: u64::MAX,
    };
    let mut state = State::new(FINGERPRINT, "1-base.f64");
    assert_ne!(state.run, State::new(FINGERPRINT, "1-base.f64").run, "each run has a name");
    state.run = Some("a-run".into());
    state.stage = 1;
    state.evaluations = 7;
    state.seconds = 12.345_678_901_234_567;
    state.rows = (0..200).map(|i| row(i, 7e-9 * (1.0 + f64::from(i as u32)).recip())).collect();
    state.rows.push(IterationRow { model_error: None, ..row(201, f64::MAX) });
    state.stages.push(StageSummary {
        frequency_hz: 2.5,
        iterations: 4,
        evaluations: 6,
        misfit_ratio: 0.123_456_789_012_345_68,
        stopped_by: "iterations: limit 4 <= 4 done".into(),
    });
    state
}

fn optimiser() -> Lbfgs {
    Lbfgs::new(Unknowns::free(&[1.0, 2.0]), LbfgsOptions::new(1.0)).expect("optimiser")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("folder")
}

#[test]
fn a_state_comes_back_to_the_bit_and_names_its_optimiser() {
    let folder = folder();
    let mut state = state();
    state.save(folder.path(), None).expect("save");
    assert_eq!(State::load(folder.path(), FINGERPRINT).expect("load"), state);
    assert_eq!(state.optimiser_file, None);

    state.save(folder.path(), Some(&optimiser())).expect("save");
    state.evaluations += 1;
    let mut later = optimiser();
    later.tell(1.0, &[1.0, 0.0], None).expect("tell");
    state.save(folder.path(), Some(&later)).expect("save");
    let found = State::load(folder.path(), FINGERPRINT).expect("load");
    assert_eq!(found, state);
    // The optimiser of the evaluation before is not kept.
    let is_optimiser = |name: &String| name.starts_with("optimiser");
    let entries = fs::read_dir(folder.path()).expect("folder");
    let names = entries.map(|e| e.expect("entry").file_name().to_string_lossy().into_owned());
    assert_eq!(names.filter(is_optimiser).collect::<Vec<_>>(), ["optimiser-000008.bin"]);
    let name = found.optimiser_file.expect("named");
    let found = Lbfgs::load(&folder.path().join(name)).expect("optimiser");
    assert!(matches!(found.ask(), Ask::Evaluate(_)));
    assert_eq!(found.evaluations(), 1);
}

/// Loads a state whose file holds other bytes; a refusal must name the file.
#[track_caller]
fn check_refused(bytes: &[u8], what: &str) {
    let folder = folder();
    fs::write(folder.path().join(STATE_FILE), bytes).expect("write");
    match State::load(folder.path(), FINGERPRINT) {
        // As damage that changes no value: `1e-9` read as `1E-9`.
        Ok(found) => assert_eq!(found, saved(), "{what} should change nothing or be refused"),
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("state.json") && text.contains("help:"), "{what}: {text}");
        }
    }
}

fn saved() -> State {
    let folder = folder();
    let mut state = state();
    state.rows.truncate(2);
    state.save(folder.path(), None).expect("save");
    state
}

#[test]
fn a_state_cut_short_or_changed_anywhere_is_refused_by_name() {
    let folder = folder();
    saved().save(folder.path(), None).expect("save");
    let bytes = fs::read(folder.path().join(STATE_FILE)).expect("read");
    assert!(bytes.len() > 500);
    // The last byte is a newline.
    for end in 0..bytes.len() - 1 {
        let damaged = &bytes[..end];
        fs::write(folder.path().join(STATE_FILE), damaged).expect("write");
        let error = State::load(folder.path(), FINGERPRINT).expect_err("cut short").to_string();
        assert!(error.contains("state.json"), "{error}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        check_refused(&damaged, &format!("byte {at}"));
    }
    // A number that is as good as the true one.
    let text = String::from_utf8(bytes).expect("JSON");
    let edited = text.replace("\"stage\": 1,", "\"stage\": 0,");
    assert_ne!(edited, text);
    fs::write(folder.path().join(STATE_FILE), edited).expect("write");
    let error = State::load(folder.path(), FINGERPRINT).expect_err("edited").to_string();
    assert!(error.contains("state.json is damaged: its seal does not fit"), "{error}");
}

#[test]
fn what_is_no_state_of_this_job_is_refused_with_the_reason() {
    let folder = folder();
    let refused = |fingerprint: &str| {
        State::load(folder.path(), fingerprint).expect_err("refused").to_string()
    };
    assert!(refused(FINGERPRINT).contains("it holds no state.json"));
    state().save(folder.path(), None).expect("save");
    let error = refused("another");
    assert!(error.contains("it belongs to another job") && error.contains("--out"), "{error}");
    fs::write(folder.path().join(STATE_FILE), "{\"version\": 1, \"old\": true}").expect("write");
    let error = refused(FINGERPRINT);
    assert!(error.contains("state.json was written by version 1"), "{error}");
}

/// Everything that `f64` has: nothing is printed and parsed.
const NUMBERS: [f64; 7] =
    [0.1, -0.0, f64::INFINITY, f64::NAN, f64::MIN_POSITIVE / 3.0, f64::MAX, 1500.0];

#[test]
fn numbers_come_back_to_the_bit() {
    let path = folder().path().join("base.f64");
    let error = read_exact(&path, 1).expect_err("missing").to_string();
    assert!(error.contains("base.f64: cannot read"), "{error}");
    let folder = folder();
    let path = folder.path().join("base.f64");
    write_exact(&path, &NUMBERS).expect("write");
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&read_exact(&path, NUMBERS.len()).expect("read")), bits(&NUMBERS));
    let error = read_exact(&path, 8).expect_err("other length").to_string();
    assert!(error.contains("base.f64 has 7 values") && error.contains("needs 8"), "{error}");
}

#[test]
fn numbers_cut_short_or_changed_are_refused_by_name() {
    let folder = folder();
    let path = folder.path().join("base.f64");
    write_exact(&path, &NUMBERS).expect("write");
    let bytes = fs::read(&path).expect("read");
    assert_eq!(bytes.len(), 8 * (NUMBERS.len() + 3));
    let refused = |damaged: &[u8], what: String| {
        fs::write(&path, damaged).expect("write");
        let error = read_exact(&path, NUMBERS.len()).expect_err(&what).to_string();
        assert!(error.contains("base.f64: not a model of a run") && error.contains("help:"));
    };
    for end in 0..bytes.len() {
        refused(&bytes[..end], format!("{end} bytes"));
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        refused(&damaged, format!("byte {at}"));
    }
    refused(&[&bytes[..], &[0]].concat(), "a byte more".into());
}
