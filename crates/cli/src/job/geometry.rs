//! The mesh and the survey: shapes that agree, positions inside the model.

use std::path::Path;

use super::files::{self, Order};
use super::reader::Reader;
use super::sections::{only_for, require};
use super::tree::Value;
use super::types::{Grid, Interpolation, ModelFile, ModelFormat, Position, Start, Survey, Truth};
use super::units::Metres;

/// The most nodes of a grid; anything above is a slip of the finger (800 GB per field).
const NODES_MAX: f64 = 1e11;

/// The most receivers or sources that a line may hold.
const POINTS_MAX: f64 = 1e6;

/// `[grid]`, if the files that determine it could be read.
pub(super) fn grid(reader: &mut Reader<'_>, truth: &Truth, start: Option<&Start>) -> Option<Grid> {
    let spacing = reader.reals("grid.spacing")?;
    let given_shape = reader.counts("grid.shape");
    let extent = reader.reals("grid.extent")?;
    let basin = matches!(truth, Truth::Basin { .. });
    let shape = if basin {
        basin_shape(reader, &extent, &spacing)
    } else {
        only_for(reader, &["grid.extent"], "model.source = \"basin\"");
        require(reader, "grid.spacing", "model.source = \"files\"");
        let models = file_shape(reader, truth, start, given_shape.as_deref());
        // Without a readable file the shape in the job still lets the survey be checked.
        models.or(given_shape.clone())
    }?;
    if let (true, Some(given)) = (basin, &given_shape)
        && *given != shape
    {
        let message = format!("`grid.shape` {given:?} is not extent / spacing + 1 = {shape:?}");
        reader.reject("grid.shape", message, "another shape", "leave it out".to_owned());
    }
    let axes = shape.len();
    let origin = reader.reals("grid.origin").unwrap_or_else(|| vec![0.0; axes]);
    for (path, found) in [("grid.spacing", spacing.len()), ("grid.origin", origin.len())] {
        if found != axes {
            let message = format!("`{path}` has {found} entries, the model has {axes} axes");
            let help = format!("give {axes} entries, depth last");
            reader.reject(path, message, "one entry per axis", help);
        }
    }
    if !reader.is_sound(&["grid.spacing", "grid.origin", "grid.extent", "grid.shape"]) {
        return None;
    }
    let nodes: f64 = shape.iter().map(|&n| n as f64).product();
    if nodes > NODES_MAX {
        let message = format!("the grid {shape:?} has {nodes:.1e} nodes");
        let help = format!("at most {NODES_MAX:.0e}: a wider spacing or a smaller extent");
        reader.reject("grid.spacing", message, "too fine", help);
        return None;
    }
    let metres = |values: Vec<f64>| values.into_iter().map(Metres).collect();
    Some(Grid { shape, spacing: metres(spacing), origin: metres(origin) })
}

fn basin_shape(reader: &mut Reader<'_>, extent: &[f64], spacing: &[f64]) -> Option<Vec<usize>> {
    if extent.len() != spacing.len() {
        let message =
            format!("`grid.extent` has {} entries, `grid.spacing` {}", extent.len(), spacing.len());
        let help = "both need one entry per axis, depth last".to_owned();
        reader.reject("grid.spacing", message, "one entry per axis", help);
        return None;
    }
    let shape: Vec<usize> =
        extent.iter().zip(spacing).map(|(length, h)| (length / h).round() as usize + 1).collect();
    if shape.iter().any(|&n| n < 16) {
        let message = format!("the grid {shape:?} is too small for a basin");
        let help = "at least 16 nodes per axis: a finer spacing or a larger extent".to_owned();
        reader.reject("grid.spacing", message, "too coarse", help);
        return None;
    }
    Some(shape)
}

