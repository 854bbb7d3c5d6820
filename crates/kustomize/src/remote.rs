//! What kustomizations name by an address: repositories and files that are fetched for the build.
//!
//! The crate fetches nothing itself. A caller that wants remote bases gives a [`Remote`]; without one they are refused by
//! name. What is fetched is a tree of its own, out of which no path leads.

use core::time::Duration;
use std::fmt;
use std::sync::Arc;

use crate::Files;

/// How long kustomize waits for a repository, unless the address says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(27);

/// Fetches what kustomizations name by an address.
pub trait Remote: fmt::Debug + Send + Sync {
    /// The tree of a repository at a reference. The error says why there is none.
    fn repository(&self, address: &RepositoryAddress) -> Result<Arc<dyn Files>, String>;

    /// The content of a file at an http or https address.
    fn file(&self, url: &str) -> Result<Arc<[u8]>, String>;
}

/// The address of a directory in a Git repository, as kustomize reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryAddress {
    /// Where the repository is, as Git takes it: `https://host/org/repo`, `git@host:org/repo`.
    pub repository: String,
    /// The directory in it; empty for its root.
    pub path: String,
    /// Branch, tag or commit of `?ref=` (or `?version=`); empty for the default branch.
    pub reference: String,
    /// `?submodules=`.
    pub submodules: bool,
    /// `?timeout=`.
    pub timeout: Duration,
}

/// Endings of addresses that are files.
const MANIFESTS: [&str; 3] = [".yaml", ".yml", ".json"];

/// Where the repository ends and the directory begins.
enum Cut {
    /// So many parts of the path are the repository.
    Parts(usize),
    /// All of it.
    Whole,
}

impl RepositoryAddress {
    /// Takes an address apart. The error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (host, rest) = host(address)?;
        let cut = if host == "file://" { Cut::Whole } else { Cut::Parts(2) };
        let (repository, path) = split(&rest, &cut).ok_or("it names no repository")?;
        let path = path.trim_start_matches('/');
        if repository.is_empty() {
            return Err("it names no repository".to_owned());
        }
        let normal = crate::path::join("", path).ok_or("its path leads out of the repository")?;
        let mut parsed = Self {
            repository: format!("{host}{repository}"),
            path: normal,
            reference: String::new(),
            submodules: true,
            timeout: DEFAULT_TIMEOUT,
        };
        parsed.read_query(query);
        Ok(parsed)
    }

    fn read_query(&mut self, query: &str) {
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| unescaped(value)).next()
        };
        self.reference = value("ref").or_else(|| value("version")).unwrap_or_default();
        if let Some(flag) = value("submodules").and_then(|text| go_bool(&text)) {
            self.submodules = flag;
        }
        if let Some(timeout) = value("timeout").and_then(|text| duration(&text)) {
            self.timeout = timeout;
        }
    }

    /// The name that messages give the repository, which is the first part of all paths in it.
    pub(crate) fn mount(&self) -> String {
        let reference = if self.reference.is_empty() { String::new() } else { format!("@{}", self.reference) };
        mount_name(&format!("{}{reference}", self.repository))
    }
}

/// An address as one part of a path.
pub(crate) fn mount_name(address: &str) -> String {
    address.replace("://", ":").replace('/', ":")
}

/// Whether a name in a kustomization is an address of something remote.
pub(crate) fn is_address(named: &str) -> bool {
    named.contains("://")
        || named.contains("?ref=")
        || named.starts_with("git@")
        || named.starts_with("git::")
        || is_github(named)
        || is_scp(named)
}

/// `user@host:path`.
fn is_scp(named: &str) -> bool {
    let user = named.split('@').next().unwrap_or_default();
    let host = named.strip_prefix(user).and_then(|rest| rest.strip_prefix('@')).unwrap_or_default();
    is_user(user) && host.find(':').is_some_and(|colon| colon > 0 && host.find('/').is_none_or(|slash| colon < slash))
}

/// Whether an address is one of a file rather than of a directory in a repository.
pub(crate) fn is_file(named: &str) -> bool {
    let is_http = ["http://", "https://"].iter().any(|scheme| named.starts_with(scheme));
    let path = named.split('?').next().unwrap_or_default();
    let after_scheme = path.split_once("://").map_or(path, |(_, rest)| rest);
    is_http
        && MANIFESTS.iter().any(|ending| path.ends_with(ending))
        && !after_scheme.contains("//")
        && !named.contains("?ref=")
}

fn is_github(named: &str) -> bool {
    let lower = named.to_ascii_lowercase();
    lower.starts_with("github.com/") || lower.starts_with("github.com:")
}

fn is_user(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
}

