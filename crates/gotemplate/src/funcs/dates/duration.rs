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
        let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        if number.is_empty() || number == "." || number.matches('.').count() > 1 {
            return Err(invalid());
        }
        let end = after.find(|character: char| character.is_ascii_digit() || character == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {shown}"));
        }
        let Some(scale) = unit_length(unit) else {
            let unit = crate::fmt::quote(unit.as_bytes());
            return Err(format!("time: unknown unit {unit} in duration {shown}"));
        };
        total = scaled(number, scale).and_then(|part| total.checked_add(part)).ok_or_else(invalid)?;
        rest = after;
    }
    if negative && total == 1 << 63 {
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

fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let decimals = &decimals[..decimals.len().min(18)];
    let size = u32::try_from(decimals.len()).ok()?;
    let part: u64 = if decimals.is_empty() { 0 } else { decimals.parse().ok()? };
    let part = u128::from(part) * u128::from(unit) / 10u128.pow(size);
    whole.checked_mul(unit)?.checked_add(u64::try_from(part).ok()?)
}
