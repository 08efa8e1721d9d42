//! Codecs: every field comes back within the bound that encoding gave, from a stream within the
//! length that was promised; damaged streams end in errors or in wrong numbers, in nothing else.

use std::num::NonZeroUsize;

use proptest::prelude::*;
use retrograd_checkpoint::codec::{
    Codec, CodecError, Element, Encoded, FieldShape, Filter, Scratch, Tolerance, Workers, Zfp,
    measure,
};

/// Every codec of this build, lossy ones at several tolerances.
fn codecs() -> Vec<Codec> {
    let mut codecs = vec![
        Codec::None,
        Codec::Lz4 { filter: Filter::None },
        Codec::Lz4 { filter: Filter::Shuffle },
        Codec::Zstd { filter: Filter::None, level: 1 },
        Codec::Zstd { filter: Filter::Shuffle, level: -3 },
        Codec::Pco { level: 4 },
        Codec::Zfp(Zfp::Lossless),
        Codec::Zfp(Zfp::Rate(8.0)),
        Codec::Zfp(Zfp::Rate(0.1)),
        Codec::Zfp(Zfp::Precision(12)),
    ];
    let tolerances = [1e-39, 1e-9, 1e-6, 1e-3, 0.1, 3.0, 5.0]
        .into_iter()
        .flat_map(|tolerance| [Tolerance::Absolute(tolerance), Tolerance::Relative(tolerance)]);
    for tolerance in tolerances {
        codecs.extend([Codec::Block(tolerance), Codec::Zfp(Zfp::Tolerance(tolerance))]);
    }
    codecs.retain(|codec| codec.check().is_ok());
    codecs
}

/// A field with its elements as `f64`, in which differences of elements are taken.
#[derive(Clone, Debug)]
struct Field {
    name: &'static str,
    shape: FieldShape,
    bytes: Vec<u8>,
}

impl Field {
    fn f32(name: &'static str, extents: [usize; 3], values: &[f32]) -> Self {
        let shape = FieldShape::new(Element::F32, extents).expect("should be small");
        Self { name, shape, bytes: values.iter().flat_map(|x| x.to_le_bytes()).collect() }
    }

    fn f64(name: &'static str, extents: [usize; 3], values: &[f64]) -> Self {
        let shape = FieldShape::new(Element::F64, extents).expect("should be small");
        Self { name, shape, bytes: values.iter().flat_map(|x| x.to_le_bytes()).collect() }
    }

    /// Both precisions of the same values.
    fn both(name: &'static str, extents: [usize; 3], values: &[f64]) -> [Self; 2] {
        let rounded: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        [Self::f32(name, extents, &rounded), Self::f64(name, extents, values)]
    }

    fn values(&self, bytes: &[u8]) -> Vec<f64> {
        match self.shape.element() {
            Element::Byte => bytes.iter().map(|&x| x.into()).collect(),
            Element::F32 => {
                let (values, _) = bytes.as_chunks();
                values.iter().map(|&x| f32::from_le_bytes(x).into()).collect()
            }
            Element::F64 => {
                let (values, _) = bytes.as_chunks();
                values.iter().map(|&x| f64::from_le_bytes(x)).collect()
            }
        }
    }
}

/// Ricker wave fronts of two sources: smooth where they are, zero where they are not yet.
fn waves(extents: [usize; 3]) -> Vec<f64> {
    let [nx, ny, nz] = extents.map(|n| n as f64);
    let sources = [[0.3 * nx, 0.2 * ny, 0.0], [0.8 * nx, 0.6 * ny, 0.7 * nz]];
    let mut values = Vec::new();
    for i in 0..extents.iter().product() {
        let at = [i / (extents[1] * extents[2]), i / extents[2] % extents[1], i % extents[2]];
        let mut sum = 0.0;
        for source in sources {
            let squares = (0..3).map(|axis| (at[axis] as f64 - source[axis]).powi(2));
            let distance = squares.sum::<f64>().sqrt();
            let phase = (0.35 * (distance - 12.0)).powi(2);
            if phase < 40.0 {
                sum += (1.0 - 2.0 * phase) * (-phase).exp() / (1.0 + distance);
            }
        }
        values.push(sum);
    }
    values
}

