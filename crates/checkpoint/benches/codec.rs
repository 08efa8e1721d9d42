//! Codecs on wavefields: ratio, speed and error, beside copying memory in the same run.
//!
//! The fields are computed here: a Ricker source near the top of a layered medium, order 8 in
//! space, early (most of the field is quiet) and late (it has filled and scattered). Rows of
//! equal tolerance are not of equal error: look at both errors before comparing ratios.
//!
//! One thread unless the first argument that is a number says otherwise; an argument that is
//! none restricts the table to codecs whose name contains it.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Instant;

use retrograd_checkpoint::codec::{Codec, Element, FieldShape, Workers, measure};

const CODECS: [&str; 24] = [
    "none",
    "lz4",
    "shuffle+lz4",
    "zstd:1",
    "shuffle+zstd:1",
    "shuffle+zstd:3",
    "pco:4",
    "pco:8",
    "zfp:lossless",
    "zfp:relative=1e-2",
    "zfp:relative=1e-3",
    "zfp:relative=1e-4",
    "zfp:relative=1e-5",
    "zfp:relative=1e-6",
    "zfp:rate=8",
    "zfp:precision=16",
    "block:relative=1e-2",
    "block:relative=3e-3",
    "block:relative=1e-3",
    "block:relative=3e-4",
    "block:relative=1e-4",
    "block:relative=1e-5",
    "block:relative=1e-6",
    "block:relative=1e-7",
];

fn main() {
    let mut threads = 1;
    let mut wanted = String::new();
    for argument in std::env::args().skip(1).filter(|argument| argument != "--bench") {
        match argument.parse() {
            Ok(count) => threads = count,
            Err(_) => wanted = argument,
        }
    }
    let workers = match NonZeroUsize::new(threads) {
        Some(count) if threads > 1 => Workers::threads(count),
        Some(_) | None => Workers::serial(),
    };
    println!("{threads} threads");
    for (extents, steps) in [([1, 601, 221], [400, 1500]), ([128, 128, 128], [250, 600])] {
        for (steps, field) in steps.into_iter().zip(wavefields(extents, &steps)) {
            println!("\n{extents:?} f32, step {steps}, memcpy {:.0} MB/s", memcpy_mb_s(&field));
            println!(
                "{:<20} {:>8} {:>9} {:>9} {:>10} {:>10}",
                "codec", "ratio", "enc MB/s", "dec MB/s", "max/max|u|", "rms/max|u|"
            );
            for codec in CODECS.into_iter().filter(|codec| codec.contains(&wanted)) {
                report(codec, &workers, extents, &field);
            }
        }
    }
}

fn report(codec: &str, workers: &Workers<'_>, extents: [usize; 3], field: &[f32]) {
    let codec: Codec = codec.parse().expect("should be a codec");
    let shape = FieldShape::new(Element::F32, extents).expect("should be small");
    let bytes: Vec<u8> = field.iter().flat_map(|x| x.to_le_bytes()).collect();
    let measured = measure(&codec, workers, shape, &bytes).expect("should encode and decode");
    assert!(measured.max_error <= measured.max_error_bound, "{codec} breaks its bound");
    let largest = f64::from(field.iter().fold(0.0_f32, |most, x| most.max(x.abs())));
    println!(
        "{:<20} {:>8.2} {:>9.0} {:>9.0} {:>10.1e} {:>10.1e}",
        codec.to_string(),
        measured.ratio,
        measured.encode_bytes_per_s / 1e6,
        measured.decode_bytes_per_s / 1e6,
        measured.max_error / largest,
        measured.rms_error / largest,
    );
}

/// Copying the field into memory that is there, as decoding does.
fn memcpy_mb_s(field: &[f32]) -> f64 {
    let mut to = vec![0.0; field.len()];
    let mut best_s = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        to.copy_from_slice(black_box(field));
        black_box(&mut to);
        best_s = best_s.min(start.elapsed().as_secs_f64());
    }
    size_of_val(field) as f64 / 1e6 / best_s
}

const SPACING_M: f32 = 15.0;
const DT_S: f32 = 0.0015;
const PEAK_HZ: f32 = 10.0;