/// The shape on which all model files and the job agree.
fn file_shape(
    reader: &mut Reader<'_>,
    truth: &Truth,
    start: Option<&Start>,
    given: Option<&[usize]>,
) -> Option<Vec<usize>> {
    let mut files: Vec<(&'static str, &ModelFile)> = Vec::new();
    if let Truth::File(file) = truth {
        files.push(("model.vp_true", file));
    }
    if let Some(Start::File(file)) = start {
        files.push(("model.vp_start", file));
    }
    let mut agreed: Option<(String, Vec<usize>)> =
        given.map(|shape| ("grid.shape".to_owned(), shape.to_vec()));
    for (path, file) in files {
        let shape = match file.format {
            ModelFormat::Npy => npy_shape(reader, path, &file.path),
            ModelFormat::RawF32 => raw_shape(reader, path, &file.path, given),
        };
        match (shape, &agreed) {
            (Some(shape), Some((other, expected))) if shape != *expected => {
                let message = format!("`{path}` has shape {shape:?}, `{other}` {expected:?}");
                let help = "all models and grid.shape must agree, depth last".to_owned();
                reader.reject(path, message, "another shape", help);
            }
            (Some(shape), None) => agreed = Some((path.to_owned(), shape)),
            (Some(_), Some(_)) | (None, _) => {}
        }
    }
    agreed.map(|(_, shape)| shape)
}

fn npy_shape(reader: &mut Reader<'_>, path: &'static str, file: &Path) -> Option<Vec<usize>> {
    let header = reader
        .files()
        .head(file)
        .map_err(|error| error.to_string())
        .and_then(|bytes| files::npy_header(&bytes));
    let fault = match header {
        Err(fault) => fault,
        Ok(header) if !matches!(header.descr.as_str(), "<f4" | "<f8") => {
            format!("its type is {}, not <f4 or <f8", header.descr)
        }
        Ok(header) if header.order == Order::Fortran => "it is in Fortran order".to_owned(),
        Ok(header) if !(2..=3).contains(&header.shape.len()) => {
            format!("it has {} axes, not 2 or 3", header.shape.len())
        }
        Ok(header) if header.shape.iter().any(|&n| n < 2) => {
            format!("its shape is {:?}", header.shape)
        }
        Ok(header) => return Some(header.shape),
    };
    let message = format!("`{path}`: {} is no model: {fault}", file.display());
    let help = "save it as numpy.save(path, numpy.ascontiguousarray(vp, \"<f4\")), axes x, z; \
                for raw files set model.format = \"raw-f32\""
        .to_owned();
    reader.reject(path, message, "not readable as a model", help);
    None
}

fn raw_shape(
    reader: &mut Reader<'_>,
    path: &'static str,
    file: &Path,
    given: Option<&[usize]>,
) -> Option<Vec<usize>> {
    let Some(shape) = given else {
        if reader.is_sound(&["grid.shape"]) {
            require(reader, "grid.shape", "model.format = \"raw-f32\"");
        }
        return None;
    };
    let expected = shape.iter().try_fold(4_u64, |bytes, &n| bytes.checked_mul(n as u64));
    let found = reader.files().size(file)?;
    if expected == Some(found) {
        return Some(shape.to_vec());
    }
    let message = format!("`{path}`: {} has {found} bytes, not those of {shape:?}", file.display());
    let help = "a raw-f32 file holds 4 bytes per node; check grid.shape".to_owned();
    reader.reject(path, message, "of another size", help);
    None
}

/// One line of points: the keys that describe it.
struct Line {
    section: &'static str,
    first: &'static str,
    last: &'static str,
    depth: &'static str,
    positions: &'static str,
    file: &'static str,
    count: &'static str,
    spacing: Option<&'static str>,
}

const SOURCES: Line = Line {
    section: "survey.sources",
    first: "survey.sources.first",
    last: "survey.sources.last",
    depth: "survey.sources.depth",
    positions: "survey.sources.positions",
    file: "survey.sources.file",
    count: "survey.sources.count",
    spacing: None,
};

const RECEIVERS: Line = Line {
    section: "survey.receivers",
    first: "survey.receivers.first",
    last: "survey.receivers.last",
    depth: "survey.receivers.depth",
    positions: "survey.receivers.positions",
    file: "survey.receivers.file",
    count: "survey.receivers.count",
    spacing: Some("survey.receivers.spacing"),
};

/// `[survey]`; the positions are empty where the grid is unknown.
pub(super) fn survey(reader: &mut Reader<'_>, grid: Option<&Grid>) -> Survey {
    let radius = reader.count("survey.radius");
    let interpolation = match reader.text("survey.interpolation").as_str() {
        "sinc" => Interpolation::Sinc { radius },
        _ => Interpolation::Linear,
    };
    let sources = points(reader, grid, &SOURCES);
    let receivers = points(reader, grid, &RECEIVERS);
    Survey { sources, receivers, interpolation }
}

fn points(reader: &mut Reader<'_>, grid: Option<&Grid>, line: &Line) -> Vec<Position> {
    let explicit = match reader.get(line.positions) {
        Some(super::decode::Decoded::Points(points)) => Some(points),
        _ => None,
    };
    let file = reader.file(line.file);
    let on_line = line_points(reader, grid, line);
    let line_keys = [Some(line.first), Some(line.last), Some(line.depth), Some(line.count)];
    let line_keys: Vec<_> = line_keys.into_iter().chain([line.spacing]).flatten().collect();
    let found = match (explicit, file) {
        (Some(points), _) => {
            only_for(reader, &line_keys, "a line, not beside `positions`");
            only_for(reader, &[line.file], "positions from a file, not beside `positions`");
            points
        }
        (None, Some(path)) => {
            only_for(reader, &line_keys, "a line, not beside `file`");
            file_points(reader, line, &path).unwrap_or_default()
        }
        (None, None) => on_line.unwrap_or_default(),
    };
    let Some(grid) = grid else { return Vec::new() };
    inside(reader, grid, line, &found);
    let clamp = |axis: usize, x: f64| {
        let low = grid.origin[axis].0;
        x.clamp(low, low + (grid.shape[axis] - 1) as f64 * grid.spacing[axis].0)
    };
    let axes = grid.shape.len();
    let clamped = |point: Vec<f64>| {
        Position(point.into_iter().take(axes).enumerate().map(|(i, x)| clamp(i, x)).collect())
    };
    found.into_iter().map(clamped).collect()
}

/// Equidistant points; `None` if the grid is unknown or a key is faulty.
fn line_points(reader: &mut Reader<'_>, grid: Option<&Grid>, line: &Line) -> Option<Vec<Vec<f64>>> {
    let (first, last) = (reader.maybe_real(line.first), reader.maybe_real(line.last));
    let depth = reader.real(line.depth);
    let count = reader.maybe_count(line.count);
    let step = line.spacing.and_then(|path| reader.maybe_real(path));
    if let (Some(_), Some(_), Some(path)) = (count, step, line.spacing) {
        let message = format!("`{path}` and `{}` both say how many", line.count);
        reader.reject(path, message, "how many, again", "keep one of them".to_owned());
    }
    let grid = grid?;
    let explicit = [line.positions, line.file].iter().any(|path| reader.given(path).is_some());
    if grid.shape.len() != 2 {
        if !explicit {
            let message = format!("`{}` needs explicit positions in 3-D", line.section);
            let help = format!("give {} or {}", line.positions, line.file);
            reader.reject(line.positions, message, "a line is 2-D", help);
        }
        return None;
    }
    let (x0, h) = (grid.origin[0].0, grid.spacing[0].0);
    let x1 = x0 + (grid.shape[0] - 1) as f64 * h;
    let (first, last) = (first.unwrap_or(x0), last.unwrap_or(x1));
    let step = step.unwrap_or(h);
    let intervals = ((last - first).abs() / step * (1.0 + 1e-12)).floor();
    let n = count.map_or(intervals + 1.0, |n| n as f64);
    if n > POINTS_MAX {
        let message = format!("`{}` has {n:.1e} points", line.section);
        let path = if count.is_some() { line.count } else { line.spacing? };
        reader.reject(path, message, "too many", format!("at most {POINTS_MAX:.0e}"));
        return None;
    }
    let n = n as usize;
    let step = match count {
        Some(1) => 0.0,
        Some(n) => (last - first) / (n - 1) as f64,
        None => step.copysign(last - first),
    };
    // The last of a counted line is `last` itself, not a sum that may miss the edge by an ulp.
    let x = |i: usize| if count == Some(i + 1) && i > 0 { last } else { first + i as f64 * step };
    Some((0..n).map(|i| vec![x(i), depth]).collect())
}

/// Positions from a text file: numbers separated by commas or blanks, `#` begins a comment.
fn file_points(reader: &mut Reader<'_>, line: &Line, file: &Path) -> Option<Vec<Vec<f64>>> {
    let parsed = reader.files().text(file).map_err(|error| error.to_string()).and_then(|text| {
        let rows = text.lines().enumerate().filter_map(|(number, row)| {
            let row = row.split('#').next().unwrap_or_default().trim();
            (!row.is_empty()).then_some((number + 1, row))
        });
        rows.map(|(number, row)| {
            row.split([',', ' ', '\t'])
                .filter(|word| !word.is_empty())
                .map(|word| word.parse().ok().filter(|x: &f64| x.is_finite()))
                .collect::<Option<Vec<f64>>>()
                .ok_or_else(|| format!("line {number} is `{row}`"))
        })
        .collect::<Result<Vec<_>, _>>()
    });
    match parsed {
        Ok(points) if !points.is_empty() => return Some(points),
        Ok(_) => {
            let message = format!("`{}`: {} is empty", line.file, file.display());
            let help = "write one position per line: x, z in metres".to_owned();
            reader.reject(line.file, message, "no positions in it", help);
        }
        Err(fault) => {
            let message = format!("`{}`: {}: {fault}", line.file, file.display());
            let help = "write one position per line: x, z in metres".to_owned();
            reader.reject(line.file, message, "not readable as positions", help);
        }
    }
    None
}

/// Reports the first point outside the model, and how many there are.
fn inside(reader: &mut Reader<'_>, grid: &Grid, line: &Line, points: &[Vec<f64>]) {
    let axes = grid.shape.len();
    let ends: Vec<(f64, f64)> = (0..axes)
        .map(|axis| {
            let low = grid.origin[axis].0;
            (low, low + (grid.shape[axis] - 1) as f64 * grid.spacing[axis].0)
        })
        .collect();
    let fits = |point: &&Vec<f64>| {
        point.len() == axes
            && point.iter().zip(&ends).zip(&grid.spacing).all(|((x, (low, high)), h)| {
                // A millionth of a cell: positions are often typed with few digits.
                let slack = 1e-6 * h.0;
                (low - slack..=high + slack).contains(x)
            })
    };
    let outside = points.iter().filter(|point| !fits(point)).count();
    let Some(index) = points.iter().position(|point| !fits(&point)) else { return };
    let names = if axes == 2 { "xz" } else { "xyz" };
    let describe = |numbers: &[f64]| -> String {
        let parts = numbers.iter().zip(names.chars()).map(|(x, axis)| format!("{axis} = {x} m"));
        parts.collect::<Vec<_>>().join(", ")
    };
    let model: Vec<String> = ends
        .iter()
        .zip(names.chars())
        .map(|((low, high), axis)| format!("{axis} from {low} to {high} m"))
        .collect();
    let what = line.section.rsplit('.').next().unwrap_or_default().trim_end_matches('s');
    let point = describe(&points[index]);
    let message = format!(
        "{what} {index} at {point} lies outside the model ({outside} of {} do)",
        points.len()
    );
    let help = format!("the model covers {}; {what}s are counted from 0", model.join(", "));
    let (path, place) = culprit(reader, line, grid, index, &points[index]);
    reader.reject_at(path, place, message, "outside the model", help);
}

/// The key to blame for a point outside, and its place.
fn culprit(
    reader: &Reader<'_>,
    line: &Line,
    grid: &Grid,
    index: usize,
    point: &[f64],
) -> (&'static str, Option<super::finding::Place>) {
    if let Some(node) = reader.given(line.positions) {
        let place = match &node.value {
            Value::List(items) => items.get(index).unwrap_or(node).place.clone(),
            _ => node.place.clone(),
        };
        return (line.positions, Some(place));
    }
    if reader.given(line.file).is_some() {
        return (line.file, reader.place(line.file));
    }
    let depth = grid.shape.len() - 1;
    let z0 = grid.origin[depth].0;
    let z1 = z0 + (grid.shape[depth] - 1) as f64 * grid.spacing[depth].0;
    let deep = point.last().is_some_and(|z| !(z0..=z1).contains(z));
    let path = match (deep, index) {
        (true, _) => line.depth,
        (false, 0) => line.first,
        (false, _) => line.last,
    };
    (path, reader.place(path))
}
