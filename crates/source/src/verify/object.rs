//! Commits and tags taken apart: what was signed, and the signature.

use gix::ObjectId;

/// How a signature by `OpenPGP` begins.
pub(super) const PGP: &str = "-----BEGIN PGP SIGNATURE-----";
/// How a signature by SSH begins.
pub(super) const SSH: &str = "-----BEGIN SSH SIGNATURE-----";
/// How a signature by a certificate of X.509 begins.
pub(super) const X509: &str = "-----BEGIN SIGNED MESSAGE-----";

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tag,
}

impl Kind {
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }

    /// How one signs it.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Commit => "use `git commit --gpg-sign`, or set `commit.gpgSign`, and push again",
            Self::Tag => "use `git tag --sign` and push it again",
        }
    }
}

/// What was signed, and the signature; that is empty if there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) payload: Vec<u8>,
    pub(super) signature: String,
}

/// Takes a commit apart: the signature is a header of it.
pub(super) fn of_commit(raw: &[u8]) -> Result<Signed, String> {
    let mut payload = Vec::with_capacity(raw.len());
    let mut signature = String::new();
    let (mut found, mut header) = (0, Header::Other);
    let mut rest = raw;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        if line == b"\n" {
            break;
        }
        rest = after;
        if !line.starts_with(b" ") {
            header = Header::of(line);
            found += usize::from(header == Header::Signature);
        }
        match header {
            Header::Other => payload.extend_from_slice(line),
            Header::OtherHash => {}
            Header::Signature => {
                let text = line.strip_prefix(b"gpgsig ").or_else(|| line.strip_prefix(b" ")).unwrap_or(line);
                signature.push_str(&String::from_utf8_lossy(text));
            }
        }
    }
    // Programs do not agree which of two counts, so that each could be shown the one it likes.
    if found > 1 {
        return Err(format!("it carries {found} signatures instead of one"));
    }
    payload.extend_from_slice(rest);
    Ok(Signed { payload, signature })
}

/// Whose lines these are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    /// The signature.
    Signature,
    /// The signature of the same commit in a repository that names objects by SHA-256: signed without it.
    OtherHash,
    Other,
}

impl Header {
    fn of(line: &[u8]) -> Self {
        match line {
            line if line.starts_with(b"gpgsig ") => Self::Signature,
            line if line.starts_with(b"gpgsig-sha256 ") => Self::OtherHash,
            _ => Self::Other,
        }
    }
}

/// Takes a tag apart: the signature stands at the end of its message.
pub(super) fn of_tag(raw: &[u8]) -> Result<Signed, String> {
    let text = std::str::from_utf8(raw).map_err(|_| "its text is not UTF-8".to_owned())?;
    let begins = |line: &str| [PGP, SSH, X509].iter().any(|mark| line.starts_with(mark));
    let mut at = 0;
    let mut last = text.len();
    for line in text.split_inclusive('\n') {
        if begins(line) {
            last = at;
        }
        at += line.len();
    }
    let (payload, signature) = text.split_at(last);
    Ok(Signed { payload: payload.as_bytes().to_vec(), signature: signature.to_owned() })
}

/// The name that a tag gives itself.
pub(super) fn tag_name(raw: &[u8]) -> Option<String> {
    header(raw, "tag ")
}

/// What a tag points at, and whether that is a tag again.
pub(super) fn tag_target(raw: &[u8]) -> Option<(ObjectId, bool)> {
    let id = ObjectId::from_hex(header(raw, "object ")?.as_bytes()).ok()?;
    match header(raw, "type ")?.as_str() {
        "commit" => Some((id, false)),
        "tag" => Some((id, true)),
        _ => None,
    }
}

/// The value of the first header that begins so.
fn header(raw: &[u8], name: &str) -> Option<String> {
    let headers = raw.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let line = headers.into_iter().find_map(|line| line.strip_prefix(name.as_bytes()))?;
    Some(String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "tree 1\nauthor A\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\nencoding x\n\nsubject\n\ngpgsig no header\n";

    #[test]
    fn the_signature_of_a_commit_is_a_header() {
        let signed = of_commit(COMMIT.as_bytes()).expect("one signature");
        assert_eq!(signed.signature, "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n");
        let payload = String::from_utf8(signed.payload).expect("text");
        assert_eq!(payload, "tree 1\nauthor A\nencoding x\n\nsubject\n\ngpgsig no header\n");
        let unsigned = of_commit(b"tree 1\n\nsubject\n").expect("no signature");
        assert_eq!((unsigned.signature.as_str(), unsigned.payload.len()), ("", 16));
    }

    #[test]
    fn two_signatures_are_refused() {
        let twice = COMMIT.replace("encoding x", "gpgsig another");
        assert!(of_commit(twice.as_bytes()).expect_err("two").contains("2 signatures"));
        let other_hash = COMMIT.replace("encoding x", "gpgsig-sha256 abc\n def");
        let signed = of_commit(other_hash.as_bytes()).expect("one that counts");
        assert!(!String::from_utf8_lossy(&signed.payload).contains("def"));
    }

    #[test]
    fn the_signature_of_a_tag_is_its_last_block() {
        let raw = format!("object 1\ntype commit\ntag v1\n\ntext {PGP}\n{PGP}\nquoted\n{SSH}\nabc\n");
        let signed = of_tag(raw.as_bytes()).expect("text");
        assert_eq!(signed.signature, format!("{SSH}\nabc\n"));
        assert_eq!(tag_name(raw.as_bytes()).as_deref(), Some("v1"));
        assert_eq!(of_tag(b"object 1\n\nplain\n").expect("text").signature, "");
    }
}
