//! Codecs as text, and parameters that no codec has.

use proptest::prelude::*;
use retrograd_checkpoint::codec::{Codec, CodecError, FieldShape, Filter, Scratch, Tolerance, Zfp};

#[track_caller]
fn check_text(text: &str, codec: &Codec) {
    if codec.check().is_ok() {
        assert_eq!(text.parse().as_ref(), Ok(codec));
    } else {
        assert!(matches!(text.parse::<Codec>(), Err(CodecError::NotCompiled { .. })), "{text}");
    }
    assert_eq!(codec.to_string(), text);
}

#[test]
fn codecs_print_as_they_are_parsed() {
    check_text("none", &Codec::None);
    check_text("lz4", &Codec::Lz4 { filter: Filter::None });
    check_text("shuffle+lz4", &Codec::Lz4 { filter: Filter::Shuffle });
    check_text("zstd:3", &Codec::Zstd { filter: Filter::None, level: 3 });
    check_text("shuffle+zstd:-7", &Codec::Zstd { filter: Filter::Shuffle, level: -7 });
    check_text("pco:8", &Codec::Pco { level: 8 });
    check_text("zfp:lossless", &Codec::Zfp(Zfp::Lossless));
    check_text("zfp:absolute=2.5e-7", &Codec::Zfp(Zfp::Tolerance(Tolerance::Absolute(2.5e-7))));
    check_text("zfp:relative=1e-3", &Codec::Zfp(Zfp::Tolerance(Tolerance::Relative(1e-3))));
    check_text("zfp:rate=8.5", &Codec::Zfp(Zfp::Rate(8.5)));
    check_text("zfp:precision=16", &Codec::Zfp(Zfp::Precision(16)));
    check_text("block:absolute=1e2", &Codec::Block(Tolerance::Absolute(100.0)));
    check_text("block:relative=1e-3", &Codec::Block(Tolerance::Relative(1e-3)));
    assert_eq!("block:relative=0.001".parse(), Ok(Codec::Block(Tolerance::Relative(1e-3))));
    #[cfg(feature = "zstd")]
    assert_eq!("zstd".parse(), Ok(Codec::Zstd { filter: Filter::None, level: 3 }));
    #[cfg(feature = "pco")]
    assert_eq!("pco".parse(), Ok(Codec::Pco { level: 8 }));
}

#[test]
fn text_that_names_no_codec_is_refused() {
    for text in [
        "",
        "None",
        "gzip",
        "lz4:1",
        "shuffle+none",
        "shuffle+pco",
        "shuffle",
        "zstd:",
        "zstd:x",
        "zstd:1.5",
        "zfp",
        "zfp:",
        "zfp:accuracy=1",
        "zfp:rate",
        "block",
        "block:rate=8",
        "block:relative=",
        "block:relative=small",
        "block:relative=1e-3 ",
        "none:1",
    ] {
        assert_eq!(text.parse::<Codec>(), Err(CodecError::Unknown { text: text.to_owned() }));
    }
    let message = "gzip".parse::<Codec>().unwrap_err().to_string();
    let (_, allowed) = message.split_once("help: ").expect("the message should help");
    for codec in allowed.split(", ") {
        let parsed = codec.parse::<Codec>();
        assert!(matches!(parsed, Ok(_) | Err(CodecError::NotCompiled { .. })), "{codec}");
    }
}

#[test]
fn parameters_out_of_range_are_refused() {
    let tolerances = [0.0, -1.0, f64::NAN, f64::INFINITY];
    let mut wrong = vec![
        Codec::Zstd { filter: Filter::None, level: 23 },
        Codec::Zstd { filter: Filter::None, level: -8 },
        Codec::Pco { level: 13 },
        Codec::Zfp(Zfp::Rate(64.1)),
        Codec::Zfp(Zfp::Precision(0)),
        Codec::Zfp(Zfp::Precision(65)),
    ];
    for value in tolerances {
        wrong.push(Codec::Zfp(Zfp::Rate(value)));
        for tolerance in [Tolerance::Absolute(value), Tolerance::Relative(value)] {
            wrong.extend([Codec::Block(tolerance), Codec::Zfp(Zfp::Tolerance(tolerance))]);
        }
    }
    for codec in wrong {
        let refused = codec.check().unwrap_err();
        let expected = matches!(refused, CodecError::Parameter { .. });
        assert!(expected || matches!(refused, CodecError::NotCompiled { .. }), "{codec}");
        // Neither by name, nor by use.
        assert_eq!(
            codec.to_string().parse::<Codec>().map_err(|e| e.to_string()),
            Err(refused.to_string())
        );
        let (shape, mut scratch) = (FieldShape::of_bytes(1), Scratch::default());
        assert!(codec.encode(shape, &[1], &mut scratch, &mut Vec::new()).is_err());
        assert!(codec.decode(shape, &[1], &mut scratch, &mut [1]).is_err());
    }
}

#[test]
fn a_codec_that_is_not_compiled_names_its_feature() {
    let refused = CodecError::NotCompiled { codec: "zstd:3".to_owned(), feature: "zstd" };
    let codec = Codec::Zstd { filter: Filter::None, level: 3 };
    let expected = if cfg!(feature = "zstd") { Ok(()) } else { Err(refused) };
    assert_eq!(codec.check(), expected);
    let refused = CodecError::NotCompiled { codec: "lz4".to_owned(), feature: "lz4" };
    let expected = if cfg!(feature = "lz4") { Ok(()) } else { Err(refused) };
    assert_eq!(Codec::Lz4 { filter: Filter::None }.check(), expected);
}

proptest! {
    #[test]
    fn text_round_trips(value in 1e-300..1e300_f64, level in -7..=22_i32, kind in 0_u8..7) {
        let codec = match kind {
            0 => Codec::Block(Tolerance::Absolute(value)),
            1 => Codec::Block(Tolerance::Relative(value)),
            2 => Codec::Zfp(Zfp::Tolerance(Tolerance::Relative(value))),
            3 => Codec::Zfp(Zfp::Rate(f64::from(level + 8) * 0.7)),
            4 => Codec::Zfp(Zfp::Precision(level.unsigned_abs() + 1)),
            5 => Codec::Pco { level: level.unsigned_abs() as u8 % 13 },
            _ => Codec::Zstd { filter: Filter::Shuffle, level },
        };
        if codec.check().is_ok() {
            prop_assert_eq!(codec.to_string().parse(), Ok(codec));
        }
    }
}
