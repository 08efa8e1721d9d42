use super::*;
use proptest::prelude::*;

fn grid(shape: &[usize], spacing_m: &[f64], origin_m: &[f64]) -> RegularGrid {
    RegularGrid::new(shape, spacing_m, origin_m).unwrap()
}

fn sampled(grid: &RegularGrid, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let [nx, nz] = *grid.shape() else { panic!("two axes") };
    let x = |i| grid.coordinate_m(0, i);
    let z = |k| grid.coordinate_m(1, k);
    (0..nx).flat_map(|i| (0..nz).map(move |k| (i, k))).map(|(i, k)| f(x(i), z(k))).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

/// `⟨Ax, y⟩ = ⟨x, Aᵀy⟩` up to rounding: each of the at most `n` terms of a sum, over at most
/// three axes, carries one rounding of each of its factors, all weights being at most 1.
fn check_transpose(map: &Resample) {
    let inputs: usize = map.shape_in().iter().product();
    let outputs: usize = map.shape_out().iter().product();
    let (x, y) = (noise(inputs, 1), noise(outputs, 2));
    let (ax, aty) = (map.apply(&x), map.apply_transposed(&y));
    let abs = |v: &[f64]| v.iter().map(|x| x.abs()).collect::<Vec<_>>();
    let magnitude = dot(&map.apply(&abs(&x)), &abs(&y));
    let operations = 4.0 * (inputs + outputs) as f64;
    let error = (dot(&ax, &y) - dot(&x, &aty)).abs();
    assert!(error <= operations * f64::EPSILON * magnitude, "{error:e}");
}

#[test]
fn linear_interpolation_is_exact_on_linear_functions() {
    let from = grid(&[7, 5], &[20.0, 10.0], &[0.0, 5.0]);
    let to = grid(&[11, 9], &[9.5, 4.0], &[10.0, 6.0]);
    let f = |x: f64, z: f64| 1500.0 + 0.3 * x + 0.7 * z;
    let got = Resample::linear(&from, &to).apply(&sampled(&from, f));
    for (got, exact) in got.iter().zip(sampled(&to, f)) {
        assert!((got - exact).abs() <= 8.0 * f64::EPSILON * exact, "{got} {exact}");
    }
}

#[test]
fn beyond_the_edge_the_edge_value_continues() {
    let from = grid(&[3], &[1.0], &[0.0]);
    let to = grid(&[4], &[10.0], &[-10.0]);
    assert_eq!(Resample::linear(&from, &to).apply(&[1.0, 2.0, 3.0]), [1.0, 1.0, 3.0, 3.0]);
    assert_eq!(Resample::cell_average(&from, &to).apply(&[1.0, 2.0, 3.0])[0], 1.0);
}

#[test]
fn the_cell_average_of_two_cells_is_their_mean() {
    let from = grid(&[6], &[1.0], &[0.5]);
    let to = grid(&[3], &[2.0], &[1.0]);
    let got = Resample::cell_average(&from, &to).apply(&[1.0, 3.0, 5.0, 5.0, 0.0, 8.0]);
    assert_eq!(got, [2.0, 5.0, 4.0]);
}

#[test]
fn padding_repeats_the_edge_and_its_transpose_sums_into_it() {
    let pad = Resample::pad(&[1, 2], &[[1, 0], [2, 1]]);
    let padded = pad.apply(&[7.0, 9.0]);
    assert_eq!(padded, [7.0, 7.0, 7.0, 9.0, 9.0, 7.0, 7.0, 7.0, 9.0, 9.0]);
    assert_eq!(pad.apply_transposed(&[1.0; 10]), [6.0, 4.0]);
    assert_eq!(Resample::crop(&[2, 5], &[[1, 0], [2, 1]]).apply(&padded), [7.0, 9.0]);
}

#[test]
fn transposes_are_exact_in_three_dimensions() {
    let from = grid(&[5, 4, 6], &[10.0, 12.0, 8.0], &[0.0, 3.0, 1.0]);
    let to = grid(&[9, 3, 11], &[6.0, 14.0, 5.0], &[-8.0, 5.0, -2.0]);
    check_transpose(&Resample::linear(&from, &to));
    check_transpose(&Resample::cell_average(&from, &to));
    check_transpose(&Resample::pad(&[5, 4, 6], &[[2, 3], [0, 1], [4, 0]]));
    check_transpose(&Resample::crop(&[5, 4, 6], &[[2, 1], [0, 1], [3, 0]]));
}

#[test]
fn a_bad_grid_says_which_axis() {
    let message = RegularGrid::new(&[3, 0], &[1.0, 1.0], &[0.0, 0.0]).unwrap_err().to_string();
    assert!(message.contains("axis 1 of shape [3, 0]"), "{message}");
    let message = RegularGrid::new(&[3], &[-1.0], &[0.0]).unwrap_err().to_string();
    assert!(message.contains("axis 0: spacing -1 m"), "{message}");
    assert!(RegularGrid::new(&[3], &[1.0, 1.0], &[0.0]).is_err());
}

proptest! {
    #[test]
    fn constants_stay_and_transposes_are_exact(
        n in 1_usize..12, m in 1_usize..12, h in 0.3_f64..3.0, origin in -5.0_f64..5.0,
    ) {
        let from = grid(&[n, 2], &[1.0, 1.0], &[0.0, 0.0]);
        let to = grid(&[m, 3], &[h, 0.6], &[origin, -0.2]);
        for map in [Resample::linear(&from, &to), Resample::cell_average(&from, &to)] {
            check_transpose(&map);
            // At most n + 2 shares are summed per row, each rounded three times.
            for value in map.apply(&vec![2.0; 2 * n]) {
                let steps = 4.0 * (n + 2) as f64;
                prop_assert!((value - 2.0).abs() <= 2.0 * steps * f64::EPSILON);
            }
        }
    }
}
