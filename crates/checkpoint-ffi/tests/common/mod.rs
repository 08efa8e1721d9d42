//! The C compiler, the library that cargo has built for this test, and what C sees of a simulator.
#![allow(dead_code, unreachable_pub, reason = "not every test needs everything")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

pub mod ring;

/// What a library of Rust wants of the system; those that are part of the C library are empty.
const SYSTEM: [&str; 3] = ["-lm", "-lpthread", "-ldl"];

/// The folder of this crate.
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The compiler of that name, if there is one; says so if not.
pub fn compiler(name: &str) -> Option<Command> {
    if Command::new(name).arg("--version").output().is_err() {
        println!("skipped: there is no compiler called `{name}` on this system");
        return None;
    }
    let mut command = Command::new(name);
    command.args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-I"]).arg(home().join("include"));
    Some(command)
}

/// How a program is linked.
#[derive(Clone, Copy, Debug)]
pub enum Library {
    Static,
    Shared,
}

impl Library {
    /// The library that cargo has built beside this test.
    fn path(self) -> PathBuf {
        use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
        let name = match self {
            Self::Static => "libretrograd_checkpoint_ffi.a".to_owned(),
            Self::Shared => format!("{DLL_PREFIX}retrograd_checkpoint_ffi{DLL_SUFFIX}"),
        };
        let test = std::env::current_exe().expect("the test should know where it is");
        let path = test.with_file_name(name);
        assert!(path.exists(), "cargo should have built {}", path.display());
        path
    }
}

/// Compiles a program of C99, links it with the library and runs it; gives what it has printed,
/// or nothing if there is no compiler.
pub fn run_c(source: &Path, library: Library, arguments: &[&OsStr]) -> Option<String> {
    let mut compiler = compiler("cc")?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("program");
    compiler.args(["-std=c99", "-O1", "-o"]).arg(&program).arg(source).arg(library.path());
    let output = compiler.args(SYSTEM).output().expect("the compiler should start");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}:\n{message}", source.display());

    let output = Command::new(&program).args(arguments).output().expect("should start");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{printed}{message}", source.display(), output.status);
    Some(printed)
}
