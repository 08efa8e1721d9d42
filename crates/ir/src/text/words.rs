//! Words of the text form.

use crate::closure::Edge;
use crate::expr::{Compare, UnaryOp};
use crate::program::{DType, ReduceOp};

/// Words that cannot be names, because a reader (or the parser) would take them for something
/// else. Words of declarations, such as `levels`, can.
pub(crate) const RESERVED: [&str; 24] = [
    "t",
    "let",
    "in",
    "every",
    "while",
    "inject",
    "interpolate",
    "round",
    "abs",
    "sqrt",
    "exp",
    "ln",
    "sin",
    "cos",
    "tan",
    "tanh",
    "min",
    "max",
    "sum",
    "fma",
    "select",
    "inf",
    "nan",
    "domain",
];

/// Whether `name` is a letter followed by letters, digits and underscores (ASCII).
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(is_letter) && name.chars().all(is_name_part)
}

pub(crate) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

pub(crate) fn is_name_part(c: char) -> bool {
    is_letter(c) || c.is_ascii_digit()
}

pub(crate) const UNARY: [(&str, UnaryOp); 9] = [
    ("round", UnaryOp::Round),
    ("abs", UnaryOp::Abs),
    ("sqrt", UnaryOp::Sqrt),
    ("exp", UnaryOp::Exp),
    ("ln", UnaryOp::Ln),
    ("sin", UnaryOp::Sin),
    ("cos", UnaryOp::Cos),
    ("tan", UnaryOp::Tan),
    ("tanh", UnaryOp::Tanh),
];

/// Before the edges of a transposed read.
pub(crate) const FOLDED: &str = "fold";
/// Before the edges of samples that sit half a cell beyond the nodes.
pub(crate) const HALF: &str = "half";

pub(crate) const EDGES: [(&str, Edge); 5] = [
    ("zero", Edge::Zero),
    ("clamp", Edge::Clamp),
    ("even", Edge::Even),
    ("odd", Edge::Odd),
    ("periodic", Edge::Periodic),
];

pub(crate) const REDUCTIONS: [(&str, ReduceOp); 3] =
    [("sum", ReduceOp::Sum), ("min", ReduceOp::Min), ("max", ReduceOp::Max)];

pub(crate) const DTYPES: [(&str, DType); 2] = [("f32", DType::F32), ("f64", DType::F64)];

pub(crate) const COMPARISONS: [(&str, Compare); 4] =
    [("<", Compare::Lt), ("<=", Compare::Le), ("==", Compare::Eq), ("!=", Compare::Ne)];

/// The word of `value` in one of the tables above.
pub(crate) fn word<T: Copy + PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    let found = table.iter().find(|(_, v)| *v == value);
    found.map(|(word, _)| *word).expect("every value should have a word")
}

/// The value of `word` in one of the tables above.
pub(crate) fn meaning<T: Copy>(table: &[(&'static str, T)], word: &str) -> Option<T> {
    table.iter().find(|(w, _)| *w == word).map(|(_, value)| *value)
}

/// Words in prose: `` `a`, `b` or `c` ``.
pub(crate) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|w| format!("`{w}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
