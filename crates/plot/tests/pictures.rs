//! Facts about pixels, sizes and errors. No stored pictures: a better look breaks no test.

use retrograd_plot::{
    Array2, AxisScale, ColorMap, Curves, Gather, Heatmap, Interpolation, Panels, Picture,
    PlotError, Profiles, TraceComparison, ValueRange,
};

const DARK_END: [u8; 3] = [0x10, 0x1b, 0x4d];
const LIGHT_END: [u8; 3] = [0xfc, 0xf0, 0xc8];
const MISSING: [u8; 3] = [150, 150, 150];

fn array(values: &[f64], shape: [usize; 2]) -> Array2 {
    Array2::new(values, shape).expect("the shape should fit")
}

/// Share of the pixels that have exactly this colour.
fn share(picture: &Picture, color: [u8; 3]) -> f64 {
    let [w, h] = picture.size_px();
    let all = (0..h).flat_map(|y| (0..w).map(move |x| (x, y)));
    let count = all.filter(|&(x, y)| picture.pixel(x, y) == Some(color)).count();
    count as f64 / f64::from(w * h)
}

/// Mean row of the pixels that have exactly this colour, within the left 80 % of the picture:
/// the section without its colour bar.
fn mean_row(picture: &Picture, color: [u8; 3]) -> f64 {
    let [w, h] = picture.size_px();
    let rows: Vec<u32> = (0..h)
        .flat_map(|y| (0..w * 4 / 5).map(move |x| (x, y)))
        .filter(|&(x, y)| picture.pixel(x, y) == Some(color))
        .map(|(_, y)| y)
        .collect();
    rows.iter().map(|&y| f64::from(y)).sum::<f64>() / rows.len() as f64
}

fn corners() -> [f64; 4] {
    // Shape [nx, nz] with z fastest: slow on top, fast below.
    [1500.0, 4500.0, 1500.0, 4500.0]
}

#[test]
fn extreme_values_get_the_end_colours_and_depth_points_down() {
    let picture = Heatmap::model("two layers", array(&corners(), [2, 2])).draw().expect("draw");
    assert!(share(&picture, DARK_END) > 0.2);
    assert!(share(&picture, LIGHT_END) > 0.2);
    assert!(mean_row(&picture, DARK_END) + 50.0 < mean_row(&picture, LIGHT_END));
}

#[test]
fn x_points_right() {
    let values = [1500.0, 1500.0, 4500.0, 4500.0];
    let picture = Heatmap::model("two columns", array(&values, [2, 2])).draw().expect("draw");
    let [w, h] = picture.size_px();
    assert_eq!(picture.pixel(w / 5, h / 2), Some(DARK_END));
    assert_eq!(picture.pixel(w * 3 / 5, h / 2), Some(LIGHT_END));
}

#[test]
fn missing_values_are_grey_and_nothing_else_is() {
    let mut values = corners().to_vec();
    let whole = Heatmap::model("", array(&values, [2, 2])).draw().expect("draw");
    assert!(share(&whole, MISSING) < 1e-4);
    values[0] = f64::NAN;
    let holed = Heatmap::model("", array(&values, [2, 2])).draw().expect("draw");
    assert!(share(&holed, MISSING) > 0.1);
}

#[test]
fn nearest_cells_have_only_their_own_colours_and_bilinear_ones_have_more() {
    let draw = |interpolation| {
        let data = array(&corners(), [2, 2]);
        Heatmap::model("", data).interpolation(interpolation).draw().expect("draw")
    };
    let ends = |p: &Picture| share(p, DARK_END) + share(p, LIGHT_END);
    let nearest = ends(&draw(Interpolation::Nearest));
    assert!(ends(&draw(Interpolation::Bilinear)) < 0.7 * nearest);
}

#[test]
fn small_models_are_large_enough_to_look_at() {
    let picture = Heatmap::model("", array(&vec![0.5; 202 * 68], [202, 68])).draw().expect("draw");
    let [w, h] = picture.size_px();
    assert!((1100..2000).contains(&w) && (400..1200).contains(&h), "{w} x {h}");
}

#[test]
fn extreme_aspect_ratios_stay_in_sane_limits() {
    for shape in [[2000, 3], [3, 2000], [1, 1]] {
        let data = array(&vec![1.0; shape[0] * shape[1]], shape);
        let [w, h] = Heatmap::model("", data).draw().expect("draw").size_px();
        assert!((400..2000).contains(&w) && (400..1200).contains(&h), "{shape:?}: {w} x {h}");
    }
}

