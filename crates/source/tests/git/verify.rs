//! Signatures of commits and tags, made by the real `gpg`, `ssh-keygen` and `git`.

use source::{GitRequest, Reference, SourceError, Verification, VerifyMode};
use testkit::git::{GitRepo, GitServer, Signer};

use crate::{Case, TestStore, at, branch, commit, main_of, named, says, semver, tag};

/// Those that need `gpg`.
pub(crate) const GPG_CASES: &[Case] = &[
    ("verify_openpgp_commits", openpgp_commits),
    ("verify_openpgp_keys_that_may_not_sign", openpgp_keys_that_may_not_sign),
    ("verify_keys_of_both_sorts", keys_of_both_sorts),
];

pub(crate) const CASES: &[Case] = &[
    ("verify_ssh_commits", ssh_commits),
    ("verify_forged_commits", forged_commits),
    ("verify_tags", tags),
    ("verify_tags_that_lead_elsewhere", tags_that_lead_elsewhere),
    ("verify_reads_the_clone_of_others", reads_the_clone_of_others),
];

struct World {
    repository: GitRepo,
    server: GitServer,
    store: TestStore,
}

impl World {
    fn new() -> Self {
        let repository = GitRepo::with_files(&[("a", "1")]);
        Self { repository, server: GitServer::start(), store: TestStore::new() }
    }

    /// The request over HTTP, of what is in the repository now.
    fn request(&self, reference: Reference) -> GitRequest {
        self.repository.publish(&self.server.path("app.git"));
        at(&self.server.url("app.git"), reference)
    }

    fn accept(&self, reference: Reference, verification: Verification) -> String {
        let request = GitRequest { verification: Some(verification), ..self.request(reference) };
        let verified = self.store.fetch(&request).verified.expect("it was asked for");
        // A folder of this machine is judged alike.
        let here = GitRequest { url: format!("file://{}", self.repository.path().display()), ..request };
        assert_eq!(self.store.fetch(&here).verified.as_ref(), Some(&verified));
        verified
    }

    fn refuse(&self, reference: Reference, verification: Verification, words: &[&str]) -> SourceError {
        let request = GitRequest { verification: Some(verification), ..self.request(reference) };
        let error = self.store.refuse(&request);
        says(&error, words);
        error
    }
}

fn by(mode: VerifyMode, keys: &[(&str, &str)]) -> Verification {
    let keys = keys.iter().map(|(name, key)| ((*name).to_owned(), key.as_bytes().to_vec()));
    Verification { mode, keys: keys.collect() }
}

fn head(keys: &[(&str, &str)]) -> Verification {
    by(VerifyMode::Head, keys)
}

fn openpgp_commits() {
    let world = World::new();
    for algorithm in ["ed25519", "rsa2048", "nistp256"] {
        let (mut ada, eve) = (Signer::gpg(algorithm, "never"), Signer::gpg("ed25519", "never"));
        let id = world.repository.commit_signed("signed", &ada);
        let fingerprint = ada.id();
        let told = world.accept(branch("main"), head(&[("eve.asc", eve.public()), ("ada.asc", ada.public())]));
        let key = &fingerprint[fingerprint.len() - 16..];
        assert_eq!(told, format!("verified signature of\n\t- commit '{id}' with key '{key}'"));
        // Several keys in one file, and a name of any sort.
        let both = format!("{}{}", eve.public(), ada.public());
        world.accept(branch("main"), head(&[("keys", &both)]));
        let error =
            world.refuse(branch("main"), head(&[("eve.asc", eve.public())]), &["no matching key", "add that key"]);
        assert_eq!((error.reason(), error.is_terminal()), ("InvalidCommitSignature", false));
        ada.add_subkey();
        world.repository.commit_signed("by a subkey", &ada);
        let told = world.accept(branch("main"), head(&[("ada.asc", ada.public())]));
        assert!(told.ends_with(&format!("with key '{key}'")), "{told}");
    }
}

fn openpgp_keys_that_may_not_sign() {
    let world = World::new();
    let mut ada = Signer::gpg("ed25519", "never");
    world.repository.commit_signed("signed", &ada);
    world.accept(branch("main"), head(&[("ada.asc", ada.public())]));
    ada.revoke();
    world.refuse(branch("main"), head(&[("ada.asc", ada.public())]), &["revoked"]);
    let brief = Signer::gpg("ed25519", "seconds=2");
    world.repository.commit_signed("in time", &brief);
    std::thread::sleep(std::time::Duration::from_secs(3));
    world.refuse(branch("main"), head(&[("brief.asc", brief.public())]), &["has expired", "prolonged"]);
}