/// Numbers between -1 and 1 without any structure.
fn noise(count: usize) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn fields() -> Vec<Field> {
    let mut fields = Vec::new();
    for extents in [[1, 61, 47], [19, 33, 37], [1, 1, 700], [1, 300, 300], [40, 1, 50], [30, 20, 3]]
    {
        fields.extend(Field::both("waves", extents, &waves(extents)));
    }
    for extents in [[1, 1, 1], [1, 1, 2], [1, 1, 31], [1, 1, 33], [3, 5, 7], [2, 2, 65], [0, 4, 4]]
    {
        let count = extents.iter().product();
        fields.extend(Field::both("noise", extents, &noise(count)));
        fields.extend(Field::both("ones", extents, &vec![1.0; count]));
    }
    let cube = [9, 10, 11];
    let noise = noise(990);
    let scaled = |scale: f64| noise.iter().map(|x| x * scale).collect::<Vec<f64>>();
    // Blocks of the extremes of a power of two, which the tolerance is 2 and 4 times of.
    let mut signs: Vec<f64> = noise.iter().map(|x| x.signum() * 0.999_999).collect();
    signs[989] = 100.0;
    fields.extend(Field::both("signs", cube, &signs));
    fields.extend(Field::both("zeros", cube, &[0.0; 990]));
    fields.extend(Field::both("negative zeros", cube, &[-0.0; 990]));
    fields.extend(Field::both("large noise", cube, &scaled(3e38)));
    fields.extend(Field::both("small noise", cube, &scaled(1e-36)));
    fields.extend(Field::both("subnormal noise", cube, &scaled(1e-41)));
    fields.push(Field::f64("subnormal noise", cube, &scaled(1e-310)));
    fields.push(Field::f64("large noise", cube, &scaled(1e308)));
    let scales: Vec<f64> =
        noise.iter().enumerate().map(|(i, x)| x * 10_f64.powi(i as i32 % 70 - 35)).collect();
    fields.extend(Field::both("all scales", cube, &scales));
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut values = noise.clone();
        values[377] = odd;
        fields.extend(Field::both("noise, one number not finite", cube, &values));
        fields.extend(Field::both("nothing finite", cube, &[odd; 990]));
    }
    let payload = [f32::from_bits(0x7fa0_1234), f32::from_bits(0xffc0_0001), f32::NAN, 1.0];
    fields.push(Field::f32("payloads of NaN", [1, 1, 4], &payload));
    for len in [0, 1, 1000, 300_000] {
        let bytes = (0..len).map(|i| (i * i / 32) as u8).collect();
        fields.push(Field { name: "bytes", shape: FieldShape::of_bytes(len), bytes });
    }
    fields
}

/// Encodes and decodes; both must keep what they promise.
#[track_caller]
fn check(codec: &Codec, field: &Field, scratch: &mut Scratch) -> Encoded {
    let what = || format!("{codec}, {}, {:?}", field.name, field.shape);
    let mut code = vec![7; 3]; // somebody else's
    let encoded = codec.encode(field.shape, &field.bytes, scratch, &mut code).expect("encodes");
    assert_eq!(code[..3], [7; 3], "{}", what());
    let code = &code[3..];
    assert_eq!(code.len(), encoded.bytes, "{}", what());
    assert!(code.len() <= codec.max_encoded_len(field.shape), "{}", what());

    let mut decoded = vec![0x55; field.bytes.len()];
    codec.decode(field.shape, code, scratch, &mut decoded).expect("decodes");
    if codec.is_lossless() || field.shape.element() == Element::Byte {
        assert!(decoded == field.bytes && encoded.max_error == 0.0, "{}", what());
    }
    let (before, after) = (field.values(&field.bytes), field.values(&decoded));
    let largest =
        before.iter().filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
    let tolerance = match codec {
        Codec::Block(tolerance) | Codec::Zfp(Zfp::Tolerance(tolerance)) => match *tolerance {
            Tolerance::Absolute(tolerance) => tolerance,
            Tolerance::Relative(tolerance) => tolerance * largest,
        },
        _ => f64::INFINITY,
    };
    assert!(encoded.max_error <= tolerance, "{}", what());
    for (i, (x, y)) in before.iter().zip(&after).enumerate() {
        if x.is_finite() {
            let error = (x - y).abs();
            assert!(error <= encoded.max_error, "{}: element {i}, {x:e}, off {error:e}", what());
        } else {
            let size = field.shape.element().bytes();
            let place = i * size..(i + 1) * size;
            assert_eq!(decoded[place.clone()], field.bytes[place], "{}: element {i}", what());
        }
    }
    encoded
}

