//! SSH, against the real sshd.

use std::path::PathBuf;

use source::{Auth, GitRequest, SourceError};
use testkit::git::{GitRepo, SshKey, SshServer};

use crate::{
    Case, TestStore, at,
    file::{check_references, versions},
    main_of, says, text,
};

pub(crate) const CASES: &[Case] = &[
    ("ssh_references", references),
    ("ssh_references_by_the_oldest_protocol", references_by_the_oldest_protocol),
    ("ssh_kinds_of_keys", kinds_of_keys),
    ("ssh_host_keys", host_keys),
    ("ssh_refused", refused),
    ("ssh_agent", agent),
];

struct World {
    server: SshServer,
    /// Keeps the folder.
    _dir: tempfile::TempDir,
    bare: PathBuf,
}

fn world(repository: &GitRepo, keys: &[&SshKey], protocol_variable: bool) -> World {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let bare = dir.path().join("it's-app.git");
    repository.publish(&bare);
    let server = SshServer::start(keys, protocol_variable).expect("sshd is there");
    World { server, _dir: dir, bare }
}

fn auth(key: &SshKey, passphrase: Option<&str>, known_hosts: String) -> Auth {
    Auth::SshKey { private_key: key.private.clone(), passphrase: passphrase.map(str::to_owned), known_hosts }
}

fn check_all(protocol_variable: bool) {
    let (repository, ids) = versions();
    let key = SshKey::generate("ed25519", "");
    let world = world(&repository, &[&key], protocol_variable);
    let url = world.server.url(&world.bare);
    let auth = auth(&key, None, world.server.known_hosts());
    check_references(&TestStore::new(), &|reference| at(&url, reference).auth(auth.clone()), &ids);
}

fn references() {
    check_all(true);
}

fn references_by_the_oldest_protocol() {
    check_all(false);
}

fn kinds_of_keys() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let plain = SshKey::generate("ecdsa", "");
    let locked = SshKey::generate("rsa", "sesame");
    let world = world(&repository, &[&plain, &locked], true);
    let store = TestStore::new();
    let url = world.server.url(&world.bare);
    let known = world.server.known_hosts();
    for (key, passphrase) in [(&plain, None), (&locked, Some("sesame"))] {
        let snapshot = store.fetch(&main_of(&url).auth(auth(key, passphrase, known.clone())));
        assert_eq!(text(&snapshot, "a"), "a");
    }
    let error = store.refuse(&main_of(&url).auth(auth(&locked, Some("wrong"), known.clone())));
    assert!(matches!(error, SourceError::KeyUnusable { .. }), "{error:?}");
    assert!(!error.to_string().contains("wrong"), "{error}");
    let error = store.refuse(&main_of(&url).auth(auth(&locked, None, known)));
    assert!(matches!(error, SourceError::KeyUnusable { .. }), "{error:?}");
}

fn host_keys() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let key = SshKey::generate("ed25519", "");
    let world = world(&repository, &[&key], true);
    let store = TestStore::new();
    let url = world.server.url(&world.bare);
    let request = |known_hosts: String| main_of(&url).auth(auth(&key, None, known_hosts));
    store.fetch(&request(world.server.known_hosts_hashed()));
    let other = SshKey::generate("ed25519", "");
    let error = store.refuse(&request(format!("# a comment\n{}", world.server.known_hosts_with(&other))));
    assert!(matches!(error, SourceError::HostKeyChanged { line: 2, .. }), "{error:?}");
    says(&error, &["CHANGED", "SHA256:"]);
    let error = store.refuse(&request("example.org ssh-ed25519 AAAA".to_owned()));
    assert!(matches!(error, SourceError::HostKeyUnknown { .. }), "{error:?}");
    says(&error, &["ssh-keyscan -p"]);
    let error = store.refuse(&request(String::new()));
    assert!(matches!(error, SourceError::KnownHostsMissing { .. }), "{error:?}");
}

fn refused() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let key = SshKey::generate("ed25519", "");
    let stranger = SshKey::generate("ed25519", "");
    let world = world(&repository, &[&key], true);
    let store = TestStore::new();
    let url = world.server.url(&world.bare);
    let known = world.server.known_hosts();
    let error = store.refuse(&main_of(&url).auth(auth(&stranger, None, known.clone())));
    assert_eq!(error.reason(), "AuthenticationFailed");
    says(&error, &["deploy key"]);
    says(&store.refuse(&main_of(&url)), &["`identity`"]);
    let missing = world.server.url(&world.bare.with_file_name("other.git"));
    let error = store.refuse(&main_of(&missing).auth(auth(&key, None, known.clone())));
    assert!(matches!(error, SourceError::NoSuchRepository { .. }), "{error:?}");
    drop(world);
    let error = store.refuse(&GitRequest::new(&url).auth(auth(&key, None, known)));
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error:?}");
}

fn agent() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let unknown = SshKey::generate("rsa", "");
    let key = SshKey::generate("ed25519", "");
    let world = world(&repository, &[&key], true);
    let agent = testkit::git::SshAgent::start(&[&unknown, &key]);
    let auth = Auth::SshAgent { socket: agent.socket().to_owned(), known_hosts: world.server.known_hosts() };
    let snapshot = TestStore::new().fetch(&main_of(&world.server.url(&world.bare)).auth(auth));
    assert_eq!(text(&snapshot, "a"), "a");
}
