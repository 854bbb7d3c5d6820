//! `oci://host:port/path/name:tag@sha256:…`, taken apart.

use crate::charts::error::ChartError;

/// Digits of a SHA-256.
const DIGITS: usize = 64;
/// Bytes of a tag.
const MAX_TAG: usize = 128;

/// Where a chart is in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// With its port, if one is written.
    pub(super) host: String,
    /// The path with the chart's name.
    pub(super) repository: String,
    pub(crate) tag: Option<String>,
    /// `sha256:…`.
    pub(crate) digest: Option<String>,
}

impl Reference {
    pub(crate) fn parse(text: &str) -> Result<Self, ChartError> {
        let invalid = |cause: &str| ChartError::AddressInvalid {
            url: crate::address::redact(text),
            cause: cause.to_owned(),
            example: "oci://host/path/chart, with :tag or @sha256:… behind it where one is meant",
        };
        let rest = text.strip_prefix("oci://").ok_or_else(|| invalid("it does not begin with oci://"))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| invalid("it names no chart"))?;
        if !is_host(host) {
            return Err(invalid(if host.contains('@') {
                "user and password do not belong into it"
            } else {
                "its host is none"
            }));
        }
        let (path, digest) = match path.rsplit_once('@') {
            Some((path, digest)) => (path, Some(digest.to_owned())),
            None => (path, None),
        };
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag.replace('+', "_"))),
            None => (path, None),
        };
        if !repository.split('/').all(is_part) {
            return Err(invalid("its path is not of lower case letters, digits and . _ - between slashes"));
        }
        if tag.as_deref().is_some_and(|tag| !is_tag(tag)) {
            return Err(invalid("its tag is none"));
        }
        if digest.as_deref().is_some_and(|digest| !is_digest(digest)) {
            return Err(invalid("its digest is not sha256: with 64 hexadecimal digits"));
        }
        Ok(Self { host: host.to_owned(), repository: repository.to_owned(), tag, digest })
    }

    /// The whole address.
    pub(crate) fn shown(&self) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{}{tag}{digest}", self.folder())
    }

    /// The address without tag and digest.
    pub(super) fn folder(&self) -> String {
        format!("oci://{}/{}", self.host, self.repository)
    }

    /// The chart's name.
    pub(super) fn name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }

    /// The host that is talked to: Docker's own registry answers under another name.
    pub(super) fn server(&self) -> &str {
        if self.host == "docker.io" { "registry-1.docker.io" } else { &self.host }
    }
}

fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'))
}

/// One part of a path: letters and digits, between them `.`, `_`, `__` or hyphens.
fn is_part(part: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = part.bytes().next().is_some_and(inner) && part.bytes().next_back().is_some_and(inner);
    ends && part.bytes().all(|byte| inner(byte) || matches!(byte, b'.' | b'_' | b'-')) && !part.contains("..")
}

fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= MAX_TAG
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

pub(crate) fn is_digest(digest: &str) -> bool {
    digest.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let check = |text: &str, expected: (&str, &str, Option<&str>, Option<&str>)| {
            let found = Reference::parse(text).unwrap();
            let (tag, digest) = (found.tag.as_deref(), found.digest.as_deref());
            assert_eq!((found.host.as_str(), found.repository.as_str(), tag, digest), expected, "{text}");
        };
        check("oci://ghcr.io/org/charts/web", ("ghcr.io", "org/charts/web", None, None));
        check("oci://localhost:5000/web:1.2.3+b", ("localhost:5000", "web", Some("1.2.3_b"), None));
        check(&format!("oci://h/web@{digest}"), ("h", "web", None, Some(&digest)));
        check(&format!("oci://h/a/web:1.0.0@{digest}"), ("h", "a/web", Some("1.0.0"), Some(&digest)));
    }

    #[test]
    fn what_is_no_reference() {
        for text in [
            "https://h/web",
            "oci://h",
            "oci:///web",
            "oci://h/",
            "oci://h/Web",
            "oci://h/a//web",
            "oci://h/../web",
            "oci://h/web:",
            "oci://h/web:a/b",
            "oci://h/web@sha256:12",
            "oci://u:secret@h/web",
            "oci://h/web?x=1",
        ] {
            let error = Reference::parse(text).expect_err(text).to_string();
            assert!(error.contains("cannot be used") && !error.contains("secret"), "{error}");
        }
    }
}