fn keys_of_both_sorts() {
    let world = World::new();
    let (ada, grace) = (Signer::gpg("ed25519", "never"), Signer::ssh("ed25519"));
    let keys = [("ada.asc", ada.public()), ("grace.sshpub", grace.public())];
    for signer in [&ada, &grace] {
        world.repository.commit_signed("signed", signer);
        world.accept(branch("main"), head(&keys));
    }
    world.refuse(branch("main"), head(&keys[..1]), &["SSH signature detected but no SSH public keys found"]);
    world.repository.commit_signed("signed", &ada);
    let words = ["PGP signature detected but no PGP public keys found", "'x.asc' of the Secret cannot be used"];
    world.refuse(branch("main"), head(&[("x.asc", "nonsense"), keys[1]]), &words);
    // An entry that is no key spoils nothing where another one fits.
    world.accept(branch("main"), head(&[("x.asc", "nonsense"), keys[0]]));
}

fn ssh_commits() {
    let world = World::new();
    let eve = Signer::ssh("ed25519");
    for kind in ["ed25519", "rsa", "ecdsa"] {
        let ada = Signer::ssh(kind);
        let id = world.repository.commit_signed("signed", &ada);
        let lines = format!("# people\n{}ada@example.org namespaces=\"git\" {}", eve.public(), ada.public());
        let told = world.accept(branch("main"), head(&[("people.sshpub", &lines)]));
        let start = format!("verified signature of\n\t- commit '{id}' with key 'SHA256:");
        assert!(told.starts_with(&start), "{told}");
        let error =
            world.refuse(branch("main"), head(&[("eve.sshpub", eve.public())]), &["no matching key", "SHA256:"]);
        assert_eq!(error.reason(), "InvalidCommitSignature");
    }
    world.repository.commit("not signed");
    let error = world.refuse(branch("main"), head(&[("eve.sshpub", eve.public())]), &["is not signed", "--gpg-sign"]);
    assert!(error.to_string().contains("unsupported signature type: empty"), "{error}");
}

/// Signatures that are true, but of something else.
fn forged_commits() {
    let world = World::new();
    let ada = Signer::ssh("ed25519");
    let keys = head(&[("ada.sshpub", ada.public())]);
    let id = world.repository.commit_signed("honest", &ada);
    let honest = world.repository.git(&["cat-file", "commit", &id]);
    let refuse = |content: &str, words: &[&str]| {
        let forged = world.repository.store_object("commit", content);
        world.repository.git(&["update-ref", "refs/heads/forged", &forged]);
        let error = world.refuse(branch("forged"), keys.clone(), words);
        assert_eq!(error.reason(), "InvalidCommitSignature", "{error}");
        assert!(!error.is_terminal());
    };
    // Another text under the same signature; another tree; another parent.
    refuse(&honest.replace("honest", "evil"), &["does not fit"]);
    let tree = honest.lines().next().expect("a tree").to_owned();
    world.repository.write("a", "evil");
    world.repository.git(&["add", "--all"]);
    let other = world.repository.git(&["write-tree"]);
    refuse(&honest.replace(&tree, &format!("tree {}", other.trim())), &["does not fit"]);
    // A second signature; one header more.
    let another = honest.replacen("gpgsig ", "gpgsig x\ngpgsig ", 1);
    refuse(&another, &["2 signatures"]);
    refuse(&honest.replacen("gpgsig ", "note x\ngpgsig ", 1), &["does not fit"]);
    // A signature that Ada made of the very text for another purpose, such as a login or an e-mail.
    let unsigned: String = unsigned(&honest);
    let mail = ada.sign_text("file", &unsigned);
    let header = format!("gpgsig {}\n\n", mail.trim_end().replace('\n', "\n "));
    refuse(&unsigned.replacen("\n\n", &format!("\n{header}"), 1), &["made for 'file', not for Git"]);
    // The same made for Git is a true one: what is refused above is not refused by chance.
    let git = ada.sign_text("git", &unsigned);
    let header = format!("gpgsig {}\n\n", git.trim_end().replace('\n', "\n "));
    let signed = world.repository.store_object("commit", &unsigned.replacen("\n\n", &format!("\n{header}"), 1));
    world.repository.git(&["update-ref", "refs/heads/forged", &signed]);
    world.accept(branch("forged"), keys);
}