/// Scheme, user and host together, and what follows.
fn host(address: &str) -> Result<(String, String), String> {
    let address = strip_ignoring_case(address, "git::").unwrap_or(address);
    let schemes = ["ssh://", "https://", "http://", "file://"];
    let found = schemes.iter().find_map(|scheme| Some((*scheme, strip_ignoring_case(address, scheme)?)));
    let (scheme, rest) = found.unwrap_or(("", address));
    let (user, rest) = match rest.split_once('@') {
        Some((user, after)) if is_user(user) => (format!("{user}@"), after),
        _ => (String::new(), rest),
    };
    let github = is_github(rest);
    let like_scp = scheme.is_empty() && (!user.is_empty() || github);
    if scheme.is_empty() && !like_scp {
        return Err("it begins with none of https://, http://, ssh://, file://, user@host: and github.com/".to_owned());
    }
    if scheme == "file://" {
        return Ok((scheme.to_owned(), format!("{user}{rest}")));
    }
    let slash = rest.find('/');
    let colon = rest.find(':').filter(|colon| like_scp && *colon > 0 && slash.is_none_or(|slash| *colon < slash));
    let end = colon.or(slash).map_or(0, |at| at + 1);
    let (name, path) = if end == 0 { (rest, "") } else { rest.split_at(end) };
    if github {
        let over_ssh = scheme == "ssh://" || !user.is_empty();
        let host = if over_ssh { format!("{user}github.com:") } else { "https://github.com/".to_owned() };
        return Ok((host, path.to_owned()));
    }
    if name.trim_end_matches(['/', ':']).is_empty() {
        return Err("it names no host".to_owned());
    }
    Ok((format!("{scheme}{user}{name}"), path.to_owned()))
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// The repository, and the directory in it.
fn split<'a>(path: &'a str, cut: &Cut) -> Option<(&'a str, &'a str)> {
    if let Some(at) = path.find("_git/") {
        let start = at + "_git/".len();
        let end = path[start..].find('/').map_or(path.len(), |slash| start + slash);
        return Some(path.split_at(end));
    }
    if let Some(at) = path.find("//") {
        return Some((&path[..at], &path[at + 2..]));
    }
    if let Some(at) = path.find(".git") {
        return Some(path.split_at(at + ".git".len()));
    }
    let Cut::Parts(parts) = cut else { return Some((path, "")) };
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    match slashes.nth(parts - 1) {
        Some(end) => Some(path.split_at(end)),
        None => (path.split('/').count() >= *parts).then_some((path, "")),
    }
}

/// A value of a query with `%20` and `+` taken back.
fn unescaped(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, hex.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Seconds, or one number with a unit. None of nothing or less.
fn duration(text: &str) -> Option<Duration> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("", 1.0)];
    let (number, unit) = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    let seconds = number.parse::<f64>().ok()? * unit;
    (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text: &str, repository: &str, path: &str, reference: &str| {
            let found = RepositoryAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((&*found.repository, &*found.path, &*found.reference), (repository, path, reference), "{text}");
        };
        check("https://github.com/org/repo//a/b?ref=v1", "https://github.com/org/repo", "a/b", "v1");
        check("https://github.com/org/repo/a/b", "https://github.com/org/repo", "a/b", "");
        check("github.com/org/repo?ref=main", "https://github.com/org/repo", "", "main");
        check("GitHub.com/org/repo/a", "https://github.com/org/repo", "a", "");
        check("git@github.com:org/repo//a?version=v2", "git@github.com:org/repo", "a", "v2");
        check("git@gitlab.example.org:org/repo.git/a", "git@gitlab.example.org:org/repo.git", "a", "");
        check("ssh://git@host:2222/org/repo.git//a", "ssh://git@host:2222/org/repo.git", "a", "");
        check("https://host/org/group/repo.git/a?ref=x", "https://host/org/group/repo.git", "a", "x");
        check("https://u@dev.azure.com/org/p/_git/repo/a/b", "https://u@dev.azure.com/org/p/_git/repo", "a/b", "");
        check("git::https://host/org/repo", "https://host/org/repo", "", "");
        check("file:///srv/repo//a?ref=x%2Fy", "file:///srv/repo", "a", "x/y");
        check("https://host/org/repo//?ref=a&version=b", "https://host/org/repo", "", "a");
    }

    #[test]
    fn faults() {
        let check = |text: &str, expected: &str| {
            assert!(RepositoryAddress::parse(text).is_err_and(|error| error.contains(expected)), "{text}");
        };
        check("https://host/repo", "no repository");
        check("https://host/org/repo//../x", "out of the repository");
        check("host/org/repo", "begins with none");
        check("https:///org/repo", "no host");
    }

    #[test]
    fn queries() {
        let parse = |query: &str| RepositoryAddress::parse(&format!("https://h/o/r?{query}")).expect("is an address");
        assert_eq!(parse("timeout=61").timeout, Duration::from_secs(61));
        assert_eq!(parse("timeout=2m").timeout, Duration::from_mins(2));
        assert_eq!(parse("timeout=-5").timeout, DEFAULT_TIMEOUT);
        assert!(!parse("submodules=false").submodules);
        assert!(parse("submodules=maybe").submodules);
    }

    #[test]
    fn what_is_remote() {
        for named in ["https://h/a.yaml", "git@h:o/r", "github.com/o/r", "o/r?ref=x", "me@h:o/r"] {
            assert!(is_address(named), "{named}");
        }
        for named in ["../base", "a@b/c", "base", "a:b/c", "x@y"] {
            assert!(!is_address(named), "{named}");
        }
        assert!(is_file("https://h/o/r/main/a.yaml"));
        assert!(!is_file("https://h/o/r//a.yaml?ref=x"));
        assert!(!is_file("git@h:o/r/a.yaml"));
    }
}
