//! Go's layouts: the reference time Mon Jan 2 15:04:05 MST 2006 written as the result should look.

use std::fmt::Write;

use super::calendar::{DAY, MONTHS, WEEKDAYS, civil, days_in, days_until};
use super::time::Time;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    LongMonth,
    Month,
    NumberMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    SpaceDay,
    ZeroDay,
    SpaceYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    Upper,
    Lower,
    Zone,
    /// An offset: `Z` for none, colons, with seconds, hours alone.
    Offset {
        z: bool,
        colon: bool,
        seconds: bool,
        short: bool,
    },
    /// Digits of a second, and whether zeros at the end are left out.
    Fraction {
        digits: usize,
        trimmed: bool,
    },
}

#[expect(clippy::fn_params_excessive_bools, reason = "the four choices of the table below")]
const fn offset(z: bool, colon: bool, seconds: bool, short: bool) -> Part {
    Part::Offset { z, colon, seconds, short }
}

/// What stands for what; where one is the start of another, the longer one comes first.
const PARTS: &[(&str, Part)] = &[
    ("January", Part::LongMonth),
    ("Jan", Part::Month),
    ("Monday", Part::LongWeekday),
    ("Mon", Part::Weekday),
    ("MST", Part::Zone),
    ("002", Part::ZeroYearDay),
    ("01", Part::ZeroMonth),
    ("02", Part::ZeroDay),
    ("03", Part::ZeroHour12),
    ("04", Part::ZeroMinute),
    ("05", Part::ZeroSecond),
    ("06", Part::Year),
    ("15", Part::Hour),
    ("1", Part::NumberMonth),
    ("2006", Part::LongYear),
    ("2", Part::Day),
    ("__2", Part::SpaceYearDay),
    ("_2", Part::SpaceDay),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::Upper),
    ("pm", Part::Lower),
    ("-07:00:00", offset(false, true, true, false)),
    ("-070000", offset(false, false, true, false)),
    ("-07:00", offset(false, true, false, false)),
    ("-0700", offset(false, false, false, false)),
    ("-07", offset(false, false, false, true)),
    ("Z07:00:00", offset(true, true, true, false)),
    ("Z070000", offset(true, false, true, false)),
    ("Z07:00", offset(true, true, false, false)),
    ("Z0700", offset(true, false, false, false)),
    ("Z07", offset(true, false, false, true)),
];

/// The part that a layout starts with, and how long it is.
fn part(layout: &str) -> Option<(Part, usize)> {
    if let Some(found) = fraction(layout) {
        return Some(found);
    }
    if layout.starts_with("_2006") {
        return None;
    }
    let (pattern, part) = PARTS.iter().find(|(pattern, _)| layout.starts_with(pattern))?;
    let next = layout.as_bytes().get(pattern.len());
    if matches!(part, Part::Month | Part::Weekday) && next.is_some_and(u8::is_ascii_lowercase) {
        return None;
    }
    Some((*part, pattern.len()))
}

/// `.000` or `,999`, not before another digit.
fn fraction(layout: &str) -> Option<(Part, usize)> {
    let bytes = layout.as_bytes();
    let digit = *bytes.get(1).filter(|_| matches!(bytes[0], b'.' | b','))?;
    if !matches!(digit, b'0' | b'9') {
        return None;
    }
    let digits = bytes[1..].iter().take_while(|byte| **byte == digit).count();
    if bytes.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((Part::Fraction { digits, trimmed: digit == b'9' }, 1 + digits))
}

