//! What a scalar means: the rules of go-yaml v2 and v3.

pub(crate) mod number;
mod time;

use crate::Dialect;

/// What a scalar without quotes and without tag means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    /// A date or time, and how Go prints it.
    Time(String),
    Text,
}

impl Plain {
    /// go-yaml's short tag.
    pub(crate) fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Time(_) => "!!timestamp",
            Self::Text => "!!str",
        }
    }
}

/// Finds the meaning of a plain scalar. `times`: dates count as such, which only unquoted text does.
pub(crate) fn plain(dialect: Dialect, text: &str, times: bool) -> Plain {
    let Some(first) = text.as_bytes().first() else {
        return Plain::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' => word(dialect, text).unwrap_or_else(|| numeric(dialect, text, times)),
        b'.' => word(dialect, text).or_else(|| number::go_float(text).map(Plain::Float)).unwrap_or(Plain::Text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(dialect, text).unwrap_or(Plain::Text)
        }
        _ => Plain::Text,
    }
}

fn word(dialect: Dialect, text: &str) -> Option<Plain> {
    Some(match text {
        "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Plain::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Plain::Float(f64::NEG_INFINITY),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::V2 => Plain::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::V2 => Plain::Bool(false),
        _ => return None,
    })
}

fn numeric(dialect: Dialect, text: &str, times: bool) -> Plain {
    if times && let Some(time) = time::parse(text) {
        return Plain::Time(time);
    }
    let digits: String;
    let bare = if text.contains('_') {
        digits = text.replace('_', "");
        digits.as_str()
    } else {
        text
    };
    if let Some(value) = number::go_int(bare) {
        return value;
    }
    if number::looks_like_float(bare)
        && let Some(value) = number::go_float(bare)
    {
        return Plain::Float(value);
    }
    number::prefixed(dialect, bare).unwrap_or(Plain::Text)
}
