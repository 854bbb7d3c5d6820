//! Versions as Flux reads them out of tags: Semantic Versioning 2.0.0, with an optional `v` before it.

use std::cmp::Ordering;

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(super) numbers: [u64; 3],
    pub(super) pre: Vec<Identifier>,
}

/// One part of a pre-release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identifier {
    Number(u64),
    Text(String),
}

impl Version {
    /// Reads a tag; none if it is no full version.
    pub(crate) fn parse_tag(tag: &str) -> Option<Self> {
        let text = tag.strip_prefix('v').unwrap_or(tag);
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, pre_release(pre)?),
            None => (text, Vec::new()),
        };
        let parts: Vec<u64> = numbers.split('.').map(number).collect::<Option<_>>()?;
        Some(Self { numbers: parts.try_into().ok()?, pre })
    }
}

/// A number without leading zeros.
pub(super) fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// The parts after the hyphen.
pub(super) fn pre_release(text: &str) -> Option<Vec<Identifier>> {
    text.split('.')
        .map(|part| {
            let legal = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !legal {
                return None;
            }
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                return number(part).map(Identifier::Number);
            }
            Some(Identifier::Text(part.to_owned()))
        })
        .collect()
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.pre.cmp(&other.pre),
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_semver_2() {
        let sorted = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "v1.0.0",
            "1.0.1",
            "1.10.0",
        ];
        for pair in sorted.windows(2) {
            assert!(Version::parse_tag(pair[0]) < Version::parse_tag(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn tags_that_are_no_versions() {
        for tag in ["1.0", "v1", "release-1.0.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-a..b", "latest", "1.0.0-01"] {
            assert_eq!(Version::parse_tag(tag), None, "{tag}");
        }
    }
}
