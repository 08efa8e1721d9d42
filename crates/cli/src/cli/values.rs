//! Numbers on the command line.

use std::str::FromStr;

use retrograd_checkpoint::{TierCost, TierSpec};

/// A whole number: `1000`, `1_000_000` or `1e6`.
pub(super) fn count(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent),
        None => (&*digits, "0"),
    };
    let number = u64::from_str(mantissa).ok();
    let power = u32::from_str(exponent).ok().and_then(|exponent| 10_u64.checked_pow(exponent));
    number.zip(power).and_then(|(number, power)| number.checked_mul(power)).ok_or_else(|| {
        format!("allowed are whole numbers from 0 to {}, such as 1000, 1_000_000 or 1e6", u64::MAX)
    })
}

/// A [`count`] that is not zero.
pub(super) fn at_least_one(text: &str) -> Result<u64, String> {
    match count(text)? {
        0 => Err("allowed are whole numbers from 1".to_owned()),
        number => Ok(number),
    }
}

/// A cost or a time.
pub(super) fn cost(text: &str) -> Result<f64, String> {
    let number = f64::from_str(text).ok();
    number
        .filter(|number| number.is_finite() && *number >= 0.0)
        .ok_or_else(|| "allowed are finite numbers that are not negative".to_owned())
}

/// Something per second.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    let number = f64::from_str(text).ok();
    number
        .filter(|number| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "allowed are finite numbers above 0".to_owned())
}

/// Tiers, the first one tier 0.
#[derive(Clone, PartialEq, Debug)]
pub struct Tiers(pub Vec<TierSpec>);

impl FromStr for Tiers {
    type Err = String;

    /// Reads `slots:write:read,slots:write:read,...`.
    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .enumerate()
            .map(|(k, tier)| read_tier(k, tier))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn read_tier(k: usize, text: &str) -> Result<TierSpec, String> {
    let fields: Vec<&str> = text.split(':').map(str::trim).collect();
    let [slots, write, read] = fields[..] else {
        return Err(format!(
            "tier {k}, `{text}`, has {} fields separated by colons; allowed are three, its slots, \
             the cost of a write and the cost of a read: 10:0:0,100:5:5",
            fields.len()
        ));
    };
    let of = |field: &'static str, value: &str| {
        let value = value.to_owned();
        move |allowed: String| format!("the {field} of tier {k} is `{value}`; {allowed}")
    };
    Ok(TierSpec {
        slots: count(slots).map_err(of("number of slots", slots))?,
        cost: TierCost {
            write: cost(write).map_err(of("cost of a write", write))?,
            read: cost(read).map_err(of("cost of a read", read))?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_numbers_in_any_of_three_ways() {
        for (text, number) in
            [("0", 0), ("1_000", 1000), ("25e3", 25_000), ("1E19", 10_u64.pow(19))]
        {
            assert_eq!(count(text), Ok(number), "{text}");
        }
        assert_eq!(count("18446744073709551615"), Ok(u64::MAX));
        for text in ["", "-1", "1.5", "2e19", "1e20", "e3", "ten", "1e", "18446744073709551616"] {
            assert!(count(text).is_err(), "{text}");
        }
        assert!(at_least_one("0").is_err());
    }

    #[test]
    fn costs_are_finite_and_not_negative() {
        assert_eq!(cost("0.5"), Ok(0.5));
        for text in ["-1", "inf", "nan", "1e999", "five"] {
            assert!(cost(text).is_err(), "{text}");
        }
    }

    #[test]
    fn speeds_are_finite_and_above_zero() {
        assert_eq!(speed("12.5"), Ok(12.5));
        for text in ["0", "-1", "inf", "nan", "fast"] {
            assert!(speed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tiers_name_the_field_that_is_wrong() {
        let tiers = Tiers::from_str("3:0:0, 10:5:2.5").expect("two tiers");
        let disk = TierSpec { slots: 10, cost: TierCost { write: 5.0, read: 2.5 } };
        assert_eq!(tiers.0[1], disk);
        for (text, part) in [
            ("3:0", "tier 0, `3:0`, has 2 fields"),
            ("3:0:0,x:1:1", "the number of slots of tier 1 is `x`"),
            ("3:-1:0", "the cost of a write of tier 0 is `-1`"),
            ("3:0:nan", "the cost of a read of tier 0 is `nan`"),
            ("", "tier 0, ``, has 1 fields"),
        ] {
            let error = Tiers::from_str(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
    }
}
