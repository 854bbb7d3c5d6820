//! Where a repository is: the address taken apart, without the secrets some people put into it.

use std::path::PathBuf;

use gix::{bstr::ByteSlice, url::Scheme};

use crate::error::SourceError;

/// SSH's port when none is written.
pub(crate) const SSH_PORT: u16 = 22;

/// How a repository is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remote {
    /// A folder of this machine.
    File(PathBuf),
    /// Smart HTTP; the address has no user or password.
    Http(String),
    /// SSH.
    Ssh(SshRemote),
}

/// The parts of an SSH address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SshRemote {
    pub(crate) user: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As the server's `git-upload-pack` gets it.
    pub(crate) path: String,
}

/// An address, ready to be used, shown and compared.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) remote: Remote,
    /// For messages: no user, no password.
    pub(crate) shown: String,
    /// Equal for addresses of one repository; what the clone's folder is named after.
    pub(crate) key: String,
    /// User and password written into an http address.
    pub(crate) userinfo: Option<(String, String)>,
}

impl Address {
    /// Takes `url` apart. Understands `https`, `http`, `ssh`, `file`, `user@host:path` and plain paths.
    pub(crate) fn parse(url: &str) -> Result<Self, SourceError> {
        let invalid = |cause: &str| SourceError::UrlInvalid { url: redact(url), cause: cause.to_owned() };
        if url.trim().is_empty() {
            return Err(invalid("it is empty"));
        }
        if url.chars().any(char::is_control) {
            return Err(invalid("it has control characters in it"));
        }
        let parsed = gix::url::parse(url.as_bytes().as_bstr()).map_err(|_| invalid("it cannot be taken apart"))?;
        match parsed.scheme {
            Scheme::File => Ok(Self::file(PathBuf::from(parsed.path.to_str_lossy().into_owned()))),
            Scheme::Http | Scheme::Https => Self::http(parsed).ok_or_else(|| invalid("it names no host")),
            Scheme::Ssh => Self::ssh(&parsed).map_err(invalid),
            Scheme::Git => Err(invalid("git:// has neither secrecy nor proof of who answers")),
            _ => Err(invalid("its scheme is none of https, http and ssh")),
        }
    }

    /// Scheme, user, host and port: whom credentials for this address are meant for.
    pub(crate) fn origin(&self) -> String {
        match &self.remote {
            Remote::File(_) => "file".to_owned(),
            Remote::Ssh(remote) => format!("ssh://{}@{}:{}", remote.user, remote.host, remote.port),
            Remote::Http(_) => {
                let host = self.key.splitn(4, '/').take(3);
                host.collect::<Vec<_>>().join("/")
            }
        }
    }

    fn file(path: PathBuf) -> Self {
        let shown = path.display().to_string();
        Self { key: format!("file://{shown}"), shown, remote: Remote::File(path), userinfo: None }
    }

    fn http(mut url: gix::Url) -> Option<Self> {
        let user = url.set_user(None);
        let password = url.set_password(None);
        let host = url.host()?.to_ascii_lowercase();
        if host.is_empty() {
            return None;
        }
        let address = url.to_bstring().to_str_lossy().trim_end_matches('/').to_owned();
        let port = url.port_or_default().unwrap_or_default();
        let path = url.path.to_str_lossy().trim_matches('/').to_owned();
        Some(Self {
            key: format!("{}://{host}:{port}/{path}", url.scheme.as_str()),
            shown: address.clone(),
            remote: Remote::Http(address),
            userinfo: (user.is_some() || password.is_some())
                .then(|| (user.unwrap_or_default(), password.unwrap_or_default())),
        })
    }

    fn ssh(url: &gix::Url) -> Result<Self, &'static str> {
        let host = url.host().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let path = url.path.to_str_lossy().into_owned();
        let path = path.strip_prefix("/~").map(|rest| format!("~{rest}")).unwrap_or(path);
        if path.trim_matches('/').is_empty() {
            return Err("it names no repository");
        }
        let remote =
            SshRemote { user: url.user().unwrap_or("git").to_owned(), port: url.port.unwrap_or(SSH_PORT), host, path };
        let slash = if remote.path.starts_with('/') { "" } else { "/" };
        Ok(Self {
            key: format!(
                "ssh://{}@{}:{}{slash}{}",
                remote.user,
                remote.host,
                remote.port,
                remote.path.trim_end_matches('/')
            ),
            shown: match remote.port {
                SSH_PORT => format!("ssh://{}{slash}{}", remote.host, remote.path),
                port => format!("ssh://{}:{port}{slash}{}", remote.host, remote.path),
            },
            remote: Remote::Ssh(remote),
            userinfo: None,
        })
    }
}

/// `url` without what stands between `://` and `@`.
pub(crate) fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, key: &str, shown: &str) {
        let address = Address::parse(url).expect(url);
        assert_eq!(address.key, key, "key of {url}");
        assert_eq!(address.shown, shown, "shown for {url}");
    }

    #[test]
    fn addresses_of_one_repository_have_one_key() {
        check("https://Example.org/a/b.git", "https://example.org:443/a/b.git", "https://example.org/a/b.git");
        check("https://example.org:443/a/b.git/", "https://example.org:443/a/b.git", "https://example.org:443/a/b.git");
        check("https://u:secret@example.org/a", "https://example.org:443/a", "https://example.org/a");
        check("git@example.org:a/b.git", "ssh://git@example.org:22/a/b.git", "ssh://example.org/a/b.git");
        check("ssh://git@example.org:2222/a/b", "ssh://git@example.org:2222/a/b", "ssh://example.org:2222/a/b");
        check("file:///srv/git/a", "file:///srv/git/a", "/srv/git/a");
        check("/srv/git/a", "file:///srv/git/a", "/srv/git/a");
    }

    #[test]
    fn credentials_are_for_one_host() {
        let origin = |url: &str| Address::parse(url).expect(url).origin();
        assert_eq!(origin("https://u:p@Example.org/a/b"), "https://example.org:443");
        assert_eq!(origin("https://example.org:443/x"), origin("https://example.org/a/b.git"));
        assert_eq!(origin("git@example.org:a/b"), "ssh://git@example.org:22");
        for other in [
            "http://example.org/a",
            "https://example.org:8443/a",
            "https://example.org.evil.net/a",
            "https://example.org@evil.net/a",
        ] {
            assert_ne!(origin(other), origin("https://example.org/a"), "{other}");
        }
    }

    #[test]
    fn refused_addresses_say_why_and_show_no_password() {
        for url in ["", "git://u:secret@example.org/a", "ftp://u:secret@example.org/a", "ssh://example.org", "https://"]
        {
            let error = Address::parse(url).expect_err(url);
            assert_eq!(error.reason(), "URLInvalid", "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
