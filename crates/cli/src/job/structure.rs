//! The shape of a job: only known keys, each in its section.

use std::collections::BTreeMap;

use super::decode::key_help;
use super::finding::Finding;
use super::keys::{self, Repeat};
use super::suggest;
use super::tree::{Node, Value};

/// Every key and section that does not belong where it stands.
pub(super) fn check(root: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Value::Table(entries) = &root.value {
        check_entries("", entries, &mut findings);
    }
    findings
}

fn check_entries(section: &str, entries: &BTreeMap<String, Node>, findings: &mut Vec<Finding>) {
    for (name, node) in entries {
        let path = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        if name.contains('.') {
            // A quoted key: its dots are letters, and no key of ours has one.
            findings.push(unknown(section, name, &path, node));
        } else if let Some(known) = keys::find_section(&path) {
            check_section(&path, known.repeat, node, findings);
        } else if keys::find(&path).is_none() {
            findings.push(unknown(section, name, &path, node));
        }
    }
}

fn check_section(path: &str, repeat: Repeat, node: &Node, findings: &mut Vec<Finding>) {
    match (&node.value, repeat) {
        (Value::Table(entries), Repeat::Once) => check_entries(path, entries, findings),
        (Value::List(items), Repeat::Many) if !items.is_empty() => {
            for item in items {
                match &item.value {
                    Value::Table(entries) => check_entries(path, entries, findings),
                    _ => findings.push(not_a_section(path, repeat, item)),
                }
            }
        }
        _ => findings.push(not_a_section(path, repeat, node)),
    }
}

fn not_a_section(path: &str, repeat: Repeat, node: &Node) -> Finding {
    let header = match repeat {
        Repeat::Once => format!("[{path}]"),
        Repeat::Many => format!("[[{path}]]"),
    };
    Finding {
        place: Some(node.place.clone()),
        message: format!("`{path}` is a section, written {header}"),
        label: format!("this is {}", node.value.noun()),
        help: format!("{header} holds {}", names(path)),
    }
}

fn unknown(section: &str, name: &str, path: &str, node: &Node) -> Finding {
    let here = if section.is_empty() { "a job".to_owned() } else { format!("[{section}]") };
    Finding {
        place: Some(node.key.clone()),
        message: format!("unknown key `{path}`"),
        label: format!("no such key in {here}"),
        help: advice(section, name, &here),
    }
}

/// The nearest key here, else the same name in another section, else all names here.
fn advice(section: &str, name: &str, here: &str) -> String {
    let local = keys::in_section(section)
        .map(keys::Key::name)
        .chain(keys::sections_in(section).map(|child| last(child.path)));
    if let Some(near) = suggest::nearest(name, local) {
        let near_path = join(section, near);
        let doc = keys::find(&near_path).map_or(String::new(), |key| format!(" {}", key_help(key)));
        return format!("did you mean `{near}`?{doc}");
    }
    if let Some(key) = keys::KEYS.iter().find(|key| key.name() == name) {
        return format!("`{name}` stands in [{}]. {}", key.section(), key_help(key));
    }
    if let Some(other) = keys::SECTIONS.iter().find(|other| last(other.path) == name) {
        return format!("did you mean [{}]?", other.path);
    }
    format!("{here} holds {}", names(section))
}

fn names(section: &str) -> String {
    let keys = keys::in_section(section).map(|key| key.name().to_owned());
    let sections = keys::sections_in(section).map(|child| format!("[{}]", child.path));
    keys.chain(sections).collect::<Vec<_>>().join(", ")
}

fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

fn last(path: &'static str) -> &'static str {
    path.rsplit_once('.').map_or(path, |(_, name)| name)
}
