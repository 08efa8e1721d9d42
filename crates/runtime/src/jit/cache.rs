//! Compiled modules on disk.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use libloading::Library;

use super::compiler::{Compiler, FLAGS};
use super::{JitError, JitOptions, find_compiler};

/// Marks the end of a sealed module; the number is the version of the calling convention.
const SEAL: &[u8; 8] = b"RGSEAL01";

/// Loads the compiled form of `text`, compiling it if the cache has none that is intact.
pub(crate) fn load(text: &str, options: &JitOptions) -> Result<&'static Library, JitError> {
    let compiler = find_compiler(options)?;
    let key = key(text, &compiler);
    let path = options.cache.join(format!("{key}.so"));
    if !is_intact(&path) {
        compile(text, &key, &path, &compiler, options)?;
    }
    if let Ok(library) = open(&path) {
        return Ok(library);
    }
    // Damaged in a way that the seal does not see, or replaced just now: once more.
    compile(text, &key, &path, &compiler, options)?;
    open(&path).map_err(|source| JitError::Load { path, source })
}

fn open(path: &Path) -> Result<&'static Library, libloading::Error> {
    // SAFETY: the file was made by our compiler run from generated text without start-up code
    // (`-nostdlib`), so loading runs nothing; its seal has been checked.
    let library = unsafe { Library::new(path) }?;
    // Never unloaded: kernels stay callable for the life of the process.
    Ok(Box::leak(Box::new(library)))
}

/// Everything that determines the module, in hexadecimal.
fn key(text: &str, compiler: &Compiler) -> String {
    key_of(&[text, &FLAGS.join(" "), &compiler.identity])
}

/// The name of what is made from these on this processor.
pub(crate) fn key_of(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts.iter().chain([&&*processor()]) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(SEAL);
    hasher.finalize().to_hex()[..40].to_owned()
}

/// A note under a key of the cache.
pub(crate) fn recall(options: &JitOptions, key: &str) -> Option<String> {
    fs::read_to_string(options.cache.join(format!("{key}.note"))).ok()
}

/// Writes a note under a key of the cache, aside first.
pub(crate) fn remember(options: &JitOptions, key: &str, note: &str) -> std::io::Result<()> {
    fs::create_dir_all(&options.cache)?;
    let mut aside = tempfile::NamedTempFile::new_in(&options.cache)?;
    aside.write_all(note.as_bytes())?;
    aside.as_file().sync_all()?;
    aside.persist(options.cache.join(format!("{key}.note")))?;
    Ok(())
}

/// What `-march=native` depends on.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let wanted = ["model name", "flags", "Features", "CPU part"];
    let lines = info.lines().take_while(|l| !l.is_empty());
    let lines = lines.filter(|l| wanted.iter().any(|w| l.starts_with(w)));
    format!("{} {}", std::env::consts::ARCH, lines.collect::<Vec<_>>().join("\n"))
}

/// Whether the file ends with the hash of what comes before.
fn is_intact(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    let Some(end) = bytes.len().checked_sub(40) else { return false };
    bytes[end + 32..] == SEAL[..]
        && bytes[end..end + 32] == blake3::hash(&bytes[..end]).as_bytes()[..]
}

fn compile(
    text: &str,
    key: &str,
    path: &Path,
    compiler: &Compiler,
    options: &JitOptions,
) -> Result<(), JitError> {
    let cache = |what, path: &Path| {
        let path: PathBuf = path.to_owned();
        move |source| JitError::Cache { what, path, source }
    };
    fs::create_dir_all(&options.cache).map_err(cache("create", &options.cache))?;
    let aside = tempfile::Builder::new()
        .prefix(&format!("{key}."))
        .tempdir_in(&options.cache)
        .map_err(cache("write in", &options.cache))?;
    let source = aside.path().join("kernel.c");
    let object = aside.path().join("kernel.so");
    fs::write(&source, text).map_err(cache("write", &source))?;
    if let Err(error) = compiler.run(&source, &object) {
        let kept = options.cache.join(format!("{key}.c"));
        let error = match (error, fs::rename(&source, &kept)) {
            (JitError::Failed { command, status, message, .. }, Ok(())) => {
                JitError::Failed { command, status, message, source_file: kept }
            }
            (error, _) => error,
        };
        return Err(error);
    }
    seal(&object).map_err(cache("seal", &object))?;
    fs::rename(&object, path).map_err(cache("write", path))
}

/// Appends the hash of the file and the mark. A write that a crash cuts short is noticed by them,
/// so nothing is forced to disk.
fn seal(object: &Path) -> std::io::Result<()> {
    let bytes = fs::read(object)?;
    let mut file = fs::OpenOptions::new().append(true).open(object)?;
    file.write_all(blake3::hash(&bytes).as_bytes())?;
    file.write_all(SEAL)
}
