//! A time in its zone, with the methods that templates call.

use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;

use super::calendar::{MONTHS, WEEKDAYS, civil};
use super::layout;
use crate::host::Instant;
use crate::registry::Type;
use crate::value::{Field, Kind, Member, Object, Value};

const SECOND: i64 = 1_000_000_000;

/// Seconds from 1970 back to the year 1, Go's zero time.
const YEAR_ONE: i64 = -62_135_596_800;

#[derive(Clone, Debug)]
pub(in crate::funcs) struct Time {
    pub(super) at: Instant,
    /// Seconds east of UTC.
    pub(super) offset: i32,
    /// Abbreviation of the zone.
    pub(super) zone: String,
}

pub(super) fn add(at: Instant, nanoseconds: i64) -> Instant {
    let total = i64::from(at.nanoseconds) + nanoseconds.rem_euclid(SECOND);
    let seconds = at.seconds.saturating_add(nanoseconds.div_euclid(SECOND)).saturating_add(total / SECOND);
    Instant { seconds, nanoseconds: u32::try_from(total % SECOND).unwrap_or(0) }
}

/// Nanoseconds from one time to another, cut at what a duration holds.
pub(super) fn between(from: Instant, to: Instant) -> i64 {
    let seconds = i128::from(to.seconds) - i128::from(from.seconds);
    let total = seconds * i128::from(SECOND) + i128::from(to.nanoseconds) - i128::from(from.nanoseconds);
    i64::try_from(total).unwrap_or(if total < 0 { i64::MIN } else { i64::MAX })
}

impl Time {
    pub(super) fn zero() -> Self {
        Self { at: Instant { seconds: YEAR_ONE, nanoseconds: 0 }, offset: 0, zone: "UTC".to_owned() }
    }

    /// Seconds of the clock on the wall.
    pub(super) fn wall(&self) -> i64 {
        self.at.seconds.saturating_add(i64::from(self.offset))
    }
}

impl Object for Time {
    fn type_name(&self) -> Cow<'static, str> {
        "time.Time".into()
    }

    fn member(&self, name: &str) -> Option<Member> {
        let params: &'static [Type] = match name {
            "Year" | "Month" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "Weekday" | "YearDay" | "Unix"
            | "UnixNano" | "UnixMilli" | "String" | "UTC" | "IsZero" => &[],
            "Format" => &[Type::Text],
            "Before" | "After" | "Equal" => &[Type::Time],
            _ => return None,
        };
        Some(Member::Method { params, variadic: false })
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, String> {
        let date = civil(self.wall());
        let named = |names: &[&str], index: i64| -> Value {
            usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default().into()
        };
        if let Some(Value::Object(other)) = args.first() {
            let Some(other) = other.as_any().downcast_ref::<Self>() else {
                return Err("not a time".to_owned());
            };
            return Ok(match name {
                "Before" => self.at < other.at,
                "After" => self.at > other.at,
                _ => self.at == other.at,
            }
            .into());
        }
        Ok(match name {
            "Year" => Value::Int(date.year),
            "Month" => named(&MONTHS, date.month - 1),
            "Day" => Value::Int(date.day),
            "Hour" => Value::Int(date.hour),
            "Minute" => Value::Int(date.minute),
            "Second" => Value::Int(date.second),
            "Nanosecond" => Value::Int(self.at.nanoseconds.into()),
            "Weekday" => named(&WEEKDAYS, date.weekday),
            "YearDay" => Value::Int(date.year_day),
            "Unix" => Value::Int64(self.at.seconds),
            "UnixMilli" => {
                Value::Int64(self.at.seconds.wrapping_mul(1000) + i64::from(self.at.nanoseconds / 1_000_000))
            }
            "UnixNano" => Value::Int64(self.at.seconds.wrapping_mul(SECOND).wrapping_add(self.at.nanoseconds.into())),
            "UTC" => super::of(Self { at: self.at, offset: 0, zone: "UTC".to_owned() }),
            "IsZero" => (self.at.seconds == YEAR_ONE && self.at.nanoseconds == 0).into(),
            "Format" => {
                let layout = args.first().and_then(Value::as_text).map(|text| String::from_utf8_lossy(text));
                layout::format(&layout.unwrap_or_default(), self).into()
            }
            _ => self.print().into(),
        })
    }

    fn print(&self) -> Vec<u8> {
        layout::format("2006-01-02 15:04:05.999999999 -0700 MST", self).into_bytes()
    }

    /// As Go keeps it. Where a zone lies in its memory nobody can know; that of UTC is nil.
    fn fields(&self) -> Vec<Field> {
        let private = |name, value| Field { name, json: None, value };
        vec![
            private("wall", Value::Uint64(self.at.nanoseconds.into())),
            private("ext", Value::Int64(self.at.seconds.saturating_sub(YEAR_ONE))),
            private("loc", Value::Object(Rc::new(NoZone))),
        ]
    }

    fn json(&self) -> Value {
        layout::format("2006-01-02T15:04:05.999999999Z07:00", self).into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A nil pointer to a zone.
struct NoZone;

impl Object for NoZone {
    fn type_name(&self) -> Cow<'static, str> {
        "*time.Location".into()
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn member(&self, _: &str) -> Option<Member> {
        None
    }

    fn call(&self, _: &str, _: &[Value]) -> Result<Value, String> {
        Err("invalid memory address or nil pointer dereference".to_owned())
    }

    fn print(&self) -> Vec<u8> {
        b"<nil>".to_vec()
    }

    fn is_true(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
