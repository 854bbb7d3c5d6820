//! Times in metadata: RFC 3339 as Go reads it and writes it again.

/// The time without fractions of a second, UTC as `Z`: what Go's `Format(time.RFC3339)` makes of what it has parsed.
pub(crate) fn normalized(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let form = "dddd-dd-ddTdd:dd:dd";
    let (date, rest) = (text.get(..form.len())?, text.get(form.len()..)?);
    let fits = |(byte, form): (u8, u8)| if form == b'd' { byte.is_ascii_digit() } else { byte == form };
    if !bytes.iter().copied().zip(form.bytes()).all(fits) {
        return None;
    }
    let number = |from: usize| date[from..from + 2].parse::<u32>().unwrap_or(99);
    if !(1..=12).contains(&number(5)) || !(1..=31).contains(&number(8)) {
        return None;
    }
    if number(11) > 23 || number(14) > 59 || number(17) > 59 {
        return None;
    }
    let zone = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            if zone.len() == fraction.len() {
                return None;
            }
            zone
        }
        None => rest,
    };
    match zone {
        "Z" | "+00:00" | "-00:00" => Some(format!("{date}Z")),
        _ => is_offset(zone).then(|| format!("{date}{zone}")),
    }
}

fn is_offset(zone: &str) -> bool {
    let digits = |from: usize, max: u32| {
        zone.get(from..from + 2).and_then(|part| part.parse::<u32>().ok()).is_some_and(|part| part <= max)
    };
    zone.len() == 6 && zone.starts_with(['+', '-']) && digits(1, 24) && zone[3..].starts_with(':') && digits(4, 60)
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn times_come_out_as_go_prints_them() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(normalized(text).as_deref(), expect, "{text}");
        check("2026-11-29T12:00:00Z", Some("2026-11-29T12:00:00Z"));
        check("2026-11-29T12:00:00.123456Z", Some("2026-11-29T12:00:00Z"));
        check("2026-11-29T12:00:00+00:00", Some("2026-11-29T12:00:00Z"));
        check("2026-11-29T12:00:00+01:00", Some("2026-11-29T12:00:00+01:00"));
        for wrong in [
            "",
            "2026-11-29",
            "2026-13-29T12:00:00Z",
            "2026-11-29T12:00:00",
            "2026-11-29T12:00:00.Z",
            "2026-11-29T12:00:00+1:00",
            "2026-11-29T12:00:00é",
        ] {
            check(wrong, None);
        }
    }
}
