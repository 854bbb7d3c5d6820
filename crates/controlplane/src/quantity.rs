//! Resource quantities in the canonical form of Kubernetes: `0.5` is `500m`, `1024Mi` is `1Gi`.

use goyaml::{Kind, Value};

const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
/// The finest step of a quantity.
const NANO: i32 = -9;

/// A quantity that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    /// Billionths.
    pub(crate) nanos: i128,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Binary,
    Decimal,
    Exponent,
}

/// The canonical form of a value that should be a quantity; what is none stays as it is.
pub(crate) fn canonical(value: &Value) -> Value {
    let text = match value.kind() {
        Kind::String(text) => text.to_string(),
        Kind::Int(number) => number.to_string(),
        Kind::Float(number) => number.to_string(),
        _ => return value.clone(),
    };
    parse(&text).map_or_else(|| value.clone(), |quantity| format(quantity).into())
}

/// Reads a quantity; `None` when it is none or does not fit.
pub(crate) fn parse(text: &str) -> Option<Quantity> {
    let split = text.find(|letter: char| !matches!(letter, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let (digits, scale) = parse_number(number)?;
    if let Some(power) = BINARY.iter().position(|known| *known == suffix).filter(|power| *power > 0) {
        let factor = 1024_i128.checked_pow(u32::try_from(power).ok()?)?;
        return Some(Quantity { nanos: to_nanos(digits.checked_mul(factor)?, scale)?, form: Form::Binary });
    }
    let (exponent, form) = match DECIMAL.iter().find(|(known, _)| *known == suffix) {
        Some((_, exponent)) => (*exponent, Form::Decimal),
        None => (suffix.strip_prefix(['e', 'E'])?.parse().ok()?, Form::Exponent),
    };
    Some(Quantity { nanos: to_nanos(digits, scale.checked_add(exponent)?)?, form })
}

fn parse_number(text: &str) -> Option<(i128, i32)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || digits.contains(['+', '-']) {
        return None;
    }
    let all: i128 = format!("0{whole}{fraction}").parse().ok()?;
    Some((sign * all, -i32::try_from(fraction.len()).ok()?))
}

/// Digits times ten to the scale, in billionths; finer parts are rounded up, away from zero.
fn to_nanos(digits: i128, scale: i32) -> Option<i128> {
    let shift = scale.checked_sub(NANO)?;
    if shift >= 0 {
        return digits.checked_mul(10_i128.checked_pow(shift.unsigned_abs())?);
    }
    let divisor = 10_i128.checked_pow(shift.unsigned_abs())?;
    let rest = if digits % divisor == 0 { 0 } else { digits.signum() };
    Some(digits / divisor + rest)
}

/// Prints a quantity: the largest suffix that needs no fraction.
pub(crate) fn format(quantity: Quantity) -> String {
    let nanos = quantity.nanos;
    if nanos == 0 {
        return "0".into();
    }
    let unit = 1_000_000_000;
    if quantity.form == Form::Binary && nanos.abs() >= 1024 * unit && nanos % unit == 0 {
        let mut number = nanos / unit;
        let mut power = 0;
        while number % 1024 == 0 && power + 1 < BINARY.len() {
            number /= 1024;
            power += 1;
        }
        return format!("{number}{}", BINARY[power]);
    }
    let (mut number, mut exponent) = (nanos, NANO);
    while number % 1000 == 0 && exponent < 18 {
        number /= 1000;
        exponent += 3;
    }
    if quantity.form == Form::Exponent {
        return if exponent == 0 { number.to_string() } else { format!("{number}e{exponent}") };
    }
    let suffix = DECIMAL.iter().find(|(_, known)| *known == exponent).map_or("", |(suffix, _)| suffix);
    format!("{number}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        let cases = [
            ("0.5", "500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1000m", "1"),
            ("100m", "100m"),
            ("1e3", "1e3"),
            ("0", "0"),
            ("512", "512"),
            ("2000", "2k"),
            ("0.1Gi", "107374182400m"),
            ("1Ki", "1Ki"),
            ("-5m", "-5m"),
            ("abc", "abc"),
            ("1500Mi", "1500Mi"),
            ("5E", "5E"),
            ("0.0000000001", "1n"),
        ];
        for (text, expect) in cases {
            assert_eq!(canonical(&text.into()).as_str(), Some(expect), "{text}");
        }
    }
}
