//! From a written value to a checked one, by the key's kind.

use std::ops::RangeInclusive;

use super::finding::{Finding, Place};
use super::keys::{Count, Key, Kind, Range};
use super::suggest;
use super::tree::{Node, Value};
use super::units::{self, Dimension, QuantityError};

/// A value that is of the right type, unit and range. Quantities are in SI units.
#[derive(Clone, PartialEq, Debug)]
pub enum Decoded {
    /// The special word of a kind such as [`Kind::CountOr`].
    Word,
    /// Text, a choice or a path.
    Text(String),
    /// Paths.
    Texts(Vec<String>),
    /// `true` or `false`.
    Switch(bool),
    /// A whole number.
    Count(u64),
    /// Whole numbers.
    Counts(Vec<u64>),
    /// A number or quantity and, for a quantity, what it measures.
    Real(f64, Option<Dimension>),
    /// Quantities of one dimension.
    Reals(Vec<f64>),
    /// Positions in metres.
    Points(Vec<Vec<f64>>),
}

/// Reads `node` as a value of `key`.
///
/// # Errors
/// Everything that is wrong with it: a list may hold several faults.
pub fn decode(key: &Key, node: &Node) -> Result<Decoded, Vec<Finding>> {
    let one = |finding| vec![finding];
    match key.kind {
        Kind::Files | Kind::Texts => files(key, node),
        Kind::Folder(word) if is_word(node, word) => Ok(Decoded::Word),
        Kind::Text | Kind::File | Kind::Folder(_) => {
            text(key, node).map(Decoded::Text).map_err(one)
        }
        Kind::Switch => match node.value {
            Value::Boolean(switch) => Ok(Decoded::Switch(switch)),
            _ => Err(one(wrong_type(key, node))),
        },
        Kind::Choice(words) => choice(key, node, words).map(Decoded::Text).map_err(one),
        Kind::CountOr(_, word) | Kind::CountsOr(_, word) | Kind::QuantityOr(_, _, word)
            if is_word(node, word) =>
        {
            Ok(Decoded::Word)
        }
        Kind::Count(allowed) | Kind::CountOr(allowed, _) => {
            count(key, node, allowed).map(Decoded::Count).map_err(one)
        }
        Kind::Counts(allowed) | Kind::CountsOr(allowed, _) => {
            list(key, node, |item| count(key, item, allowed)).map(Decoded::Counts)
        }
        Kind::Number(range) => {
            real(key, node, &[], range).map(|(x, _)| Decoded::Real(x, None)).map_err(one)
        }
        Kind::Quantity(dimensions, range) | Kind::QuantityOr(dimensions, range, _) => {
            real(key, node, dimensions, range)
                .map(|(x, dimension)| Decoded::Real(x, dimension))
                .map_err(one)
        }
        Kind::Quantities(dimension, range) => {
            quantities(key, node, dimension, range, 2..=3).map(Decoded::Reals)
        }
        Kind::Pair(dimension, range) => {
            quantities(key, node, dimension, range, 2..=2).map(Decoded::Reals)
        }
        Kind::Points => list(key, node, |item| {
            quantities(key, item, Dimension::Length, Range::Finite, 2..=3).map_err(first)
        })
        .map(Decoded::Points),
    }
}

/// The first of several faults of one element; the others follow from it.
fn first(mut findings: Vec<Finding>) -> Finding {
    findings.swap_remove(0)
}

fn is_word(node: &Node, word: &str) -> bool {
    matches!(&node.value, Value::Text(text) if text == word)
}

fn text(key: &Key, node: &Node) -> Result<String, Finding> {
    match &node.value {
        Value::Text(text) if text.trim().is_empty() => Err(Finding {
            place: Some(node.place.clone()),
            message: format!("`{}` is empty", key.path),
            label: "nothing in these quotes".to_owned(),
            help: key_help(key),
        }),
        Value::Text(text) => Ok(text.clone()),
        _ => Err(wrong_type(key, node)),
    }
}

fn files(key: &Key, node: &Node) -> Result<Decoded, Vec<Finding>> {
    match &node.value {
        Value::List(_) => list(key, node, |item| text(key, item)).map(Decoded::Texts),
        _ => text(key, node).map(|path| Decoded::Texts(vec![path])).map_err(|error| vec![error]),
    }
}

