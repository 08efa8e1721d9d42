//! Data fit: gathers and traces of a few shots.

use retrograd_plot::{Array2, Gather, Picture, PlotError, TraceComparison};

use super::tables::hertz;
use super::view::{distance, position, signed};
use super::{MOST_SHOTS, ReportError};
use crate::engine::{Experiment, Record};
use crate::inversion::{Inversion, Watch};
use crate::survey::Point;

/// Most samples per trace of a picture.
const MOST_SAMPLES: usize = 2000;
/// Traces of a comparison.
const ROWS: usize = 8;
/// Share of the samples of a gather that its colours tell apart, in percent: the direct wave is
/// clipped, reflections are seen.
pub(super) const CLIP_PERCENT: f64 = 94.0;
/// Share of the greatest amplitude of a trace below which arrivals are not made stronger.
const QUIET: f64 = 0.04;

/// The shots whose gathers are drawn, by number, and how many were asked for in vain.
pub(super) fn chosen(wanted: Option<&[usize]>, count: usize) -> (Vec<usize>, usize) {
    let Some(wanted) = wanted else {
        let mut usual = vec![0, count / 2, count.saturating_sub(1)];
        usual.dedup();
        usual.retain(|&shot| shot < count);
        return (usual, 0);
    };
    let mut shots: Vec<usize> = Vec::new();
    for &shot in wanted.iter().filter(|&&shot| shot < count) {
        if !shots.contains(&shot) {
            shots.push(shot);
        }
    }
    shots.truncate(MOST_SHOTS);
    let left_out = wanted.iter().filter(|shot| !shots.contains(shot)).count();
    (shots, left_out)
}

/// Records of the shots that are drawn.
#[derive(Clone, Debug)]
pub(super) struct DataFit {
    /// Numbers of the shots.
    pub(super) shots: Vec<usize>,
    frequency_hz: f64,
    observed: Vec<Record>,
    synthetic: Vec<Record>,
    /// Of the shot of [`compared`](Self::compared), in the start model, if `synthetic` is not.
    start: Option<Record>,
}

impl DataFit {
    /// Models the shots in `model`, with the source and the data of a stage (from 0), and one of
    /// them in the start model.
    pub(super) fn modelled(
        inversion: &mut Inversion,
        (stage, shots): (usize, &[usize]),
        model: &[f64],
        watch: &dyn Watch,
    ) -> Result<Self, ReportError> {
        let frequency_hz = inversion.setup().stages[stage].frequency_hz;
        let start = inversion.setup().start.clone();
        let mut fit = Self {
            shots: shots.to_vec(),
            frequency_hz,
            observed: inversion.observed_shots(stage, shots, watch)?,
            synthetic: inversion.synthetic_shots(stage, shots, model, watch)?,
            start: None,
        };
        let compared = shots.get(fit.compared()).filter(|_| model != start);
        if let Some(&shot) = compared {
            let records = inversion.synthetic_shots(stage, &[shot], &start, watch)?;
            fit.start = records.into_iter().next();
        }
        Ok(fit)
    }

    /// Place in the list of the shot whose traces are compared: the middle one.
    fn compared(&self) -> usize {
        self.shots.len() / 2
    }

    /// The norm of the residual of a shot relative to that of its data.
    pub(super) fn residual(&self, place: usize) -> f64 {
        relative(&self.synthetic[place], &self.observed[place])
    }

    /// Observed, synthetic and residual gather of a shot, by its place in the list.
    pub(super) fn gathers(
        &self,
        experiment: &Experiment,
        place: usize,
    ) -> Result<Picture, ReportError> {
        let layout = Layout::of(experiment, self.shots[place]);
        let (observed, synthetic) = (&self.observed[place], &self.synthetic[place]);
        let observed = layout.array(|sample| f64::from(observed[sample]))?;
        let synthetic = layout.array(|sample| f64::from(synthetic[sample]))?;
        let residual = synthetic.minus(&observed)?;
        let title = layout.title(&hertz(self.frequency_hz));
        let gather = layout.gather(title);
        let share = percent(self.residual(place));
        Ok(gather
            .panel("Observed", observed)
            .panel("Synthetic", synthetic)
            .panel(format!("Synthetic − observed: {share}"), residual)
            .draw()?)
    }

