//! Which of several versions is meant.

use std::cmp::Ordering;

use gotemplate::semver::{Constraints, Version};

/// Versions that a message names.
const MAX_NAMED: usize = 5;

/// Sorts versions as Helm does, the newest first; what is no version comes last.
pub(crate) fn sort<T>(versions: &mut Vec<T>, text: impl Fn(&T) -> &str) {
    let parsed = versions.drain(..).map(|item| (Version::parse(text(&item)).ok(), item));
    let mut parsed: Vec<(Option<Version>, T)> = parsed.collect();
    parsed.sort_by(|(left, _), (right, _)| match (left, right) {
        (Some(left), Some(right)) => right.order(left),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    versions.extend(parsed.into_iter().map(|(_, item)| item));
}

/// The place of the wanted one among sorted versions: the very text first, then the first in the range; an empty text
/// means any release.
///
/// # Errors
/// Why the text is no range.
pub(crate) fn choose<'a>(sorted: impl Iterator<Item = &'a str> + Clone, wanted: &str) -> Result<Option<usize>, String> {
    let range = Constraints::parse(if wanted.is_empty() { "*" } else { wanted })?;
    if let Some(found) = sorted.clone().position(|version| !wanted.is_empty() && version == wanted) {
        return Ok(Some(found));
    }
    let mut sorted = sorted;
    Ok(sorted.position(|version| Version::parse(version).is_ok_and(|version| range.hold(&version))))
}

/// `the newest are 1.2.3, 1.2.2 and 7 more`.
pub(crate) fn newest<'a>(sorted: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = sorted.collect();
    let named = all[..all.len().min(MAX_NAMED)].join(", ");
    match all.len() {
        0 => "it has no version at all".to_owned(),
        1 => format!("the only one is {named}"),
        count if count > MAX_NAMED => format!("the newest are {named} and {} more", count - MAX_NAMED),
        _ => format!("there are {named}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_is_meant() {
        let mut all = vec!["1.2.0", "nonsense", "2.0.0-rc.1", "1.10.0", "0.9", "1.2.0+b"];
        sort(&mut all, |text| text);
        assert_eq!(all, ["2.0.0-rc.1", "1.10.0", "1.2.0", "1.2.0+b", "0.9", "nonsense"]);
        let chosen = |wanted: &str| choose(all.iter().copied(), wanted).map(|found| found.map(|at| all[at]));
        for (wanted, expected) in [
            ("", Some("1.10.0")),
            (">0.0.0-0", Some("2.0.0-rc.1")),
            ("^1.2", Some("1.10.0")),
            ("~1.2", Some("1.2.0")),
            ("1.2.0+b", Some("1.2.0+b")),
            ("0.9.0", Some("0.9")),
            ("v1.2.0", Some("1.2.0")),
            ("2.x", None),
        ] {
            assert_eq!(chosen(wanted), Ok(expected), "{wanted}");
        }
        assert!(chosen("latest").is_err());
    }

    #[test]
    fn which_there_are() {
        let say = |all: &[&'static str]| newest(all.iter().copied());
        assert_eq!(say(&[]), "it has no version at all");
        assert_eq!(say(&["1"]), "the only one is 1");
        assert_eq!(say(&["2", "1"]), "there are 2, 1");
        assert_eq!(say(&["7", "6", "5", "4", "3", "2", "1"]), "the newest are 7, 6, 5, 4, 3 and 2 more");
    }
}
