//! What a codec makes of a field, measured.

use std::time::{Duration, Instant};

use super::{Codec, CodecError, Element, FieldShape, Scratch, Workers};

/// What a codec makes of a field on this machine.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Measured {
    /// Bytes of the field by bytes of its code; 1 for an empty field.
    pub ratio: f64,
    /// Bytes of the field by seconds of encoding.
    pub encode_bytes_per_s: f64,
    /// Bytes of the field by seconds of decoding.
    pub decode_bytes_per_s: f64,
    /// The bound that encoding has given for the next number.
    pub max_error_bound: f64,
    /// The largest difference of an element; infinite where one that is not finite has changed.
    pub max_error: f64,
    /// The root mean square of the differences.
    pub rms_error: f64,
}

/// Time spent on each of encoding and decoding, at least.
const ENOUGH: Duration = Duration::from_millis(20);

/// Encodes and decodes a field a few times and compares. Speeds are those of the fastest run,
/// as other load only ever adds time. Costs some tens of milliseconds, or three runs if those
/// take longer, and memory for two copies of the field.
///
/// ```
/// use retrograd_checkpoint::codec::{Codec, Element, FieldShape, Workers, measure};
///
/// let shape = FieldShape::new(Element::F32, [1, 100, 100])?;
/// let wave = (0..10_000).map(|i| ((i / 100) as f32 * 0.1).sin() * ((i % 100) as f32 * 0.1).cos());
/// let bytes: Vec<u8> = wave.flat_map(f32::to_le_bytes).collect();
/// let codec: Codec = "block:relative=1e-3".parse()?;
/// let measured = measure(&codec, &Workers::serial(), shape, &bytes)?;
/// assert!(measured.ratio > 6.0 && measured.max_error <= measured.max_error_bound);
/// # Ok::<(), retrograd_checkpoint::codec::CodecError>(())
/// ```
///
/// # Errors
/// As [`Codec::encode`].
pub fn measure(
    codec: &Codec,
    workers: &Workers<'_>,
    shape: FieldShape,
    bytes: &[u8],
) -> Result<Measured, CodecError> {
    let (mut scratch, mut code) = (Scratch::default(), Vec::new());
    let mut decoded = vec![0; bytes.len()];
    let mut max_error_bound = 0.0;
    let encode_s = fastest(|| {
        code.clear();
        let encoded = codec.encode_with(workers, shape, bytes, &mut scratch, &mut code)?;
        max_error_bound = encoded.max_error;
        Ok(())
    })?;
    let decode_s =
        fastest(|| codec.decode_with(workers, shape, &code, &mut scratch, &mut decoded))?;
    let (max_error, rms_error) = errors(shape.element(), bytes, &decoded);
    let size = bytes.len() as f64;
    Ok(Measured {
        ratio: if bytes.is_empty() { 1.0 } else { size / code.len() as f64 },
        encode_bytes_per_s: size / encode_s,
        decode_bytes_per_s: size / decode_s,
        max_error_bound,
        max_error,
        rms_error,
    })
}

/// Seconds of the fastest of some runs; never 0.
fn fastest(mut run: impl FnMut() -> Result<(), CodecError>) -> Result<f64, CodecError> {
    let mut best = Duration::MAX;
    let begin = Instant::now();
    let mut runs = 0;
    while runs < 3 || begin.elapsed() < ENOUGH {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed());
        runs += 1;
    }
    Ok(best.max(Duration::from_nanos(1)).as_secs_f64())
}

/// Largest and root mean square difference of two fields.
fn errors(element: Element, before: &[u8], after: &[u8]) -> (f64, f64) {
    let differences: Box<dyn Iterator<Item = f64>> = match element {
        Element::Byte => {
            let pairs = before.iter().zip(after);
            Box::new(pairs.map(|(&x, &y)| difference(x.into(), y.into(), x == y)))
        }
        Element::F32 => {
            let (before, after) = (before.as_chunks::<4>().0, after.as_chunks::<4>().0);
            let of = |x: &[u8; 4]| f64::from(f32::from_le_bytes(*x));
            Box::new(before.iter().zip(after).map(move |(x, y)| difference(of(x), of(y), x == y)))
        }
        Element::F64 => {
            let (before, after) = (before.as_chunks::<8>().0, after.as_chunks::<8>().0);
            let of = |x: &[u8; 8]| f64::from_le_bytes(*x);
            Box::new(before.iter().zip(after).map(move |(x, y)| difference(of(x), of(y), x == y)))
        }
    };
    let (mut largest, mut squares, mut count) = (0.0_f64, 0.0, 0_u64);
    for difference in differences {
        largest = largest.max(difference);
        squares += difference * difference;
        count += 1;
    }
    (largest, (squares / count.max(1) as f64).sqrt())
}

fn difference(x: f64, y: f64, same_bits: bool) -> f64 {
    let difference = (x - y).abs();
    match (same_bits, difference.is_nan()) {
        (true, _) => 0.0,
        (false, true) => f64::INFINITY,
        (false, false) => difference,
    }
}