    /// Some traces of the middle shot laid over each other.
    pub(super) fn traces(&self, experiment: &Experiment) -> Result<Picture, ReportError> {
        let place = self.compared();
        let layout = Layout::of(experiment, self.shots[place]);
        let rows = layout.rows();
        let names = rows.iter().map(|&r| layout.place(&layout.receivers[r]));
        let title = format!("{}, balanced in time", layout.title(&hertz(self.frequency_hz)));
        let observed = layout.traces(&self.observed[place], &rows)?;
        let period = (1.0 / (self.frequency_hz * layout.dt_s())).round() as usize;
        let gains = gains(&observed, period.max(1));
        let traces = |record: &Record| -> Result<Array2, PlotError> {
            let traces = layout.traces(record, &rows)?;
            let balanced: Vec<f64> =
                traces.values().iter().zip(&gains).map(|(v, gain)| v * gain).collect();
            Array2::new(&balanced, traces.shape())
        };
        let picture = TraceComparison::new(title, layout.dt_s(), names)
            .series("Observed", traces(&self.observed[place])?);
        let synthetic = traces(&self.synthetic[place])?;
        let picture = match &self.start {
            Some(start) => {
                picture.series("Start model", traces(start)?).series("Inverted model", synthetic)
            }
            None => picture.series("Start model", synthetic),
        };
        Ok(picture.draw()?)
    }

    /// Relative residual of the shot whose traces are compared: in the start model, and in the
    /// inverted one if there is one.
    pub(super) fn compared_residuals(&self) -> (f64, Option<f64>) {
        let place = self.compared();
        let found = self.residual(place);
        match &self.start {
            Some(start) => (relative(start, &self.observed[place]), Some(found)),
            None => (found, None),
        }
    }
}

/// One gather of a modelled shot.
pub(super) fn gather(
    experiment: &Experiment,
    shot: usize,
    source: &str,
    record: &Record,
) -> Result<Picture, ReportError> {
    let layout = Layout::of(experiment, shot);
    let gather = layout.gather(layout.title(source));
    Ok(gather.panel("", layout.array(|sample| f64::from(record[sample]))?).draw()?)
}

/// `|synthetic - observed| / |observed|`.
fn relative(synthetic: &[f32], observed: &[f32]) -> f64 {
    let square = |v: f64| v * v;
    let pairs = synthetic.iter().zip(observed);
    let residual: f64 = pairs.map(|(s, o)| square(f64::from(*s) - f64::from(*o))).sum();
    let data: f64 = observed.iter().map(|o| square(f64::from(*o))).sum();
    (residual / data).sqrt()
}

/// `8.1 %`; a dash where there are no data.
pub(super) fn percent(share: f64) -> String {
    if share.is_finite() { format!("{} %", signed(100.0 * share, 1)) } else { "–".to_owned() }
}

/// What traces are multiplied by so that late arrivals are seen beside early ones: the inverse of
/// their own level within a period to either side, limited where they are [`QUIET`].
fn gains(traces: &Array2, period: usize) -> Vec<f64> {
    let [rows, samples] = traces.shape();
    let mut gains = Vec::with_capacity(rows * samples);
    for row in (0..rows).filter_map(|row| traces.row(row)) {
        let mut sums = vec![0.0];
        for value in row {
            sums.push(sums[sums.len() - 1] + value * value);
        }
        let level = |n: usize| {
            let (first, end) = (n.saturating_sub(period), (n + period + 1).min(samples));
            ((sums[end] - sums[first]).max(0.0) / (end - first) as f64).sqrt()
        };
        let levels: Vec<f64> = (0..samples).map(level).collect();
        let greatest = levels.iter().copied().fold(0.0, f64::max);
        let floor = if greatest > 0.0 { QUIET * greatest } else { 1.0 };
        gains.extend(levels.iter().map(|level| 1.0 / (level + floor)));
    }
    gains
}

/// How the samples of one shot lie in a picture.
struct Layout<'a> {
    shot: usize,
    source: Option<&'a Point>,
    receivers: &'a [Point],
    /// Axes of the model.
    axes: usize,
    /// Receivers from left to right.
    order: Vec<usize>,
    steps: usize,
    /// Every how many steps are drawn.
    every: usize,
    step_s: f64,
}

impl<'a> Layout<'a> {
    fn of(experiment: &'a Experiment, shot: usize) -> Self {
        let found = &experiment.survey.shots[shot];
        let receivers = &found.receivers;
        let mut order: Vec<usize> = (0..receivers.len()).collect();
        order.sort_by(|&a, &b| receivers[a].x_m.total_cmp(&receivers[b].x_m));
        Self {
            shot,
            source: found.source.first(),
            receivers,
            axes: experiment.grid.shape().len(),
            order,
            steps: experiment.steps,
            every: experiment.steps.div_ceil(MOST_SAMPLES).max(1),
            step_s: experiment.dt_s,
        }
    }

