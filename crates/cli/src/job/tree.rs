//! The job text as a tree of values that know where they were written.
//!
//! Overrides are merged into the tree before anything is checked, so that a faulty one is
//! reported at the `--set` it came from and a good one is indistinguishable from the file.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::finding::{Finding, Place, Source};

/// A value and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// What was written.
    pub value: Value,
    /// Where the value was written.
    pub place: Place,
    /// Where its key was written; its own place for elements of lists.
    pub key: Place,
}

/// What TOML can say.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number; one outside the 64-bit range becomes a float.
    Integer(i64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date or time: no key takes one.
    Date(String),
    /// A list.
    List(Vec<Node>),
    /// A section or an inline table.
    Table(BTreeMap<String, Node>),
}

impl Value {
    /// What a person calls this type.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Boolean(_) => "true/false",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a section",
        }
    }

    /// The value as TOML on one line; a table becomes an inline one.
    pub fn to_toml(&self) -> String {
        match self {
            Self::Text(text) => toml::Value::String(text.clone()).to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => toml::Value::Float(*number).to_string(),
            Self::Boolean(switch) => switch.to_string(),
            Self::Date(date) => date.clone(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.value.to_toml()).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Table(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, node)| format!("{key} = {}", node.value.to_toml()))
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }
}

impl Node {
    /// The entry at `path` (`"grid.spacing"`) below this table.
    pub fn at(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, name| match &node.value {
            Value::Table(entries) => entries.get(name),
            _ => None,
        })
    }
}

/// Parses TOML; on failure returns every syntax error.
///
/// # Errors
/// One finding per syntax error.
pub fn parse(text: &str, source: usize) -> Result<Node, Vec<Finding>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let place = Place::new(source, &(0..0));
        return Ok(Node {
            value: convert_table(table.into_inner(), source),
            key: place.clone(),
            place,
        });
    }
    // The first error of a line: the others follow from it.
    let mut findings: Vec<Finding> = Vec::new();
    let mut lines = BTreeSet::new();
    for error in &errors {
        let at = error.span().map_or(text.len(), |span| span.start);
        if lines.insert(text.bytes().take(at).filter(|byte| *byte == b'\n').count()) {
            findings.push(syntax_finding(error, text, source));
        }
    }
    Err(findings)
}

fn syntax_finding(error: &toml::de::Error, text: &str, source: usize) -> Finding {
    let span = error.span().unwrap_or(text.len()..text.len());
    Finding {
        place: Some(Place::new(source, &span)),
        message: format!("this is not TOML: {}", error.message()),
        label: "here".to_owned(),
        help: "a line is `key = value`, a section `[name]`; text and quantities with units stand \
               in double quotes"
            .to_owned(),
    }
}

fn convert_table(table: DeTable<'_>, source: usize) -> Value {
    let entries = table.into_iter().map(|(key, value)| {
        let key_place = Place::new(source, &key.span());
        let node = Node { key: key_place, ..convert(value, source) };
        (key.into_inner().into_owned(), node)
    });
    Value::Table(entries.collect())
}

fn convert(value: Spanned<DeValue<'_>>, source: usize) -> Node {
    let place = Place::new(source, &value.span());
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => integer(number.as_str(), number.radix()),
        DeValue::Float(number) => {
            Value::Float(number.as_str().replace('_', "").parse().unwrap_or(f64::NAN))
        }
        DeValue::Boolean(switch) => Value::Boolean(switch),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => {
            Value::List(items.into_iter().map(|item| convert(item, source)).collect())
        }
        DeValue::Table(table) => convert_table(table, source),
    };
    Node { value, key: place.clone(), place }
}

fn integer(digits: &str, radix: u32) -> Value {
    let digits = digits.replace('_', "");
    match i64::from_str_radix(&digits, radix) {
        Ok(number) => Value::Integer(number),
        Err(_) => Value::Float(digits.parse().unwrap_or(f64::NAN)),
    }
}

/// The most parts of a key on the command line; ours have four at the most. Trees are walked by
/// recursion, so that their depth must be limited; the TOML parser limits that of the file.
const KEY_PARTS_MAX: usize = 16;

/// One `key.path=value` from the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Override {
    /// What the user typed before it: `--set`, `--threads`.
    pub flag: String,
    /// `key.path=value`.
    pub text: String,
}

/// Merges `overrides` into `root` in order and appends their texts to `sources`.
pub fn merge(root: &mut Node, overrides: &[Override], sources: &mut Vec<Source>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for set in overrides {
        let number = sources.len();
        sources.push(Source { name: set.flag.clone(), text: set.text.clone() });
        let merged = read_override(&set.text, number).and_then(|patch| patch_node(root, patch));
        if let Err(finding) = merged {
            findings.push(finding);
        }
    }
    findings
}