#[test]
fn every_codec_keeps_its_word_on_every_field() {
    let mut scratch = Scratch::default();
    for codec in codecs() {
        for field in fields() {
            check(&codec, &field, &mut scratch);
        }
    }
}

#[test]
fn quiet_fields_take_no_bytes() {
    let shape = FieldShape::new(Element::F32, [1, 100, 100]).unwrap();
    let zeros = vec![0; shape.bytes()];
    let mut scratch = Scratch::default();
    for codec in codecs() {
        let mut code = Vec::new();
        codec.encode(shape, &zeros, &mut scratch, &mut code).unwrap();
        assert!(code.len() == 10 || codec == Codec::None, "{codec}: {} bytes", code.len());
    }
    // Likewise where a tolerance is larger than everything.
    let field =
        Field::f32("noise", [1, 10, 99], &noise(990).iter().map(|&x| x as f32).collect::<Vec<_>>());
    let encoded = check(&Codec::Block(Tolerance::Absolute(1.0)), &field, &mut scratch);
    assert!(encoded.bytes == 10 && (0.9..1.0).contains(&encoded.max_error));
}

/// Second differences of a rounded linear function are at most 2 in magnitude, of which there
/// are five: 3 bits per value, 1 byte and 1 bit per block of 32, 18 bytes besides; and the first
/// two of each row, whose differences are as large as the values, which their block pays for.
#[test]
fn the_block_codec_predicts_what_is_linear() {
    let ramp: Vec<f32> = (0..32 * 1000).map(|i| (i as f32) * 0.37).collect();
    let field = Field::f32("ramp", [1, 1, ramp.len()], &ramp);
    let encoded = check(&Codec::Block(Tolerance::Absolute(0.1)), &field, &mut Scratch::default());
    let most = 1000 * (32 * 3 + 9) / 8 + 18 + 10 + 32 * 4;
    assert!(encoded.bytes <= most, "{} bytes, not {most}", encoded.bytes);
}

/// What nothing can be made of is stored as it is: no longer than promised, and not wrong.
#[test]
fn what_cannot_be_compressed_is_stored() {
    let random: Vec<u8> = noise(80_000).iter().map(|x| (x.to_bits() >> 20) as u8).collect();
    for element in [Element::Byte, Element::F32, Element::F64] {
        let extents = [1, 1, random.len() / element.bytes()];
        let field = Field {
            name: "random bits",
            shape: FieldShape::new(element, extents).unwrap(),
            bytes: random.clone(),
        };
        for codec in codecs() {
            check(&codec, &field, &mut Scratch::default());
        }
    }
}

#[test]
fn streams_do_not_depend_on_what_was_encoded_before() {
    let of = |extents: [usize; 3]| Field::both("waves", extents, &waves(extents));
    for (large, small) in of([150, 40, 64]).iter().zip(&of([3, 20, 40])) {
        for codec in codecs() {
            let encode = |field: &Field, scratch: &mut Scratch| {
                let mut code = Vec::new();
                codec.encode(field.shape, &field.bytes, scratch, &mut code).unwrap();
                code
            };
            let mut scratch = Scratch::default();
            encode(large, &mut scratch);
            assert!(
                encode(small, &mut scratch) == encode(small, &mut Scratch::default()),
                "{codec}"
            );
        }
    }
}

/// A team that runs tasks last first, to be told from one that starts with the first.
fn backwards(tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    (0..tasks).rev().for_each(task);
}

/// A team that does not do what it was asked to.
fn lazy(_: usize, _: &(dyn Fn(usize) + Sync)) {}

#[test]
fn streams_do_not_depend_on_the_workers() {
    // Planes so large that slabs are cut in two directions.
    let extents = [40, 90, 150];
    let mut values = waves(extents);
    values[200_000] = f64::NAN;
    let several = NonZeroUsize::new(3).unwrap();
    for field in Field::both("waves", extents, &values) {
        for codec in codecs() {
            let mut scratch = Scratch::default();
            let mut one = Vec::new();
            let encoded = codec.encode(field.shape, &field.bytes, &mut scratch, &mut one).unwrap();
            let mut expected = vec![0; field.bytes.len()];
            codec.decode(field.shape, &one, &mut scratch, &mut expected).unwrap();
            for workers in [
                Workers::threads(several),
                Workers::new(several, &backwards),
                Workers::new(several, &lazy),
            ] {
                let mut many = Vec::new();
                let again = codec
                    .encode_with(&workers, field.shape, &field.bytes, &mut scratch, &mut many)
                    .unwrap();
                assert!(one == many && encoded == again, "{codec}");
                let mut decoded = vec![1; field.bytes.len()];
                codec
                    .decode_with(&workers, field.shape, &many, &mut scratch, &mut decoded)
                    .unwrap();
                assert!(decoded == expected, "{codec}");
            }
        }
    }
}

