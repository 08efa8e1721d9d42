//! Pictures and self-contained HTML reports.
//!
//! Values go in as slices with their shape, a [`Picture`] comes out: PNG bytes or a file; of charts
//! of many strokes a [`Drawing`], which is SVG. Nothing here needs a display, an installed font or
//! a network; equal input gives equal bytes.
//!
//! | picture | shows |
//! |---|---|
//! | [`Heatmap`] | a vertical section: model, gradient, image; sources, receivers, lines |
//! | [`Panels`] | several sections with common colour scales |
//! | [`Curves`] | misfit and model error against iteration, with stages |
//! | [`Gather`] | shot gathers side by side with one clip |
//! | [`TraceComparison`] | selected traces laid over each other |
//! | [`Profiles`] | values against depth at some positions |
//! | [`TimeChart`] | what ran when, as SVG: sweeps, timelines |
//! | [`Report`] | one page with all of it |
//!
//! Positions are in metres, times in seconds; axis 0 of a section is x, axis 1 is z, positive
//! down, and the last axis is the fastest. Files appear complete under their final name or not
//! at all. Not here: what the numbers mean, and where they come from.
//!
//! The embedded font is Inter, under the SIL Open Font License (see `assets`).

#![forbid(unsafe_code)]

mod array;
mod axis;
mod base64;
mod canvas;
mod color;
mod colorbar;
mod contour;
mod curves;
mod error;
mod file;
mod font;
mod frame;
mod gather;
mod heatmap;
mod legend;
mod marker;
mod panels;
mod picture;
mod profile;
mod report;
mod stroke;
mod svg;
mod time_chart;
mod traces;

pub use array::Array2;
pub use color::{ColorMap, ValueRange};
pub use curves::{AxisScale, Curves};
pub use error::PlotError;
pub use frame::Interpolation;
pub use gather::Gather;
pub use heatmap::Heatmap;
pub use panels::Panels;
pub use picture::Picture;
pub use profile::Profiles;
pub use report::{Report, Section, Table, Tile, Tone};
pub use time_chart::{Drawing, KindId, Look, TimeChart};
pub use traces::TraceComparison;
