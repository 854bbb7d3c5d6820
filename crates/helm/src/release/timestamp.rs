//! Points in time as Go's `encoding/json` writes them.

use std::cmp::Ordering;
use std::fmt;

use gotemplate::{days_in, days_until};

/// A time of RFC 3339 in Go's form: no zeros at the end of the fraction, `Z` for UTC.
///
/// It keeps the offset it was written with, so that a record that is written again stays as it was. Times are compared by
/// the moment they mean.
#[derive(Clone, Debug)]
pub struct Timestamp {
    text: Box<str>,
    seconds: i64,
    nanoseconds: u32,
}

/// A text that is no time of RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time of RFC 3339, such as 2006-01-02T15:04:05Z")]
pub struct TimestampError(pub String);

/// Digits of a fraction of a second that count.
const DIGITS: usize = 9;
/// Seconds of a day.
const DAY: i64 = 86_400;

impl Timestamp {
    /// Reads a time.
    ///
    /// ```
    /// use helm::release::Timestamp;
    ///
    /// let time = Timestamp::parse("2026-11-29T06:30:00.120000000+00:00").unwrap();
    /// assert_eq!(time.to_string(), "2026-11-29T06:30:00.12Z");
    /// assert_eq!(time.unix_seconds(), 1_795_933_800);
    /// ```
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        Self::read(text).ok_or_else(|| TimestampError(text.to_owned()))
    }

    fn read(text: &str) -> Option<Self> {
        let (day, rest) = text.split_once('T')?;
        let [year, month, date] = numbers(day, '-', [4, 2, 2])?;
        let end = rest.find(['Z', '+', '-'])?;
        let (clock, zone) = rest.split_at(end);
        let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, digits)| (clock, Some(digits)));
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let offset = offset(zone)?;
        let fine = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&date);
        if !fine || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let fraction = fraction.map_or(Some(""), trimmed)?;
        let nanoseconds = format!("{fraction:0<DIGITS$}").parse().ok()?;
        let zone = if offset == 0 { "Z" } else { zone };
        let dot = if fraction.is_empty() { "" } else { "." };
        let seconds = days_until(year, month, date) * DAY + hour * 3_600 + minute * 60 + second - offset;
        Some(Self { text: format!("{day}T{clock}{dot}{fraction}{zone}").into(), seconds, nanoseconds })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whole seconds since 1970.
    pub fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// Whether it is what Go takes for no time at all: the first moment of the year 1.
    pub(super) fn is_zero(&self) -> bool {
        self.nanoseconds == 0 && self.seconds == days_until(1, 1, 1) * DAY
    }

    fn moment(&self) -> (i64, u32) {
        (self.seconds, self.nanoseconds)
    }
}

/// Numbers of so many digits with a separator between them.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut found = [0; 3];
    for (place, digits) in found.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *place = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

/// The digits that count, without zeros at the end.
fn trimmed(digits: &str) -> Option<&str> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits[..digits.len().min(DIGITS)].trim_end_matches('0'))
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let [hours, minutes, _] = numbers(&format!("{}:00", &zone[1..]), ':', [2, 2, 2])?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.moment() == other.moment()
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.moment().cmp(&other.moment())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str, seconds: i64) {
        let time = Timestamp::parse(text).expect(text);
        assert_eq!((time.as_str(), time.unix_seconds()), (expect, seconds), "{text}");
    }

    #[test]
    fn times_take_the_form_of_go() {
        check("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0);
        check("2000-02-29T12:00:00.5Z", "2000-02-29T12:00:00.5Z", 951_825_600);
        check("2024-12-31T23:59:59.100200300400Z", "2024-12-31T23:59:59.1002003Z", 1_735_689_599);
        check("2026-07-01T02:00:00.000+02:00", "2026-07-01T02:00:00+02:00", 1_782_864_000);
        check("2026-06-30T19:30:00-04:30", "2026-06-30T19:30:00-04:30", 1_782_864_000);
        check("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z", -1);
        assert!(Timestamp::parse("0001-01-01T00:00:00Z").expect("a time").is_zero());
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "2024",
            "2024-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+1:00",
            "2024-01-01T00:00:00+é",
            "24-01-01T00:00:00Z",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_compared() {
        let time = |text| Timestamp::parse(text).expect(text);
        assert_eq!(time("2026-07-01T02:00:00+02:00"), time("2026-07-01T00:00:00Z"));
        assert!(time("2026-07-01T00:00:00.1Z") > time("2026-07-01T00:00:00.09Z"));
    }
}
