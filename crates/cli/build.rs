//! Tells the program which commit it is built from, for `run.json`: release builds in a clone of
//! the project, if there is a git. Others do not know.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        // Elsewhere the commit would be that of a project which contains a copy of this one.
        if git(&["rev-parse", "--show-prefix"]).as_deref() == Some("crates/cli/")
            && let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"])
            && let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
            && Path::new(&log).is_file()
        {
            println!("cargo::rustc-env=RETROGRAD_COMMIT={commit}");
            // Grows with every commit and every checkout.
            println!("cargo::rerun-if-changed={log}");
        }
    }
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
