//! Signatures of commits and tags, held against the public keys of a Secret: `OpenPGP` and SSH. No program is started.
//!
//! What decides is the object itself: the bytes that its id is made of are taken apart here, and what was signed is all of
//! them but the signature. Nothing that a server says beside them counts.

mod object;
mod pgp;
mod ssh;

use std::fmt;

use gix::ObjectId;
use jiff::Timestamp;

use crate::error::{SourceError, TreeError};
use object::{Kind, Signed};

/// Names of a Secret's entries that hold SSH keys end so, as in Flux; all others hold `OpenPGP` keys.
const SSH_SUFFIX: &str = ".sshpub";
/// How many tags may point at each other before the commit comes.
const MAX_TAGS: usize = 8;
/// Bytes of a commit or tag that is verified.
const MAX_OBJECT: u64 = 4 << 20;

/// Which signatures are demanded, and of whom.
#[derive(Clone)]
pub struct Verification {
    /// What has to be signed.
    pub mode: VerifyMode,
    /// The entries of the Secret: name and content.
    pub keys: Vec<(String, Vec<u8>)>,
}

/// What has to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyMode {
    /// The commit.
    Head,
    /// The tag that leads to it.
    Tag,
    /// Both.
    TagAndHead,
}

impl fmt::Debug for Verification {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Verification({:?}, {} keys)", self.mode, self.keys.len())
    }
}

impl Verification {
    pub(crate) fn wants_tag(&self) -> bool {
        self.mode != VerifyMode::Head
    }

    fn wants_head(&self) -> bool {
        self.mode != VerifyMode::Tag
    }
}

/// The commit that was chosen, and how it was come by.
pub(crate) struct Chosen<'a> {
    pub(crate) commit: ObjectId,
    /// The tag object, where the reference is an annotated tag.
    pub(crate) tag: Option<ObjectId>,
    /// `refs/tags/…` and the like.
    pub(crate) refname: &'a str,
}

/// Checks what is demanded; tells in Flux's words what was checked by which key.
pub(crate) fn check(
    repository: &gix::Repository,
    chosen: &Chosen<'_>,
    verification: &Verification,
    now: Timestamp,
) -> Result<String, SourceError> {
    let keys = Keys::read(verification);
    let mut lines = Vec::new();
    if verification.wants_tag() {
        lines.push(tag(repository, chosen, &keys, now)?);
    }
    if verification.wants_head() {
        let failed = |cause: String| SourceError::Unverified {
            reason: "InvalidCommitSignature",
            cause: format!("signature verification of commit '{}' failed: {cause}", chosen.commit),
        };
        let raw = raw(repository, chosen.commit)?;
        let key = keys.check(Kind::Commit, &object::of_commit(&raw).map_err(failed)?, now).map_err(failed)?;
        lines.push(format!("commit '{}' with key '{key}'", chosen.commit));
    }
    Ok(format!("verified signature of\n\t- {}", lines.join("\n\t- ")))
}

/// Checks the tag: its signature, and that it really leads to the commit.
fn tag(repository: &gix::Repository, chosen: &Chosen<'_>, keys: &Keys, now: Timestamp) -> Result<String, SourceError> {
    let unverified = |reason, cause: String| SourceError::Unverified { reason, cause };
    let Some(name) = chosen.refname.strip_prefix("refs/tags/") else {
        let cause = "cannot verify tag object's signature if a tag reference is not specified. Name a tag in `spec.ref.tag` or `spec.ref.semver`, or set `spec.verify.mode: HEAD`";
        return Err(unverified("InvalidVerificationMode", cause.to_owned()));
    };
    let unsigned = |tag: &str| {
        let cause = format!(
            "cannot verify signature of tag '{tag}' since it is not signed. Sign it with `git tag --sign` and push it again"
        );
        unverified("InvalidGitObject", cause)
    };
    let id = chosen.tag.ok_or_else(|| unsigned(name))?;
    let raw = raw(repository, id)?;
    let shown = format!("{}@{id}", object::tag_name(&raw).unwrap_or_else(|| name.to_owned()));
    let failed = |cause: String| {
        unverified("InvalidTagSignature", format!("signature verification of tag '{shown}' failed: {cause}"))
    };
    let signed = object::of_tag(&raw).map_err(failed)?;
    if signed.signature.is_empty() {
        return Err(unsigned(&shown));
    }
    let key = keys.check(Kind::Tag, &signed, now).map_err(failed)?;
    // The server told which commit the tag means; the signed bytes have the last word.
    if leads_to(repository, id)? != Some(chosen.commit) {
        return Err(failed(format!("it does not lead to commit '{}', which the server gave for it", chosen.commit)));
    }
    Ok(format!("tag '{shown}' with key '{key}'"))
}

