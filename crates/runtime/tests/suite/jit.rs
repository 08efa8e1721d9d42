//! Compiling at run time: the cache, and what is said when it does not work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};
use std::time::SystemTime;

use retrograd_ir::text::parse;
use retrograd_runtime::{Backend, JitError, JitOptions, Program, ProgramError, Session, Team};

use crate::common;

const WAVES: &str = "\
stencil waves f32
dim x, z
param dt, h_x
function m(x, z)
time function u(x, z) levels 3
step forward {
  u[t+1] = 2 * u[t] - u[t-1] + dt * dt / (h_x * h_x) / m
           * (u[t, x+1] + u[t, x-1] + u[t, z+1] + u[t, z-1] - 4 * u[t]);
}
";

fn compile(options: &JitOptions) -> Result<Arc<Program>, ProgramError> {
    let stencil = parse(WAVES).expect("should be well formed");
    Program::new(stencil, &["forward"], Backend::C, options)
}

/// The sum of the last level after a few steps from a pulse.
fn run(program: &Arc<Program>, extents: [usize; 2], [dt, h]: [f64; 2]) -> f64 {
    let session = Session::new(program, &extents, &[], 4, Team::new(1));
    let mut session = session.expect("should fit");
    session.set_param("dt", dt);
    session.set_param("h_x", h);
    let points = extents[0] * extents[1];
    let field = |name| program.stencil().field_named(name).expect("should be declared");
    session.set_function(field("m"), &vec![1.0; points]).expect("memory");
    let mut pulse = vec![0.0; points];
    pulse[points / 2] = 1.0;
    session.set_level(field("u"), 0, &pulse).expect("memory");
    session.set_up().expect("should run");
    session.run("forward", 0..4).expect("should run");
    session.level::<f64>(field("u"), 0).iter().sum()
}

/// The modules in the cache with their times.
fn modules(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let entries = std::fs::read_dir(folder).expect("the cache should be there");
    let files = entries.map(|e| e.expect("should be readable").path());
    files
        .map(|path| {
            let meta = path.metadata().expect("should be there");
            (path, meta.modified().expect("should have a time"))
        })
        .collect()
}

#[track_caller]
fn failure(options: &JitOptions) -> String {
    match compile(options) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("compiling should fail"),
    }
}

#[test]
fn a_second_use_compiles_nothing_whatever_shape_step_and_spacing() {
    let Some((options, _folder)) = common::fresh() else { return };
    let first = compile(&options).expect("should compile");
    let before = modules(&options.cache);
    assert!(!before.is_empty());
    assert!(before.keys().all(|p| p.extension().is_some_and(|e| e == "so")), "{before:?}");
    let value = run(&first, [9, 11], [0.3, 1.0]);
    let second = compile(&options).expect("should load");
    assert_eq!(run(&second, [9, 11], [0.3, 1.0]), value);
    assert!(run(&second, [23, 40], [0.3, 1.0]).is_finite());
    assert_ne!(run(&second, [9, 11], [0.2, 1.0]), value);
    assert_ne!(run(&second, [9, 11], [0.3, 2.0]), value);
    assert_eq!(modules(&options.cache), before);
}

/// Replaces a file as a damaged disk would leave it; by renaming, because the module may be
/// mapped.
fn damage(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).expect("should be readable");
    change(&mut bytes);
    let aside = path.with_extension("damaged");
    std::fs::write(&aside, bytes).expect("should be writable");
    std::fs::rename(&aside, path).expect("should be writable");
}

#[test]
fn damaged_modules_are_noticed_and_compiled_again() {
    let Some((options, _folder)) = common::fresh() else { return };
    let value = run(&compile(&options).expect("should compile"), [9, 11], [0.3, 1.0]);
    let paths: Vec<PathBuf> = modules(&options.cache).into_keys().collect();
    let intact: Vec<Vec<u8>> =
        paths.iter().map(|p| std::fs::read(p).expect("should be readable")).collect();
    let damages: [fn(&mut Vec<u8>); 5] = [
        |b| b.truncate(b.len() / 2),
        |b| b.truncate(10),
        Vec::clear,
        |b| {
            let middle = b.len() / 2;
            b[middle] ^= 1;
        },
        |b| *b.last_mut().expect("should not be empty") ^= 1,
    ];
    for change in damages {
        for path in &paths {
            damage(path, change);
        }
        let program = compile(&options).expect("should compile again");
        assert_eq!(run(&program, [9, 11], [0.3, 1.0]), value);
        for (path, intact) in paths.iter().zip(&intact) {
            let found = std::fs::read(path).expect("should be readable");
            assert_eq!(found.len(), intact.len(), "the module should be whole again");
        }
    }
}

#[test]
fn a_folder_in_place_of_a_module_is_reported() {
    let Some((options, _folder)) = common::fresh() else { return };
    compile(&options).expect("should compile");
    for path in modules(&options.cache).into_keys() {
        std::fs::remove_file(&path).expect("should be removable");
        std::fs::create_dir(&path).expect("should be writable");
    }
    let message = failure(&options);
    assert!(message.contains("RETROGRAD_CACHE"), "{message}");
}

