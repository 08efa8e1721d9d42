//! `retrograd doctor`: what is there, and what it will be used for.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::DoctorArgs;
use crate::job::units::Bytes;
use crate::machine::{self, Compiler, MainMemory};
use crate::output::{self, Failure};

#[derive(Serialize)]
struct Health {
    version: &'static str,
    compiler: Option<Compiler>,
    architecture: &'static str,
    simd: Vec<&'static str>,
    threads: usize,
    memory: Option<MainMemory>,
    cache: Folder,
    run_folder: Disk,
    mpi: &'static str,
    gpu: &'static str,
}

#[derive(Serialize)]
struct Folder {
    path: Option<PathBuf>,
    writable: bool,
    fault: Option<String>,
}

#[derive(Serialize)]
struct Disk {
    path: PathBuf,
    write_bytes_per_second: Option<f64>,
    fault: Option<String>,
}

const UNUSED: &str = "not used by this version";

/// Looks at the machine. A missing compiler is a finding, not a failure.
///
/// # Errors
/// If standard output cannot be written.
pub fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let folder = super::current_folder()?.join(&args.out);
    let health = Health {
        version: env!("CARGO_PKG_VERSION"),
        compiler: machine::compiler(),
        architecture: std::env::consts::ARCH,
        simd: machine::simd(),
        threads: machine::threads(),
        memory: machine::main_memory(),
        cache: cache(),
        run_folder: disk(folder),
        mpi: UNUSED,
        gpu: UNUSED,
    };
    output::print(args.format(), &health, &describe(&health))
}

fn cache() -> Folder {
    let Some(path) = machine::cache_folder() else {
        let fault = Some("neither XDG_CACHE_HOME nor HOME is set".to_owned());
        return Folder { path: None, writable: false, fault };
    };
    let fault = machine::make_writable(&path).err().map(|error| error.to_string());
    Folder { path: Some(path), writable: fault.is_none(), fault }
}

fn disk(path: PathBuf) -> Disk {
    match machine::disk_write_speed(&path) {
        Ok(speed) => Disk { path, write_bytes_per_second: Some(speed), fault: None },
        Err(error) => Disk { path, write_bytes_per_second: None, fault: Some(error.to_string()) },
    }
}

fn describe(health: &Health) -> String {
    let mut text = format!("retrograd {}\n", health.version);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<11} {value}");
    };
    line(
        "compiler",
        match &health.compiler {
            Some(cc) => {
                format!("{} ({}), from {}: compiles kernels", cc.command, cc.version, cc.found_by)
            }
            None => "none: install gcc or clang (Debian: apt install gcc), or run with --backend \
                 interpreter"
                .to_owned(),
        },
    );
    let simd = if health.simd.is_empty() { "none".to_owned() } else { health.simd.join(" ") };
    line("SIMD", format!("{simd} ({})", health.architecture));
    line("threads", format!("{}: tiles and shots", health.threads));
    line(
        "memory",
        health.memory.map_or("unknown".to_owned(), |memory| {
            let (free, all) = (Bytes(memory.available_bytes), Bytes(memory.total_bytes));
            format!("{free} free of {all}: the most that memory.budget may promise")
        }),
    );
    line(
        "cache",
        match (&health.cache.path, &health.cache.fault) {
            (Some(path), None) => format!("{}, writable: compiled kernels", path.display()),
            (Some(path), Some(fault)) => {
                format!("{} cannot be written ({fault}): every run compiles again", path.display())
            }
            (None, _) => {
                "no folder (set XDG_CACHE_HOME or HOME): every run compiles again".to_owned()
            }
        },
    );
    line(
        "run folder",
        match (&health.run_folder.write_bytes_per_second, &health.run_folder.fault) {
            (Some(speed), _) => {
                format!("{}, writes {:.0} MB/s", health.run_folder.path.display(), speed / 1e6)
            }
            (None, fault) => format!(
                "{} cannot be written ({}): name another by --out",
                health.run_folder.path.display(),
                fault.as_deref().unwrap_or("unknown reason")
            ),
        },
    );
    line("MPI", health.mpi.to_owned());
    line("GPU", health.gpu.to_owned());
    text
}