#[test]
fn buffers_of_the_wrong_length_are_refused() {
    let shape = FieldShape::new(Element::F32, [1, 1, 10]).unwrap();
    let mut scratch = Scratch::default();
    let wrong = CodecError::WrongLength { given: 39, expected: 40 };
    let mut code = Vec::new();
    let encoded = Codec::None.encode(shape, &[1; 39], &mut scratch, &mut code);
    assert_eq!((encoded.unwrap_err(), code.len()), (wrong.clone(), 0));
    Codec::None.encode(shape, &[1; 40], &mut scratch, &mut code).unwrap();
    let decoded = Codec::None.decode(shape, &code, &mut scratch, &mut [0; 39]);
    assert_eq!(decoded.unwrap_err(), wrong);
}

#[test]
fn streams_of_other_codecs_and_shapes_are_refused() {
    let field = Field::f32("ones", [1, 8, 100], &[1.0; 800]);
    let mut scratch = Scratch::default();
    let mut out = vec![0; field.bytes.len()];
    let block = Codec::Block(Tolerance::Absolute(1e-3));
    let mut code = Vec::new();
    block.encode(field.shape, &field.bytes, &mut scratch, &mut code).unwrap();
    let other = Codec::None.decode(field.shape, &code, &mut scratch, &mut out);
    assert!(matches!(other, Err(CodecError::Corrupt { .. })), "{other:?}");
    code.push(0);
    let longer = block.decode(field.shape, &code, &mut scratch, &mut out);
    assert!(matches!(longer, Err(CodecError::Corrupt { .. })), "{longer:?}");
    let smaller = FieldShape::new(Element::F32, [1, 7, 100]).unwrap();
    let smaller = block.decode(smaller, &code, &mut scratch, &mut out[..2800]);
    assert!(matches!(smaller, Err(CodecError::Corrupt { .. })), "{smaller:?}");
}

/// A prefix of a stream is never a stream.
#[test]
fn truncated_streams_are_refused() {
    let values = waves([3, 20, 40]);
    for field in Field::both("waves", [3, 20, 40], &values) {
        for codec in codecs() {
            let mut scratch = Scratch::default();
            let (mut code, mut out) = (Vec::new(), vec![0; field.bytes.len()]);
            codec.encode(field.shape, &field.bytes, &mut scratch, &mut code).unwrap();
            for len in (0..code.len().min(300)).chain((300..code.len()).step_by(97)) {
                let result = codec.decode(field.shape, &code[..len], &mut scratch, &mut out);
                assert!(matches!(result, Err(CodecError::Corrupt { .. })), "{codec}, {len} bytes");
            }
        }
    }
}

#[test]
fn measuring_agrees_with_encoding() {
    let extents = [1, 61, 47];
    let field = &Field::both("waves", extents, &waves(extents))[0];
    for codec in codecs() {
        let measured = measure(&codec, &Workers::serial(), field.shape, &field.bytes).unwrap();
        let encoded = check(&codec, field, &mut Scratch::default());
        assert_eq!(measured.ratio, field.bytes.len() as f64 / encoded.bytes as f64, "{codec}");
        assert_eq!(measured.max_error_bound, encoded.max_error, "{codec}");
        assert!(measured.max_error <= encoded.max_error, "{codec}");
        assert!(measured.rms_error <= measured.max_error, "{codec}");
        assert!(measured.encode_bytes_per_s > 0.0 && measured.decode_bytes_per_s > 0.0, "{codec}");
    }
}

/// Extents of every size that a slab, block or tail may have, of not too many elements.
fn any_extents() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![
        (1_usize..3000).prop_map(|n| [1, 1, n]),
        (1_usize..70, 1_usize..70).prop_map(|(y, z)| [1, y, z]),
        (1_usize..22, 1_usize..14, 1_usize..70).prop_map(|(x, y, z)| [x, y, z]),
    ]
}

