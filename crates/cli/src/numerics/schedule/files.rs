//! The files of `chain`, `join` and `uneven`: JSON, every fault with its line and field.

use std::fmt;
use std::fs;
use std::marker::PhantomData;
use std::path::Path;

use retrograd_checkpoint::{Chain, ChainColumns, JoinGraph, PerStep, UnevenSteps};
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};

use crate::job::finding::{Finding, JobErrors, Place, Source};
use crate::job::suggest::nearest;

/// A chain, as `chain --file` reads it.
#[derive(Debug)]
pub struct ChainFile {
    /// What it is called, if it is.
    pub name: Option<String>,
    /// The chain.
    pub chain: Chain,
}

/// Branches, as `join --file` reads them.
#[derive(Debug)]
pub struct JoinFile {
    /// The graph.
    pub graph: JoinGraph,
}

/// Steps that are not alike, as `uneven --file` reads them.
#[derive(Debug)]
pub struct UnevenFile {
    /// What they are called, if they are.
    pub name: Option<String>,
    /// Their costs, and the sizes of their states.
    pub steps: UnevenSteps,
}

const SIZES: &str = "an array of whole numbers from 0";
const TIMES: &str = "an array of numbers that are not negative";

/// A field, and what is wrong with it.
type Fault = (&'static str, String);

impl ChainFile {
    /// Reads a chain from a file.
    ///
    /// # Errors
    /// With file, line and field, if the file cannot be read or is no chain.
    pub fn read(path: &Path) -> Result<Self, JobErrors> {
        let (source, text): (_, Fields<ChainText>) = read(path)?;
        let text = text.0;
        let faults = text.faults();
        if !faults.is_empty() {
            return Err(at_fields(source, faults));
        }
        match Chain::from_columns(&text.columns) {
            Ok(chain) => Ok(Self { name: text.name, chain }),
            Err(error) => Err(nowhere(source, error.to_string())),
        }
    }
}

impl JoinFile {
    /// Reads branches from a file.
    ///
    /// # Errors
    /// With file, line and field, if the file cannot be read or is no join.
    pub fn read(path: &Path) -> Result<Self, JobErrors> {
        let (source, text): (_, Fields<JoinText>) = read(path)?;
        let JoinText { branches, trunk } = text.0;
        let graph = match trunk {
            None => JoinGraph::join(branches),
            Some(trunk) => JoinGraph::pitchfork(trunk, branches),
        };
        graph
            .map(|graph| Self { graph })
            .map_err(|error| at_fields(source, vec![("branches", error.to_string())]))
    }
}

impl UnevenFile {
    /// Reads steps from a file, which has to say how large their states are if `with_sizes`.
    ///
    /// # Errors
    /// With file, line and field, if the file cannot be read or is no list of steps.
    pub fn read(path: &Path, with_sizes: bool) -> Result<Self, JobErrors> {
        let (source, text): (_, Fields<UnevenText>) = read(path)?;
        let UnevenText { name, forward, reverse, size } = text.0;
        let steps = forward.len();
        let mut faults = Vec::new();
        let columns =
            [("reverse", reverse.as_ref().map(Vec::len)), ("size", size.as_ref().map(Vec::len))];
        for (field, found) in columns {
            if let Some(found) = found.filter(|&found| found != steps) {
                let message = format!("`{field}` has {found} entries; `forward` has {steps}");
                faults.push((field, message));
            }
        }
        for (field, column) in [("forward", Some(&forward)), ("reverse", reverse.as_ref())] {
            faults.extend(column.and_then(|column| wrong_time(field, column)));
        }
        if with_sizes && size.is_none() {
            let message = "a budget needs the sizes of the states, in the field `size`".to_owned();
            faults.push(("forward", message));
        }
        if !faults.is_empty() {
            return Err(at_fields(source, faults));
        }
        let adjoint = reverse.map_or(PerStep::Uniform(1.0), PerStep::Each);
        let restart_bytes = size.map_or(PerStep::Uniform(1), PerStep::Each);
        Ok(Self { name, steps: UnevenSteps { forward, adjoint, restart_bytes } })
    }
}

/// What is wrong with a column of times, if anything is.
fn wrong_time(field: &'static str, column: &[f64]) -> Option<Fault> {
    let i = column.iter().position(|time| !(time.is_finite() && *time >= 0.0))?;
    Some((field, format!("`{field}[{i}]` is {}; allowed is {TIMES}", column[i])))
}

/// What a file says of a chain.
#[derive(Default)]
struct ChainText {
    name: Option<String>,
    stages: Option<u64>,
    columns: ChainColumns,
}

impl ChainText {
    /// Fields that contradict each other, and how.
    fn faults(&self) -> Vec<Fault> {
        let ChainColumns { x, xb, f, ff, b, tf, tn, tb } = &self.columns;
        let stages = self.stages.unwrap_or(f.len() as u64);
        let mut faults = Vec::new();
        let of_stages =
            [("f", f.len()), ("ff", ff.len()), ("b", b.len()), ("tf", tf.len()), ("tn", tn.len())];
        let of_states = [("x", x.len()), ("xb", xb.len()), ("tb", tb.len())];
        let wanted = of_stages.map(|column| (column, stages));
        for ((field, found), wanted) in
            wanted.into_iter().chain(of_states.map(|column| (column, stages.saturating_add(1))))
        {
            if found as u64 != wanted {
                let message = format!(
                    "`{field}` has {found} entries; a chain of {stages} stages has {wanted}"
                );
                faults.push((field, message));
            }
        }
        let states = x.iter().zip(xb).enumerate().skip(1);
        if let Some((i, (x, xb))) = states.into_iter().find(|(_, (x, xb))| xb < x) {
            let message = format!(
                "`xb[{i}]` is {xb}, but adjoint data contain the state at the end of their stage, \
                 `x[{i}]`, of {x}"
            );
            faults.push(("xb", message));
        }
        let times = [("f", f), ("ff", ff), ("b", b)];
        faults.extend(times.into_iter().filter_map(|(field, column)| wrong_time(field, column)));
        faults
    }
}

/// What a file says of a join.
#[derive(Default)]
struct JoinText {
    branches: Vec<u64>,
    trunk: Option<u64>,
}

/// What a file says of steps that are not alike.
#[derive(Default)]
struct UnevenText {
    name: Option<String>,
    forward: Vec<f64>,
    reverse: Option<Vec<f64>>,
    size: Option<Vec<u64>>,
}

/// An object whose fields are read one by one.
trait Object: Default {
    /// What the file describes.
    const WHAT: &'static str;
    /// The fields that it may have.
    const FIELDS: &'static [&'static str];
    /// Those that it may lack.
    const OPTIONAL: &'static [&'static str];

    /// Reads the value of one of the fields.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        field: &'static str,
        map: &mut A,
    ) -> Result<(), A::Error>;
}

