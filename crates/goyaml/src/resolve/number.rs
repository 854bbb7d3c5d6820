//! Numbers as Go's `strconv` reads and writes them.

use std::fmt::{LowerExp, Write};

use super::Plain;
use crate::Dialect;

/// Reads an integer with Go's base prefixes (`0x`, `0o`, `0b`, and a bare `0` for octal).
pub(super) fn go_int(text: &str) -> Option<Plain> {
    let (negative, signed, rest) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (digits, radix) = split_base(rest);
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Plain::Int);
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Plain::Int(value)),
        Err(_) if signed => None,
        Err(_) => Some(Plain::Uint(magnitude)),
    }
}

fn split_base(text: &str) -> (&str, u32) {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.get(1).map(u8::to_ascii_lowercase)) {
        (Some(b'0'), Some(b'x')) => (&text[2..], 16),
        (Some(b'0'), Some(b'o')) => (&text[2..], 8),
        (Some(b'0'), Some(b'b')) => (&text[2..], 2),
        (Some(b'0'), Some(_)) => (&text[1..], 8),
        _ => (text, 10),
    }
}

/// A sign between prefix and digits, which go-yaml lets pass: `0b-11` is -3.
pub(super) fn prefixed(dialect: Dialect, text: &str) -> Option<Plain> {
    let signed = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Plain::Int);
    if let Some(digits) = text.strip_prefix("0b") {
        return signed(digits, 2);
    }
    if dialect == Dialect::V3
        && let Some(digits) = text.strip_prefix("0o")
    {
        return signed(digits, 8);
    }
    None
}

/// Whether the text is a float to YAML 1.2: digits, a point, an exponent, nothing else.
pub(super) fn looks_like_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_fits = all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    mantissa_fits && exponent_fits
}

/// Reads a decimal float; one that is too large is none. Underscores may stand between digits.
pub(super) fn go_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let between_digits = |at: usize| {
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        digit(at.checked_sub(1)) && digit(at.checked_add(1))
    };
    if (0..bytes.len()).any(|at| bytes[at] == b'_' && !between_digits(at)) {
        return None;
    }
    let bare = text.replace('_', "");
    if !looks_like_float(&bare) {
        return None;
    }
    bare.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// The shortest digits that read back as a number, and the decimal exponent of the first one.
struct Shortest {
    negative: bool,
    digits: String,
    exponent: i32,
}

/// The integer that a float is, if that is the shortest text that leads back to it but for zeros at its end: no two texts of so
/// few digits are one float. Most numbers of charts are such ones.
pub fn short_integer(value: f64) -> Option<i64> {
    const BEYOND: f64 = 1e15;
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is told by the comparison")]
    let whole = value as i64;
    #[expect(clippy::cast_precision_loss, reason = "nothing is lost below the bound")]
    // Not so for the zero that is below zero.
    let is_whole = value.abs() < BEYOND && (whole as f64).to_bits() == value.to_bits();
    is_whole.then_some(whole)
}

/// The shortest text that leads back to a float, without an exponent, if it has up to three digits behind the point and not many
/// before it: no two texts of so few digits are one float. Nearly all numbers of charts with a fraction are such ones.
fn short_decimal(value: f64) -> Option<String> {
    const BEYOND: f64 = 1e12;
    let thousandths = (value * 1000.0).round();
    // The quotient is the float that is nearest to the decimal number.
    let is_exact = value.abs() < BEYOND && thousandths != 0.0 && (thousandths / 1000.0).to_bits() == value.to_bits();
    if !is_exact {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and small enough")]
    let size = thousandths.abs() as u64;
    let mut text = String::with_capacity(SHORTEST);
    if value < 0.0 {
        text.push('-');
    }
    text.push_str(itoa::Buffer::new().format(size / 1000));
    // Three digits behind a one, of which zeros at the end go.
    let mut digits = itoa::Buffer::new();
    let fraction = digits.format(1000 + size % 1000)[1..].trim_end_matches('0');
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    Some(text)
}

/// The shortest digits that lead back to the number; of two that are equally near the even ones, as Go takes them.
fn shortest(value: f64) -> Shortest {
    split(&shortest_exponential(value))
}

/// The shortest text that leads back to a finite number, in the form `-1.25e-7`; of two equally near ones the even one, as
/// Go takes it. Rust's own formatting takes the larger one.
pub fn shortest_exponential(value: f64) -> String {
    even(exponential_text(value), value, |text| text.parse() == Ok(value))
}

/// Bytes that the shortest text of a number has room in.
const SHORTEST: usize = 26;

fn exponential_text(value: impl LowerExp) -> String {
    let mut text = String::with_capacity(SHORTEST);
    // Writing into a String does not fail.
    let _ = write!(text, "{value:e}");
    text
}

/// Digits that a number has at least if two equally near texts lead back to it.
const LEAST_DIGITS_OF_TIES: usize = 7;

/// The even one of two texts that are equally near.
fn even(text: String, exact: f64, leads_back: impl Fn(&str) -> bool) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let exponent = exponent.parse().unwrap_or(0);
    if digits < LEAST_DIGITS_OF_TIES || !may_be_tie(exact, digits, exponent) || !is_tie(exact, digits) {
        return text;
    }
    // One digit more is exact, and it is a 5.
    let longer = format!("{exact:.digits$e}");
    let Some((mantissa, exponent)) = longer.split_once('e') else { return text };
    let lower = &mantissa[..mantissa.len() - 1];
    let is_even = lower.bytes().next_back().is_some_and(|digit| digit % 2 == 0);
    let lower = format!("{lower}e{exponent}");
    if is_even && leads_back(&lower) { lower } else { text }
}

