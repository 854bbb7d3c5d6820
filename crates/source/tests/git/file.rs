//! Folders of this machine: `file://` sources and working copies.

use source::{EntryKind, GitRequest, LocalFolder, Reference};
use testkit::git::GitRepo;

use crate::{Case, TestStore, at, branch, commit, main_of, named, says, semver, tag, text};

pub(crate) const CASES: &[Case] = &[
    ("file_references", references),
    ("file_refused_unless_allowed", refused_unless_allowed),
    ("file_mirror", mirror),
    ("file_what_is_missing", what_is_missing),
    ("local_committed_and_dirty", committed_and_dirty),
    ("local_files_when_asked_for", files_when_asked_for),
    ("local_outside_a_repository", outside_a_repository),
];

/// Three versions: 1.0.0 and 1.1.0 on main, 2.0.0-rc.1 on `next`.
pub(crate) fn versions() -> (GitRepo, Vec<String>) {
    let repository = GitRepo::with_files(&[("app.yaml", "one")]);
    let first = repository.git(&["rev-parse", "HEAD"]).trim().to_owned();
    repository.tag("v1.0.0");
    let second = repository.commit_file("app.yaml", "two");
    repository.git(&["tag", "1.1.0"]);
    repository.git(&["checkout", "--quiet", "-b", "next"]);
    let third = repository.commit_file("app.yaml", "three");
    repository.tag("v2.0.0-rc.1");
    repository.git(&["update-ref", "refs/pull/7/head", &first]);
    repository.git(&["checkout", "--quiet", "main"]);
    (repository, vec![first, second, third])
}

/// Each kind of reference gives the right commit and the right revision.
pub(crate) fn check_references(store: &TestStore, request: &dyn Fn(Reference) -> GitRequest, ids: &[String]) {
    let [first, second, third] = ids else { unreachable!("three commits") };
    let check = |reference: Reference, revision: String, content: &str| {
        let snapshot = store.fetch(&request(reference.clone()));
        assert_eq!(snapshot.revision, revision, "{reference:?}");
        assert_eq!(text(&snapshot, "app.yaml"), content, "{reference:?}");
        assert_eq!(snapshot.commit.author, "Ada Lovelace");
        assert_eq!(snapshot.commit.email, "ada@example.org");
    };
    check(branch("main"), format!("main@sha1:{second}"), "two");
    check(branch("next"), format!("next@sha1:{third}"), "three");
    check(tag("v1.0.0"), format!("v1.0.0@sha1:{first}"), "one");
    check(tag("1.1.0"), format!("1.1.0@sha1:{second}"), "two");
    check(semver("*"), format!("1.1.0@sha1:{second}"), "two");
    check(semver("~1.0"), format!("v1.0.0@sha1:{first}"), "one");
    check(semver(">=1.0.0-0"), format!("v2.0.0-rc.1@sha1:{third}"), "three");
    check(named("refs/pull/7/head"), format!("refs/pull/7/head@sha1:{first}"), "one");
    check(commit(first), format!("sha1:{first}"), "one");
    let both = Reference { branch: Some("main".to_owned()), ..commit(first) };
    check(both, format!("main@sha1:{first}"), "one");
    let all = Reference { tag: Some("v1.0.0".to_owned()), ..branch("next") };
    check(all, format!("v1.0.0@sha1:{first}"), "one");
}

fn references() {
    let (repository, ids) = versions();
    let url = format!("file://{}", repository.path().display());
    check_references(&TestStore::new(), &|reference| at(&url, reference), &ids);
}

fn refused_unless_allowed() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let store = TestStore::new();
    for url in [format!("file://{}", repository.path().display()), repository.path().display().to_string()] {
        let error = store.refuse(&GitRequest::new(&url).branch("main"));
        says(&error, &["setpoint up"]);
        assert_eq!(error.reason(), "URLInvalid");
        assert!(error.is_terminal());
    }
}

fn mirror() {
    let repository = GitRepo::with_files(&[("a", "mirrored")]);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let parent = repository.path().parent().expect("a folder above");
    let name = repository.path().file_name().expect("a name").to_string_lossy().into_owned();
    let mirrors = vec![
        ("https://example.org/".to_owned(), "/nowhere/".to_owned()),
        ("https://example.org/team/".to_owned(), format!("file://{}/", parent.display())),
    ];
    let store = source::Store::with_mirrors(dir.path(), mirrors).expect("a store");
    let request = GitRequest::new(format!("https://example.org/team/{name}")).branch("main");
    assert_eq!(text(&store.fetch(&request).expect("the mirror is read"), "a"), "mirrored");
}