impl Object for ChainText {
    const WHAT: &'static str = "a chain";
    const FIELDS: &'static [&'static str] =
        &["name", "L", "x", "xb", "f", "ff", "b", "tf", "tn", "tb"];
    const OPTIONAL: &'static [&'static str] = &["name", "L"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        field: &'static str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let columns = &mut self.columns;
        match field {
            "name" => self.name = Some(value(map, field, "text")?),
            "L" => self.stages = Some(value(map, field, "the number of stages")?),
            "x" => columns.x = value(map, field, SIZES)?,
            "xb" => columns.xb = value(map, field, SIZES)?,
            "f" => columns.f = value(map, field, TIMES)?,
            "ff" => columns.ff = value(map, field, TIMES)?,
            "b" => columns.b = value(map, field, TIMES)?,
            "tf" => columns.tf = value(map, field, SIZES)?,
            "tn" => columns.tn = value(map, field, SIZES)?,
            _ => columns.tb = value(map, field, SIZES)?,
        }
        Ok(())
    }
}

impl Object for JoinText {
    const WHAT: &'static str = "a join";
    const FIELDS: &'static [&'static str] = &["branches", "trunk"];
    const OPTIONAL: &'static [&'static str] = &["trunk"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        field: &'static str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match field {
            "branches" => self.branches = value(map, field, SIZES)?,
            _ => self.trunk = Some(value(map, field, "a whole number from 0")?),
        }
        Ok(())
    }
}

