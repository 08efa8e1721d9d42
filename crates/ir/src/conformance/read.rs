//! Reader of case files.

use super::{Action, Array, Case, in_order};
use crate::program::{DType, Levels, ScalarId, SparseId, Stencil, Target};
use crate::text::{ParseError, parse};
use crate::verify::{Invalid, verify};

/// Why a text is no case.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The program has a syntax error.
    #[error(transparent)]
    Syntax(#[from] ParseError),
    /// The program breaks rules.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Invalid>),
    /// A directive is malformed.
    #[error("line {line}: `{directive}`: expected {expected}")]
    Directive {
        /// Its line, from 1.
        line: usize,
        /// Its text.
        directive: String,
        /// What may stand there.
        expected: String,
    },
}

pub(super) fn case(name: &str, text: &str) -> Result<Case, CaseError> {
    let program = verify(parse(text)?).map_err(CaseError::Invalid)?;
    let stencil = program.stencil();
    let mut case = Case {
        name: name.into(),
        extents: Vec::new(),
        widths: vec![0; stencil.widths.len()],
        params: vec![0.0; stencil.params.len()],
        points: vec![Vec::new(); stencil.sparse.len()],
        steps: 1,
        tolerance: 0.0,
        actions: Vec::new(),
        program,
    };
    for (line, directive) in directives(text) {
        read(&mut case, &directive).map_err(|expected| CaseError::Directive {
            line,
            directive,
            expected,
        })?;
    }
    if case.extents.is_empty() {
        let (directive, expected) = (String::new(), "`extents` somewhere".to_owned());
        return Err(CaseError::Directive { line: 1, directive, expected });
    }
    Ok(case)
}

/// The directives with their line numbers, continued lines joined.
fn directives(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some(directive) = line.trim_start().strip_prefix("#:").map(str::trim) else {
            continue;
        };
        let continues = directive.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        match found.last_mut().filter(|_| continues) {
            Some((_, last)) => last.extend([" ", directive]),
            None => found.push((number + 1, directive.to_owned())),
        }
    }
    found
}

/// What was expected instead, where a directive is malformed.
type Expected = String;

fn read(case: &mut Case, directive: &str) -> Result<(), Expected> {
    let (word, rest) = directive.split_once(' ').unwrap_or((directive, ""));
    match word {
        "extents" => {
            case.extents = numbers(rest)?;
            let dims = case.program.stencil().dims.len();
            if case.extents.len() != dims {
                return Err(format!("{dims} extents"));
            }
        }
        "steps" => case.steps = one(rest)?,
        "tolerance" => case.tolerance = one(rest)?,
        "width" | "param" | "points" => assign(case, word, rest)?,
        "set" => {
            let (array, values) = array_and_values(case, rest)?;
            case.actions.push(Action::Set(array, values));
        }
        "expect" => {
            let (array, values) = array_and_values(case, rest)?;
            case.actions.push(Action::Expect(array, values));
        }
        "run" => {
            let action = run(case.program.stencil(), rest)?;
            case.actions.push(action);
        }
        _ => {
            return Err(
                "extents, steps, width, param, points, tolerance, set, run or expect".into()
            );
        }
    }
    Ok(())
}

/// `name = values`.
fn assign(case: &mut Case, what: &str, text: &str) -> Result<(), Expected> {
    let (name, values) = text.split_once('=').ok_or("`name = values`")?;
    let name = name.trim();
    let stencil = case.program.stencil();
    let unknown = || format!("the name of a {what}");
    match what {
        "width" => {
            let id = stencil.widths.iter().position(|w| w.name == name).ok_or_else(unknown)?;
            case.widths[id] = one(values)?;
        }
        "param" => {
            let id = stencil.params.iter().position(|p| p.name == name).ok_or_else(unknown)?;
            case.params[id] = one(values)?;
        }
        _ => {
            let id = stencil.sparse_named(name).ok_or_else(unknown)?;
            let points: Result<Vec<Vec<f64>>, Expected> = values.split(',').map(numbers).collect();
            case.points[id.0 as usize] = points?;
        }
    }
    Ok(())
}

/// `step a..b`.
fn run(stencil: &Stencil, text: &str) -> Result<Action, Expected> {
    let expected = "`run step first..end`";
    let (name, range) = text.trim().split_once(' ').ok_or(expected)?;
    let named = stencil.steps.iter().position(|s| s.name == name);
    let step = named.ok_or("the name of a step")?;
    let (first, end) = range.split_once("..").ok_or(expected)?;
    let numbers = in_order(one(first)?..one(end)?, stencil.steps[step].direction);
    Ok(Action::Run { step, numbers })
}

/// `u[t-1] = values`, rounded to the type of the array.
fn array_and_values(case: &Case, text: &str) -> Result<(Array, Vec<f64>), Expected> {
    let (name, values) = text.split_once('=').ok_or("`array = values`")?;
    let array = array(case.program.stencil(), name.trim())?;
    let mut values: Vec<f64> = numbers(values)?;
    let count = case.len_of(array);
    if values.len() == 1 {
        values = vec![values[0]; count];
    }
    if values.len() != count {
        return Err(format!("1 or {count} values, found {}", values.len()));
    }
    if case.dtype(array) == DType::F32 {
        for value in &mut values {
            *value = f64::from(*value as f32);
        }
    }
    Ok((array, values))
}

fn array(stencil: &Stencil, text: &str) -> Result<Array, Expected> {
    if let Some((name, step)) = text.split_once('@') {
        let field = stencil.field_named(name).ok_or("the name of a tape")?;
        if stencil.field(field).levels != Levels::Tape {
            return Err("a tape".into());
        }
        return Ok(Array::Tape(field, one(step)?));
    }
    let (name, time) = match text.strip_suffix(']').and_then(|t| t.split_once("[t")) {
        Some((name, "")) => (name, 0),
        Some((name, shift)) => (name, one(shift)?),
        None => (text, 0),
    };
    if let Some(field) = stencil.field_named(name) {
        return Ok(Array::Level(Target { field, time }));
    }
    if let Some(sparse) = stencil.sparse_named(name) {
        return Ok(Array::Series(SparseId(sparse.0)));
    }
    let scalar = stencil.scalars.iter().position(|s| s.name == name);
    scalar
        .map(|id| Array::Scalar(ScalarId(id as u32)))
        .ok_or_else(|| "the name of a function, of sparse points or of a scalar".into())
}

fn numbers<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, Expected> {
    text.split_whitespace().map(one).collect()
}

fn one<T: std::str::FromStr>(text: &str) -> Result<T, Expected> {
    text.trim().parse().map_err(|_| format!("a number, found `{}`", text.trim()))
}