/// Whether the number may have one digit more than so many, and end with it: this is quick to tell, and so of hardly any number.
/// The exponent is that of the first digit.
fn may_be_tie(exact: f64, digits: usize, exponent: i32) -> bool {
    /// Below this, integers can be counted.
    const LARGE: f64 = 1e38;
    let places = places(exact);
    let all = usize::try_from(i64::from(exponent) + 1 + places);
    if places > 0 {
        return all == Ok(digits + 1);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an integer that is small enough")]
    let whole = exact.abs() as u128;
    let zeros = u32::try_from(exponent).ok().and_then(|exponent| exponent.checked_sub(u32::try_from(digits).ok()?));
    zeros.is_some_and(|zeros| exact.abs() >= LARGE || whole.is_multiple_of(10_u128.pow(zeros)))
}

/// How many digits a number has behind the point when all are written: as many as its fraction has bits. Not above 0 for
/// integers.
fn places(exact: f64) -> i64 {
    let bits = exact.to_bits();
    let power = i64::try_from(bits >> 52 & 0x7FF).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let mantissa = if power == 0 { fraction } else { fraction | 1 << 52 };
    1075 - power.max(1) - i64::from(mantissa.trailing_zeros())
}

/// Whether the number lies exactly between two texts of so many digits.
fn is_tie(exact: f64, digits: usize) -> bool {
    /// No double has more digits.
    const ALL: usize = 767;
    let ends = |all: usize| {
        let text = format!("{exact:.all$e}");
        let mantissa = text.split('e').next().unwrap_or_default();
        let behind: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).skip(digits).collect();
        behind.first() == Some(&b'5') && behind[1..].iter().all(|digit| *digit == b'0')
    };
    ends(digits + 4) && ends(ALL)
}

fn shortest_narrow(value: f32) -> Shortest {
    split(&even(exponential_text(value), f64::from(value), |text| text.parse() == Ok(value)))
}

/// A text of the form `-1.25e-7` in its parts.
fn split(text: &str) -> Shortest {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |mantissa| (true, mantissa));
    let digits = mantissa.replace('.', "");
    Shortest { negative, digits, exponent: exponent.parse().unwrap_or(0) }
}

/// A number in positional notation.
fn positional(number: &Shortest) -> String {
    let Shortest { negative, digits, exponent } = number;
    let mut text = String::with_capacity(SHORTEST + digits.len());
    text.push_str(if *negative { "-" } else { "" });
    let zeros = |text: &mut String, count: usize| text.extend(std::iter::repeat_n('0', count));
    // Digits before the point.
    match usize::try_from(exponent + 1) {
        Ok(before) if before >= digits.len() => {
            text.push_str(digits);
            zeros(&mut text, before - digits.len());
        }
        Ok(before) if before > 0 => {
            text.push_str(&digits[..before]);
            text.push('.');
            text.push_str(&digits[before..]);
        }
        _ => {
            text.push_str("0.");
            zeros(&mut text, usize::try_from(-exponent - 1).unwrap_or(0));
            text.push_str(digits);
        }
    }
    text
}

/// Digits with an exponent of at least two digits, as Go writes it.
fn exponential(digits: &str, exponent: i32) -> String {
    let point = if digits.len() > 1 { "." } else { "" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}{point}{}e{sign}{:02}", &digits[..1], &digits[1..], exponent.abs())
}

/// The exponent from which Go's `%g` with shortest precision changes to exponents.
const G_EXPONENT: i32 = 6;

/// Go's `FormatFloat(value, 'g', -1, 64)`, with YAML's names for what is not a number.
pub fn format_g(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    short_general(value).unwrap_or_else(|| format_shortest(&shortest(value)))
}

/// The text of a float in form `g`, if it is short.
fn short_general(value: f64) -> Option<String> {
    /// From here on it has an exponent.
    const LARGE: f64 = 1e6;
    if value.abs() < LARGE { short_decimal(value) } else { None }
}

/// Go's `FormatFloat(value, 'g', -1, 32)`, which `sigs.k8s.io/yaml` uses for keys.
pub(crate) fn format_g32(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "Go rounds to 32 bits here too")]
    let narrow = value as f32;
    if narrow.is_finite() { format_shortest(&shortest_narrow(narrow)) } else { format_g(f64::from(narrow)) }
}

