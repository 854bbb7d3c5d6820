//! Durations in nanoseconds as Go writes and reads them: `1h15m30.918s`.

/// `time.Duration.String`
pub(super) fn text(length: i64) -> String {
    let size = length.unsigned_abs();
    let sign = if length < 0 { "-" } else { "" };
    if size == 0 {
        return "0s".to_owned();
    }
    if size < 1_000_000_000 {
        let (unit, name) = match size {
            0..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "µs"),
            _ => (1_000_000, "ms"),
        };
        return format!("{sign}{}{name}", fraction(size, unit));
    }
    let seconds = size / 1_000_000_000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let rest = fraction(size % 60_000_000_000, 1_000_000_000);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{rest}s"),
        (0, _) => format!("{sign}{minutes}m{rest}s"),
        _ => format!("{sign}{hours}h{minutes}m{rest}s"),
    }
}

/// So many units with what is left of one as decimals.
fn fraction(size: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let decimals = format!("{:0digits$}", size % unit);
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() || unit == 1 { (size / unit).to_string() } else { format!("{}.{decimals}", size / unit) }
}

/// `time.ParseDuration`
pub(super) fn parse(text: &str) -> Result<i64, String> {
    let shown = crate::fmt::quote(text.as_bytes());
    let invalid = || format!("time: invalid duration {shown}");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (number, after) = Number::read(rest).ok_or_else(invalid)?;
        let end = after.find(|character: char| character.is_ascii_digit() || character == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {shown}"));
        }
        let Some(scale) = unit_length(unit) else {
            let unit = crate::fmt::quote(unit.as_bytes());
            return Err(format!("time: unknown unit {unit} in duration {shown}"));
        };
        let sum = number.times(scale).and_then(|part| total.checked_add(part)).filter(|sum| *sum <= MOST);
        total = sum.ok_or_else(invalid)?;
        rest = after;
    }
    if negative && total == MOST {
        return Ok(i64::MIN);
    }
    let length = i64::try_from(total).map_err(|_| invalid())?;
    Ok(if negative { -length } else { length })
}

fn unit_length(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// The length of the longest negative duration.
const MOST: u64 = 1 << 63;

/// How many units a part of a duration is.
struct Number<'t> {
    whole: u64,
    decimals: &'t str,
}

impl<'t> Number<'t> {
    /// Digits, of which one may be behind a point, with what comes behind them; nothing if there are none, or too many.
    fn read(text: &'t str) -> Option<(Self, &'t str)> {
        let (whole, rest) = digits(text);
        let (decimals, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
        if whole.is_empty() && decimals.is_empty() {
            return None;
        }
        let whole = if whole.is_empty() { 0 } else { whole.parse().ok().filter(|whole| *whole <= MOST)? };
        Some((Self { whole, decimals }, rest))
    }

    /// As nanoseconds, of which a unit has so many; nothing if they are too many.
    fn times(&self, unit: u64) -> Option<u64> {
        let whole = self.whole.checked_mul(unit).filter(|whole| *whole <= MOST)?;
        whole.checked_add(self.part_of(unit))
    }

    /// What the decimals are of a unit. Go counts in floats, and leaves out digits that find no room in an integer.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as Go does"
    )]
    fn part_of(&self, unit: u64) -> u64 {
        let (mut part, mut scale) = (0_u64, 1_f64);
        for digit in self.decimals.bytes() {
            let next = part.checked_mul(10).and_then(|part| part.checked_add(u64::from(digit - b'0')));
            let Some(next) = next.filter(|next| part <= (MOST - 1) / 10 && *next <= MOST) else { break };
            (part, scale) = (next, scale * 10.0);
        }
        (part as f64 * (unit as f64 / scale)) as u64
    }
}

/// The digits that a text begins with, and what is behind them.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len()))
}
