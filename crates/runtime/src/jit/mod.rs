//! Compiling C at run time.
//!
//! A module is compiled once by the system's compiler into a shared object in the cache folder,
//! under a name made from everything that determines it: text, flags, compiler file, processor.
//! It is written aside, sealed with its own hash and renamed: two processes may compile the same
//! module at once, and a damaged file is noticed and compiled again. Libraries are never unloaded.

mod cache;
mod compiler;

pub(crate) use cache::{key_of, load, recall, remember};
pub use compiler::{Compiler, find_compiler};

use std::path::PathBuf;

/// Where to find the compiler and where to keep its results.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JitOptions {
    /// Commands to try, in order.
    pub compilers: Vec<String>,
    /// Folder of compiled modules.
    pub cache: PathBuf,
}

impl JitOptions {
    /// From the environment: compilers `RETROGRAD_CC`, `CC`, `cc`, `gcc`, `clang`; cache
    /// `RETROGRAD_CACHE`, `XDG_CACHE_HOME/retrograd`, `HOME/.cache/retrograd` or a folder for
    /// temporary files. To be read once, by a front end.
    pub fn from_environment() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|v| !v.trim().is_empty());
        let named = ["RETROGRAD_CC", "CC"].into_iter().filter_map(variable);
        let usual = ["cc", "gcc", "clang"].map(String::from);
        let folder = |name, below: &str| variable(name).map(|v| PathBuf::from(v).join(below));
        let cache = folder("RETROGRAD_CACHE", "")
            .or_else(|| folder("XDG_CACHE_HOME", "retrograd"))
            .or_else(|| folder("HOME", ".cache/retrograd"))
            .unwrap_or_else(|| std::env::temp_dir().join("retrograd-cache"));
        Self { compilers: named.chain(usual).collect(), cache }
    }
}

/// Why no kernel could be compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JitError {
    /// No compiler.
    #[error(
        "no C compiler found (tried {tried})\n  help: install one (Debian, Ubuntu: `apt install \
         gcc`; macOS: `xcode-select --install`), or set CC to its command; `--backend \
         interpreter` runs without one, slowly"
    )]
    NoCompiler {
        /// The commands.
        tried: String,
    },
    /// The compiler refused the text.
    #[error(
        "`{command}` failed on generated C ({status}):\n{message}\n  help: this is a defect \
             of Retrograd or of the compiler; the text is kept in {source_file}"
    )]
    Failed {
        /// What was run.
        command: String,
        /// How it ended.
        status: String,
        /// What it said.
        message: String,
        /// Where the text is.
        source_file: PathBuf,
    },
    /// The cache folder does not work.
    #[error("cannot {what} {path}: {source}\n  help: set RETROGRAD_CACHE to a folder that can be \
             written to", path = path.display())]
    Cache {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A compiled module could not be loaded.
    #[error("cannot load {path}: {source}\n  help: is the cache folder mounted `noexec`? set \
             RETROGRAD_CACHE to another one", path = path.display())]
    Load {
        /// The module.
        path: PathBuf,
        /// The loader's answer.
        source: libloading::Error,
    },
}
