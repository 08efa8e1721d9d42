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

/// A program of C that has been compiled; gone when this is dropped.
pub struct Program {
    folder: tempfile::TempDir,
}

impl Program {
    /// Compiles a program of C99 and links it with the library, if there is a compiler.
    pub fn build(source: &Path, library: Library) -> Option<Self> {
        let mut compiler = compiler("cc")?;
        let program = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        compiler.args(["-std=c99", "-O1", "-o"]).arg(program.path());
        compiler.arg(source).arg(library.path());
        let output = compiler.args(SYSTEM).output().expect("the compiler should start");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:\n{message}", source.display());
        Some(program)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("program")
    }

    /// Runs it in a process of its own; gives what it has printed.
    pub fn run(&self, arguments: &[&OsStr]) -> String {
        let output = Command::new(self.path()).args(arguments).output().expect("should start");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}\n{printed}{message}", output.status);
        printed
    }
}

/// Compiles a program of C99, links it with the library and runs it; gives what it has printed,
/// or nothing if there is no compiler.
pub fn run_c(source: &Path, library: Library, arguments: &[&OsStr]) -> Option<String> {
    Some(Program::build(source, library)?.run(arguments))
}