fn choice(key: &Key, node: &Node, words: &[&'static str]) -> Result<String, Finding> {
    let Value::Text(text) = &node.value else { return Err(wrong_type(key, node)) };
    if words.contains(&text.as_str()) {
        return Ok(text.clone());
    }
    let help = match suggest::nearest(text, words.iter().copied()) {
        Some(word) => format!("did you mean \"{word}\"? {}", key_help(key)),
        None => key_help(key),
    };
    Err(Finding {
        place: Some(node.place.clone()),
        message: format!("`{}` cannot be \"{text}\"", key.path),
        label: "not one of the choices".to_owned(),
        help,
    })
}

fn count(key: &Key, node: &Node, allowed: Count) -> Result<u64, Finding> {
    let Value::Integer(number) = node.value else { return Err(wrong_type(key, node)) };
    match u64::try_from(number) {
        Ok(n) if allowed.holds(n) => Ok(n),
        _ => Err(out_of_range(key, &node.place, &number.to_string(), &allowed.words())),
    }
}

/// A number or a quantity, in SI units.
fn real(
    key: &Key,
    node: &Node,
    dimensions: &[Dimension],
    range: Range,
) -> Result<(f64, Option<Dimension>), Finding> {
    let (x, dimension) = match &node.value {
        Value::Integer(number) => (*number as f64, dimensions.first().copied()),
        Value::Float(number) => (*number, dimensions.first().copied()),
        Value::Text(text) if !dimensions.is_empty() => {
            let (x, dimension) =
                units::parse(text, dimensions).map_err(|error| wrong_unit(key, node, &error))?;
            (x, Some(dimension))
        }
        _ => return Err(wrong_type(key, node)),
    };
    if range.holds(x) {
        return Ok((x, dimension));
    }
    let found = match &node.value {
        Value::Text(text) => text.clone(),
        other => other.to_toml(),
    };
    Err(out_of_range(key, &node.place, &found, &range.words()))
}

/// A list of quantities of which there are as many as `lengths` allows.
fn quantities(
    key: &Key,
    node: &Node,
    dimension: Dimension,
    range: Range,
    lengths: RangeInclusive<usize>,
) -> Result<Vec<f64>, Vec<Finding>> {
    let values = list(key, node, |item| real(key, item, &[dimension], range).map(|(x, _)| x))?;
    if lengths.contains(&values.len()) {
        return Ok(values);
    }
    let wanted = if *lengths.end() == 2 { "2" } else { "2 or 3" };
    Err(vec![Finding {
        place: Some(node.place.clone()),
        message: format!("`{}` takes {wanted} entries, not {}", key.path, values.len()),
        label: format!("{} here", values.len()),
        help: key_help(key),
    }])
}

/// Every element by `read`; all faults together.
fn list<T>(
    key: &Key,
    node: &Node,
    read: impl Fn(&Node) -> Result<T, Finding>,
) -> Result<Vec<T>, Vec<Finding>> {
    let Value::List(items) = &node.value else { return Err(vec![wrong_type(key, node)]) };
    if items.is_empty() {
        return Err(vec![Finding {
            place: Some(node.place.clone()),
            message: format!("`{}` is an empty list", key.path),
            label: "nothing in this list".to_owned(),
            help: key_help(key),
        }]);
    }
    let (mut values, mut findings) = (Vec::new(), Vec::new());
    for item in items {
        match read(item) {
            Ok(value) => values.push(value),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(values) } else { Err(findings) }
}

fn wrong_type(key: &Key, node: &Node) -> Finding {
    Finding {
        place: Some(node.place.clone()),
        message: format!("`{}` cannot be {}", key.path, node.value.noun()),
        label: format!("this is {}", node.value.noun()),
        help: key_help(key),
    }
}

fn out_of_range(key: &Key, place: &Place, found: &str, allowed: &str) -> Finding {
    let unit = key.kind.unit().map_or(String::new(), |unit| format!(" (unit {unit})"));
    Finding {
        place: Some(place.clone()),
        message: format!("`{}` = {found} is out of range", key.path),
        label: format!("allowed: {allowed}{unit}"),
        help: key_help(key),
    }
}

fn wrong_unit(key: &Key, node: &Node, error: &QuantityError) -> Finding {
    let units = key.kind.units().unwrap_or_default();
    let si = key.kind.unit().unwrap_or_default();
    let label = match error {
        QuantityError::NotANumber { .. } => "not a quantity",
        QuantityError::NoUnit { .. } => "a unit is missing",
        QuantityError::UnknownUnit { .. } | QuantityError::WrongDimension { .. } => "wrong unit",
    };
    Finding {
        place: Some(node.place.clone()),
        message: format!("`{}`: {error}", key.path),
        label: label.to_owned(),
        help: format!("units known here: {units}; a plain number is in {si}"),
    }
}

/// What the key means and takes.
pub fn key_help(key: &Key) -> String {
    format!("{}: {} {}", key.path, key.doc, key.facts())
}
