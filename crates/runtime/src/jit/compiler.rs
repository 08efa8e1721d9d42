//! Finding the system's C compiler.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use super::{JitError, JitOptions};

/// Flags of every compilation. Stated in full, never inherited: no contraction, no reordering, no
/// change of the floating-point environment (`-nostdlib` keeps start-up files out that would set
/// it).
pub(super) const FLAGS: [&str; 10] = [
    "-std=gnu11",
    "-O2",
    "-march=native",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fPIC",
    "-shared",
    "-nostdlib",
    "-w",
];

/// A C compiler that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compiler {
    /// The command with its own arguments, such as `ccache gcc`.
    pub command: Vec<String>,
    /// The file behind it.
    pub path: PathBuf,
    /// Changes when the compiler is replaced: path, size and time of the file.
    pub identity: String,
}

impl Compiler {
    /// The first line that it prints about itself, or nothing.
    pub fn version(&self) -> Option<String> {
        let output =
            Command::new(&self.path).args(&self.command[1..]).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().next().map(str::to_owned)
    }

    /// Compiles a file into a shared object.
    pub(super) fn run(&self, source: &Path, object: &Path) -> Result<(), JitError> {
        let mut command = Command::new(&self.path);
        command.args(&self.command[1..]).args(FLAGS).arg("-o").arg(object).arg(source);
        let failed = |status: String, message: String| JitError::Failed {
            command: self.command.join(" "),
            status,
            message,
            source_file: source.to_owned(),
        };
        let output = command.output().map_err(|e| failed(e.to_string(), String::new()))?;
        if output.status.success() {
            return Ok(());
        }
        let message: String = String::from_utf8_lossy(&output.stderr).chars().take(4000).collect();
        Err(failed(output.status.to_string(), message))
    }
}

/// The first of the commands that exists.
///
/// # Errors
/// If there is none.
pub fn find_compiler(options: &JitOptions) -> Result<Compiler, JitError> {
    for candidate in &options.compilers {
        let command: Vec<String> = candidate.split_whitespace().map(str::to_owned).collect();
        let Some(path) = command.first().and_then(|name| find_program(name)) else { continue };
        let file = path.canonicalize().unwrap_or_else(|_| path.clone());
        let Ok(meta) = file.metadata() else { continue };
        let time = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        let time = time.map_or(0, |t| t.as_nanos());
        let identity = format!("{} {} {time} {command:?}", file.display(), meta.len());
        return Ok(Compiler { command, path, identity });
    }
    Err(JitError::NoCompiler { tried: options.compilers.join(", ") })
}

fn find_program(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|p| p.is_file());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|f| f.join(name)).find(|p| p.is_file())
}
