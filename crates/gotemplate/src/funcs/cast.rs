//! Any value as a number or a text, as `spf13/cast` and Sprig's `strval` make it; what cannot be one is 0.

use crate::syntax::number::{parse_float, parse_int};
use crate::value::{Text, Value};

/// `cast.ToInt64`
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(value) | Value::Int64(value) => *value,
        Value::Uint64(value) => value.cast_signed(),
        Value::Uint8(value) => i64::from(*value),
        Value::Float(value) => truncated(*value),
        Value::Bool(value) => i64::from(*value),
        Value::Text(text) => str::from_utf8(text).ok().and_then(|text| parse_int(without_zeros(text))).unwrap_or(0),
        _ => 0,
    }
}

/// What amd64 does: everything that does not fit is the smallest number.
fn truncated(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "bounds are checked first")]
    if value.is_nan() || !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        i64::MIN
    } else {
        value as i64
    }
}

/// `1.0` without its `.0`.
fn without_zeros(text: &str) -> &str {
    match text.rfind(|character| character != '0') {
        Some(dot) if dot + 1 < text.len() && text.as_bytes()[dot] == b'.' => &text[..dot],
        _ => text,
    }
}

/// `cast.ToFloat64`
pub(super) fn to_float(value: &Value) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
    match value {
        Value::Int(value) | Value::Int64(value) => *value as f64,
        Value::Uint64(value) => *value as f64,
        Value::Uint8(value) => f64::from(*value),
        Value::Float(value) => *value,
        Value::Bool(value) => f64::from(*value),
        Value::Text(text) => str::from_utf8(text).ok().and_then(parse_float).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// Sprig's `strval`: strings and bytes as they are, everything else printed.
pub(super) fn to_text(value: &Value) -> Result<Text, &'static str> {
    match value {
        Value::Text(text) | Value::Bytes(text) => Ok(text.clone()),
        other => crate::fmt::text_of(other).map(Into::into).ok_or(TOO_LARGE),
    }
}

/// The same, behind what is in `out`.
pub(super) fn write_text(value: &Value, out: &mut Vec<u8>) -> Result<(), &'static str> {
    match value {
        Value::Text(text) | Value::Bytes(text) => {
            out.extend_from_slice(text);
            Ok(())
        }
        other => crate::fmt::write(other, out).ok_or(TOO_LARGE),
    }
}

const TOO_LARGE: &str = "the value is too large or nested too deeply";