/// Weights of the second difference of order 8, the middle one first.
const WEIGHTS: [f32; 5] = [-205.0 / 72.0, 8.0 / 5.0, -1.0 / 5.0, 8.0 / 315.0, -1.0 / 560.0];

/// Points on each side that the stencil does not reach.
const HALO: usize = 4;

/// Points next to the sides in which waves are damped.
const SPONGE: usize = 20;

/// Fields after the given steps: depth is the last axis, an axis of 1 point is left out.
fn wavefields(extents: [usize; 3], steps: &[usize]) -> Vec<Vec<f32>> {
    let [nx, ny, nz] = extents;
    let points = nx * ny * nz;
    let place = |i: usize| [i / (ny * nz), i / nz % ny, i % nz];
    // Distance to the nearest side other than the top, in points.
    let to_side = |i: usize| {
        let [x, y, z] = place(i);
        let across = if nx == 1 { usize::MAX } else { x.min(nx - 1 - x) };
        across.min(y).min(ny - 1 - y).min(nz - 1 - z)
    };
    let courant2: Vec<f32> = (0..points)
        .map(|i| {
            let [_, y, z] = place(i);
            let layer = ((z as f32 + 0.08 * y as f32) * 7.0 / nz as f32).floor();
            let inversion = if layer % 2.0 == 1.0 { 200.0 } else { 0.0 };
            let speed_m_s = (1500.0 + 450.0 * layer - inversion).min(4200.0);
            (speed_m_s * DT_S / SPACING_M).powi(2)
        })
        .collect();
    let damping: Vec<f32> =
        (0..points).map(|i| 1.0 - 2e-4 * SPONGE.saturating_sub(to_side(i)).pow(2) as f32).collect();
    let strides: Vec<usize> = [(nx, ny * nz), (ny, nz), (nz, 1)]
        .into_iter()
        .filter_map(|(extent, stride)| (extent > 1).then_some(stride))
        .collect();
    let source = (nx / 2 * ny + ny / 3) * nz + HALO;
    let (mut now, mut next) = (vec![0.0_f32; points], vec![0.0_f32; points]);
    let mut fields = Vec::new();
    for step in 1..=*steps.last().expect("there should be steps") {
        for row in (0..nx * ny).filter(|row| to_side(row * nz + nz / 2) >= HALO) {
            let inner = row * nz + HALO..(row + 1) * nz - HALO;
            leapfrog(inner, &strides, &courant2, &now, &mut next);
        }
        next[source] += ricker(step as f32 * DT_S - 1.2 / PEAK_HZ);
        for ((next, now), damping) in next.iter_mut().zip(&mut now).zip(&damping) {
            *next *= damping;
            *now *= damping;
        }
        std::mem::swap(&mut now, &mut next);
        if steps.contains(&step) {
            fields.push(now.clone());
        }
    }
    fields
}

/// One step of the points `inner` of a row.
fn leapfrog(
    inner: Range<usize>,
    strides: &[usize],
    courant2: &[f32],
    now: &[f32],
    next: &mut [f32],
) {
    let len = inner.len();
    let mut laplacian = vec![0.0; len];
    let mut add = |weight: f32, start: usize| {
        let row = &now[start..start + len];
        laplacian.iter_mut().zip(row).for_each(|(sum, u)| *sum += weight * u);
    };
    add(WEIGHTS[0] * strides.len() as f32, inner.start);
    for stride in strides {
        for (k, &weight) in WEIGHTS.iter().enumerate().skip(1) {
            add(weight, inner.start - k * stride);
            add(weight, inner.start + k * stride);
        }
    }
    let rows = now[inner.clone()].iter().zip(&courant2[inner.clone()]).zip(&laplacian);
    for (next, ((now, courant2), laplacian)) in next[inner].iter_mut().zip(rows) {
        *next = 2.0 * now - *next + courant2 * laplacian;
    }
}

fn ricker(time_s: f32) -> f32 {
    let a = (std::f32::consts::PI * PEAK_HZ * time_s).powi(2);
    (1.0 - 2.0 * a) * (-a).exp()
}