#[test]
fn fields_without_a_range_are_drawn() {
    for value in [0.0, 2500.0, -1e-30, 1e300, f64::NAN, f64::INFINITY] {
        let data = array(&[value; 12], [4, 3]);
        for heatmap in [Heatmap::model("", data.clone()), Heatmap::gradient("", data)] {
            heatmap.contour(value).draw().expect("a constant field should be drawn");
        }
    }
}

#[test]
fn stray_positions_are_left_out() {
    let far = [[f64::NAN, 0.0], [1e18, 3.0], [-5.0, f64::INFINITY]];
    let draw = |positions: &[[f64; 2]]| {
        let heatmap = Heatmap::gradient("", array(&corners(), [2, 2]));
        let heatmap = heatmap.sources_m(positions).receivers_m(positions);
        heatmap.line_m("far", positions).rectangle_m("", far[0], far[1]).draw()
    };
    draw(&far).expect("stray positions should be harmless");
}

#[test]
fn equal_values_have_equal_colours_in_all_panels() {
    // Alone, 3000 would be the light end of the first panel; together it is in the middle.
    let low = Heatmap::model("a", array(&[1500.0, 3000.0, 1500.0, 3000.0], [2, 2]));
    let high = Heatmap::model("b", array(&[3000.0, 4500.0, 3000.0, 4500.0], [2, 2]));
    let picture = Panels::new("shared", 2).panel(low).panel(high).draw().expect("draw");
    let [w, h] = picture.size_px();
    let at = |x: f64, y: f64| picture.pixel((x * f64::from(w)) as u32, (y * f64::from(h)) as u32);
    assert_eq!(at(0.2, 0.25), Some(DARK_END));
    assert_eq!(at(0.8, 0.65), Some(LIGHT_END));
    assert_eq!(at(0.2, 0.65), at(0.8, 0.25));
}

#[test]
fn panels_of_different_areas_are_drawn() {
    let small = Heatmap::model("a", array(&[1.0; 6], [3, 2])).spacing_m([10.0; 2]);
    let other = Heatmap::gradient("b", array(&[1.0; 20], [4, 5])).origin_m([7.0, 7.0]);
    Panels::new("", 2).panel(small.clone()).panel(other).panel(small).draw().expect("draw");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let png = || {
        let heatmap = Heatmap::model("again", array(&corners(), [2, 2])).colors(ColorMap::Turbo);
        heatmap.draw().and_then(|p| p.png()).expect("draw")
    };
    let bytes = png();
    assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1a\n");
    assert_eq!(bytes, png());
}

#[test]
fn wrong_shapes_are_typed_errors_that_name_both() {
    let refused = Array2::new(&[1.0_f32; 7], [2, 4]).expect_err("7 is not 2 x 4");
    let PlotError::ShapeMismatch { rows: 2, columns: 4, expected: 8, found: 7 } = refused else {
        panic!("{refused:?}")
    };
    let text = refused.to_string();
    assert!(text.contains("2 x 4") && text.contains('8') && text.contains('7'), "{text}");
    let empty = Array2::new::<f64>(&[], [0, 4]).expect_err("nothing");
    assert!(matches!(empty, PlotError::Empty { .. }));
    let huge = Array2::new(&[1.0], [usize::MAX, usize::MAX]).expect_err("an overflow");
    assert!(matches!(huge, PlotError::ShapeMismatch { .. }));
}

#[test]
fn empty_pictures_are_typed_errors() {
    let empty = [
        Panels::new("", 2).draw(),
        Curves::new("").draw(),
        Curves::new("").line("", &[], &[]).draw(),
        Gather::new("", 1e-3).draw(),
        TraceComparison::new("", 1e-3, ["a"]).draw(),
        Profiles::new("", 0.0, 1.0).draw(),
        Profiles::new("", 0.0, 1.0).panel("").line::<f64>("", &[]).draw(),
    ];
    for (k, result) in empty.into_iter().enumerate() {
        assert!(matches!(result, Err(PlotError::Empty { .. })), "case {k}: {result:?}");
    }
}

