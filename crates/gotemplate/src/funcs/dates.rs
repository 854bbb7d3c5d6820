//! Times and durations: Go's layouts, zones as the host knows them.

mod calendar;
mod duration;
mod layout;
mod time;

use std::rc::Rc;

pub use self::calendar::{days_in, days_until};
use self::duration::{parse as parse_duration, text as duration_text};
pub(super) use self::time::Time;
use super::cast::to_int;
use crate::error::Fault;
use crate::exec::Context;
use crate::host::Instant;
use crate::registry::Type::{Any, Text, Time as TimeType};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

const SECOND: i64 = 1_000_000_000;

fn of(time: Time) -> Value {
    Value::Object(Rc::new(time))
}

fn in_zone(cx: Cx, at: Instant, zone: &str) -> Result<Time, Fault> {
    Ok(match cx.run.host()?.zone(zone, at) {
        Some((offset, name)) => Time { at, offset, zone: name },
        None => Time { at, offset: 0, zone: "UTC".to_owned() },
    })
}

fn time_of(value: &Value) -> Option<Time> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref::<Time>().cloned(),
        _ => None,
    }
}

/// A time, or seconds since 1970; anything else is now.
fn instant(cx: Cx, value: &Value) -> Result<Instant, Fault> {
    match value {
        Value::Int(seconds) | Value::Int64(seconds) => Ok(Instant { seconds: *seconds, nanoseconds: 0 }),
        other => time_of(other).map_or_else(|| Ok(cx.run.host()?.now()), |time| Ok(time.at)),
    }
}

fn now(cx: Cx, _: &[Value]) -> Outcome {
    let at = cx.run.host()?.now();
    Ok(of(in_zone(cx, at, "Local")?))
}

fn formatted(cx: Cx, layout: &[u8], value: &Value, zone: &str) -> Outcome {
    let at = instant(cx, value)?;
    let time = in_zone(cx, at, zone)?;
    Ok(layout::format(&String::from_utf8_lossy(layout), &time).into())
}

fn date(cx: Cx, args: &[Value]) -> Outcome {
    formatted(cx, args.text(0), &args[1], "Local")
}

fn date_in_zone(cx: Cx, args: &[Value]) -> Outcome {
    formatted(cx, args.text(0), &args[1], &args.str(2))
}

fn html_date(cx: Cx, args: &[Value]) -> Outcome {
    formatted(cx, b"2006-01-02", &args[0], "Local")
}

fn html_date_in_zone(cx: Cx, args: &[Value]) -> Outcome {
    formatted(cx, b"2006-01-02", &args[0], &args.str(1))
}

fn moved(args: &[Value]) -> Result<Value, String> {
    let by = parse_duration(&args.str(0))?;
    let time = time_of(&args[1]).ok_or("not a time")?;
    Ok(of(Time { at: time::add(time.at, by), ..time }))
}

fn date_modify(_: Cx, args: &[Value]) -> Outcome {
    Ok(moved(args).unwrap_or_else(|_| args[1].clone()))
}

fn must_date_modify(_: Cx, args: &[Value]) -> Outcome {
    Ok(moved(args)?)
}

fn since(cx: Cx, value: &Value) -> Result<i64, Fault> {
    let (now, then) = (cx.run.host()?.now(), instant(cx, value)?);
    Ok(time::between(then, now))
}

fn ago(cx: Cx, args: &[Value]) -> Outcome {
    let passed = since(cx, &args[0])?;
    let half = if passed < 0 { -SECOND / 2 } else { SECOND / 2 };
    Ok(duration_text(passed.saturating_add(half) / SECOND * SECOND).into())
}

fn duration(_: Cx, args: &[Value]) -> Outcome {
    let seconds = match &args[0] {
        Value::Int64(seconds) => *seconds,
        Value::Text(text) => str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0),
        _ => 0,
    };
    Ok(duration_text(seconds.wrapping_mul(SECOND)).into())
}

/// The largest unit alone: `3h`, `2mo`.
fn duration_round(cx: Cx, args: &[Value]) -> Outcome {
    let length = match &args[0] {
        Value::Text(_) => parse_duration(&args.str(0)).unwrap_or(0),
        Value::Int64(_) => to_int(&args[0]),
        other if time_of(other).is_some() => since(cx, other)?,
        _ => 0,
    };
    let size = length.unsigned_abs();
    let hour = 3600 * SECOND.unsigned_abs();
    let units = [
        (hour * 24 * 365, "y"),
        (hour * 24 * 30, "mo"),
        (hour * 24, "d"),
        (hour, "h"),
        (hour / 60, "m"),
        (hour / 3600, "s"),
    ];
    let found = units.iter().find(|(unit, _)| size > *unit);
    Ok(found.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", size / unit)).into())
}

fn read(cx: Cx, args: &[Value]) -> Result<Time, Fault> {
    let (layout, text) = (args.str(0), args.str(1));
    let read = layout::parse(&layout, &text)?;
    let Some((offset, name)) = read.zone else {
        // Without a zone in the text it is a time of the host's own.
        let local = in_zone(cx, Instant { seconds: read.seconds, nanoseconds: 0 }, "Local")?;
        let seconds = read.seconds - i64::from(local.offset);
        return in_zone(cx, Instant { seconds, nanoseconds: read.nanoseconds }, "Local");
    };
    let at = Instant { seconds: read.seconds - i64::from(offset), nanoseconds: read.nanoseconds };
    Ok(Time { at, offset, zone: name })
}

/// A time that a text in this layout says, without a zone in UTC.
pub(super) fn parse_time(layout: &str, text: &str) -> Option<Value> {
    let read = layout::parse(layout, text).ok()?;
    let (offset, zone) = read.zone.unwrap_or_else(|| (0, "UTC".to_owned()));
    let at = Instant { seconds: read.seconds - i64::from(offset), nanoseconds: read.nanoseconds };
    Some(of(Time { at, offset, zone }))
}

fn to_date(cx: Cx, args: &[Value]) -> Outcome {
    Ok(of(read(cx, args).unwrap_or_else(|_| Time::zero())))
}

fn must_to_date(cx: Cx, args: &[Value]) -> Outcome {
    Ok(of(read(cx, args)?))
}

fn unix_epoch(_: Cx, args: &[Value]) -> Outcome {
    Ok(time_of(&args[0]).map_or(0, |time| time.at.seconds).to_string().into())
}

pub(super) const TABLE: &[Function] = &[
    fixed("now", &[], now),
    fixed("date", &[Text, Any], date),
    fixed("dateInZone", &[Text, Any, Text], date_in_zone),
    fixed("date_in_zone", &[Text, Any, Text], date_in_zone),
    fixed("dateModify", &[Text, TimeType], date_modify),
    fixed("date_modify", &[Text, TimeType], date_modify),
    fixed("mustDateModify", &[Text, TimeType], must_date_modify),
    fixed("must_date_modify", &[Text, TimeType], must_date_modify),
    fixed("ago", &[Any], ago),
    fixed("duration", &[Any], duration),
    fixed("durationRound", &[Any], duration_round),
    fixed("htmlDate", &[Any], html_date),
    fixed("htmlDateInZone", &[Any, Text], html_date_in_zone),
    fixed("toDate", &[Text, Text], to_date),
    fixed("mustToDate", &[Text, Text], must_to_date),
    fixed("unixEpoch", &[TimeType], unix_epoch),
];
