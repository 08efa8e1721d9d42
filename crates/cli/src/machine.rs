//! What the computer offers. Reads the environment: nothing else in this crate does.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use serde::Serialize;

/// Environment variables that name a C compiler, in order of preference.
const COMPILER_VARIABLES: [&str; 2] = ["RETROGRAD_CC", "CC"];

/// Commands that are tried when no variable names a compiler.
const COMPILER_COMMANDS: [&str; 3] = ["cc", "gcc", "clang"];

/// Bytes written to measure a disk.
const DISK_PROBE_BYTES: usize = 64 << 20;

/// A working C compiler.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Compiler {
    /// The command, with arguments if the variable holds some.
    pub command: String,
    /// Where it was found: a variable or `PATH`.
    pub found_by: String,
    /// First line of `--version`.
    pub version: String,
}

/// The first compiler that answers: `RETROGRAD_CC`, `CC`, then `cc`, `gcc`, `clang`.
pub fn compiler() -> Option<Compiler> {
    let named = COMPILER_VARIABLES.into_iter().filter_map(|variable| {
        let command = env::var(variable).ok().filter(|text| !text.trim().is_empty())?;
        Some((command, variable.to_owned()))
    });
    let usual =
        COMPILER_COMMANDS.into_iter().map(|command| (command.to_owned(), "PATH".to_owned()));
    named.chain(usual).find_map(|(command, found_by)| {
        let version = version_line(&command)?;
        Some(Compiler { command, found_by, version })
    })
}

fn version_line(command: &str) -> Option<String> {
    let mut words = command.split_whitespace();
    let output = Command::new(words.next()?)
        .args(words)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(|line| line.trim().to_owned())
}

/// Vector instruction sets of this CPU that generated code can use.
pub fn simd() -> Vec<&'static str> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        let known = [
            ("sse2", is_x86_feature_detected!("sse2")),
            ("avx", is_x86_feature_detected!("avx")),
            ("avx2", is_x86_feature_detected!("avx2")),
            ("fma", is_x86_feature_detected!("fma")),
            ("avx512f", is_x86_feature_detected!("avx512f")),
        ];
        found.extend(known.into_iter().filter(|(_, here)| *here).map(|(name, _)| name));
    }
    #[cfg(target_arch = "aarch64")]
    {
        let known = [
            ("neon", std::arch::is_aarch64_feature_detected!("neon")),
            ("sve", std::arch::is_aarch64_feature_detected!("sve")),
        ];
        found.extend(known.into_iter().filter(|(_, here)| *here).map(|(name, _)| name));
    }
    found
}

/// Threads that run at the same time; 1 if the system does not say.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Main memory in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct MainMemory {
    /// Installed.
    pub total_bytes: u64,
    /// Free for a new process without swapping.
    pub available_bytes: u64,
}

/// Main memory, where the system tells (Linux).
pub fn main_memory() -> Option<MainMemory> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    Some(MainMemory {
        total_bytes: kibibytes(&text, "MemTotal:")?,
        available_bytes: kibibytes(&text, "MemAvailable:")?,
    })
}

/// The most memory that this process has held so far, in bytes, where the system tells (Linux).
pub fn peak_rss_bytes() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The value of a line such as `VmHWM:   1234 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.split_whitespace().next()?.parse().ok()?;
    number.checked_mul(1024)
}

/// The folder of compiled kernels, as the runtime chooses it.
pub fn cache_folder() -> Option<PathBuf> {
    Some(retrograd::JitOptions::from_environment().cache)
}

/// Whether files can be made in `folder`, which is created if missing.
///
/// # Errors
/// Why not.
pub fn make_writable(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    tempfile::NamedTempFile::new_in(folder).map(drop)
}

/// Write speed of the disk of `folder` in bytes per second, data flushed to the device.
///
/// Writes 64 MiB to a file that is removed at once. A missing folder is not created: the
/// nearest one that exists is on the same disk.
///
/// # Errors
/// If the file cannot be written.
pub fn disk_write_speed(folder: &Path) -> io::Result<f64> {
    let existing = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    let mut file = tempfile::tempfile_in(existing)?;
    // Not zeros: a disk or file system may compress them away.
    let block: Vec<u8> =
        (0..1_u32 << 18).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let start = Instant::now();
    for _ in 0..DISK_PROBE_BYTES / block.len() {
        file.write_all(&block)?;
    }
    file.sync_data()?;
    Ok(DISK_PROBE_BYTES as f64 / start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_tables_are_read() {
        let text = "MemTotal:  16 kB\nMemAvailable:   8 kB\n";
        assert_eq!(kibibytes(text, "MemAvailable:"), Some(8192));
        assert_eq!(kibibytes(text, "SwapTotal:"), None);
    }
}