#[test]
fn impossible_scales_are_typed_errors() {
    let data = || array(&corners(), [2, 2]);
    let refused = [
        Heatmap::model("", data()).spacing_m([0.0, 1.0]).draw(),
        Heatmap::model("", data()).spacing_m([1.0, f64::NAN]).draw(),
        Heatmap::model("", data()).origin_m([f64::INFINITY, 0.0]).draw(),
        Heatmap::model("", data()).range(ValueRange::Fixed([2.0, 1.0])).draw(),
        Gather::new("", -1.0).panel("", data()).draw(),
        Gather::new("", 1.0).positions_m(0.0, 0.0).panel("", data()).draw(),
        Gather::new("", 1.0).clip_percentile(0.0).panel("", data()).draw(),
        TraceComparison::new("", 0.0, ["a", "b"]).series("", data()).draw(),
        Profiles::new("", 0.0, -5.0).line("", &[1.0_f32]).draw(),
    ];
    for (k, result) in refused.into_iter().enumerate() {
        assert!(matches!(result, Err(PlotError::OutOfRange { .. })), "case {k}: {result:?}");
    }
}

#[test]
fn inputs_that_do_not_belong_together_are_typed_errors() {
    let two = array(&[1.0; 6], [2, 3]);
    let three = array(&[1.0; 6], [3, 2]);
    assert!(matches!(two.minus(&three), Err(PlotError::LengthMismatch { .. })));
    let refused = [
        Curves::new("").line("misfit", &[0.0, 1.0], &[1.0]).draw(),
        TraceComparison::new("", 1.0, ["a", "b"]).series("", three).draw(),
        TraceComparison::new("", 1.0, ["a", "b"])
            .series("", two)
            .series("", array(&[1.0; 8], [2, 4]))
            .draw(),
    ];
    for (k, result) in refused.into_iter().enumerate() {
        assert!(matches!(result, Err(PlotError::LengthMismatch { .. })), "case {k}: {result:?}");
    }
}

#[test]
fn a_logarithm_needs_something_positive() {
    let chart = |y: &[f64]| Curves::new("m").scale(AxisScale::Log10).line("m", &[0.0, 1.0], y);
    let refused = chart(&[0.0, -1.0]).draw();
    assert!(matches!(refused, Err(PlotError::NothingPositive { .. })));
    chart(&[0.0, 1e-9]).draw().expect("one positive value should be enough");
}

#[test]
fn charts_survive_odd_numbers_and_names() {
    let long = "a very long name ".repeat(40);
    for scale in [AxisScale::Linear, AxisScale::Log10] {
        for y in [[1.0, 1.0], [1e-300, 1e300], [f64::NAN, 2.0], [-1e308, 1e308]] {
            let chart = Curves::new(&long).x_axis(&long).y_axis(&long).scale(scale);
            let chart = chart.stage(-9.0, &long).stage(0.5, "\u{4e2d}\n").stage(f64::NAN, "");
            chart.line(&long, &[0.0, 1.0], &y).draw().expect("draw");
        }
    }
    let wide = Heatmap::model(&long, array(&[1.0], [1, 1])).quantity(&long, &long);
    Panels::new(&long, 40).panel(wide.clone()).panel(wide).draw().expect("draw");
}

#[test]
fn gathers_and_profiles_ignore_missing_values() {
    let gap = array(&[1.0, f64::NAN, -1.0, 0.0, f64::INFINITY, 2.0], [2, 3]);
    let gather = Gather::new("", 1e-3).panel("", gap.clone()).panel("", gap.clone());
    gather.draw().expect("draw");
    TraceComparison::new("", 1e-3, ["a", "b"]).series("", gap.clone()).draw().expect("draw");
    Profiles::new("", 0.0, 5.0).line("", gap.values()).draw().expect("draw");
}

#[test]
fn files_appear_whole_and_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = Heatmap::model("", array(&corners(), [2, 2])).draw().expect("draw");
    let path = folder.path().join("model.png");
    picture.save(&path).expect("save");
    picture.save(&path).expect("save over it");
    assert_eq!(std::fs::read(&path).expect("read"), picture.png().expect("png"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1);

    let nowhere = folder.path().join("missing").join("model.png");
    let refused = picture.save(&nowhere).expect_err("the folder does not exist");
    assert!(matches!(&refused, PlotError::Write { path, .. } if *path == nowhere));
    assert!(refused.to_string().contains("model.png"));
}
