//! Numbers in schemas and in messages about them.

use serde_json::Value as Json;

/// The largest whole number up to which floats hold every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A float as JSON; a whole one as a whole number.
#[expect(clippy::cast_possible_truncation, reason = "only whole numbers that fit are cast")]
pub(super) fn json(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() <= EXACT { (number as i64).into() } else { number.into() }
}

/// A number as Go's message printer writes it in English: groups of three digits, at most three decimals... as far as
/// they matter.
pub(super) fn localized(number: f64) -> String {
    let text = format!("{}", number.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if number < 0.0 { "-" } else { "" };
    let rest = if rest.is_empty() { String::new() } else { format!(".{rest}") };
    format!("{sign}{}{rest}", grouped(whole))
}

/// A count as Go's message printer writes it in English.
pub(super) fn count(number: usize) -> String {
    grouped(&number.to_string())
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
