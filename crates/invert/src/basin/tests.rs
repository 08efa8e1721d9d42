use super::*;
use crate::model_error::ModelError;

const H_M: f64 = 20.0;

/// Seeds tested: a property of "every" basin is asserted for these.
const SEEDS: std::ops::Range<u64> = 0..20;

fn grid() -> RegularGrid {
    RegularGrid::new(&[301, 101], &[H_M, H_M], &[0.0, 0.0]).unwrap()
}

/// Lowest frequency at which the start model must not skip cycles, and half its period.
const LOWEST_HZ: f64 = 2.5;
const HALF_PERIOD_S: f64 = 0.5 / LOWEST_HZ;

#[test]
fn the_start_model_is_off_by_ten_per_cent_and_exact_in_the_water() {
    let grid = grid();
    for seed in SEEDS {
        let basin = Basin::new(seed);
        let (truth, water) = (basin.sample(&grid, 3), basin.water(&grid));
        let start = basin.start().sample(&grid, &truth);
        let error = ModelError::between(&start, &truth, &water).unwrap();
        println!("seed {seed}: {error:?}");
        assert!(error.relative_l2 >= 0.10, "seed {seed}: {error:?}");
        for i in (0..truth.len()).filter(|&i| water[i]) {
            assert_eq!(start[i].to_bits(), truth[i].to_bits());
        }
    }
}

#[test]
fn the_start_model_depends_on_depth_alone_below_the_sea_floor() {
    let start = Basin::new(3).start();
    for z_m in [500.0, 1000.0, 1990.0] {
        assert_eq!(start.vp_m_s(100.0, z_m), start.vp_m_s(5000.0, z_m));
    }
    assert_eq!(start.vp_m_s(100.0, 10.0), WATER_M_S);
}

/// Reflections: twice the vertical travel time from the surface to each depth.
#[test]
fn reflections_do_not_skip_cycles() {
    let grid = grid();
    for seed in SEEDS {
        let basin = Basin::new(seed);
        let truth = basin.sample(&grid, 3);
        let start = basin.start().sample(&grid, &truth);
        let mut worst: f64 = 0.0;
        for (truth, start) in truth.chunks(101).zip(start.chunks(101)) {
            let mut late_s = 0.0;
            for (truth, start) in truth.iter().zip(start) {
                late_s += 2.0 * H_M * (start.recip() - truth.recip());
                worst = worst.max(late_s.abs());
            }
        }
        println!("seed {seed}: two-way time off by {worst:.3} s");
        assert!(worst < HALF_PERIOD_S, "seed {seed}: {worst} s");
    }
}

/// First arrivals at the surface, all offsets up to the width of the section.
#[test]
fn first_arrivals_do_not_skip_cycles() {
    let grid = grid();
    for seed in SEEDS {
        let basin = Basin::new(seed);
        let truth = basin.sample(&grid, 2);
        let start = basin.start().sample(&grid, &truth);
        let mut worst: f64 = 0.0;
        for source in [15, 100, 200, 285] {
            let (a, b) = (arrivals_s(&truth, source), arrivals_s(&start, source));
            let late_s = (0..301).map(|i| (a[i * 101 + 1] - b[i * 101 + 1]).abs());
            worst = late_s.fold(worst, f64::max);
        }
        println!("seed {seed}: first arrival off by {worst:.3} s");
        assert!(worst < HALF_PERIOD_S, "seed {seed}: {worst} s");
    }
}

/// Eikonal travel times from the point `source` on the second row of a 301 x 101 model: fast
/// sweeping (Zhao 2005, doi:10.1090/S0025-5718-04-01678-3), first order in the spacing. The
/// error, about `h log(1/h)`, is nearly the same in both models and drops out of differences.
fn arrivals_s(vp: &[f64], source: usize) -> Vec<f64> {
    let (nx, nz) = (301_usize, 101_usize);
    let mut t = vec![f64::INFINITY; nx * nz];
    t[source * nz + 1] = 0.0;
    for sweep in 0..8 {
        for a in 0..nx {
            let i = if sweep & 1 == 0 { a } else { nx - 1 - a };
            for b in 0..nz {
                let k = if sweep & 2 == 0 { b } else { nz - 1 - b };
                let at = |i: usize, k: usize| t.get(i * nz + k).copied().unwrap_or(f64::INFINITY);
                let left = if i > 0 { at(i - 1, k) } else { f64::INFINITY };
                let right = if i + 1 < nx { at(i + 1, k) } else { f64::INFINITY };
                let up = if k > 0 { at(i, k - 1) } else { f64::INFINITY };
                let down = if k + 1 < nz { at(i, k + 1) } else { f64::INFINITY };
                let (p, q) = (left.min(right), up.min(down));
                let cell_s = H_M / vp[i * nz + k];
                let new = if (p - q).abs() < cell_s {
                    f64::midpoint(p, q) + 0.5 * (2.0 * cell_s * cell_s - (p - q).powi(2)).sqrt()
                } else {
                    p.min(q) + cell_s
                };
                if new < t[i * nz + k] {
                    t[i * nz + k] = new;
                }
            }
        }
    }
    t
}

#[test]
fn velocities_stay_within_what_the_documentation_says() {
    let grid = grid();
    for seed in SEEDS {
        let basin = Basin::new(seed);
        let truth = basin.sample(&grid, 1);
        for (v, water) in truth.iter().zip(basin.water(&grid)) {
            if water {
                assert_eq!(*v, WATER_M_S);
            } else {
                assert!((1500.0..=4500.0).contains(v), "seed {seed}: {v} m/s");
            }
        }
    }
}

#[test]
fn a_seed_names_one_basin_and_seeds_differ() {
    let section = |seed| Basin::new(seed).sample(&grid(), 1);
    assert_eq!(section(7), section(7));
    let (a, b) = (section(7), section(8));
    assert!(ModelError::between(&a, &b, &[]).unwrap().relative_l2 > 0.03);
}

#[test]
fn a_stretched_basin_has_the_same_structures() {
    let (small, large) = (Basin::new(5), Basin::with_extent(5, [12000.0, 4000.0]));
    for (x_m, z_m) in [(1000.0, 300.0), (2500.0, 900.0), (4100.0, 1700.0)] {
        assert_eq!(small.vp_m_s(x_m, z_m), large.vp_m_s(2.0 * x_m, 2.0 * z_m));
    }
}

/// A cell is as slow as its parts on average, so its velocity lies between theirs.
#[test]
fn a_cell_lies_between_its_points_and_water_stays_exact() {
    let basin = Basin::new(1);
    assert_eq!(basin.vp_cell_m_s([3000.0, 50.0], [20.0, 20.0], 4), WATER_M_S);
    let floor_m = basin.sea_floor_m(3000.0);
    let mixed = basin.vp_cell_m_s([3000.0, floor_m], [20.0, 20.0], 4);
    assert!(mixed > WATER_M_S && mixed < basin.vp_m_s(3000.0, floor_m + 10.0), "{mixed}");
}
