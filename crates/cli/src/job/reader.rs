//! Takes values out of the tree by key, collecting faults instead of stopping at them.
//!
//! A getter always returns something usable: after a fault, the default. Rules that relate
//! several keys ask [`Reader::is_sound`] first, so that one fault is not reported twice.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::decode::{Decoded, decode, key_help};
use super::files::Files;
use super::finding::{Finding, Place};
use super::keys::{self, Key, Kind};
use super::tree::{self, Node};

/// Where relative paths begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folders {
    /// Of paths written in the job file.
    pub job: PathBuf,
    /// Of paths given on the command line, and of the run folder.
    pub current: PathBuf,
}

/// The tree, the folders and the faults found so far.
pub struct Reader<'a> {
    root: &'a Node,
    /// The entry of a repeated section that is being read.
    scope: Option<(&'static str, &'a Node)>,
    folders: &'a Folders,
    files: &'a dyn Files,
    findings: Vec<Finding>,
    unsound: BTreeSet<&'static str>,
    used: BTreeSet<&'static str>,
}

impl<'a> Reader<'a> {
    /// Nothing read, nothing found.
    pub fn new(root: &'a Node, folders: &'a Folders, files: &'a dyn Files) -> Self {
        Self {
            root,
            scope: None,
            folders,
            files,
            findings: Vec::new(),
            unsound: BTreeSet::new(),
            used: BTreeSet::new(),
        }
    }

    /// The faults, and the keys that were asked for.
    pub fn finish(self) -> (Vec<Finding>, BTreeSet<&'static str>) {
        (self.findings, self.used)
    }

