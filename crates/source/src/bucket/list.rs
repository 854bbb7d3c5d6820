//! The list of a bucket: which objects count, and the revision that they make.

use std::collections::BTreeMap;

use rusty_s3::actions::ListObjectsV2;
use sha2::{Digest, Sha256};

use crate::{bucket::BucketError, tree::Rules};

/// The object with ignore rules.
pub(super) const SOURCE_IGNORE: &str = ".sourceignore";
/// Bytes of a key, as S3 has it.
const MAX_KEY: usize = 1024;
/// What lists are written in. Some stores leave it out.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// One object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) etag: String,
    pub(super) size: u64,
}

/// One page of a list and the way to the next one.
pub(super) fn page(text: &str) -> Result<(Vec<Listed>, Option<String>), String> {
    let named = format!("<ListBucketResult xmlns=\"{NAMESPACE}\"");
    let text = if text.contains(NAMESPACE) { text.to_owned() } else { text.replacen("<ListBucketResult", &named, 1) };
    let page = ListObjectsV2::parse_response(&text).map_err(|error| error.to_string())?;
    let listed = page.contents.into_iter().map(|object| Listed {
        key: object.key,
        etag: bare(&object.etag.unwrap_or_default()).to_owned(),
        size: object.size.unwrap_or_default(),
    });
    Ok((listed.collect(), page.next_continuation_token))
}

/// An entity tag without its quotes.
pub(super) fn bare(etag: &str) -> &str {
    etag.trim().trim_matches('"')
}

/// The rules of a bucket: its own and those of the spec. Unlike in Git repositories nothing is left out without any.
pub(super) fn rules(own: &str, spec: Option<&str>) -> Rules {
    let mut rules = Rules::default();
    rules.add(own, "");
    rules.add(spec.unwrap_or_default(), "");
    rules
}

/// Whether an object is a file of the source.
pub(super) fn counts(key: &str, rules: &Rules) -> bool {
    !key.ends_with('/') && key != SOURCE_IGNORE && !rules.leaves_out_path(key)
}

/// That a key is a path that leads nowhere else: also after an address was made of it.
pub(super) fn check(key: &str) -> Result<(), BucketError> {
    let strange = |part: &str| matches!(part, "" | "." | "..");
    let climbs = key.split('/').any(strange) || key.contains(['\\', '\0']) || key.chars().any(char::is_control);
    if climbs || key.len() > MAX_KEY { Err(BucketError::KeyClimbs { key: key.to_owned() }) } else { Ok(()) }
}

/// The revision of these objects, as Flux makes it: a line for each, sorted by key.
pub(super) fn revision(index: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (key, etag) in index {
        hash.update(format!("{key} {etag}\n"));
    }
    format!("sha256:{:x}", hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_with_and_without_their_namespace() {
        let page_of = |xmlns: &str| {
            page(&format!(
                "<?xml version=\"1.0\"?><ListBucketResult{xmlns}><IsTruncated>true</IsTruncated><EncodingType>url</EncodingType><Contents><Key>a%2Fb+c</Key><ETag>&quot;1f&quot;</ETag><Size>3</Size></Contents><NextContinuationToken>t</NextContinuationToken></ListBucketResult>"
            ))
        };
        let listed = Listed { key: "a/b c".into(), etag: "1f".into(), size: 3 };
        let expect = Ok((vec![listed], Some("t".to_owned())));
        assert_eq!(page_of(""), expect);
        assert_eq!(page_of(&format!(" xmlns=\"{NAMESPACE}\"")), expect);
        assert!(page("<Error/>").is_err() && page("no xml").is_err());
    }

    #[test]
    fn the_revision_is_that_of_flux() {
        let index: BTreeMap<String, String> =
            [("b", "2"), ("a", "1")].map(|(key, etag)| (key.into(), etag.into())).into();
        // printf 'a 1\nb 2\n' | sha256sum
        assert_eq!(revision(&index), "sha256:2951835de33689a441bfa61bc7af99b1f0305ca8ec0ab4dd508f14f57b27ca23");
        assert_eq!(
            revision(&BTreeMap::new()),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn rules_of_the_spec_come_last() {
        let rules = rules("*.md\ndocs/\n", Some("!docs/keep.md"));
        let count = |key: &str| counts(key, &rules);
        assert!(count("a.yaml") && count("picture.png"), "nothing is left out by itself");
        assert!(!count("a.md") && !count("docs/a.yaml") && !count("x/") && !count(SOURCE_IGNORE));
        assert!(count("docs/keep.md"));
    }

    #[test]
    fn keys_that_climb_are_refused() {
        for key in ["../x", "a/../../x", "/etc/passwd", "a//b", "a/./b", "a\\b", "..", "a\nb"] {
            assert!(check(key).is_err(), "{key}");
        }
        assert!(check("a/b..c/...").is_ok());
    }
}
