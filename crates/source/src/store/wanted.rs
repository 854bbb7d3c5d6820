//! Which commit `spec.ref` means, told by the server's references.

mod range;
mod version;

use gix::ObjectId;

use crate::{
    error::SourceError,
    request::Reference,
    transport::{Ref, Session},
};

use range::Range;
pub(crate) use version::Version;

/// Flux's default of `spec.ref.branch`.
const DEFAULT_BRANCH: &str = "master";
/// Names listed in a message.
const MAX_SHOWN: usize = 8;

/// The commit to fetch.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) id: ObjectId,
    /// The tag object, where the reference is an annotated tag.
    pub(crate) tag: Option<ObjectId>,
    /// What stands before `@` in the revision.
    pub(crate) name: Option<String>,
    /// The server's reference, under which the clone remembers it.
    pub(crate) refname: String,
    /// Tips whose history has the commit, where the server gives no commit that is not a tip.
    pub(crate) inside: Vec<ObjectId>,
}

impl Wanted {
    /// What has to be here.
    pub(crate) fn objects(&self) -> Vec<ObjectId> {
        [Some(self.id), self.tag].into_iter().flatten().collect()
    }
}

/// Where references are looked up.
pub(crate) trait References {
    /// Those whose names start with one of `prefixes`.
    fn references(&mut self, prefixes: &[&str]) -> Result<Vec<Ref>, SourceError>;

    /// Whether a commit that no reference points at can be had.
    fn any_commit(&self) -> bool;
}

impl References for Session {
    fn references(&mut self, prefixes: &[&str]) -> Result<Vec<Ref>, SourceError> {
        self.list(prefixes)
    }

    fn any_commit(&self) -> bool {
        self.gives_any_commit()
    }
}

/// Finds the commit, by Flux's precedence: commit, name, semver, tag, branch.
pub(crate) fn choose(session: &mut dyn References, reference: &Reference, url: &str) -> Result<Wanted, SourceError> {
    let mut search = Search { session, url };
    let set = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
    if let Some(commit) = set(&reference.commit) {
        return search.commit(&commit, set(&reference.branch));
    }
    if let Some(name) = set(&reference.name) {
        return search.named(&name, "reference", name.clone());
    }
    if let Some(semver) = set(&reference.semver) {
        return search.semver(&semver);
    }
    if let Some(tag) = set(&reference.tag) {
        return search.named(&format!("refs/tags/{tag}"), "tag", tag);
    }
    let branch = set(&reference.branch).unwrap_or_else(|| DEFAULT_BRANCH.to_owned());
    search.named(&format!("refs/heads/{branch}"), "branch", branch)
}

struct Search<'a> {
    session: &'a mut dyn References,
    url: &'a str,
}

impl Search<'_> {
    fn named(&mut self, refname: &str, kind: &'static str, name: String) -> Result<Wanted, SourceError> {
        let found = self.session.references(&[refname])?;
        match found.iter().find(|found| found.name == refname) {
            Some(found) => Ok(wanted(found, name)),
            None => Err(self.missing(kind, name)?),
        }
    }

    fn semver(&mut self, text: &str) -> Result<Wanted, SourceError> {
        let range = Range::parse(text).map_err(|cause| SourceError::SemverInvalid { range: text.to_owned(), cause })?;
        let tags = self.session.references(&["refs/tags/"])?;
        let mut versions: Vec<(Version, &str, &Ref)> = tags
            .iter()
            .filter_map(|tag| {
                let name = tag.name.strip_prefix("refs/tags/")?;
                Some((Version::parse_tag(name)?, name, tag))
            })
            .collect();
        versions.sort_by(|(a, a_name, _), (b, b_name, _)| a.cmp(b).then_with(|| a_name.cmp(b_name)));
        if let Some((_, name, tag)) = versions.iter().rev().find(|(version, ..)| range.contains(version)) {
            return Ok(wanted(tag, (*name).to_owned()));
        }
        let seen = match versions.last() {
            Some((_, newest, _)) => format!("{} tags are versions, the newest is {newest}", versions.len()),
            None => format!("none of its {} tags is a version", tags.len()),
        };
        Err(SourceError::NoSemverMatch { url: self.url.to_owned(), range: text.to_owned(), seen })
    }

    fn commit(&mut self, text: &str, branch: Option<String>) -> Result<Wanted, SourceError> {
        let invalid = |cause: String| SourceError::CommitInvalid { commit: text.to_owned(), cause };
        if text.len() != 40 {
            return Err(invalid(format!("it has {} characters", text.len())));
        }
        let id = ObjectId::from_hex(text.as_bytes()).map_err(|error| invalid(error.to_string()))?;
        let prefix = branch.as_ref().map_or("refs/heads/".to_owned(), |branch| format!("refs/heads/{branch}"));
        let refs = self.session.references(&[&prefix])?;
        let refs: Vec<&Ref> = refs.iter().filter(|found| branch.is_none() || found.name == prefix).collect();
        if refs.is_empty() {
            return Err(self.missing("branch", branch.unwrap_or_default())?);
        }
        let is_tip = refs.iter().any(|found| found.commit() == id);
        let inside = if is_tip || self.session.any_commit() {
            Vec::new()
        } else {
            refs.iter().map(|found| found.commit()).collect()
        };
        Ok(Wanted { id, tag: None, name: branch, refname: format!("commit {id}"), inside })
    }

    /// Why nothing was found: the repository is empty, or has other names.
    fn missing(&mut self, kind: &'static str, name: String) -> Result<SourceError, SourceError> {
        let url = self.url.to_owned();
        let prefix = if kind == "tag" { "refs/tags/" } else { "refs/heads/" };
        let others = self.session.references(&[prefix])?;
        if others.is_empty() && self.session.references(&["refs/", "HEAD"])?.is_empty() {
            return Ok(SourceError::EmptyRepository { url });
        }
        let there_are = there_are(others.iter().filter_map(|other| other.name.strip_prefix(prefix)));
        Ok(SourceError::NoSuchReference { url, kind, name, there_are })
    }
}

fn wanted(found: &Ref, name: String) -> Wanted {
    let tag = found.peeled.map(|_| found.id);
    Wanted { id: found.commit(), tag, name: Some(name), refname: found.name.clone(), inside: Vec::new() }
}

/// `; there are: a, b and 3 more`.
pub(crate) fn there_are<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return String::new();
    }
    let shown = names[..names.len().min(MAX_SHOWN)].join(", ");
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => format!("; there are: {shown}"),
        more => format!("; there are: {shown} and {more} more"),
    }
}
