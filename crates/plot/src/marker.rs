//! Signs for sources and receivers.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::canvas::{Canvas, Color, Point, WHITE};

const SOURCE: Color = [222, 37, 48];
const RECEIVER: Color = [255, 214, 51];
const RIM: Color = [25, 25, 30];

/// A red star with a white rim, at home on every colour map.
pub(crate) fn source(canvas: &mut Canvas, at: Point) {
    canvas.polygon(&star(at, 10.5), RIM);
    canvas.polygon(&star(at, 9.3), WHITE);
    canvas.polygon(&star(at, 7.2), SOURCE);
}

fn star(center: Point, radius: f64) -> Vec<Point> {
    let corner = |k: u32| {
        let r = if k.is_multiple_of(2) { radius } else { radius * 0.45 };
        let angle = f64::from(k) * PI / 5.0 - FRAC_PI_2;
        (center.0 + r * angle.cos(), center.1 + r * angle.sin())
    };
    (0..10).map(corner).collect()
}

/// Receivers: triangles where there is room, dots where they are dense.
pub(crate) fn receivers(canvas: &mut Canvas, points: &[Point]) {
    let apart = spacing(points);
    for &(x, y) in points {
        if apart >= 11.0 {
            let triangle = |r: f64| [(x - r, y - 0.75 * r), (x + r, y - 0.75 * r), (x, y + r)];
            canvas.polygon(&triangle(6.6), RIM);
            canvas.polygon(&triangle(4.8), RECEIVER);
        } else {
            let radius = (0.3 * apart).clamp(1.3, 2.4);
            canvas.disc((x, y), radius + 0.9, RIM);
        }
    }
    if apart < 11.0 {
        // All rims first, so that neighbours do not cover each other's fill.
        let radius = (0.3 * apart).clamp(1.3, 2.4);
        for &at in points {
            canvas.disc(at, radius, RECEIVER);
        }
    }
}

/// Typical distance of neighbours in the given order.
fn spacing(points: &[Point]) -> f64 {
    let mut steps: Vec<f64> =
        points.windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1)).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(f64::INFINITY)
}