fn format_shortest(number: &Shortest) -> String {
    if (-4..G_EXPONENT).contains(&number.exponent) {
        return positional(number);
    }
    let sign = if number.negative { "-" } else { "" };
    format!("{sign}{}", exponential(&number.digits, number.exponent))
}

/// Go's `FormatFloat(value, 'f', -1, 64)` of a finite number.
pub fn format_fixed(value: f64) -> String {
    short_decimal(value).unwrap_or_else(|| positional(&shortest(value)))
}

/// A float as Go's `encoding/json` writes it; what is not a number becomes null.
pub fn format_json(value: f64) -> String {
    /// Below and from these, exponents are used.
    const SMALL: f64 = 1e-6;
    const LARGE: f64 = 1e21;
    if !value.is_finite() {
        return "null".to_owned();
    }
    let size = value.abs();
    if size == 0.0 || (SMALL..LARGE).contains(&size) {
        return format_fixed(value);
    }
    let number = shortest(value);
    let sign = if number.negative { "-" } else { "" };
    let text = exponential(&number.digits, number.exponent);
    match text.rfind("e-0") {
        Some(at) => format!("{sign}{}{}", &text[..at + 2], &text[at + 3..]),
        None => format!("{sign}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        format_json, format_shortest, is_tie, may_be_tie, positional, short_decimal, short_general, short_integer,
        shortest, shortest_exponential,
    };

    #[test]
    fn an_integer_is_its_own_shortest_text() {
        for (value, whole) in [
            (0.0, Some(0)),
            (-0.0, None),
            (8080.0, Some(8080)),
            (-100_000.0, Some(-100_000)),
            (999_999_999_999_999.0, Some(999_999_999_999_999)),
            (1e15, None),
            (0.5, None),
            (f64::NAN, None),
            (f64::NEG_INFINITY, None),
        ] {
            assert_eq!(short_integer(value), whole, "{value}");
            if let Some(whole) = whole {
                let digits = whole.unsigned_abs().to_string();
                let shortest = shortest_exponential(value).replace(['-', '.'], "");
                let shortest = shortest.split('e').next().unwrap_or_default().to_owned();
                assert_eq!(shortest.trim_end_matches('0'), digits.trim_end_matches('0'));
            }
        }
        assert_eq!(format_json(-0.0), "-0");
    }

    #[test]
    fn a_short_decimal_is_the_shortest_text() {
        for (value, text) in [
            (0.5, Some("0.5")),
            (-0.1, Some("-0.1")),
            (0.001, Some("0.001")),
            (1.25, Some("1.25")),
            (-999_999.999, Some("-999999.999")),
            (123_456_789_012.345, Some("123456789012.345")),
            (8080.0, Some("8080")),
            (0.0, None),
            (-0.0, None),
            (0.0001, None),
            (0.1 + 0.2, None),
            (1e12, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(short_decimal(value).as_deref(), text, "{value}");
        }
        for number in (0..3000_i32).chain((0..3000).map(|number| number * 715_827)) {
            let value = f64::from(number) / 1000.0;
            let wanted = positional(&shortest(value));
            assert_eq!(short_decimal(value).unwrap_or_else(|| wanted.clone()), wanted);
            assert_eq!(
                short_general(value).unwrap_or_else(|| format_shortest(&shortest(value))),
                format_shortest(&shortest(value))
            );
        }
    }

    #[test]
    fn a_tie_may_be_one() {
        // Halves of large numbers, and large numbers that end with fives and zeros.
        let halves =
            (1..2000_u32).map(|number| 1e14 + f64::from(number) * 97_000_001.0 + 0.125 * f64::from(number % 8));
        let integers = (1..2000_u32).map(|number| 1e22 + f64::from(number) * 5e12);
        for value in halves.chain(integers).chain([5e-324, 2.5e37, 1.5e300]) {
            let text = format!("{value:e}");
            let (mantissa, exponent) = text.split_once('e').expect("an exponent");
            let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
            for digits in 1..=digits {
                let may = may_be_tie(value, digits, exponent.parse().expect("a number"));
                assert!(may || !is_tie(value, digits), "{value} {digits}");
            }
        }
    }

    #[test]
    fn of_two_equally_near_texts_the_even_one_counts() {
        for (value, text) in [
            (175_750_766_607_633.0 + 0.625, "1.7575076660763362e14"),
            (-175_750_766_607_633.0 - 0.625, "-1.7575076660763362e14"),
            (175_750_766_607_633.0 + 0.375, "1.7575076660763338e14"),
            (0.1, "1e-1"),
            (5e-324, "5e-324"),
            (9_007_199_254_740_993.0, "9.007199254740992e15"),
            (12_345_678_901_234_567_890.0, "1.2345678901234567e19"),
            (9_007_199_254_740_991e5, "9.007199254740991e20"),
            (0.0, "0e0"),
        ] {
            assert_eq!(shortest_exponential(value), text);
        }
    }
}
