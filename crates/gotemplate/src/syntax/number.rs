//! Number constants: one text may be an integer, an unsigned integer, a float and a complex number at once.

use super::unquote::unquote_char;
use crate::registry::Type;
use crate::value::Value;

/// A number as it was written, with every type that can hold it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Number {
    /// Whether the text says that it is a float where nothing else decides.
    pub(crate) looks_like_float: bool,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Number {
    /// A character between single quotes.
    pub(crate) fn from_char(text: &str) -> Result<Self, String> {
        let inner = text.as_bytes().get(1..).unwrap_or_default();
        let (code, rest) = unquote_char(inner, b'\'').ok_or("invalid syntax")?;
        if rest != b"'" {
            return Err(format!("malformed character constant: {text}"));
        }
        let int = Some(i64::from(code));
        Ok(Self { int, uint: Some(u64::from(code)), float: Some(f64::from(code)), ..Self::default() })
    }

    /// Everything else.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(small) = small(text) {
            let (int, float) = (i64::from(small), f64::from(small));
            return Ok(Self { int: Some(int), uint: Some(small.into()), float: Some(float), ..Self::default() });
        }
        if let Some(complex) = complex(text) {
            return Ok(Self { complex: Some(complex), ..Self::default() });
        }
        let mut number = Self { uint: parse_uint(text), int: parse_int(text), ..Self::default() };
        if number.int == Some(0) {
            number.uint = Some(0);
        }
        if let Some(int) = number.int {
            number.float = Some(as_float(int));
        } else if let Some(uint) = number.uint {
            #[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
            let float = uint as f64;
            number.float = Some(float);
        } else if let Some(float) = parse_float(text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", crate::fmt::quote(text.as_bytes())));
            }
            number.float = Some(float);
            number.int = exact_int(float);
            number.uint = u64::try_from(number.int.unwrap_or(-1)).ok();
        } else {
            return Err(format!("illegal number syntax: {}", crate::fmt::quote(text.as_bytes())));
        }
        number.looks_like_float = number.float.is_some() && looks_like_float(text);
        Ok(number)
    }

    /// The value of a type; none if the number is not of it.
    pub(crate) fn of_type(&self, wanted: Type) -> Option<Value> {
        match wanted {
            Type::Int => self.int.map(Value::Int),
            Type::Int64 => self.int.map(Value::Int64),
            Type::Uint32 => self.uint.map(|number| Value::Uint64(number & u64::from(u32::MAX))),
            Type::Float => self.float.map(Value::Float),
            _ => None,
        }
    }

    /// The value where no type is asked for; none if the number is too large for it.
    pub(crate) fn ideal(&self) -> Option<Value> {
        match (self.complex, self.float) {
            (Some((real, imaginary)), _) => Some(Value::Complex(real, imaginary)),
            (None, Some(float)) if self.looks_like_float => Some(Value::Float(float)),
            _ => self.int.map(Value::Int),
        }
    }
}

fn looks_like_float(text: &str) -> bool {
    let hex = text.starts_with("0x") || text.starts_with("0X");
    if hex { text.contains(['p', 'P']) } else { text.contains(['.', 'e', 'E', 'p', 'P']) }
}

#[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
fn as_float(int: i64) -> f64 {
    int as f64
}

/// The integer that a float is, if it is one.
fn exact_int(float: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "compared with what it came from")]
    let int = float as i64;
    #[expect(clippy::float_cmp, reason = "the same number is asked for")]
    let same = as_float(int) == float && float.abs() < 9.2e18;
    same.then_some(int)
}

/// A number of few decimal digits, as nearly all are.
fn small(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    if is_plain && text.len() < 10 { text.parse().ok() } else { None }
}

/// `2i`, `1+2i`. A real part alone is not complex.
fn complex(text: &str) -> Option<(f64, f64)> {
    let body = text.strip_suffix('i')?;
    if let Some(imaginary) = parse_float(body) {
        return Some((0.0, imaginary));
    }
    let split = body.char_indices().skip(1).filter(|(_, sign)| matches!(sign, '+' | '-'));
    for (at, _) in split {
        if let (Some(real), Some(imaginary)) = (parse_float(&body[..at]), parse_float(&body[at..])) {
            return Some((real, imaginary));
        }
    }
    None
}

/// An unsigned integer with Go's prefixes and underscores; no sign.
pub(crate) fn parse_uint(text: &str) -> Option<u64> {
    let (digits, radix) = radix(text)?;
    let plain: String = digits.chars().filter(|character| *character != '_').collect();
    if plain.is_empty() || plain.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&plain, radix).ok()
}

/// A signed integer with Go's prefixes and underscores.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let size = i128::from(parse_uint(body)?);
    i64::try_from(if negative { -size } else { size }).ok()
}

/// The digits and what they are digits of; `None` if underscores are where they must not be.
fn radix(text: &str) -> Option<(&str, u32)> {
    let bytes = text.as_bytes();
    let prefixed = |radix| {
        let digits = &text[2..];
        (!digits.is_empty() && underscores_fit(digits.strip_prefix('_').unwrap_or(digits))).then_some((digits, radix))
    };
    match (bytes.first()?, bytes.get(1)) {
        (b'0', Some(b'x' | b'X')) => prefixed(16),
        (b'0', Some(b'b' | b'B')) => prefixed(2),
        (b'0', Some(b'o' | b'O')) => prefixed(8),
        (b'0', Some(_)) => underscores_fit(text).then_some((&text[1..], 8)),
        _ => underscores_fit(text).then_some((text, 10)),
    }
}

fn underscores_fit(digits: &str) -> bool {
    !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__")
}

/// A float as Go's `strconv.ParseFloat` reads it, hexadecimal ones too; infinity where it does not fit is refused.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.trim_start_matches(['+', '-']);
    if lower.len() - unsigned.len() > 1 {
        return None;
    }
    if let Some(hex) = unsigned.strip_prefix("0x") {
        let size = hex_float(hex)?;
        return Some(if lower.starts_with('-') { -size } else { size });
    }
    let named = matches!(unsigned, "inf" | "infinity" | "nan");
    if !named && !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    if unsigned.contains('_') {
        return None;
    }
    let value: f64 = lower.parse().ok()?;
    (named || value.is_finite()).then_some(value)
}

fn hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 || whole.len() + fraction.len() > 16 {
        return None;
    }
    let digits = u64::from_str_radix(&format!("{whole}{fraction}"), 16).ok()?;
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()? * 4)?;
    #[expect(clippy::cast_precision_loss, reason = "16 digits at most; the rest is rounded as Go rounds it")]
    let value = digits as f64 * 2f64.powi(shift);
    value.is_finite().then_some(value)
}
