use super::*;
use crate::resample::RegularGrid;

fn grid() -> RegularGrid {
    RegularGrid::new(&[201, 76], &[20.0, 20.0], &[0.0, 0.0]).unwrap()
}

fn one_shot(source: Point, receiver: Point) -> Survey {
    Survey::fixed_spread(&[source], vec![receiver])
}

#[track_caller]
fn check(survey: &Survey, domain: &Domain, expected: &[&str]) {
    let errors = survey.check(domain).unwrap_err();
    let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(messages, expected);
}

#[test]
fn lines_include_both_ends_exactly() {
    let line = Point::line(Point::xz(0.1, 5.0), Point::xz(4000.3, 5.0), 7);
    assert_eq!(line.len(), 7);
    assert_eq!((line[0], line[6]), (Point::xz(0.1, 5.0), Point::xz(4000.3, 5.0)));
    assert_eq!(Point::line(Point::xz(3.0, 1.0), Point::xz(9.0, 1.0), 1), [Point::xz(3.0, 1.0)]);
    assert!(Point::line(Point::xz(3.0, 1.0), Point::xz(9.0, 1.0), 0).is_empty());
}

#[test]
fn a_surface_line_is_centred_and_shares_its_spread() {
    let (sources, receivers) = (Line { count: 4, depth_m: 10.0 }, Line { count: 8, depth_m: 15.0 });
    let survey = Survey::surface_line(4000.0, sources, receivers);
    let x_m: Vec<f64> = survey.shots.iter().map(|shot| shot.source[0].x_m).collect();
    assert_eq!(x_m, [500.0, 1500.0, 2500.0, 3500.0]);
    assert_eq!(survey.traces(), 32);
    assert_eq!(survey.largest_offset_m(), 3250.0);
    assert!(Arc::ptr_eq(&survey.shots[0].receivers, &survey.shots[3].receivers));
    assert_eq!(survey.check(&Domain::with_free_surface(&grid())), Ok(()));
}

#[test]
fn a_streamer_follows_its_source() {
    let streamer = Streamer { near_offset_m: -100.0, spacing_m: -25.0, channels: 3, depth_m: 7.5 };
    let survey = Survey::towed_streamer(&[Point::xz(900.0, 5.0)], streamer);
    let expected = [800.0, 775.0, 750.0].map(|x_m| Point::xz(x_m, 7.5));
    assert_eq!(survey.shots[0].receivers[..], expected);
}

#[test]
fn points_outside_say_what_is_inside() {
    check(
        &one_shot(Point::xz(4100.0, 10.0), Point::xz(10.0, -15.0)),
        &Domain::absorbing(&grid()),
        &[
            "source 0 (shot 0) is at x = 4100 m, outside the model: x from 0 to 4000 m\n  \
             help: coordinates are metres in the frame of the model, not grid indices; \
             move the point or enlarge the model",
            "receiver 0 (shot 0) is at z = -15 m, outside the model: z from 0 to 1500 m\n  \
             help: depth is positive downwards: change the sign",
        ],
    );
}

#[test]
fn a_free_surface_silences_and_an_absorbing_edge_does_not() {
    let survey = one_shot(Point::xz(100.0, 0.0), Point::xz(0.0, 5.0));
    assert_eq!(survey.check(&Domain::absorbing(&grid())), Ok(()));
    check(
        &survey,
        &Domain::with_free_surface(&grid()),
        &["source 0 (shot 0) is at z = 0 m, exactly on the free surface, where the pressure is \
           zero: it radiates nothing\n  \
           help: move it inside by at least half a cell (10 m), or let that edge absorb"],
    );
}

#[test]
fn a_bad_shared_spread_is_reported_once() {
    let sources = [Point::xz(10.0, 10.0), Point::xz(20.0, 10.0)];
    let survey = Survey::fixed_spread(&sources, vec![Point::xz(f64::NAN, 5.0)]);
    check(
        &survey,
        &Domain::absorbing(&grid()),
        &["receiver 0 (shot 0): x is NaN\n  \
           help: coordinates are numbers in metres; look for gaps in the geometry file"],
    );
}

#[test]
fn empty_surveys_and_shots_are_refused() {
    let domain = Domain::absorbing(&grid());
    check(
        &Survey::default(),
        &domain,
        &["the survey has no shots\n  help: give at least one shot"],
    );
    let shot = Shot { source: vec![], receivers: Vec::new().into() };
    check(
        &Survey { shots: vec![shot] },
        &domain,
        &["shot 0 has 0 source points and 0 receivers\n  \
           help: each shot needs at least one of both"],
    );
}

#[test]
fn three_dimensions_check_the_second_axis_too() {
    let grid = RegularGrid::new(&[11, 11, 11], &[10.0; 3], &[0.0; 3]).unwrap();
    let survey = one_shot(Point::xyz(5.0, 500.0, 5.0), Point::xyz(5.0, 50.0, 5.0));
    let errors = survey.check(&Domain::with_free_surface(&grid)).unwrap_err();
    assert!(errors[0].to_string().contains("y = 500 m, outside the model: y from 0 to 100 m"));
}
