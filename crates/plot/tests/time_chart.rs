//! Charts of strokes as SVG: what is in the document, and how large it gets.

use retrograd_plot::{Look, PlotError, TimeChart};

const BLUE: [u8; 3] = [31, 102, 173];

/// The lengths of the strokes of every path of that colour, in pixels, as `(dx, dy)`.
fn strokes(svg: &str, color: &str) -> Vec<(f64, f64)> {
    let marker = format!("stroke=\"{color}\"");
    let paths = svg.lines().filter(|line| line.starts_with("<path") && line.contains(&marker));
    let data = paths.filter_map(|line| line.split(" d=\"").nth(1)?.strip_suffix("\"/>"));
    let moves = data.flat_map(|data| data.split('M').skip(1));
    moves
        .map(|stroke| {
            let (_, offset) = stroke.split_once('l').expect("a move and a line");
            let (dx, dy) = offset.split_once(' ').expect("two numbers");
            (dx.parse().expect("a number"), dy.parse().expect("a number"))
        })
        .collect()
}

#[test]
fn strokes_have_the_length_of_their_range() {
    let mut chart = TimeChart::new("title", [0.0, 4.0], [0.0, 2.0]);
    let run = chart.kind("run", Look::solid(BLUE, 2.0));
    chart.add(run, [0.0, 0.0], [4.0, 2.0]);
    chart.add(run, [1.0, 1.0], [3.0, 1.0]);
    let drawing = chart.remark("set after the strokes").draw().expect("a chart");
    let mut found = strokes(drawing.svg(), "#1f66ad");
    found.retain(|&(dx, dy)| (dx, dy) != (28.0, 0.0)); // the sample in the legend
    // 860 x 440 pixels, upwards.
    assert_eq!(found, [(860.0, -440.0), (430.0, 0.0)]);
}

#[test]
fn lanes_are_bars_from_top_to_bottom() {
    let mut chart = TimeChart::lanes("lanes", [0.0, 10.0], ["compute", "disk"]).time_axis("s");
    let busy = chart.kind("busy", Look::solid(BLUE, 20.0));
    chart.add(busy, [0.0, 0.0], [5.0, 0.0]);
    chart.add(busy, [5.0, 1.0], [10.0, 1.0]);
    let svg = chart.draw().expect("a chart").svg().to_owned();
    assert!(!svg.contains("stroke-linecap"), "bars should end where they end");
    let at = |name: &str| svg.find(name).expect("the lane should have a name");
    assert!(at(">compute<") < at(">disk<"));
}

#[test]
fn millions_of_strokes_fit_into_a_megabyte() {
    let mut chart = TimeChart::new("many", [0.0, 1e6], [0.0, 1e3]);
    let run = chart.kind("run", Look::solid(BLUE, 1.0));
    for k in 0..1_000_000_u32 {
        let (x, y) = (f64::from(k), f64::from(k.wrapping_mul(2_654_435_761) % 1000));
        chart.add(run, [x, y], [x + 1.0, y + 1.0]);
    }
    let drawing = chart.draw().expect("a chart");
    let size = drawing.svg().len();
    assert!((50_000..1_000_000).contains(&size), "{size} bytes");
}

#[test]
fn texts_are_escaped() {
    let mut chart = TimeChart::new("a < b & c", [0.0, 1.0], [0.0, 1.0]);
    let kind = chart.kind("<script>", Look::solid(BLUE, 1.0));
    chart.add(kind, [0.0, 0.0], [1.0, 1.0]);
    let svg = chart.draw().expect("a chart").svg().to_owned();
    assert!(svg.contains("a &lt; b &amp; c") && svg.contains("&lt;script&gt;"));
    assert!(!svg.contains("<script"));
}

#[test]
fn charts_without_strokes_or_range_are_refused() {
    let mut chart = TimeChart::new("empty", [0.0, 1.0], [0.0, 1.0]);
    let kind = chart.kind("run", Look::solid(BLUE, 1.0));
    assert!(matches!(chart.draw(), Err(PlotError::Empty { .. })));
    chart.add(kind, [0.0, 0.0], [0.0, 0.0]);
    assert!(chart.draw().is_ok(), "a dot is a stroke");
    let mut chart = TimeChart::new("endless", [0.0, f64::INFINITY], [0.0, 1.0]);
    let kind = chart.kind("run", Look::solid(BLUE, 1.0));
    chart.add(kind, [0.0, 0.0], [1.0, 1.0]);
    assert!(matches!(chart.draw(), Err(PlotError::OutOfRange { .. })));
}
