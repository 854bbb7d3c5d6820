//! Charts out of a chart repository and of a real registry, both filled by the real helm.

#[path = "charts/artifacts.rs"]
mod artifacts;
#[path = "charts/registry.rs"]
mod registry;
#[path = "charts/repository.rs"]
mod repository;

use libtest_mimic::{Arguments, Trial};
use source::Auth;
use source::charts::{Access, ChartError, ChartStore};
use testkit::oracle::{self, Oracle};
use testkit::{Case, ForwardProxy, trial};

fn main() {
    let arguments = Arguments::from_args();
    // Without helm, or without a registry, these are reported as ignored, by name.
    let helm = oracle::find(Oracle::Helm).is_ok();
    let registry = helm && oracle::find(Oracle::Registry).is_ok();
    let mut trials: Vec<Trial> = Vec::new();
    let alone = oracle::find(Oracle::Registry).is_ok();
    for (cases, ready) in [(repository::CASES, helm), (registry::CASES, registry), (artifacts::CASES, alone)] {
        trials.extend(cases.iter().map(|case| trial(case).with_ignored_flag(!ready)));
    }
    let ready = alone && ForwardProxy::is_available();
    trials.extend(artifacts::PROXY_CASES.iter().map(|case| trial(case).with_ignored_flag(!ready)));
    libtest_mimic::run(&arguments, trials).exit();
}

/// A store in a temporary folder, which goes with it.
struct TestStore {
    store: ChartStore,
    _dir: tempfile::TempDir,
}

impl std::ops::Deref for TestStore {
    type Target = ChartStore;

    fn deref(&self) -> &ChartStore {
        &self.store
    }
}

impl TestStore {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Self { store: ChartStore::open(dir.path().join("charts")).expect("a store"), _dir: dir }
    }
}

fn login(password: &str) -> Access {
    let auth = Auth::Basic { username: "ada".to_owned(), password: password.to_owned() };
    Access { auth, ..Access::default() }
}

/// Whether the message has all these words, and not the password.
fn says(error: &ChartError, words: &[&str]) {
    let message = format!("{error} {error:?}");
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
    for secret in ["engine", "hunter2"] {
        assert!(!message.contains(secret), "{message}");
    }
}
