//! A job as a commented file: every key with its meaning, unit, default and allowed values.
//!
//! `retrograd new` prints templates by it, and every run folder receives its own job by it.

use std::fmt::Write as _;

use super::keys::{self, Key, Repeat, Section};
use super::reader::{self, Folders};
use super::tree::{Node, Value};

/// Width of the comments.
const WIDTH: usize = 96;

/// What becomes of relative paths.
#[derive(Clone, Copy, Debug)]
pub enum Paths<'a> {
    /// They stay as written.
    AsWritten,
    /// They are made absolute, so that the file may be moved.
    Absolute(&'a Folders),
}

/// The commented job file with the values of `root`; keys that it leaves out get their default,
/// or stand in a comment if they have none.
pub fn commented(title: &str, root: &Node, paths: Paths<'_>) -> String {
    let mut out = String::new();
    comment(&mut out, title);
    comment(
        &mut out,
        "Quantities are plain numbers in SI units or text with a unit, such as \"20 m\". Paths \
         are relative to this file. Lines that begin with `# key =` show keys not in use.",
    );
    for section in keys::SECTIONS {
        match section.repeat {
            Repeat::Once => write_section(&mut out, section, root, paths),
            Repeat::Many => write_repeated(&mut out, section, root, paths),
        }
    }
    out
}

fn write_section(out: &mut String, section: &Section, root: &Node, paths: Paths<'_>) {
    let node = root.at(section.path);
    out.push('\n');
    comment(out, section.doc);
    let _ = writeln!(out, "[{}]", section.path);
    for key in keys::in_section(section.path) {
        comment(out, &format!("{} {}", key.doc, key.facts()));
        write_value(out, key, root, node, paths);
    }
}

fn write_repeated(out: &mut String, section: &Section, root: &Node, paths: Paths<'_>) {
    out.push('\n');
    comment(out, section.doc);
    for key in keys::in_section(section.path) {
        comment(out, &format!("{}: {} {}", key.name(), key.doc, key.facts()));
    }
    let entries: Vec<Option<&Node>> = match root.at(section.path).map(|node| &node.value) {
        Some(Value::List(items)) => items.iter().map(Some).collect(),
        _ => vec![None],
    };
    for (index, entry) in entries.into_iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let _ = writeln!(out, "[[{}]]", section.path);
        for key in keys::in_section(section.path) {
            write_value(out, key, root, entry, paths);
        }
    }
}

fn write_value(out: &mut String, key: &Key, root: &Node, section: Option<&Node>, paths: Paths<'_>) {
    let given = section.and_then(|node| node.at(key.name()));
    let name = key.name();
    let _ = match (given, key.default) {
        (Some(node), _) => writeln!(out, "{name} = {}", value_text(key, node, paths)),
        (None, Some(_)) if conflicts(key, root) => writeln!(out, "# {name} ="),
        (None, Some(default)) => writeln!(out, "{name} = {default}"),
        (None, None) => writeln!(out, "# {name} ="),
    };
}

/// Whether writing out the default of `key` would contradict what the job says: a default left
/// out is no statement, one written down is.
fn conflicts(key: &Key, root: &Node) -> bool {
    let has = |path: &str| root.at(path).is_some();
    let says = |path: &str, word: &str| {
        root.at(path).is_some_and(|node| matches!(&node.value, Value::Text(text) if text == word))
    };
    match key.path {
        "time.duration" => has("time.steps"),
        "grid.extent" => says("model.source", "files"),
        "data.refine" | "data.space_order" => {
            says("data.kind", "same-grid") || says("data.kind", "files")
        }
        path => ["survey.sources", "survey.receivers"].iter().any(|line| {
            path.starts_with(line)
                && (has(&format!("{line}.positions")) || has(&format!("{line}.file")))
        }),
    }
}

fn value_text(key: &Key, node: &Node, paths: Paths<'_>) -> String {
    let Paths::Absolute(folders) = paths else { return node.value.to_toml() };
    if !reader::is_input_path(key.kind) {
        return node.value.to_toml();
    }
    absolute(node, folders).to_toml()
}

fn absolute(node: &Node, folders: &Folders) -> Value {
    match &node.value {
        Value::Text(text) => {
            let path = reader::absolute(folders, &node.place, text);
            Value::Text(path.to_string_lossy().into_owned())
        }
        Value::List(items) => Value::List(
            items
                .iter()
                .map(|item| Node { value: absolute(item, folders), ..item.clone() })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// `text` as comment lines of at most [`WIDTH`] characters.
fn comment(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() > 1 && line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(out, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
}