#[test]
fn threads_may_compile_the_same_module_at_once() {
    let Some((options, _folder)) = common::fresh() else { return };
    let barrier = Barrier::new(6);
    let values: Vec<f64> = std::thread::scope(|scope| {
        let job = || {
            barrier.wait();
            run(&compile(&options).expect("should compile"), [9, 11], [0.3, 1.0])
        };
        let jobs: Vec<_> = (0..6).map(|_| scope.spawn(job)).collect();
        jobs.into_iter().map(|j| j.join().expect("should not panic")).collect()
    });
    assert!(values.iter().all(|v| *v == values[0]));
    let left = modules(&options.cache);
    assert!(left.keys().all(|p| p.extension().is_some_and(|e| e == "so")), "{left:?}");
}

/// Names the cache folder that a child process is to compile into; see the test below.
const CHILD: &str = "RETROGRAD_TEST_COMPILE_INTO";

/// Two processes: this test binary runs itself.
#[test]
fn processes_may_compile_the_same_module_at_once() {
    if let Some(cache) = std::env::var_os(CHILD) {
        let options = JitOptions { cache: cache.into(), ..JitOptions::from_environment() };
        let value = run(&compile(&options).expect("should compile"), [9, 11], [0.3, 1.0]);
        assert!(value.is_finite());
        return;
    }
    let Some((options, _folder)) = common::fresh() else { return };
    let own = std::env::current_exe().expect("should be known");
    let children: Vec<_> = (0..3)
        .map(|_| {
            std::process::Command::new(&own)
                .args(["--exact", "jit::processes_may_compile_the_same_module_at_once"])
                .env(CHILD, &options.cache)
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .expect("should start")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("should end");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("1 passed"), "the child should have run its part: {text}");
    }
    assert!(run(&compile(&options).expect("should load"), [9, 11], [0.3, 1.0]).is_finite());
}

#[test]
fn without_a_compiler_the_message_names_what_was_tried_and_what_to_install() {
    let cache = std::env::temp_dir();
    let compilers = vec!["no-such-compiler".into(), "/nowhere/cc".into()];
    let message = failure(&JitOptions { compilers, cache });
    for part in ["no-such-compiler, /nowhere/cc", "install", "CC", "--backend interpreter"] {
        assert!(message.contains(part), "`{part}` in: {message}");
    }
}

#[test]
fn the_interpreter_needs_no_compiler() {
    let options = JitOptions { compilers: Vec::new(), cache: PathBuf::from("/nowhere") };
    let stencil = parse(WAVES).expect("should be well formed");
    let program = Program::new(stencil, &["forward"], Backend::Interpreter, &options);
    assert!(run(&program.expect("should do"), [5, 5], [0.3, 1.0]).is_finite());
}

#[test]
fn a_compiler_that_fails_is_quoted_and_the_text_is_kept() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let script = folder.path().join("cc");
    std::fs::write(&script, "#!/bin/sh\necho the reason >&2\nexit 3\n").expect("writable");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, mode).expect("writable");
    let cache = folder.path().join("cache");
    let compilers = vec![format!("{} -pipe", script.display())];
    let options = JitOptions { compilers, cache };
    let Err(ProgramError::Jit(JitError::Failed { source_file, message, command, .. })) =
        compile(&options)
    else {
        panic!("the compiler should fail")
    };
    assert_eq!(message, "the reason\n");
    assert!(command.ends_with("cc -pipe"), "{command}");
    let text = std::fs::read_to_string(&source_file).expect("the text should be kept");
    assert!(text.contains("void rg_0"), "{text}");
    let message = failure(&options);
    for part in ["the reason", "exit status: 3", "defect", &source_file.display().to_string()] {
        assert!(message.contains(part), "`{part}` in: {message}");
    }
}

#[test]
fn a_compiler_that_says_nothing_is_reported_by_its_status() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let options = JitOptions { compilers: vec!["false".into()], cache: folder.path().into() };
    let message = failure(&options);
    assert!(message.contains("`false` failed") && message.contains("exit status: 1"), "{message}");
}

/// Nobody may write below a file, not even the superuser.
#[test]
fn a_cache_that_cannot_be_written_is_named_with_the_variable_to_set() {
    let Some((options, folder)) = common::fresh() else { return };
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("writable");
    let cache = file.join("cache");
    let message = failure(&JitOptions { cache: cache.clone(), ..options });
    for part in ["cannot create", &cache.display().to_string(), "RETROGRAD_CACHE"] {
        assert!(message.contains(part), "`{part}` in: {message}");
    }
}

#[test]
fn a_step_that_does_not_exist_is_named() {
    let Some(options) = common::options() else { return };
    let stencil = parse(WAVES).expect("should be well formed");
    let error = Program::new(stencil, &["backward"], Backend::C, &options).expect_err("no step");
    assert!(error.to_string().contains("no step `backward`"), "{error}");
}
