//! Durations as Go writes them: `10m`, `1h30m`, `1.5s`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Flux's pattern of a duration in its `CustomResourceDefinitions`.
const PATTERN: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";

/// A length of time that is read from and written as Go's text. Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(std::time::Duration);

/// A text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a duration: write numbers with units, such as `30s`, `10m` or `1h30m`")]
pub struct DurationError {
    /// The text.
    pub text: String,
}

impl Duration {
    /// This many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// The same length as the standard library's type.
    pub const fn get(self) -> std::time::Duration {
        self.0
    }
}

impl From<std::time::Duration> for Duration {
    fn from(length: std::time::Duration) -> Self {
        Self(length)
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let error = || DurationError { text: text.to_owned() };
        if text == "0" {
            return Ok(Self::default());
        }
        let (mut rest, mut nanos) = (text, 0u128);
        while !rest.is_empty() {
            let (part, after) = next_part(rest).ok_or_else(error)?;
            nanos = nanos.checked_add(part).ok_or_else(error)?;
            rest = after;
        }
        let nanos = i64::try_from(nanos).ok().filter(|_| !text.is_empty()).ok_or_else(error)?;
        Ok(Self(std::time::Duration::from_nanos(nanos.unsigned_abs())))
    }
}

/// Reads one number with its unit: nanoseconds and what follows.
fn next_part(text: &str) -> Option<(u128, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(digits);
    let (fraction, rest) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (unit, after) = rest.split_at(rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len()));
    let unit = unit_nanos(unit)?;
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    Some((u128::from(whole) * u128::from(unit) + fraction_nanos(fraction, unit), after))
}

/// Nanoseconds of one unit.
fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Nanoseconds of the digits after a point; digits below a nanosecond are dropped.
fn fraction_nanos(digits: &str, unit: u64) -> u128 {
    let (mut sum, mut scale) = (0, u128::from(unit));
    for digit in digits.bytes().take(18) {
        sum += u128::from(digit - b'0') * scale * 100_000_000 / 1_000_000_000;
        scale /= 10;
    }
    sum
}

/// As Go prints it: `10m0s`, `1h30m0s`, `1.5s`, `20ms`.
impl fmt::Display for Duration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        if seconds == 0 {
            return match nanos {
                0 => out.write_str("0s"),
                1..=999 => write!(out, "{nanos}ns"),
                1_000..=999_999 => write!(out, "{}µs", decimal(u64::from(nanos), 1_000)),
                _ => write!(out, "{}ms", decimal(u64::from(nanos), 1_000_000)),
            };
        }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        if hours > 0 {
            write!(out, "{hours}h")?;
        }
        if hours > 0 || minutes > 0 {
            write!(out, "{minutes}m")?;
        }
        write!(out, "{}s", decimal((seconds % 60) * 1_000_000_000 + u64::from(nanos), 1_000_000_000))
    }
}

/// A quotient without trailing zeros.
fn decimal(value: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": PATTERN})
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    fn check(text: &str, millis: u128, printed: &str) {
        let duration: Duration = text.parse().unwrap();
        assert_eq!(duration.get().as_millis(), millis, "{text}");
        assert_eq!(duration.to_string(), printed, "{text}");
    }

    #[test]
    fn go_durations_are_read_and_printed() {
        check("10m", 600_000, "10m0s");
        check("1h30m", 5_400_000, "1h30m0s");
        check("1.5s", 1_500, "1.5s");
        check("20ms", 20, "20ms");
        check("1h", 3_600_000, "1h0m0s");
        check("90s", 90_000, "1m30s");
        check("0", 0, "0s");
        check(".5h", 1_800_000, "30m0s");
        check("1m0.25s", 60_250, "1m0.25s");
        check("1500us", 1, "1.5ms");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "10", "m", "10 m", "-5m", "1d", "1h30", "..5s", "99999999999999h", "1e3s"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