    /// The files of this job.
    pub fn files(&self) -> &'a dyn Files {
        self.files
    }

    /// Reads keys of `section` from `node` until [`Reader::leave`].
    pub fn enter(&mut self, section: &'static str, node: &'a Node) {
        self.scope = Some((section, node));
    }

    /// Back to the whole job.
    pub fn leave(&mut self) {
        self.scope = None;
    }

    /// What the user wrote for `path`.
    pub fn given(&self, path: &str) -> Option<&'a Node> {
        if let Some((section, node)) = self.scope
            && let Some(rest) = path.strip_prefix(section)
        {
            return node.at(rest.trim_start_matches('.'));
        }
        self.root.at(path)
    }

    /// Whether no fault was found in the keys of `paths`.
    pub fn is_sound(&self, paths: &[&str]) -> bool {
        paths.iter().all(|path| !self.unsound.contains(path))
    }

    /// Reports a fault that relates several keys, at `path` or at the section it would stand in.
    pub fn reject(&mut self, path: &'static str, message: String, label: &str, help: String) {
        let place = self.place(path);
        self.reject_at(path, place, message, label, help);
    }

    /// Reports a fault at a place of its own.
    pub fn reject_at(
        &mut self,
        path: &'static str,
        place: Option<Place>,
        message: String,
        label: &str,
        help: String,
    ) {
        self.unsound.insert(path);
        self.findings.push(Finding { place, message, label: label.to_owned(), help });
    }

    /// Where `path` is written, or the nearest section around it.
    pub fn place(&self, path: &str) -> Option<Place> {
        if let Some(node) = self.given(path) {
            return Some(node.place.clone());
        }
        let mut rest = path;
        while let Some((section, _)) = rest.rsplit_once('.') {
            if let Some(node) = self.given(section) {
                return Some(node.key.clone());
            }
            rest = section;
        }
        None
    }

    /// The value of `path`: as written, or the default if it is absent or faulty.
    pub fn get(&mut self, path: &'static str) -> Option<Decoded> {
        let key = self.key(path);
        if let Some(node) = self.given(path) {
            match decode(key, node) {
                Ok(value) => return Some(value),
                Err(findings) => {
                    self.unsound.insert(path);
                    self.findings.extend(findings);
                }
            }
        }
        default(key)
    }

    fn key(&mut self, path: &'static str) -> &'static Key {
        self.used.insert(path);
        keys::find(path).expect("the parser should ask only for documented keys")
    }

    /// Text or a choice.
    pub fn text(&mut self, path: &'static str) -> String {
        match self.get(path) {
            Some(Decoded::Text(text)) => text,
            _ => String::new(),
        }
    }

    /// A whole number that has a default.
    pub fn count(&mut self, path: &'static str) -> usize {
        self.maybe_count(path).unwrap_or_default()
    }

    /// A whole number; `None` if absent or a word.
    pub fn maybe_count(&mut self, path: &'static str) -> Option<usize> {
        match self.get(path) {
            Some(Decoded::Count(n)) => usize::try_from(n).ok(),
            _ => None,
        }
    }

    /// Whole numbers; `None` if absent or a word.
    pub fn counts(&mut self, path: &'static str) -> Option<Vec<usize>> {
        match self.get(path) {
            Some(Decoded::Counts(numbers)) => {
                numbers.into_iter().map(|n| usize::try_from(n).ok()).collect()
            }
            _ => None,
        }
    }

    /// A number or quantity that has a default.
    pub fn real(&mut self, path: &'static str) -> f64 {
        self.maybe_real(path).unwrap_or_default()
    }

    /// A number or quantity; `None` if absent or a word.
    pub fn maybe_real(&mut self, path: &'static str) -> Option<f64> {
        match self.get(path) {
            Some(Decoded::Real(x, _)) => Some(x),
            _ => None,
        }
    }

    /// A list of quantities.
    pub fn reals(&mut self, path: &'static str) -> Option<Vec<f64>> {
        match self.get(path) {
            Some(Decoded::Reals(values)) => Some(values),
            _ => None,
        }
    }

    /// An existing file, absolute.
    pub fn file(&mut self, path: &'static str) -> Option<PathBuf> {
        let Some(Decoded::Text(text)) = self.get(path) else { return None };
        let place = self.given(path)?.place.clone();
        self.existing(path, &text, place)
    }

    /// Texts, as they are.
    pub fn texts(&mut self, path: &'static str) -> Vec<String> {
        match self.get(path) {
            Some(Decoded::Texts(texts)) => texts,
            _ => Vec::new(),
        }
    }

    /// Existing files, absolute.
    pub fn existing_files(&mut self, path: &'static str) -> Option<Vec<PathBuf>> {
        let Some(Decoded::Texts(texts)) = self.get(path) else { return None };
        let place = self.given(path)?.place.clone();
        let found: Vec<PathBuf> =
            texts.iter().filter_map(|text| self.existing(path, text, place.clone())).collect();
        (found.len() == texts.len()).then_some(found)
    }

    fn existing(&mut self, path: &'static str, text: &str, place: Place) -> Option<PathBuf> {
        let absolute = absolute(self.folders, &place, text);
        if self.files.size(&absolute).is_some() {
            return Some(absolute);
        }
        let key = self.key(path);
        let message = format!("`{path}`: there is no file {}", tidy(&absolute).display());
        let origin = if place.source == 0 { "the job file" } else { "the current folder" };
        let help = format!("paths here are relative to {origin}. {}", key_help(key));
        self.reject_at(path, Some(place), message, "no such file", help);
        None
    }
}

/// `text` as a path, from the folder that belongs to the place it was written at.
pub fn absolute(folders: &Folders, place: &Place, text: &str) -> PathBuf {
    let base: &Path = if place.source == 0 { &folders.job } else { &folders.current };
    base.join(text)
}

/// Removes `.` and resolves `..` by text, for messages: on disk a link may mean otherwise.
fn tidy(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// The default of `key`. A word or a missing default of a path is nothing.
pub fn default(key: &Key) -> Option<Decoded> {
    let node = default_node(key)?;
    decode(key, &node).ok()
}

/// The default of `key` as a node of its own.
pub fn default_node(key: &Key) -> Option<Node> {
    let text = format!("value = {}", key.default?);
    let root = tree::parse(&text, usize::MAX).ok()?;
    root.at("value").cloned()
}

/// Whether `kind` holds paths that are made absolute in the run folder's job file.
pub fn is_input_path(kind: Kind) -> bool {
    matches!(kind, Kind::File | Kind::Files)
}
