//! What a key of the job file is: its kind, range, default and documentation.
//!
//! The tables [`KEYS`] and [`SECTIONS`] are the one source of truth: the parser accepts exactly
//! these keys, takes its defaults from them, checks types and ranges by them; help texts and
//! `retrograd new` print them.

use super::units::{self, Dimension};

pub use super::key_table::{KEYS, SECTIONS};

/// A section of the job file.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its path, such as `survey.sources`.
    pub path: &'static str,
    /// `[path]` or `[[path]]`.
    pub repeat: Repeat,
    /// What it describes.
    pub doc: &'static str,
}

/// How often a section may stand in a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// At most once.
    Once,
    /// Any number of times, in order.
    Many,
}

/// A key of the job file.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its path, such as `grid.spacing`.
    pub path: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The TOML text of the default; absent if leaving the key out means something else.
    pub default: Option<&'static str>,
    /// What it means, and what leaving it out means.
    pub doc: &'static str,
}

/// The values that a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// A file that must exist.
    File,
    /// One file or a list of files that must exist.
    Files,
    /// A folder to write to, or the word.
    Folder(&'static str),
    /// One text or a list of texts.
    Texts,
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Count(Count),
    /// A whole number or a word.
    CountOr(Count, &'static str),
    /// A list of whole numbers.
    Counts(Count),
    /// A list of whole numbers or a word.
    CountsOr(Count, &'static str),
    /// A number without a unit.
    Number(Range),
    /// A quantity; a plain number is in the SI unit of the first dimension.
    Quantity(&'static [Dimension], Range),
    /// A quantity or a word.
    QuantityOr(&'static [Dimension], Range, &'static str),
    /// A list of two or three quantities, one per axis.
    Quantities(Dimension, Range),
    /// A list of two quantities.
    Pair(Dimension, Range),
    /// A list of points, each a list of lengths.
    Points,
}

/// Whole numbers from `min` to `max`, in steps.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
    /// 1, or 2 for even numbers only.
    pub step: u64,
}

/// Real numbers that are allowed.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// Any finite number.
    Finite,
    /// More than zero.
    Positive,
    /// Zero or more.
    NotNegative,
    /// Both ends included.
    Between(f64, f64),
}

impl Range {
    /// Whether `x` is inside.
    pub fn holds(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Self::Finite => true,
                Self::Positive => x > 0.0,
                Self::NotNegative => x >= 0.0,
                Self::Between(low, high) => (low..=high).contains(&x),
            }
    }

    /// The allowed values in words.
    pub fn words(self) -> String {
        match self {
            Self::Finite => "any finite number".to_owned(),
            Self::Positive => "more than 0".to_owned(),
            Self::NotNegative => "0 or more".to_owned(),
            Self::Between(low, high) => format!("{low:?} to {high:?}"),
        }
    }
}

impl Count {
    /// Whether `n` is allowed.
    pub fn holds(self, n: u64) -> bool {
        (self.min..=self.max).contains(&n) && (n - self.min).is_multiple_of(self.step)
    }

    /// The allowed numbers in words.
    pub fn words(self) -> String {
        let Self { min, max, step } = self;
        match step {
            1 if max == i64::MAX as u64 => format!("a whole number, {min} or more"),
            1 => format!("a whole number, {min} to {max}"),
            _ => format!("an even whole number, {min} to {max}"),
        }
    }
}

impl Kind {
    /// The allowed values in words, for help texts and for the commented job file.
    pub fn allowed(self) -> String {
        let quoted = |word: &str| format!("\"{word}\"");
        match self {
            Self::Text => "text".to_owned(),
            Self::File => "an existing file".to_owned(),
            Self::Files => "an existing file, or a list of them".to_owned(),
            Self::Folder(word) => format!("a folder, or {}", quoted(word)),
            Self::Texts => "text, or a list of texts".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                words.join(" or ")
            }
            Self::Count(count) => count.words(),
            Self::CountOr(count, word) => format!("{}, or {}", count.words(), quoted(word)),
            Self::Counts(count) => format!("a list, each {}", count.words()),
            Self::CountsOr(count, word) => {
                format!("a list, each {}, or {}", count.words(), quoted(word))
            }
            Self::Number(range) | Self::Quantity(_, range) => range.words(),
            Self::QuantityOr(_, range, word) => format!("{}, or {}", range.words(), quoted(word)),
            Self::Quantities(_, range) => format!("a list of 2 or 3, each {}", range.words()),
            Self::Pair(_, range) => format!("a list of 2, each {}", range.words()),
            Self::Points => "a list of points [x, z] or [x, y, z]".to_owned(),
        }
    }

    /// The unit of a plain number, if the key has one.
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::Quantity(dimensions, _) | Self::QuantityOr(dimensions, _, _) => {
                dimensions.first().map(|dimension| dimension.si())
            }
            Self::Quantities(dimension, _) | Self::Pair(dimension, _) => Some(dimension.si()),
            Self::Points => Some(Dimension::Length.si()),
            _ => None,
        }
    }

    /// Other spellings of the unit, for help texts.
    pub fn units(self) -> Option<String> {
        match self {
            Self::Quantity(dimensions, _) | Self::QuantityOr(dimensions, _, _) => {
                Some(units::list(dimensions))
            }
            Self::Quantities(dimension, _) | Self::Pair(dimension, _) => {
                Some(units::list(&[dimension]))
            }
            Self::Points => Some(units::list(&[Dimension::Length])),
            _ => None,
        }
    }
}

impl Key {
    /// The section that the key stands in.
    pub fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// The last part of the path.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }

    /// One line: unit, default, allowed values.
    pub fn facts(&self) -> String {
        let unit = self.kind.unit().map_or(String::new(), |unit| format!("Unit: {unit}. "));
        let default = self.default.unwrap_or("none");
        format!("{unit}Default: {default}. Allowed: {}.", self.kind.allowed())
    }
}

/// The key with this path.
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The section with this path.
pub fn find_section(path: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.path == path)
}

/// The keys that stand directly in `section`.
pub fn in_section(section: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section() == section)
}

/// The sections that stand directly in `section` (`""` for the top level).
pub fn sections_in(section: &str) -> impl Iterator<Item = &'static Section> {
    SECTIONS.iter().filter(move |child| match child.path.rsplit_once('.') {
        Some((parent, _)) => parent == section,
        None => section.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_in_a_documented_section() {
        for key in KEYS {
            assert!(find_section(key.section()).is_some(), "{} has no section", key.path);
            assert!(key.doc.len() > 10, "{} should be documented", key.path);
        }
    }

    #[test]
    fn paths_are_unique() {
        for (index, key) in KEYS.iter().enumerate() {
            assert!(KEYS[..index].iter().all(|other| other.path != key.path), "{}", key.path);
        }
    }
}
