//! The job file as a user meets it: text in, job or messages out.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::files::{Files, npy_bytes};
use super::finding::{Colour, JobErrors, Source};
use super::reader::Folders;
use super::tree::{self, Override, Value};
use super::types::{
    Data, Job, Position, RecordLength, Smoothing, Start, Strategy as Storing, TimeStep, Truth,
    Wavelet,
};
use super::units::{Bytes, Metres, Seconds};
use super::{build, document, keys, parse};

/// Files of a test: name to content.
#[derive(Default)]
struct Table(BTreeMap<PathBuf, Vec<u8>>);

impl Table {
    fn with(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.0.insert(PathBuf::from("/jobs").join(name), bytes);
        self
    }

    fn get(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Files for Table {
    fn size(&self, path: &Path) -> Option<u64> {
        self.0.get(path).map(|bytes| bytes.len() as u64)
    }
    fn head(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.get(path)
    }
    fn text(&self, path: &Path) -> io::Result<String> {
        String::from_utf8(self.get(path)?).map_err(|_| io::ErrorKind::InvalidData.into())
    }
}

fn folders() -> Folders {
    Folders { job: "/jobs".into(), current: "/here".into() }
}

fn parse_with(text: &str, sets: &[&str], files: &Table) -> Result<Job, JobErrors> {
    let source = Source { name: "job.toml".into(), text: text.into() };
    let sets: Vec<Override> =
        sets.iter().map(|text| Override { flag: "--set".into(), text: (*text).into() }).collect();
    parse(source, &sets, &folders(), files)
}

#[track_caller]
fn good(text: &str) -> Job {
    parse_with(text, &[], &Table::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The report of `text` holds every one of `parts`, and counts `count` errors.
#[track_caller]
fn bad_with(text: &str, sets: &[&str], files: &Table, count: usize, parts: &[&str]) {
    let errors = parse_with(text, sets, files).expect_err("the job should be refused");
    let report = errors.render(Colour::Plain);
    // Lines are wrapped at 100 characters; what is compared is the text.
    let flat = report.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(flat.contains(part), "`{part}` should be in\n{report}");
    }
    assert_eq!(errors.findings().len(), count, "{report}");
}

#[track_caller]
fn bad(text: &str, parts: &[&str]) {
    bad_with(text, &[], &Table::default(), 1, parts);
}

#[test]
fn an_unknown_key_is_named_with_its_neighbour() {
    bad(
        "[grid]\nspacng = [20, 20]",
        &["unknown key `grid.spacng`", "job.toml:2:1", "did you mean `spacing`?"],
    );
}

#[test]
fn a_key_in_the_wrong_section_is_sent_home() {
    bad("[model]\nspacing = [20, 20]", &["unknown key `model.spacing`", "stands in [grid]"]);
    bad("[wavelets]\n", &["unknown key `wavelets`", "did you mean `wavelet`?"]);
    bad("\"job.name\" = \"a\"", &["unknown key `job.name`"]);
}

#[test]
fn a_wrong_type_says_what_it_is() {
    bad(
        "[physics]\ndtype = 32",
        &["`physics.dtype` cannot be a whole number", "job.toml:2:9", "\"f32\" or \"f64\""],
    );
    bad("grid = 3", &["`grid` is a section, written [grid]", "spacing, origin"]);
    bad("[stage]\nfrequency = 3", &["`stage` is a section, written [[stage]]"]);
    bad("[run]\nthreads = 2.5", &["`run.threads` cannot be a number with a fraction"]);
    bad("[report]\npictures = \"yes\"", &["cannot be text", "true or false"]);
}

#[test]
fn a_wrong_unit_says_which_are_right() {
    bad(
        "[grid]\nspacing = [\"20 Hz\", 20]",
        &["`20 Hz` is a frequency, not a length", "job.toml:2:12", "m, km, cm, mm"],
    );
    bad("[time]\ndt = \"2\"", &["`2` has no unit", "s, ms, us, min"]);
    bad("[memory]\nbudget = \"5 gigs\"", &["`gigs` is not a unit", "MiB, GiB"]);
}

#[test]
fn out_of_range_says_what_is_allowed() {
    bad(
        "[physics]\nspace_order = 18",
        &["`physics.space_order` = 18 is out of range", "an even whole number, 2 to 16"],
    );
    bad("[physics]\nspace_order = 7", &["an even whole number"]);
    bad("[time]\nduration = nan", &["out of range", "more than 0 (unit s)"]);
    bad("[run]\nthreads = -1", &["`run.threads` = -1 is out of range", "1 to 4096"]);
    bad("[grid]\nspacing = [20, 0]", &["job.toml:2:16", "more than 0 (unit m)"]);
    bad("[grid]\nspacing = [20]", &["takes 2 or 3 entries, not 1"]);
    bad("[grid]\nspacing = [1e-4, 1e-4]", &["has 1.2e15 nodes", "at most 1e11"]);
}

#[test]
fn a_choice_is_corrected() {
    bad("[data]\nkind = \"sintetic\"", &["cannot be \"sintetic\"", "did you mean \"synthetic\"?"]);
}

#[test]
fn broken_toml_is_shown() {
    bad("[job]\nname = basin", &["this is not TOML", "job.toml:2:"]);
    bad_with("[job\nseed == 2", &[], &Table::default(), 2, &["job.toml:1:", "job.toml:2:"]);
}

#[test]
fn a_bad_set_points_to_itself() {
    let check = |set: &str, parts: &[&str]| {
        bad_with("", &[set], &Table::default(), 1, parts);
    };
    check("physics.space_order=3", &["--set:1:21", "physics.space_order=3", "out of range"]);
    check("foo", &["`foo` sets nothing", "there is no `=`"]);
    check("=3", &["a part of the key is empty"]);
    check("job.seed=", &["there is no value after `=`"]);
    check("grid.spacng=3", &["unknown key `grid.spacng`", "--set:1:6"]);
    check("wavelet.peak=3 m", &["`3 m` is a length, not a frequency", "--set:1:14"]);
    let stage = "[[stage]]\nfrequency = 3";
    let sets = ["stage.1.frequency=3"];
    bad_with(stage, &sets, &Table::default(), 1, &["there is no entry 1", "use 0"]);
}

#[test]
fn rules_between_keys_are_checked() {
    bad("[model]\nbounds = [5000, 1500]", &["inverted", "such as [1500, 5000]"]);
    bad("[model]\nbounds = [5000]", &["takes 2 entries, not 1"]);
    bad("[time]\nsteps = 10\nduration = 1", &["both give the length"]);
    bad("[survey.receivers]\ncount = 3\nspacing = 5", &["both say how many"]);
    bad("[wavelet]\nkind = \"file\"\ndt = 0.1", &["`wavelet.file` is missing"]);
    let files = Table::default().with("d.npy", Vec::new());
    let parts = ["`data.files` has a meaning only for data.kind = \"files\""];
    bad_with("[data]\nfiles = \"d.npy\"", &[], &files, 1, &parts);
    let text = "[data]\nkind = \"files\"\nfiles = [\"d.npy\", \"d.npy\"]";
    let sets = ["wavelet.peak=\"5 Hz\""];
    bad_with(text, &sets, &files, 1, &["names 2 files for 12 shots"]);
    let text = "[data]\nkind = \"files\"\nfiles = \"d.npy\"";
    let parts = ["recorded data need the wavelet", "wavelet.kind = \"file\"", "wavelet.peak"];
    bad_with(text, &[], &files, 1, &parts);
    bad("[memory]\nstrategy = \"store-all\"\nsnapshots = 4", &["only for Revolve"]);
    bad("[memory]\ntiers = [\"ram\", \"tape\"]", &["`tape` is no tier", "\"disk:FOLDER\""]);
    bad("[memory]\ntiers = [\"disk:/a\", \"disk:/b\"]", &["`disk:/b` is no tier", "one"]);
    bad("[memory]\ncodec = \"zip\"", &["there is no codec `zip`", "zfp:relative=1e-3"]);
    bad("[memory]\ncodec = \"zfp:rate=0\"", &["the rate of zfp is 0", "more than 0"]);
    bad("[memory]\ncodec = \"zfp:relative=1e-3\"", &["changes the gradient", "gradient_error"]);
    bad(
        "[memory]\nstrategy = \"revolve\"\ntiers = [\"disk:/a\"]",
        &["is for the strategy \"auto\"", "leave `memory.strategy`"],
    );
    bad("[job]\nname = \"a/b\"", &["cannot name a folder"]);
}

#[test]
fn an_inverse_crime_must_be_confessed() {
    bad("[data]\nrefine = 1\nspace_order = 8", &["the same operator", "\"same-grid\""]);
    good("[data]\nkind = \"same-grid\"");
}

#[test]
fn positions_outside_the_model_are_found() {
    bad(
        "[survey.sources]\nlast = \"7 km\"",
        &["source 10 at x = 6363", "x from 0 to 6000 m", "(2 of 12 do)", "job.toml:2:8"],
    );
    bad(
        "[survey.receivers]\npositions = [[0, 0],\n [10, -5]]",
        &["receiver 1 at x = 10 m, z = -5 m", "job.toml:3:2", "z from 0 to 2000 m"],
    );
    bad("[survey.sources]\ndepth = \"3 km\"", &["z = 3000 m", "job.toml:2:9"]);
    bad("[survey.sources]\npositions = [[1, 2, 3]]", &["lies outside the model"]);
    bad("[report]\nshots = [0, 12]", &["there is no shot 12", "12 shots, 0 to 11"]);
}

#[test]
fn a_tiny_budget_is_a_missing_unit() {
    bad("[memory]\nbudget = 512", &["does not hold one wavefield", "\"512 MiB\""]);
}

const FILES: &str = "[model]\nsource = \"files\"\nvp_true = \"t.npy\"\nvp_start = \"s.npy\"\n\
                     [grid]\nspacing = [20, 10]\n";

#[test]
fn models_from_files_must_exist_and_agree() {
    let both = |t: &[usize], s: &[usize]| {
        Table::default().with("t.npy", npy_bytes("<f4", t)).with("s.npy", npy_bytes("<f8", s))
    };
    let job = parse_with(FILES, &["survey.sources.depth=10"], &both(&[40, 30], &[40, 30]));
    let job = job.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(job.grid.shape, [40, 30]);
    assert!(matches!(job.model.truth, Truth::File(_)));
    let parts = ["`model.vp_start` has shape [40, 31], `model.vp_true` [40, 30]"];
    bad_with(FILES, &[], &both(&[40, 30], &[40, 31]), 1, &parts);
    let parts = ["there is no file /jobs/s.npy", "no file /jobs/t.npy", "relative to the job file"];
    bad_with(FILES, &[], &Table::default(), 2, &parts);
    let files = both(&[40, 30], &[40, 30]).with("t.npy", b"P6 ".to_vec());
    bad_with(FILES, &[], &files, 1, &["it does not begin like an NPY file", "raw-f32"]);
    let files = both(&[40, 30], &[40, 30]).with("t.npy", npy_bytes("<i8", &[40, 30]));
    bad_with(FILES, &[], &files, 1, &["its type is <i8, not <f4 or <f8"]);
}

#[test]
fn files_need_spacing_start_and_truth() {
    let files = Table::default().with("t.npy", npy_bytes("<f4", &[40, 30]));
    let text = "[model]\nsource = \"files\"\nvp_true = \"t.npy\"";
    let parts = ["the start model is missing", "`grid.spacing` is missing"];
    bad_with(text, &[], &files, 2, &parts);
    let text = "[model]\nsource = \"files\"\nvp_start = \"t.npy\"\n[grid]\nspacing = [20, 20]";
    bad_with(text, &[], &files, 1, &["data are synthetic but the true model is unknown"]);
    let sets = ["model.start.linear=[1500, 3000]"];
    let text = text.replace("vp_start", "vp_true") + "\n[model.start]\nsmooth_true = 100";
    bad_with(&text, &sets, &files, 1, &["are two start models", "--set:1:"]);
}

#[test]
fn raw_files_need_a_shape_of_their_size() {
    let files = Table::default().with("t.raw", vec![0; 4 * 40 * 30]);
    let text = "[model]\nsource = \"files\"\nformat = \"raw-f32\"\nvp_true = \"t.raw\"\n\
                start.smooth_true = \"100 m\"\n[grid]\nspacing = [20, 20]\n";
    bad_with(text, &[], &files, 1, &["`grid.shape` is missing", "\"raw-f32\" needs it"]);
    bad_with(text, &["grid.shape=[40, 31]"], &files, 1, &["has 4800 bytes, not those of [40, 31]"]);
    let job = parse_with(text, &["grid.shape=[40, 30]"], &files);
    let job = job.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(job.model.start, Start::SmoothTrue(Metres(100.0)));
}

#[test]
fn positions_come_from_a_text_file_too() {
    let files = Table::default().with("r.txt", b"# x z\n10, 20\n30\t20 # last\n".to_vec());
    let job = parse_with("[survey.receivers]\nfile = \"r.txt\"", &[], &files);
    let job = job.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(job.survey.receivers, [Position(vec![10.0, 20.0]), Position(vec![30.0, 20.0])]);
    let files = Table::default().with("r.txt", b"10, twenty\n".to_vec());
    let text = "[survey.receivers]\nfile = \"r.txt\"";
    bad_with(text, &[], &files, 1, &["line 1 is `10, twenty`"]);
}

#[test]
fn an_empty_job_is_made_of_defaults() {
    let job = good("");
    assert_eq!(job.grid.shape, [301, 101]);
    assert_eq!(job.output, Path::new("/here/runs/job"));
    assert_eq!(job.survey.sources.len(), 12);
    assert_eq!(job.survey.receivers.len(), 301);
    assert_eq!(job.survey.receivers[300], Position(vec![6000.0, 20.0]));
    assert_eq!(job.time.length, RecordLength::Duration(Seconds(3.0)));
    assert_eq!(job.time.step, TimeStep::Courant(0.8));
    assert_eq!(job.wavelet, Wavelet::RickerOfStage { delay: None });
    assert_eq!(job.data, Data::Synthetic { refine: 2, space_order: 12 });
    assert_eq!(job.memory.budget, Bytes(1 << 30));
    assert_eq!(job.memory.strategy, Storing::Auto { snapshots: None });
    assert_eq!(job.stages[0].smoothing, Smoothing::Wavelengths(0.1));
    assert_eq!(job.model.start, Start::Basin);
}

#[test]
fn smoothing_knows_metres_from_wavelengths() {
    let smoothing = |text: &str| good(&format!("[invert]\nsmoothing = {text}")).invert.smoothing;
    assert_eq!(smoothing("30"), Smoothing::Metres(30.0));
    assert_eq!(smoothing("\"0.03 km\""), Smoothing::Metres(30.0));
    assert_eq!(smoothing("\"0.5 wavelengths\""), Smoothing::Wavelengths(0.5));
}

#[test]
fn the_written_defaults_are_the_defaults() {
    let implicit = good("");
    let root = tree::parse("", 0).expect("an empty text is TOML");
    let text = document::commented("Defaults.", &root, document::Paths::AsWritten);
    let explicit = good(&text);
    assert_eq!(Job { text: String::new(), ..implicit }, Job { text: String::new(), ..explicit });
}

#[test]
fn the_job_of_a_run_folder_is_the_job_that_ran() {
    let files = Table::default()
        .with("t.npy", npy_bytes("<f4", &[40, 30]))
        .with("s.npy", npy_bytes("<f4", &[40, 30]));
    let sets = ["survey.sources.depth=10", "time.steps=7", "data.kind=same-grid"];
    let job = parse_with(FILES, &sets, &files).unwrap_or_else(|errors| panic!("{errors}"));
    let source = Source { name: "run".into(), text: job.text.clone() };
    // Another folder: the paths in the text must be absolute.
    let elsewhere = Folders { job: "/runs/x".into(), current: "/here".into() };
    let again = parse(source, &[], &elsewhere, &files).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(job, again);
}

#[test]
fn every_documented_key_is_read_and_every_read_key_documented() {
    let root = tree::parse("", 0).expect("an empty text is TOML");
    let (_, _, mut used) = build(&root, &folders(), &Table::default());
    let files = tree::parse("[model]\nsource = \"files\"", 0).expect("TOML");
    used.extend(build(&files, &folders(), &Table::default()).2);
    // Reading an undocumented key panics in the reader; the other way is counted here.
    let documented: BTreeSet<&str> = keys::KEYS.iter().map(|key| key.path).collect();
    assert_eq!(used, documented);
}

#[test]
fn every_default_is_an_allowed_value() {
    for key in keys::KEYS.iter().filter(|key| key.default.is_some()) {
        let node = super::reader::default_node(key).expect("a default should be TOML");
        let decoded = super::decode::decode(key, &node);
        assert!(decoded.is_ok(), "{}: {decoded:?}", key.path);
    }
}

/// A value of any TOML type, plausible or not.
fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("true".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        (-5_i64..50).prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|x| Value::Float(x).to_toml()),
        "[a-z0-9 ./]{0,8}".prop_map(|text| Value::Text(text).to_toml()),
        (-9.0..9e3_f64, "(m|km|s|Hz|m/s|MiB|x)").prop_map(|(x, u)| format!("\"{x} {u}\"")),
        proptest::collection::vec(-9.0..9e3_f64, 0..4).prop_map(|xs| format!("{xs:?}")),
        Just("[[0.0, 1.0], [5.0]]".to_owned()),
        Just("{ a = 1 }".to_owned()),
        Just("1979-05-27".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is written for whatever keys: a job or messages, never a panic.
    #[test]
    fn no_values_panic(edits in proptest::collection::vec(
        (0..keys::KEYS.len(), any_value()), 1..6,
    )) {
        let sets: Vec<String> = edits
            .iter()
            .map(|(index, value)| format!("{}={value}", keys::KEYS[*index].path))
            .collect();
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        if let Err(errors) = parse_with("", &sets, &Table::default()) {
            prop_assert!(!errors.findings().is_empty());
            errors.render(Colour::Plain);
        }
    }

    /// A job file with a random piece cut out and a random one put in.
    #[test]
    fn no_mutation_panics(at in 0.0..1.0_f64, cut in 0_usize..40, put in "\\PC{0,12}") {
        let text = super::DEFAULT_JOB;
        let from = text.floor_char_boundary((at * text.len() as f64) as usize);
        let to = text.floor_char_boundary((from + cut).min(text.len()));
        let mutated = format!("{}{put}{}", &text[..from], &text[to..]);
        if let Err(errors) = parse_with(&mutated, &[], &Table::default()) {
            errors.render(Colour::Plain);
        }
    }

    /// Any text at all, in the file and as an override.
    #[test]
    fn no_garbage_panics(text in "\\PC{0,80}", set in "\\PC{0,20}") {
        if let Err(errors) = parse_with(&text, &[&set], &Table::default()) {
            errors.render(Colour::Plain);
        }
    }
}

#[test]
fn deep_nesting_is_refused_not_a_crash() {
    let deep = format!("x = {}", "[".repeat(100_000));
    assert!(parse_with(&deep, &[], &Table::default()).is_err());
    let dotted = format!("{}=1", vec!["a"; 20_000].join("."));
    assert!(parse_with("", &[&dotted], &Table::default()).is_err());
}
