//! One version: up to three numbers, a prerelease, metadata; a `v` before it and missing numbers are let through.

use std::any::Any;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use crate::registry::Type;
use crate::value::{Field, Kind, Member, Object, Value};

/// A version. It prints without the `v` and with all three numbers; [`Version::original`] is as it was written.
#[derive(Clone, Debug, Default)]
pub struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pub(super) pre: String,
    metadata: String,
    original: String,
}

const INVALID: &str = "invalid semantic version";

impl Version {
    /// Reads a version as `semver.NewVersion` does: `v1`, `1.2` and `01.2.3` are versions too.
    ///
    /// # Errors
    /// Masterminds' words for what is wrong; they do not repeat the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let body = text.strip_prefix('v').unwrap_or(text);
        let (body, metadata) = match body.split_once('+') {
            Some((body, metadata)) if identifiers(metadata) => (body, metadata),
            Some(_) => return Err(INVALID.to_owned()),
            None => (body, ""),
        };
        let (core, pre) = match body.split_once('-') {
            Some((core, pre)) if identifiers(pre) => (core, pre),
            Some(_) => return Err(INVALID.to_owned()),
            None => (body, ""),
        };
        let mut numbers = [0; 3];
        let parts: Vec<&str> = core.split('.').collect();
        let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if parts.len() > 3 || !parts.iter().all(digits) {
            return Err(INVALID.to_owned());
        }
        for (number, part) in numbers.iter_mut().zip(&parts) {
            *number = part.parse().map_err(|_| {
                let part = crate::fmt::quote(part.as_bytes());
                format!("error parsing version segment: strconv.ParseUint: parsing {part}: value out of range")
            })?;
        }
        let zero =
            |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit());
        if pre.split('.').any(zero) {
            return Err("version segment starts with 0".to_owned());
        }
        let [major, minor, patch] = numbers;
        Ok(Self { major, minor, patch, pre: pre.to_owned(), metadata: metadata.to_owned(), original: text.to_owned() })
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The second number.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number.
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// What stands behind `-`; empty for a release.
    pub fn prerelease(&self) -> &str {
        &self.pre
    }

    /// What stands behind `+`.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text it was read from.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Which one is newer. Metadata does not count.
    pub fn order(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| prerelease_order(&self.pre, &other.pre))
    }

    fn next(&self, part: &str) -> Self {
        let mut next = Self { original: String::new(), metadata: String::new(), ..self.clone() };
        match part {
            "IncMajor" => (next.major, next.minor, next.patch) = (self.major.wrapping_add(1), 0, 0),
            "IncMinor" => (next.minor, next.patch) = (self.minor.wrapping_add(1), 0),
            _ if self.pre.is_empty() => next.patch = self.patch.wrapping_add(1),
            _ => {}
        }
        next.pre.clear();
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        next.original = format!("{prefix}{next}");
        next
    }
}

fn identifiers(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

/// A prerelease comes before its release; their parts are compared as numbers where both are.
pub(super) fn prerelease_order(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut lefts, mut rights) = (left.split('.'), right.split('.'));
    loop {
        let order = match (lefts.next(), rights.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => part_order(left, right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn part_order(left: &str, right: &str) -> Ordering {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(out, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(out, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Object for Version {
    fn type_name(&self) -> Cow<'static, str> {
        "*semver.Version".into()
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn member(&self, name: &str) -> Option<Member> {
        let params: &'static [Type] = match name {
            "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "Original" | "String" | "IncMajor"
            | "IncMinor" | "IncPatch" => &[],
            "Compare" | "Equal" | "LessThan" | "GreaterThan" | "LessThanEqual" | "GreaterThanEqual" => &[Type::Semver],
            _ => return None,
        };
        Some(Member::Method { params, variadic: false })
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, String> {
        if let Some(Value::Object(other)) = args.first() {
            let Some(other) = other.as_any().downcast_ref::<Self>() else {
                return Err("not a version".to_owned());
            };
            let order = self.order(other);
            return Ok(match name {
                "Equal" => order.is_eq().into(),
                "LessThan" => order.is_lt().into(),
                "GreaterThan" => order.is_gt().into(),
                "LessThanEqual" => order.is_le().into(),
                "GreaterThanEqual" => order.is_ge().into(),
                _ => Value::Int(order as i64),
            });
        }
        Ok(match name {
            "Major" => Value::Uint64(self.major),
            "Minor" => Value::Uint64(self.minor),
            "Patch" => Value::Uint64(self.patch),
            "Prerelease" => self.pre.as_str().into(),
            "Metadata" => self.metadata.as_str().into(),
            "Original" => self.original.as_str().into(),
            "String" => self.to_string().into(),
            _ if args.is_empty() => Value::Object(Rc::new(self.next(name))),
            _ => return Err("runtime error: invalid memory address or nil pointer dereference".to_owned()),
        })
    }

    fn print(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    fn fields(&self) -> Vec<Field> {
        let private = |name, value| Field { name, json: None, value };
        vec![
            private("major", Value::Uint64(self.major)),
            private("minor", Value::Uint64(self.minor)),
            private("patch", Value::Uint64(self.patch)),
            private("pre", self.pre.as_str().into()),
            private("metadata", self.metadata.as_str().into()),
            private("original", self.original.as_str().into()),
        ]
    }

    fn json(&self) -> Value {
        Value::text(self.print())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