/// Reads the text as TOML; if it is none, everything after `=` is text: `--set job.name=west`.
fn read_override(text: &str, source: usize) -> Result<Node, Finding> {
    let malformed = |label: &str| Finding {
        place: Some(Place::new(source, &(0..text.len()))),
        message: format!("`{text}` sets nothing"),
        label: label.to_owned(),
        help: "write key.path=value, such as job.seed=3 or 'grid.spacing=[\"20 m\", 10]'"
            .to_owned(),
    };
    let Some((key, value)) = text.split_once('=') else {
        return Err(malformed("there is no `=` here"));
    };
    if key.trim().is_empty() || key.split('.').any(|name| name.trim().is_empty()) {
        return Err(malformed("a part of the key is empty"));
    }
    if key.split('.').count() > KEY_PARTS_MAX {
        return Err(malformed("no key has so many parts"));
    }
    if value.trim().is_empty() {
        return Err(malformed("there is no value after `=`"));
    }
    if let Ok(node) = parse(text, source) {
        return Ok(node);
    }
    let value_start = key.len() + 1;
    let place = Place::new(source, &(value_start..text.len()));
    let key_place = Place::new(source, &(0..key.len()));
    let leaf = Node { value: Value::Text(value.trim().to_owned()), place, key: key_place.clone() };
    Ok(key.split('.').rev().fold(leaf, |inner, name| Node {
        value: Value::Table(BTreeMap::from([(name.trim().to_owned(), inner)])),
        place: key_place.clone(),
        key: key_place.clone(),
    }))
}

/// Overwrites what `patch` names and keeps the rest. A number as a key enters a list.
fn patch_node(target: &mut Node, patch: Node) -> Result<(), Finding> {
    let Value::Table(entries) = patch.value else {
        *target = patch;
        return Ok(());
    };
    match &mut target.value {
        Value::Table(existing) => {
            for (name, inner) in entries {
                match existing.get_mut(&name) {
                    Some(node) => patch_node(node, inner)?,
                    None => {
                        existing.insert(name, inner);
                    }
                }
            }
            Ok(())
        }
        Value::List(items) if entries.keys().all(|name| name.parse::<usize>().is_ok()) => {
            for (name, inner) in entries {
                let count = items.len();
                let item = name.parse::<usize>().ok().and_then(|index| items.get_mut(index));
                let Some(item) = item else { return Err(no_such_item(&name, count, &inner)) };
                patch_node(item, inner)?;
            }
            Ok(())
        }
        _ => {
            *target = Node { value: Value::Table(entries), ..patch };
            Ok(())
        }
    }
}

fn no_such_item(name: &str, count: usize, inner: &Node) -> Finding {
    Finding {
        place: Some(inner.key.clone()),
        message: format!("there is no entry {name} in this list of {count}"),
        label: "counted from 0".to_owned(),
        help: match count {
            0 => "add the entry to the job file first".to_owned(),
            1 => "use 0, or add the entry to the job file".to_owned(),
            count => format!("use 0 to {}, or add the entry to the job file", count - 1),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, set: &str, path: &str, expected: &str) {
        let mut root = parse(text, 0).expect("the test's TOML should parse");
        let mut sources = vec![Source { name: "job.toml".into(), text: text.into() }];
        let set = Override { flag: "--set".into(), text: set.into() };
        assert_eq!(merge(&mut root, &[set], &mut sources), []);
        let node = root.at(path).expect("the key should be set");
        assert_eq!(node.value.to_toml(), expected);
    }

    #[test]
    fn a_set_replaces_a_value() {
        check("[grid]\nspacing = [1, 1]", "grid.spacing=[2.5, 3]", "grid.spacing", "[2.5, 3]");
    }

    #[test]
    fn a_set_keeps_the_neighbours() {
        check("[job]\nname = \"a\"\nseed = 2", "job.name=b", "job.seed", "2");
    }

    #[test]
    fn text_needs_no_quotes() {
        check("", "memory.budget=512 MiB", "memory.budget", "\"512 MiB\"");
    }

    #[test]
    fn a_number_enters_a_list() {
        let text = "[[stage]]\nfrequency = 3\n[[stage]]\nfrequency = 5";
        let mut root = parse(text, 0).expect("the test's TOML should parse");
        let set = Override { flag: "--set".into(), text: "stage.1.frequency=6".into() };
        assert_eq!(merge(&mut root, &[set], &mut Vec::new()), []);
        let stages = root.at("stage").expect("the stages should be there");
        let expected = "[{ frequency = 3 }, { frequency = 6 }]";
        assert_eq!(stages.value.to_toml(), expected);
    }

    #[test]
    fn a_missing_entry_is_an_error() {
        let mut root = parse("[[stage]]\nfrequency = 3", 0).expect("TOML");
        let set = Override { flag: "--set".into(), text: "stage.4.frequency=6".into() };
        let findings = merge(&mut root, &[set], &mut Vec::new());
        assert_eq!(findings[0].message, "there is no entry 4 in this list of 1");
    }
}
