//! Convergence: misfit and model error against iteration.

use retrograd_plot::{AxisScale, Curves, Picture};

use super::ReportError;
use super::tables::hertz;
use crate::inversion::{IterationRow, Outcome};

/// The row of every accepted iteration with its number over all stages: the last iteration of a
/// stage and the start of the next one share theirs.
fn numbered(rows: &[IterationRow]) -> Vec<(f64, IterationRow)> {
    let mut before = 0;
    let mut last: Option<IterationRow> = None;
    let mut numbered = Vec::with_capacity(rows.len());
    for &row in rows {
        if let Some(last) = last.filter(|last| last.stage != row.stage) {
            before += last.iteration;
        }
        numbered.push(((before + row.iteration) as f64, row));
        last = Some(row);
    }
    numbered
}

/// A chart with the stages marked.
fn staged(title: &str, rows: &[(f64, IterationRow)], outcome: &Outcome) -> Curves {
    let mut chart = Curves::new(title).x_axis("Iteration");
    let mut stage = 0;
    for (x, row) in rows {
        if row.stage != stage {
            stage = row.stage;
            let known = outcome.stages.get(stage.saturating_sub(1));
            let name = known.map_or(String::new(), |s| format!(", {}", hertz(s.frequency_hz)));
            chart = chart.stage(*x, format!("stage {stage}{name}"));
        }
    }
    chart
}

/// `J / J0` of every stage, on a logarithmic axis.
pub(super) fn misfit(outcome: &Outcome) -> Result<Picture, ReportError> {
    let rows = numbered(&outcome.rows);
    let chart = staged("Data misfit", &rows, outcome)
        .y_axis("Misfit relative to the start of the stage")
        .scale(AxisScale::Log10);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (at, row) in &rows {
        if row.iteration == 0 {
            // Another stage has other data: no line leads from one to the next.
            x.push(*at);
            y.push(f64::NAN);
        }
        x.push(*at);
        y.push(row.misfit_ratio);
    }
    Ok(chart.line("", &x, &y).draw()?)
}

/// Relative model error, in percent.
pub(super) fn model_error(outcome: &Outcome) -> Result<Picture, ReportError> {
    let rows = numbered(&outcome.rows);
    let chart =
        staged("Model error", &rows, outcome).y_axis("Relative error of P velocity, L2 norm (%)");
    let known = rows.iter().filter_map(|(x, row)| Some((*x, 100.0 * row.model_error?)));
    let (x, y): (Vec<f64>, Vec<f64>) = known.unzip();
    Ok(chart.line("", &x, &y).draw()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_share_the_iteration_between_them() {
        let row = |stage, iteration| IterationRow {
            stage,
            iteration,
            misfit: 1.0,
            misfit_ratio: 1.0,
            model_error: None,
            step_m_s: 0.0,
            evaluations: 1,
            seconds: 0.0,
            peak_rss_bytes: 0,
        };
        let rows = [row(1, 0), row(1, 1), row(1, 2), row(2, 0), row(2, 1), row(3, 0)];
        let numbers: Vec<f64> = numbered(&rows).iter().map(|r| r.0).collect();
        assert_eq!(numbers, [0.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
    }
}
