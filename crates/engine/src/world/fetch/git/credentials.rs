//! Whose rights a Git repository is read with.

use api::GitRepositorySpec;
use source::{Auth, GitHubApp, Installation};

use super::failure;
use super::secrets::{Data, text};
use crate::index::FetchFailure;

/// The entry of a Secret that makes it one of a GitHub App.
const APP: &str = "githubAppID";
/// The reason where provider and Secret do not fit together.
const PROVIDER: &str = "InvalidProviderConfiguration";

/// The credentials in a Secret, as Flux reads them.
pub(super) fn auth(spec: &GitRepositorySpec, data: &Data, name: &str) -> Result<Auth, FetchFailure> {
    let url = spec.url.as_str();
    let has_app = data.contains_key(APP);
    match (is_github(spec), has_app) {
        (true, true) => return github_app(url, data, name),
        (true, false) => return Err(no_app()),
        (false, true) => {
            let message = format!("secretRef '{name}' has github app data but provider is not set to github");
            return Err(failure(PROVIDER, message));
        }
        (false, false) => {}
    }
    if url.starts_with("ssh://") {
        let need = |key: &str| {
            let message = format!("Secret '{name}' has no key '{key}', which ssh:// addresses need");
            text(data, key).ok_or_else(|| failure("AuthenticationFailed", message))
        };
        return Ok(Auth::SshKey {
            private_key: need("identity")?,
            passphrase: text(data, "password"),
            known_hosts: need("known_hosts")?,
        });
    }
    if let Some(token) = text(data, "bearerToken") {
        return Ok(Auth::Bearer(token));
    }
    match (text(data, "username"), text(data, "password")) {
        (None, None) => Ok(Auth::None),
        (username, password) => {
            Ok(Auth::Basic { username: username.unwrap_or_default(), password: password.unwrap_or_default() })
        }
    }
}

/// That a provider needs a Secret, where there is none.
pub(super) fn without_secret(spec: &GitRepositorySpec) -> Result<(), FetchFailure> {
    if is_github(spec) { Err(FetchFailure { terminal: true, ..no_app() }) } else { Ok(()) }
}

fn is_github(spec: &GitRepositorySpec) -> bool {
    spec.provider.as_deref() == Some("github")
}

fn no_app() -> FetchFailure {
    let message = "secretRef with github app data must be specified when provider is set to github";
    failure(PROVIDER, message.to_owned())
}

/// The GitHub App that a Secret describes.
fn github_app(url: &str, data: &Data, name: &str) -> Result<Auth, FetchFailure> {
    let wrong = |cause: &str| failure(PROVIDER, format!("Secret '{name}' cannot be used for a GitHub App: {cause}"));
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(wrong("its token is for https:// addresses only"));
    }
    let given = |key: &str| text(data, key).filter(|text| !text.is_empty());
    let installation = match (given("githubAppInstallationID"), given("githubAppInstallationOwner")) {
        (Some(number), None) => Installation::Number(number),
        (None, Some(owner)) => Installation::Owner(owner),
        _ => return Err(wrong("write either 'githubAppInstallationID' or 'githubAppInstallationOwner' into it")),
    };
    let app = given(APP).ok_or_else(|| wrong("'githubAppID' is empty"))?;
    let private_key = data.get("githubAppPrivateKey").filter(|key| !key.is_empty());
    let private_key = private_key.ok_or_else(|| wrong("it has no key 'githubAppPrivateKey'"))?.clone();
    Ok(Auth::GitHubApp(Box::new(GitHubApp { app, installation, private_key, api: given("githubAppBaseURL") })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&str, &str)], url: &str, expect: &str) {
        check_of(None, pairs, url, expect);
    }

    fn check_of(provider: Option<&str>, pairs: &[(&str, &str)], url: &str, expect: &str) {
        let data = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect();
        let provider = provider.map(str::to_owned);
        let spec = GitRepositorySpec { url: url.to_owned(), provider, ..GitRepositorySpec::default() };
        let found = match auth(&spec, &data, "ns/creds") {
            Ok(auth) => format!("{auth:?}"),
            Err(failure) => failure.message,
        };
        assert_eq!(found, expect);
    }

    #[test]
    fn secrets_are_read_as_flux_reads_them() {
        check(&[], "https://a/b", "None");
        check(&[("username", "u"), ("password", "p\n")], "https://a/b", "Basic(…)");
        check(&[("bearerToken", "t"), ("username", "u")], "https://a/b", "Bearer(…)");
        check(&[("identity", "k"), ("known_hosts", "h")], "ssh://git@a/b", "SshKey(…)");
        check(
            &[("identity", "k")],
            "ssh://git@a/b",
            "Secret 'ns/creds' has no key 'known_hosts', which ssh:// addresses need",
        );
    }

    #[test]
    fn a_github_app_is_one_by_its_provider_only() {
        const URL: &str = "https://github.com/org/app";
        let app = ("githubAppID", "1");
        let key = ("githubAppPrivateKey", "k");
        let number = ("githubAppInstallationID", "2");
        let owner = ("githubAppInstallationOwner", "org");
        let github = |pairs: &[(&str, &str)], expect: &str| check_of(Some("github"), pairs, URL, expect);
        github(&[app, key, number], "GitHubApp(…)");
        github(&[app, key, owner], "GitHubApp(…)");
        let either = "Secret 'ns/creds' cannot be used for a GitHub App: write either 'githubAppInstallationID' or 'githubAppInstallationOwner' into it";
        github(&[app, key], either);
        github(&[app, key, number, owner], either);
        github(
            &[app, number],
            "Secret 'ns/creds' cannot be used for a GitHub App: it has no key 'githubAppPrivateKey'",
        );
        let needed = "secretRef with github app data must be specified when provider is set to github";
        github(&[("username", "u")], needed);
        check(&[app], URL, "secretRef 'ns/creds' has github app data but provider is not set to github");
        let github = GitRepositorySpec { provider: Some("github".to_owned()), ..GitRepositorySpec::default() };
        assert!(without_secret(&github).is_err_and(|failure| failure.terminal && failure.message == needed));
        assert!(without_secret(&GitRepositorySpec::default()).is_ok());
    }
}