/// Values of some magnitude and smoothness.
fn any_values(count: usize) -> impl Strategy<Value = Vec<f64>> {
    let seeds = proptest::collection::vec(-1.0..1.0_f64, 1..40_usize);
    (seeds, -35..35_i32, 0.0..1.0_f64, 0_u8..3).prop_map(move |(seeds, scale, rough, kind)| {
        let scale = 10_f64.powi(scale);
        (0..count)
            .map(|i| {
                let random: f64 = seeds[i % seeds.len()] * seeds[i / 7 % seeds.len()];
                let smooth = f64::sin(i as f64 * 0.05 * (1.0 + seeds[0]));
                scale
                    * match kind {
                        0 => rough * random + (1.0 - rough) * smooth,
                        1 => random.powi(9), // a few large ones
                        _ => smooth * f64::exp(-0.01 * rough * i as f64),
                    }
            })
            .collect()
    })
}

fn any_field() -> impl Strategy<Value = Field> {
    any_extents().prop_flat_map(|extents| {
        (any_values(extents.iter().product()), any::<bool>()).prop_map(move |(values, single)| {
            let [f32, f64] = Field::both("generated", extents, &values);
            if single { f32 } else { f64 }
        })
    })
}

/// Tolerances of every magnitude, relative or as much in absolute terms.
fn any_tolerance() -> impl Strategy<Value = (bool, f64)> {
    (any::<bool>(), -14.0..1.0).prop_map(|(relative, log10)| (relative, 10_f64.powf(log10)))
}

proptest! {
    #[test]
    fn lossy_codecs_keep_any_tolerance(field in any_field(), (relative, value) in any_tolerance()) {
        let values = field.values(&field.bytes);
        let largest = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let tolerance = if relative || largest == 0.0 {
            Tolerance::Relative(value)
        } else {
            Tolerance::Absolute(value * largest)
        };
        for codec in [Codec::Block(tolerance), Codec::Zfp(Zfp::Tolerance(tolerance))] {
            if codec.check().is_ok() {
                check(&codec, &field, &mut Scratch::default());
            }
        }
    }

    #[test]
    fn lossless_codecs_keep_any_bits(
        bits in proptest::collection::vec(any::<u64>(), 0..500),
        period in 1_usize..50,
        element in prop_oneof![Just(Element::Byte), Just(Element::F32), Just(Element::F64)],
    ) {
        // Repeated, so that there is something to compress.
        let repeated = (0..bits.len()).map(|i| bits[i % period.min(bits.len())]);
        let bytes: Vec<u8> = repeated.flat_map(u64::to_le_bytes).collect();
        let extents = [1, 1, bytes.len() / element.bytes()];
        let field = Field { name: "bits", shape: FieldShape::new(element, extents).unwrap(), bytes };
        for codec in codecs() {
            check(&codec, &field, &mut Scratch::default());
        }
    }

    #[test]
    fn damaged_streams_are_errors_or_wrong_numbers(
        which in 0_usize..100,
        extents in any_extents(),
        values in any_values(200),
        single in any::<bool>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        tail in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let count: usize = extents.iter().product();
        let values: Vec<f64> = values.iter().copied().cycle().take(count).collect();
        let [f32, f64] = Field::both("generated", extents, &values);
        let field = if single { f32 } else { f64 };
        let codecs = codecs();
        let codec = &codecs[which % codecs.len()];
        let (mut scratch, mut code) = (Scratch::default(), Vec::new());
        codec.encode(field.shape, &field.bytes, &mut scratch, &mut code).unwrap();
        for (index, byte) in damage {
            // Not the tag, which would end the test at once.
            let index = index.index(code.len().max(2) - 1) + 1;
            if let Some(at) = code.get_mut(index) {
                *at ^= byte;
            }
        }
        if let Some(cut) = cut {
            code.truncate(cut.index(code.len() + 1));
        }
        code.extend(tail);
        let mut out = vec![0; field.bytes.len()];
        let _ = codec.decode(field.shape, &code, &mut scratch, &mut out);
        // The scratch is as good as before.
        check(codec, &field, &mut scratch);
    }
}

#[test]
fn more_workers_than_slabs_are_no_harm() {
    let field = &Field::both("waves", [1, 61, 47], &waves([1, 61, 47]))[0];
    let codec = Codec::Block(Tolerance::Absolute(1e-4));
    let (mut scratch, mut code, mut one) = (Scratch::default(), Vec::new(), Vec::new());
    let workers = Workers::threads(NonZeroUsize::new(16).unwrap());
    codec.encode_with(&workers, field.shape, &field.bytes, &mut scratch, &mut code).unwrap();
    codec.encode(field.shape, &field.bytes, &mut scratch, &mut one).unwrap();
    assert_eq!(code, one);
}