/// A time as its layout says.
pub(super) fn format(layout: &str, time: &Time) -> String {
    let mut out = String::with_capacity(layout.len() + 8);
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        if let Some((part, length)) = part(rest) {
            write(part, &rest[..length], time, &mut out);
            rest = &rest[length..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

fn name(names: &'static [&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
}

fn write(part: Part, pattern: &str, time: &Time, out: &mut String) {
    let date = civil(time.wall());
    let hour12 = (date.hour + 11) % 12 + 1;
    let text = match part {
        Part::LongMonth => name(&MONTHS, date.month - 1).to_owned(),
        Part::Month => name(&MONTHS, date.month - 1)[..3].to_owned(),
        Part::NumberMonth => date.month.to_string(),
        Part::ZeroMonth => format!("{:02}", date.month),
        Part::LongWeekday => name(&WEEKDAYS, date.weekday).to_owned(),
        Part::Weekday => name(&WEEKDAYS, date.weekday)[..3].to_owned(),
        Part::Day => date.day.to_string(),
        Part::SpaceDay => format!("{:2}", date.day),
        Part::ZeroDay => format!("{:02}", date.day),
        Part::SpaceYearDay => format!("{:3}", date.year_day),
        Part::ZeroYearDay => format!("{:03}", date.year_day),
        Part::Hour => format!("{:02}", date.hour),
        Part::Hour12 => hour12.to_string(),
        Part::ZeroHour12 => format!("{hour12:02}"),
        Part::Minute => date.minute.to_string(),
        Part::ZeroMinute => format!("{:02}", date.minute),
        Part::Second => date.second.to_string(),
        Part::ZeroSecond => format!("{:02}", date.second),
        Part::LongYear if date.year < 0 => format!("-{:04}", -date.year),
        Part::LongYear => format!("{:04}", date.year),
        Part::Year => format!("{:02}", date.year.rem_euclid(100)),
        Part::Upper => if date.hour < 12 { "AM" } else { "PM" }.to_owned(),
        Part::Lower => if date.hour < 12 { "am" } else { "pm" }.to_owned(),
        Part::Zone => time.zone.clone(),
        Part::Offset { z: true, .. } if time.offset == 0 => "Z".to_owned(),
        Part::Offset { colon, seconds, short, .. } => offset_text(time.offset, colon, seconds, short),
        Part::Fraction { digits, trimmed } => fraction_text(time.at.nanoseconds, digits, trimmed, pattern),
    };
    out.push_str(&text);
}

fn offset_text(offset: i32, colon: bool, seconds: bool, short: bool) -> String {
    let size = offset.unsigned_abs();
    let between = if colon { ":" } else { "" };
    let mut text = format!("{}{:02}", if offset < 0 { '-' } else { '+' }, size / 3600);
    if !short {
        let _ = write!(text, "{between}{:02}", size / 60 % 60);
    }
    if seconds {
        let _ = write!(text, "{between}{:02}", size % 60);
    }
    text
}

fn fraction_text(nanoseconds: u32, digits: usize, trimmed: bool, pattern: &str) -> String {
    let all = format!("{nanoseconds:09}");
    let mut kept = all[..digits.min(9)].to_owned();
    if trimmed {
        kept.truncate(kept.trim_end_matches('0').len());
        if kept.is_empty() {
            return String::new();
        }
    }
    format!("{}{kept}", &pattern[..1])
}

/// A date that was read: seconds of the wall clock since 1970, and the zone if the text names one.
pub(super) struct Read {
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
    pub(super) zone: Option<(i32, String)>,
}

#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    afternoon: Option<bool>,
    zone: Option<(i32, String)>,
    /// The number that is out of its range.
    wrong: Option<&'static str>,
}

/// Reads a text by its layout, as `time.Parse` does.
pub(super) fn parse(layout: &str, text: &str) -> Result<Read, String> {
    let (mut layout_rest, mut rest) = (layout, text);
    let mut fields = Fields::default();
    let fail = |rest: &str, wanted: &str| {
        format!("parsing time {} as {}: cannot parse {} as {}", quote(text), quote(layout), quote(rest), quote(wanted))
    };
    while let Some(first) = layout_rest.chars().next() {
        if let Some((part, length)) = part(layout_rest) {
            let pattern = &layout_rest[..length];
            rest = read_part(part, rest, &mut fields).ok_or_else(|| fail(rest, pattern))?;
            if let Some(name) = fields.wrong {
                return Err(format!("parsing time {}: {name} out of range", quote(text)));
            }
            layout_rest = &layout_rest[length..];
            // Digits of a second are read even where the layout has none.
            if matches!(part, Part::Second | Part::ZeroSecond) && fraction(layout_rest).is_none() {
                rest = read_fraction(rest, &mut fields);
            }
            continue;
        }
        match rest.strip_prefix(first) {
            Some(after) => rest = after,
            None => return Err(fail(rest, literal(layout_rest))),
        }
        layout_rest = &layout_rest[first.len_utf8()..];
    }
    if !rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quote(text), quote(rest)));
    }
    finished(fields).ok_or_else(|| format!("parsing time {}: day out of range", quote(text)))
}

