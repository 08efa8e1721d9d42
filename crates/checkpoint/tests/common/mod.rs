//! What the tests of several families share: the reference tables.
#![allow(dead_code, reason = "every test binary uses its part")]

pub(crate) mod ring;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A reference table: column names, and rows whose cells have whatever types the table says.
#[derive(Deserialize)]
struct Table<R> {
    columns: Vec<String>,
    rows: Vec<R>,
}

/// The rows of a table, whose columns must be the ones the test was written for.
#[track_caller]
pub(crate) fn rows<R: DeserializeOwned>(text: &str, columns: &[&str]) -> Vec<R> {
    let table: Table<R> = serde_json::from_str(text).expect("should be a table");
    assert_eq!(table.columns, columns);
    table.rows
}