/// A commit without its signature.
fn unsigned(commit: &str) -> String {
    let mut inside = false;
    let keep = |line: &&str| {
        inside = line.starts_with("gpgsig ") || inside && line.starts_with(' ');
        !inside
    };
    commit.split_inclusive('\n').filter(keep).collect()
}

fn tags() {
    let world = World::new();
    let (ada, eve) = (Signer::ssh("ed25519"), Signer::ssh("ecdsa"));
    let keys = |mode| by(mode, &[("ada.sshpub", ada.public())]);
    let unsigned = world.repository.commit("not signed");
    let object = world.repository.tag_signed("v1.0.0", &ada);
    let told = world.accept(tag("v1.0.0"), keys(VerifyMode::Tag));
    let start = format!("verified signature of\n\t- tag 'v1.0.0@{object}' with key 'SHA256:");
    assert!(told.starts_with(&start), "{told}");
    world.accept(semver("1.x"), keys(VerifyMode::Tag));
    world.accept(named("refs/tags/v1.0.0"), keys(VerifyMode::Tag));
    let words = [&*format!("commit '{unsigned}'"), "is not signed"];
    world.refuse(tag("v1.0.0"), keys(VerifyMode::TagAndHead), &words);
    let signed = world.repository.commit_signed("signed", &ada);
    world.repository.tag_signed("v1.1.0", &ada);
    let told = world.accept(tag("v1.1.0"), keys(VerifyMode::TagAndHead));
    assert!(told.contains("- tag 'v1.1.0@") && told.contains(&format!("\n\t- commit '{signed}' with")), "{told}");
    // By a stranger; not signed at all; not even a tag of its own.
    world.repository.tag_signed("v1.2.0", &eve);
    let error = world.refuse(tag("v1.2.0"), keys(VerifyMode::Tag), &["tag 'v1.2.0@", "no matching key"]);
    assert_eq!(error.reason(), "InvalidTagSignature");
    world.repository.tag("v1.3.0");
    world.repository.git(&["tag", "v1.4.0"]);
    for name in ["v1.3.0", "v1.4.0"] {
        let error = world.refuse(tag(name), keys(VerifyMode::Tag), &["since it is not signed", "git tag --sign"]);
        assert_eq!((error.reason(), error.is_terminal()), ("InvalidGitObject", false));
    }
    let words = ["if a tag reference is not specified", "spec.ref.tag"];
    for reference in [branch("main"), commit(&signed)] {
        let error = world.refuse(reference, keys(VerifyMode::TagAndHead), &words);
        assert_eq!((error.reason(), error.is_terminal()), ("InvalidVerificationMode", true));
    }
}

/// A true tag whose bytes were changed, and one of another commit.
fn tags_that_lead_elsewhere() {
    let world = World::new();
    let ada = Signer::ssh("ed25519");
    let keys = by(VerifyMode::Tag, &[("ada.sshpub", ada.public())]);
    let honest = world.repository.commit("honest");
    let object = world.repository.tag_signed("v1", &ada);
    let evil = world.repository.commit_file("a", "evil");
    let text = world.repository.git(&["cat-file", "tag", &object]);
    let forged = world.repository.store_object("tag", &text.replace(&honest, &evil));
    world.repository.git(&["update-ref", "refs/tags/v2", &forged]);
    world.refuse(tag("v2"), keys.clone(), &["does not fit"]);
    // A tag of a signed tag is itself not signed.
    world.repository.tag("v3");
    world.refuse(tag("v3"), keys.clone(), &["not signed"]);
    // A signed tag of a tag leads on to its commit.
    world.repository.git(&["checkout", "--quiet", "v1"]);
    world.repository.tag_signed("v4", &ada);
    world.accept(tag("v4"), keys);
}

/// What an unverified source fetched before is there already, and still judged.
fn reads_the_clone_of_others() {
    let world = World::new();
    let ada = Signer::ssh("ed25519");
    world.repository.tag_signed("v1", &ada);
    world.store.fetch(&world.request(tag("v1")));
    let requests = world.server.requests();
    world.refuse(branch("main"), head(&[("ada.sshpub", ada.public())]), &["is not signed"]);
    world.accept(tag("v1"), by(VerifyMode::Tag, &[("ada.sshpub", ada.public())]));
    assert!(world.server.requests() > requests);
    world.store.fetch(&main_of(&world.server.url("app.git")));
}
