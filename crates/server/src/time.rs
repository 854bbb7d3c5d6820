//! Times as people read them: how long ago, with the exact time beside.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

/// `12 minutes ago`, exact time in the title.
pub(crate) fn ago(now: Timestamp, at: Timestamp) -> Markup {
    html! { time datetime=(exact(at)) title=(in_full(at)) { (relative(now, at)) } }
}

/// As [`ago`], or a dash.
pub(crate) fn ago_or_dash(now: Timestamp, at: Option<Timestamp>) -> Markup {
    at.map_or_else(|| html! { "–" }, |at| ago(now, at))
}

/// RFC 3339 in whole seconds.
pub(crate) fn exact(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-01-31 09:08:07 UTC`
pub(crate) fn in_full(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `12 minutes ago`
pub(crate) fn relative(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    if seconds < 0 {
        // Another machine's clock goes before ours.
        return if seconds > -60 { "just now".to_owned() } else { in_full(at) };
    }
    let (count, unit) = match seconds {
        0..10 => return "just now".to_owned(),
        10..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..5_184_000 => (seconds / 86_400, "day"),
        _ => (seconds / 2_592_000, "month"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// `0.35 s`, `12 s`, `3 min 5 s`
pub(crate) fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let now = at(100_000_000);
        for (before, expect) in [
            (0, "just now"),
            (42, "42 seconds ago"),
            (60, "1 minute ago"),
            (7_199, "1 hour ago"),
            (200_000, "2 days ago"),
            (8_000_000, "3 months ago"),
            (-30, "just now"),
            (-100, "1973-03-03 09:48:20 UTC"),
        ] {
            assert_eq!(relative(now, at(100_000_000 - before)), expect);
        }
    }

    #[test]
    fn lengths_in_words() {
        for (millis, expect) in [(35, "35 ms"), (2_340, "2.3 s"), (59_999, "59 s"), (185_000, "3 min 5 s")] {
            assert_eq!(length(Duration::from_millis(millis)), expect);
        }
    }
}