fn what_is_missing() {
    let (repository, _) = versions();
    let store = TestStore::new();
    let url = repository.path().display().to_string();
    says(&store.refuse(&at(&url, Reference::default())), &["no branch \"master\"", "there are: main, next"]);
    says(&store.refuse(&at(&url, tag("v9"))), &["no tag \"v9\"", "1.1.0, v1.0.0"]);
    says(&store.refuse(&at(&url, semver(">=3"))), &["no tag", "3 tags are versions", "v2.0.0-rc.1"]);
    says(&store.refuse(&at(&url, semver("latest"))), &["not a version range"]);
    says(&store.refuse(&at(&url, commit("abc"))), &["40 hexadecimal digits"]);
    says(&store.refuse(&at(&url, commit(&"a".repeat(40)))), &["no commit"]);
    says(&store.refuse(&main_of("/nonexistent/repository")), &["no such folder"]);
    let empty = GitRepo::new();
    says(&store.refuse(&main_of(&empty.path().display().to_string())), &["has no commits yet"]);
}

fn committed_and_dirty() {
    let repository = GitRepo::with_files(&[
        ("deploy/app.yaml", "committed"),
        (".gitignore", "*.log\nbuild/\n"),
        ("kept.log", "forced"),
    ]);
    repository.git(&["add", "--force", "kept.log"]);
    let id = repository.commit("second");
    repository.write("deploy/app.yaml", "changed");
    repository.write("deploy/new.yaml", "new");
    repository.write("debug.log", "x");
    repository.write("build/out.yaml", "x");
    repository.write(".setpoint/state", "x");
    let folder = LocalFolder::discover(repository.path().join("deploy")).expect("a folder");
    assert_eq!(folder.sub_path(), "deploy");
    let checkout = folder.checkout().expect("it opens").expect("a repository");
    assert_eq!(checkout.branch.as_deref(), Some("main"));
    assert!(checkout.git_dir.ends_with(".git"));
    let committed = folder.committed().expect("a commit");
    assert_eq!(committed.revision, format!("main@sha1:{id}"));
    assert_eq!(text(&committed, "deploy/app.yaml"), "committed");
    let dirty = folder.dirty().expect("files");
    assert_eq!(dirty.tree.files(), ["deploy/app.yaml", "deploy/new.yaml", "kept.log"]);
    assert_eq!(text(&dirty, "deploy/app.yaml"), "changed");
    assert!(dirty.revision.starts_with("main-dirty@sha256:"), "{}", dirty.revision);
    let before = dirty.digest;
    repository.write("deploy/new.yaml", "newer");
    assert_ne!(folder.dirty().expect("files").digest, before);
    assert_eq!(text(&dirty_text(&folder), "deploy/new.yaml"), "newer");
}

fn files_when_asked_for() {
    let repository =
        GitRepo::with_files(&[("a.yaml", "a"), ("b.yaml", "b"), (".gitignore", "*.log\n"), ("kept.log", "k")]);
    repository.git(&["add", "--force", "kept.log"]);
    repository.commit("second");
    repository.write("debug.log", "x");
    std::os::unix::fs::symlink("b.yaml", repository.path().join("link.yaml")).expect("a link");
    let folder = LocalFolder::discover(repository.path()).expect("a folder");
    let (some, all) = (folder.files().expect("files"), folder.dirty().expect("files").tree);
    assert_eq!(some.files(), all.files());
    let text = |path: &str| String::from_utf8_lossy(&some.read(path).expect("a file")).into_owned();
    assert_eq!(text("a.yaml"), "a");
    repository.write("a.yaml", "changed");
    repository.write("b.yaml", "changed");
    assert_eq!([text("a.yaml"), text("b.yaml"), text("link.yaml")], ["a", "changed", "changed"]);
    assert!(all.subtree_id("a.yaml").is_some() && some.subtree_id("a.yaml").is_none());
}

fn dirty_text(folder: &LocalFolder) -> source::Snapshot {
    folder.dirty().expect("files")
}

fn outside_a_repository() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("a.yaml"), "a").expect("a file");
    let folder = LocalFolder::discover(dir.path()).expect("a folder");
    let error = folder.committed().expect_err("no repository");
    says(&error, &["git init", "--dirty"]);
    let dirty = folder.dirty().expect("files");
    assert_eq!(dirty.tree.kind("a.yaml"), Some(EntryKind::File));
    assert!(LocalFolder::discover(dir.path().join("missing")).is_err());
    let unborn = GitRepo::new();
    let folder = LocalFolder::discover(unborn.path()).expect("a folder");
    says(&folder.committed().expect_err("no commit"), &["has no commits yet"]);
}