/// A text in quotes as Go's package of times has it, byte for byte where that is no ASCII.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='\u{7f}' => out.push(character),
            _ => {
                let mut bytes = [0; 4];
                out.extend(character.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\x{byte:02x}")));
            }
        }
    }
    out.push('"');
    out
}

/// What stands in a layout up to its next part.
fn literal(layout: &str) -> &str {
    let end = layout.char_indices().find(|(at, _)| part(&layout[*at..]).is_some()).map_or(layout.len(), |(at, _)| at);
    &layout[..end]
}

fn read_fraction<'t>(rest: &'t str, fields: &mut Fields) -> &'t str {
    let Some(after) = rest.strip_prefix(['.', ',']) else { return rest };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return rest;
    }
    let kept = format!("{:0<9}", &after[..digits.min(9)]);
    fields.nanoseconds = kept.parse().unwrap_or(0);
    &after[digits..]
}

/// A number of so many digits at least and at most.
fn number(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if digits < least {
        return None;
    }
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

/// What a number is called in messages, if it is out of its range.
fn out_of_range(part: Part, value: i64) -> Option<&'static str> {
    let (name, range) = match part {
        Part::NumberMonth | Part::ZeroMonth => ("month", 1..=12),
        Part::Hour => ("hour", 0..=23),
        Part::Hour12 | Part::ZeroHour12 => ("hour", 0..=12),
        Part::Minute | Part::ZeroMinute => ("minute", 0..=59),
        Part::Second | Part::ZeroSecond => ("second", 0..=59),
        _ => return None,
    };
    (!range.contains(&value)).then_some(name)
}

fn one_of<'t>(text: &'t str, names: &[&str], short: bool) -> Option<(i64, &'t str)> {
    let index = names.iter().position(|name| {
        let name = if short { &name[..3] } else { name };
        text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    })?;
    let length = if short { 3 } else { names[index].len() };
    Some((i64::try_from(index).ok()?, &text[length..]))
}