impl Object for UnevenText {
    const WHAT: &'static str = "steps";
    const FIELDS: &'static [&'static str] = &["name", "forward", "reverse", "size"];
    const OPTIONAL: &'static [&'static str] = &["name", "reverse", "size"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        field: &'static str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match field {
            "name" => self.name = Some(value(map, field, "text")?),
            "forward" => self.forward = value(map, field, TIMES)?,
            "reverse" => self.reverse = Some(value(map, field, TIMES)?),
            _ => self.size = Some(value(map, field, SIZES)?),
        }
        Ok(())
    }
}

/// The value of a field; an error names the field and what is allowed.
fn value<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    map: &mut A,
    field: &str,
    allowed: &str,
) -> Result<T, A::Error> {
    // The place, which the text of the error ends with, is found there again by the new error.
    map.next_value()
        .map_err(|error| de::Error::custom(format!("`{field}` should be {allowed}: {error}")))
}

/// Reads an [`Object`] field by field.
struct Fields<T>(T);

impl<'de, T: Object> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor(PhantomData)).map(Self)
    }
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Object> Visitor<'de> for FieldsVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, an object with the fields {}", T::WHAT, T::FIELDS.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut object = T::default();
        let mut seen: Vec<&'static str> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let Some(&field) = T::FIELDS.iter().find(|field| **field == key) else {
                let meant = nearest(&key, T::FIELDS.iter().copied());
                let meant = meant.map_or_else(String::new, |field| format!(", maybe `{field}`"));
                let fields = T::FIELDS.join(", ");
                let message = format!("there is no field `{key}`{meant}; allowed are {fields}");
                return Err(de::Error::custom(message));
            };
            if seen.contains(&field) {
                return Err(de::Error::custom(format!("`{field}` is given twice")));
            }
            seen.push(field);
            object.read(field, &mut map)?;
        }
        let required = T::FIELDS.iter().filter(|field| !T::OPTIONAL.contains(field));
        match required.into_iter().find(|field| !seen.contains(field)) {
            Some(field) => Err(de::Error::custom(format!("the field `{field}` is missing"))),
            None => Ok(object),
        }
    }
}

/// Reads a file, whose text comes back for further reports.
fn read<T: DeserializeOwned>(path: &Path) -> Result<(Source, T), JobErrors> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| {
        let source = Source { name: name.clone(), text: String::new() };
        nowhere(source, format!("{name} cannot be read: {error}"))
    })?;
    let source = Source { name, text };
    match serde_json::from_str(&source.text) {
        Ok(value) => Ok((source, value)),
        Err(error) => {
            let message = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
            let start = offset(&source.text, error.line(), error.column());
            let place = Some(Place::new(0, &(start..start + 1)));
            let finding = Finding { place, message, label: "here".to_owned(), help: help() };
            Err(JobErrors::new(vec![source], vec![finding]))
        }
    }
}

fn help() -> String {
    "`retrograd schedule <family> --help` shows a whole file".to_owned()
}

/// A fault without a place.
fn nowhere(source: Source, message: String) -> JobErrors {
    let finding = Finding { place: None, message, label: String::new(), help: help() };
    JobErrors::new(vec![source], vec![finding])
}

/// Faults of fields, in their order.
fn at_fields(source: Source, faults: Vec<Fault>) -> JobErrors {
    let findings = faults.into_iter().map(|(field, fault)| at_field(&source, field, fault));
    let findings = findings.collect();
    JobErrors::new(vec![source], findings)
}

/// A fault of a field, at its name.
fn at_field(source: &Source, field: &str, message: String) -> Finding {
    let name = format!("\"{field}\"");
    // A name is followed by a colon; as a value the same text is not.
    let is_name = |at: &usize| source.text[at + name.len()..].trim_start().starts_with(':');
    let found = source.text.match_indices(&name).map(|(at, _)| at).find(is_name);
    let place = found.map(|at| Place::new(0, &(at..at + name.len())));
    Finding { place, message, label: "this field".to_owned(), help: help() }
}

/// The byte at a line and a column, both from 1; column 0 is the end of the line before.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len().saturating_sub(1))
}