    fn dt_s(&self) -> f64 {
        self.step_s * self.every as f64
    }

    /// What is seen, and what the source was.
    fn title(&self, source: &str) -> String {
        let at = |s: &Point| format!(" at {}", self.place(s));
        let place = self.source.map_or(String::new(), at);
        format!("Shot {}{place}, {source}", self.shot)
    }

    /// Where a point is: along the line, and across it in three dimensions.
    fn place(&self, point: &Point) -> String {
        let along = position(point.x_m, self.extent_m());
        if self.axes < 3 { along } else { format!("{along}, y = {}", distance(point.y_m)) }
    }

    /// Traces of shape `[receivers, samples]`, from left to right.
    fn array(&self, sample: impl Fn(usize) -> f64) -> Result<Array2, PlotError> {
        self.of_receivers(&self.order, sample)
    }

    fn traces(&self, record: &Record, receivers: &[usize]) -> Result<Array2, PlotError> {
        self.of_receivers(receivers, |sample| f64::from(record[sample]))
    }

    fn of_receivers(
        &self,
        receivers: &[usize],
        sample: impl Fn(usize) -> f64,
    ) -> Result<Array2, PlotError> {
        let times = || (0..self.steps).step_by(self.every);
        let count = self.receivers.len();
        let values: Vec<f64> = receivers
            .iter()
            .flat_map(|&r| times().map(move |n| n * count + r))
            .map(sample)
            .collect();
        Array2::new(&values, [receivers.len(), times().count()])
    }

    /// Distance of the outermost receivers, m.
    fn extent_m(&self) -> f64 {
        let x_m = |place: Option<&usize>| place.map_or(0.0, |&r| self.receivers[r].x_m);
        x_m(self.order.last()) - x_m(self.order.first())
    }

    /// A picture without panels: positions along the horizontal axis if receivers are equally
    /// spaced, else numbers.
    fn gather(&self, title: String) -> Gather {
        let gather = Gather::new(title, self.dt_s())
            .quantity("Pressure", "Pa")
            .clip_percentile(CLIP_PERCENT);
        let x_m = |place: usize| self.receivers[self.order[place]].x_m;
        let last = self.order.len().saturating_sub(1);
        if last == 0 {
            return gather;
        }
        let spacing_m = (x_m(last) - x_m(0)) / last as f64;
        let regular = |k: usize| (x_m(k) - x_m(0) - k as f64 * spacing_m).abs() < 0.02 * spacing_m;
        if (0..=last).all(regular) { gather.positions_m(x_m(0), spacing_m) } else { gather }
    }

    /// Some receivers, evenly spread from left to right.
    fn rows(&self) -> Vec<usize> {
        let count = self.order.len();
        let rows = ROWS.min(count);
        (0..rows).map(|k| self.order[(2 * k + 1) * count / (2 * rows)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shots_are_limited_and_known() {
        assert_eq!(chosen(None, 12), (vec![0, 6, 11], 0));
        assert_eq!(chosen(None, 2), (vec![0, 1], 0));
        assert_eq!(chosen(None, 1), (vec![0], 0));
        assert_eq!(chosen(None, 0), (vec![], 0));
        assert_eq!(chosen(Some(&[4, 2, 2, 99]), 5), (vec![4, 2], 1));
        assert_eq!(chosen(Some(&[0, 1, 2, 3, 4, 5, 6, 7]), 9).0.len(), MOST_SHOTS);
    }

    #[test]
    fn late_arrivals_become_as_strong_as_early_ones() {
        let mut trace = vec![0.0; 200];
        (trace[50], trace[150]) = (8.0, 1.0);
        let traces = Array2::new(&trace, [1, 200]).expect("array");
        let gains = gains(&traces, 10);
        let ratio = trace[150] * gains[150] / (trace[50] * gains[50]);
        // 1 / (1/8 + q) over 1 / (1 + q), of levels 1/8 and 1.
        let expected = (1.0 + QUIET) / (8.0 * (0.125 + QUIET));
        assert!((ratio - expected).abs() < 1e-12, "{ratio} {expected}");
        assert!(gains.iter().all(|gain| gain.is_finite() && *gain > 0.0));
    }

    #[test]
    fn a_residual_is_relative_to_the_data() {
        assert!((relative(&[1.0, 0.0], &[0.0, 2.0]) - (5.0_f64 / 4.0).sqrt()).abs() < 1e-15);
        assert_eq!(percent(relative(&[1.0], &[0.0])), "–");
        assert_eq!(percent(0.0814), "8.1 %");
    }
}