fn read_part<'t>(part: Part, text: &'t str, fields: &mut Fields) -> Option<&'t str> {
    let (value, rest) = match part {
        Part::LongMonth => one_of(text, &MONTHS, false)?,
        Part::Month => one_of(text, &MONTHS, true)?,
        Part::LongWeekday => return Some(one_of(text, &WEEKDAYS, false)?.1),
        Part::Weekday => return Some(one_of(text, &WEEKDAYS, true)?.1),
        Part::NumberMonth | Part::Day | Part::Hour | Part::Hour12 | Part::Minute | Part::Second => number(text, 1, 2)?,
        Part::SpaceDay => number(text.strip_prefix(' ').unwrap_or(text), 1, 2)?,
        Part::ZeroMonth | Part::ZeroDay | Part::ZeroHour12 | Part::ZeroMinute | Part::ZeroSecond => number(text, 2, 2)?,
        Part::SpaceYearDay => number(text.trim_start_matches(' '), 1, 3)?,
        Part::ZeroYearDay => number(text, 3, 3)?,
        Part::LongYear => number(text, 4, 4)?,
        Part::Year => {
            number(text, 2, 2).map(|(year, rest)| (if year >= 69 { year + 1900 } else { year + 2000 }, rest))?
        }
        Part::Upper => one_of(text, &["AM", "PM"], false).filter(|_| text.starts_with(['A', 'P']))?,
        Part::Lower => one_of(text, &["am", "pm"], false).filter(|_| text.starts_with(['a', 'p']))?,
        Part::Zone => return read_zone(text, fields),
        Part::Offset { z, colon, seconds, short } => return read_offset(text, (z, colon, seconds, short), fields),
        Part::Fraction { trimmed: true, .. } => return Some(read_fraction(text, fields)),
        Part::Fraction { digits, .. } => {
            let after = text.strip_prefix(['.', ','])?;
            number(after, digits, digits)?;
            fields.nanoseconds = format!("{:0<9}", &after[..digits.min(9)]).parse().ok()?;
            return Some(&after[digits..]);
        }
    };
    fields.wrong = out_of_range(part, value);
    match part {
        Part::LongMonth | Part::Month => fields.month = Some(value + 1),
        Part::NumberMonth | Part::ZeroMonth => fields.month = Some(value),
        Part::Day | Part::SpaceDay | Part::ZeroDay => fields.day = Some(value),
        Part::SpaceYearDay | Part::ZeroYearDay => fields.year_day = Some(value),
        Part::Hour | Part::Hour12 | Part::ZeroHour12 => fields.hour = value,
        Part::Minute | Part::ZeroMinute => fields.minute = value,
        Part::Second | Part::ZeroSecond => fields.second = value,
        Part::LongYear | Part::Year => fields.year = value,
        _ => fields.afternoon = Some(value == 1),
    }
    Some(rest)
}

/// `UTC`, or an abbreviation whose offset nobody knows.
fn read_zone<'t>(text: &'t str, fields: &mut Fields) -> Option<&'t str> {
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    if !(3..=5).contains(&letters) {
        return None;
    }
    let known = fields.zone.as_ref().map(|(offset, _)| *offset);
    fields.zone = Some((known.unwrap_or(0), text[..letters].to_owned()));
    Some(&text[letters..])
}

fn read_offset<'t>(text: &'t str, form: (bool, bool, bool, bool), fields: &mut Fields) -> Option<&'t str> {
    let (z, colon, with_seconds, short) = form;
    if z && let Some(rest) = text.strip_prefix('Z') {
        fields.zone = Some((0, "UTC".to_owned()));
        return Some(rest);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut rest = text.strip_prefix(['+', '-'])?;
    let mut parts = [0, 0, 0];
    let count = if short { 1 } else { 2 + usize::from(with_seconds) };
    for (index, part) in parts.iter_mut().take(count).enumerate() {
        if index > 0 && colon {
            rest = rest.strip_prefix(':')?;
        }
        (*part, rest) = number(rest, 2, 2)?;
    }
    let [hours, minutes, seconds] = parts;
    let offset = i32::try_from(sign * (hours * 3600 + minutes * 60 + seconds)).ok()?;
    let name = if offset == 0 { "UTC".to_owned() } else { offset_text(offset, false, false, false) };
    fields.zone = Some((offset, name));
    Some(rest)
}

fn finished(fields: Fields) -> Option<Read> {
    let mut hour = fields.hour;
    match fields.afternoon {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    let (month, day) = (fields.month.unwrap_or(1), fields.day.unwrap_or(1));
    let days = match fields.year_day {
        Some(day) if (1..=337 + days_in(fields.year, 2)).contains(&day) => days_until(fields.year, 1, 1) + day - 1,
        None if (1..=days_in(fields.year, month)).contains(&day) => days_until(fields.year, month, day),
        _ => return None,
    };
    let seconds = days * DAY + hour * 3600 + fields.minute * 60 + fields.second;
    Some(Read { seconds, nanoseconds: fields.nanoseconds, zone: fields.zone })
}
