//! Dates and times as go-yaml recognises them, printed as RFC 3339.

/// The largest offset from UTC in hours that Go can print.
const MAX_ZONE_HOUR: u32 = 23;

/// Reads `2001-1-2`, `2001-1-2 3:4:5.6` or `2001-1-2T3:4:5.6Z`; gives what Go's JSON makes of it.
pub(super) fn parse(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text };
    let year = reader.year()?;
    reader.byte(b'-')?;
    let month = reader.number(1, 12)?;
    reader.byte(b'-')?;
    let day = reader.number(1, days(year, month))?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    match reader.rest.as_bytes().first() {
        None => Some(format!("{date}T00:00:00Z")),
        Some(b'T' | b't') => {
            reader.rest = &reader.rest[1..];
            let time = reader.time()?;
            let zone = reader.zone()?;
            reader.rest.is_empty().then(|| format!("{date}T{time}{zone}"))
        }
        Some(b' ') => {
            reader.rest = reader.rest.trim_start_matches(' ');
            let time = reader.time()?;
            reader.rest.is_empty().then(|| format!("{date}T{time}Z"))
        }
        Some(_) => None,
    }
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn byte(&mut self, wanted: u8) -> Option<()> {
        self.rest = self.rest.strip_prefix(char::from(wanted))?;
        Some(())
    }

    /// So many bytes, which must all be digits.
    fn digits(&mut self, count: usize) -> Option<u32> {
        let head = self.rest.get(..count)?;
        if !head.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.rest = &self.rest[count..];
        head.parse().ok()
    }

    fn year(&mut self) -> Option<u32> {
        self.digits(4)
    }

    /// One or two digits within a range.
    fn number(&mut self, least: u32, most: u32) -> Option<u32> {
        let value = self.digits(2).or_else(|| self.digits(1))?;
        (least..=most).contains(&value).then_some(value)
    }

    fn time(&mut self) -> Option<String> {
        let hour = self.number(0, 23)?;
        self.byte(b':')?;
        let minute = self.number(0, 59)?;
        self.byte(b':')?;
        let second = self.number(0, 59)?;
        Some(format!("{hour:02}:{minute:02}:{second:02}{}", self.fraction()))
    }

    /// A fraction of a second, cut to nanoseconds, without zeros at its end.
    fn fraction(&mut self) -> String {
        let bytes = self.rest.as_bytes();
        let count = bytes.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
        if !matches!(bytes.first(), Some(b'.' | b',')) || count == 0 {
            return String::new();
        }
        let digits = self.rest[1..=count.min(9)].trim_end_matches('0');
        self.rest = &self.rest[1 + count..];
        if digits.is_empty() { String::new() } else { format!(".{digits}") }
    }

    fn zone(&mut self) -> Option<String> {
        if self.byte(b'Z').is_some() {
            return Some("Z".to_owned());
        }
        let sign = self.rest.chars().next().filter(|sign| matches!(sign, '+' | '-'))?;
        self.rest = &self.rest[1..];
        let hour = self.digits(2)?;
        self.byte(b':')?;
        let minute = self.digits(2)?;
        let (hour, minute) = (hour + minute / 60, minute % 60);
        if hour > MAX_ZONE_HOUR {
            return None;
        }
        Some(if hour == 0 && minute == 0 { "Z".to_owned() } else { format!("{sign}{hour:02}:{minute:02}") })
    }
}
