//! Git over all its transports, against the real `git` and `sshd`.

#[path = "git/file.rs"]
mod file;
#[path = "git/http.rs"]
mod http;
#[path = "git/parts.rs"]
mod parts;
#[path = "git/ssh.rs"]
mod ssh;
#[path = "git/tree.rs"]
mod tree;
#[path = "git/verify.rs"]
mod verify;

use libtest_mimic::{Arguments, Trial};
use source::{GitRequest, Reference, Snapshot, SourceError, Store};
use testkit::git::{Signer, SshServer};
use testkit::{Case, ForwardProxy, trial};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> =
        [file::CASES, http::CASES, parts::CASES, tree::CASES, verify::CASES].into_iter().flatten().map(trial).collect();
    // Without sshd, gpg or tinyproxy these are reported as ignored, by name.
    trials.extend(ssh::CASES.iter().map(|case| trial(case).with_ignored_flag(!SshServer::is_available())));
    trials.extend(verify::GPG_CASES.iter().map(|case| trial(case).with_ignored_flag(!Signer::has_gpg())));
    trials.extend(http::PROXY_CASES.iter().map(|case| trial(case).with_ignored_flag(!ForwardProxy::is_available())));
    libtest_mimic::run(&arguments, trials).exit();
}

/// A store in a temporary folder, which goes with it.
struct TestStore {
    store: Store,
    dir: tempfile::TempDir,
}

impl TestStore {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(dir.path().join("store")).expect("a store");
        Self { store, dir }
    }

    fn fetch(&self, request: &GitRequest) -> Snapshot {
        self.store.fetch(request).expect("the fetch succeeds")
    }

    fn refuse(&self, request: &GitRequest) -> SourceError {
        self.store.fetch(request).expect_err("the fetch fails")
    }
}

/// A request for `url` at `reference`; the host's disk may be read.
fn at(url: &str, reference: Reference) -> GitRequest {
    GitRequest { reference, allow_file: true, ..GitRequest::new(url) }
}

fn main_of(url: &str) -> GitRequest {
    at(url, branch("main"))
}

fn branch(name: &str) -> Reference {
    Reference { branch: Some(name.to_owned()), ..Reference::default() }
}

fn tag(name: &str) -> Reference {
    Reference { tag: Some(name.to_owned()), ..Reference::default() }
}

fn semver(range: &str) -> Reference {
    Reference { semver: Some(range.to_owned()), ..Reference::default() }
}

fn named(name: &str) -> Reference {
    Reference { name: Some(name.to_owned()), ..Reference::default() }
}

fn commit(id: &str) -> Reference {
    Reference { commit: Some(id.to_owned()), ..Reference::default() }
}

/// The file's text.
fn text(snapshot: &Snapshot, path: &str) -> String {
    let bytes = snapshot.tree.read(path).expect("the file is there");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the message has all these words.
fn says(error: &SourceError, words: &[&str]) {
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}