/// The commit at the end of a chain of tags.
fn leads_to(repository: &gix::Repository, tag: ObjectId) -> Result<Option<ObjectId>, SourceError> {
    let mut id = tag;
    for _ in 0..MAX_TAGS {
        let Some((target, is_tag)) = object::tag_target(&raw(repository, id)?) else { return Ok(None) };
        if !is_tag {
            return Ok(Some(target));
        }
        id = target;
    }
    Ok(None)
}

/// The bytes of a commit or tag.
fn raw(repository: &gix::Repository, id: ObjectId) -> Result<Vec<u8>, SourceError> {
    let unreadable = |cause: String| {
        SourceError::Tree(TreeError::Unreadable {
            path: format!("object {id}"),
            tree: "the repository".to_owned(),
            cause,
        })
    };
    let size = repository.find_header(id).map_err(|error| unreadable(error.to_string()))?.size();
    if size > MAX_OBJECT {
        return Err(SourceError::Unverified {
            reason: "InvalidGitObject",
            cause: format!(
                "object '{id}' has {size} bytes, more than the {MAX_OBJECT} of a commit or tag that is verified"
            ),
        });
    }
    Ok(repository.find_object(id).map_err(|error| unreadable(error.to_string()))?.detach().data)
}

/// The keys of the Secret that can be read, and what is wrong with the others.
#[derive(Default)]
struct Keys {
    pgp: Vec<pgp::Certificate>,
    ssh: Vec<ssh::Key>,
    faults: Vec<String>,
}

impl Keys {
    fn read(verification: &Verification) -> Self {
        let mut keys = Self::default();
        for (name, content) in &verification.keys {
            let read = if name.ends_with(SSH_SUFFIX) {
                ssh::read(content).map(|found| keys.ssh.extend(found))
            } else {
                pgp::read(content).map(|found| keys.pgp.extend(found))
            };
            if let Err(cause) = read {
                keys.faults.push(format!("'{name}' of the Secret cannot be used: {cause}"));
            }
        }
        keys
    }

    /// Who signed it: the id of the key.
    fn check(&self, kind: Kind, signed: &Signed, now: Timestamp) -> Result<String, String> {
        let (noun, hint) = (kind.noun(), kind.remedy());
        let missing = |sort: &str, ending: &str| {
            self.with_faults(format!(
                "{sort} signature detected but no {sort} public keys found in secret (keys with {ending} suffix)"
            ))
        };
        let text = signed.signature.trim_start();
        if text.starts_with(object::PGP) {
            if self.pgp.is_empty() {
                return Err(missing("PGP", ".asc"));
            }
            let told = |cause| {
                self.with_faults(format!(
                    "unable to verify Git {noun}: unable to verify payload with any of the given key rings: {cause}"
                ))
            };
            return pgp::check(text, &signed.payload, &self.pgp, now).map_err(told);
        }
        if text.starts_with(object::SSH) {
            if self.ssh.is_empty() {
                return Err(missing("SSH", SSH_SUFFIX));
            }
            let told = |cause| {
                self.with_faults(format!(
                    "unable to verify Git {noun} SSH signature: unable to verify payload with any of the given authorized keys: {cause}"
                ))
            };
            return ssh::check(text, &signed.payload, &self.ssh).map_err(told);
        }
        let sort = match text {
            "" => return Err(format!("unsupported signature type: empty. The {noun} is not signed: {hint}")),
            text if text.starts_with(object::X509) => "x509",
            _ => "unknown",
        };
        Err(format!("unsupported signature type: {sort}. Sign with an OpenPGP or SSH key: {hint}"))
    }

    fn with_faults(&self, message: String) -> String {
        let faults = self.faults.iter().map(|fault| format!("; {fault}"));
        message + &faults.collect::<String>()
    }
}
