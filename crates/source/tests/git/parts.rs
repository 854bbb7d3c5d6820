//! Trees made of several: submodules, folders of other sources, folders only. Submodules are made by the real `git`.

use source::{Auth, GitRequest, Include, SourceError};
use testkit::git::{Access, GitRepo, GitServer, Setup};

use crate::{Case, TestStore, main_of, says, text};

pub(crate) const CASES: &[Case] = &[
    ("submodules_are_fetched", are_fetched),
    ("submodules_of_submodules", of_submodules),
    ("submodules_get_credentials_at_home_only", credentials_at_home_only),
    ("submodules_that_reach_out", that_reach_out),
    ("submodules_without_end", without_end),
    ("sparse_folders", sparse_folders),
    ("included_folders", included_folders),
    ("included_folders_that_climb", included_folders_that_climb),
];

/// Commits a submodule as git records it: an entry of `.gitmodules` and the id of a commit.
fn add(repository: &GitRepo, path: &str, url: &str, commit: &str) {
    let known = std::fs::read_to_string(repository.path().join(".gitmodules")).unwrap_or_default();
    repository.write(".gitmodules", format!("{known}[submodule \"{path}\"]\n\tpath = {path}\n\turl = {url}\n"));
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{path}")]);
    // `add --all` would take the entry out again, as nothing is there; git itself puts an empty folder.
    std::fs::create_dir_all(repository.path().join(path)).expect("folders can be made");
    repository.commit(&format!("submodule {path}"));
}

fn head(repository: &GitRepo) -> String {
    repository.git(&["rev-parse", "HEAD"]).trim().to_owned()
}

fn with_submodules(url: &str) -> GitRequest {
    GitRequest { submodules: true, allow_file: false, ..main_of(url) }
}

fn are_fetched() {
    let server = GitServer::start();
    let lib = GitRepo::with_files(&[
        ("lib.yaml", "old"),
        ("doc.md", "doc"),
        ("notes.txt", "n"),
        (".sourceignore", "*.txt\n"),
    ]);
    let old = head(&lib);
    lib.commit_file("lib.yaml", "new");
    lib.publish(&server.path("group/lib.git"));
    let app = GitRepo::with_files(&[("app.yaml", "app")]);
    add(&app, "libs/a", "../lib.git", &old);
    add(&app, "libs/b", &server.url("group/lib.git"), &head(&lib));
    app.publish(&server.path("group/app.git"));
    let url = server.url("group/app.git");
    let store = TestStore::new();
    let without = store.fetch(&main_of(&url));
    assert_eq!(without.tree.submodules().len(), 2);
    let snapshot = store.fetch(&with_submodules(&url));
    assert_eq!(
        (text(&snapshot, "libs/a/lib.yaml").as_str(), text(&snapshot, "libs/b/lib.yaml").as_str()),
        ("old", "new")
    );
    // The rules of a submodule's own file hold below it; links and paths stay inside of the whole.
    let files = snapshot.tree.files();
    assert!(
        files.contains(&"libs/a/doc.md".to_owned()) && !files.contains(&"libs/a/notes.txt".to_owned()),
        "{files:?}"
    );
    assert_eq!(snapshot.revision, without.revision);
    assert_ne!(snapshot.digest, without.digest);
    assert_eq!(store.fetch(&with_submodules(&url)).digest, snapshot.digest);
    // What real git checks out is the same.
    let checked_out = GitRepo::new();
    let allow = "protocol.file.allow=always";
    checked_out.git(&["-c", allow, "clone", "--quiet", "--recurse-submodules", &url, "work"]);
    for path in ["libs/a/lib.yaml", "libs/b/lib.yaml", "app.yaml"] {
        let theirs = std::fs::read_to_string(checked_out.path().join("work").join(path)).expect("git checked it out");
        assert_eq!(text(&snapshot, path), theirs, "{path}");
    }
}

fn of_submodules() {
    let server = GitServer::start();
    let deep = GitRepo::with_files(&[("deep.yaml", "deep")]);
    deep.publish(&server.path("other/deep.git"));
    let lib = GitRepo::with_files(&[("lib.yaml", "lib")]);
    add(&lib, "deep", "../../other/deep.git", &head(&deep));
    lib.publish(&server.path("group/lib.git"));
    let app = GitRepo::with_files(&[("app.yaml", "app")]);
    add(&app, "lib", "../lib.git", &head(&lib));
    // Named by the tree, not by `.gitmodules`: an empty folder, as in git.
    app.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},unknown", head(&lib))]);
    std::fs::create_dir_all(app.path().join("unknown")).expect("a folder");
    app.commit("unknown");
    app.publish(&server.path("group/app.git"));
    let snapshot = TestStore::new().fetch(&with_submodules(&server.url("group/app.git")));
    assert_eq!(text(&snapshot, "lib/deep/deep.yaml"), "deep");
    assert_eq!(snapshot.tree.submodules().iter().map(|found| found.path.as_str()).collect::<Vec<_>>(), ["unknown"]);
}

fn credentials_at_home_only() {
    let access = || Access::Basic("ada", "engine");
    let (home, abroad) = (GitServer::with(Setup { access: access(), ..Setup::default() }), GitServer::start());
    let locked = GitServer::with(Setup { access: access(), ..Setup::default() });
    let lib = GitRepo::with_files(&[("lib.yaml", "lib")]);
    for server in [&home, &abroad, &locked] {
        lib.publish(&server.path("lib.git"));
    }
    let auth = Auth::Basic { username: "ada".to_owned(), password: "engine".to_owned() };
    let store = TestStore::new();
    let app = GitRepo::with_files(&[("app.yaml", "app")]);
    add(&app, "near", "../lib.git", &head(&lib));
    add(&app, "far", &abroad.url("lib.git"), &head(&lib));
    app.publish(&home.path("app.git"));
    let request = with_submodules(&home.url("app.git")).auth(auth);
    let snapshot = store.fetch(&request);
    assert_eq!((text(&snapshot, "near/lib.yaml").as_str(), text(&snapshot, "far/lib.yaml").as_str()), ("lib", "lib"));
    // The same login would open the third server, but it is not offered there.
    add(&app, "locked", &locked.url("lib.git"), &head(&lib));
    app.publish(&home.path("app.git"));
    let error = store.refuse(&request);
    says(&error, &["submodule \"locked\" cannot be fetched", "refused access"]);
    assert!(!format!("{error:?}").contains("engine"));
}

fn that_reach_out() {
    let server = GitServer::start();
    let secret = GitRepo::with_files(&[("secret", "of this machine")]);
    let store = TestStore::new();
    let commit = head(&secret);
    let outside = format!("file://{}", secret.path().display());
    let plain = secret.path().display().to_string();
    let cases = [
        (outside.as_str(), "is a folder of this machine"),
        (plain.as_str(), "is a folder of this machine"),
        ("ext::sh -c touch% /tmp/x", "cannot be used"),
        ("../../../evil.example.org/x.git", "above the host's root"),
        ("git://localhost/x.git", "cannot be used"),
        ("-oProxyCommand=touch /tmp/x", "is a folder of this machine"),
    ];
    for (url, words) in cases {
        let app = GitRepo::with_files(&[("app.yaml", "app")]);
        add(&app, "lib", url, &commit);
        app.publish(&server.path("app.git"));
        let request = GitRequest { allow_file: true, ..with_submodules(&server.url("app.git")) };
        let error = store.refuse(&request);
        says(&error, &["submodule \"lib\"", words]);
        assert!(matches!(error, SourceError::Submodule { .. }), "{error:?}");
        assert_eq!(error.reason(), "GitOperationFailed");
    }
}

fn without_end() {
    let server = GitServer::start();
    // Each commit of the repository has the one before as its submodule.
    let app = GitRepo::with_files(&[("app.yaml", "app")]);
    app.publish(&server.path("app.git"));
    for _ in 0..12 {
        let before = head(&app);
        if app.path().join(".gitmodules").exists() {
            app.git(&["update-index", "--cacheinfo", &format!("160000,{before},self")]);
            app.commit("again");
        } else {
            add(&app, "self", "./", &before);
        }
    }
    app.publish(&server.path("app.git"));
    let error = TestStore::new().refuse(&with_submodules(&server.url("app.git")));
    says(&error, &["more than 10 inside of each other"]);
}

fn sparse_folders() {
    let server = GitServer::start();
    let files = [("apps/a", "a"), ("infra/b/c", "c"), ("infra/d", "d"), (".sourceignore", "a\n"), ("top", "top")];
    let repository = GitRepo::with_files(&files);
    repository.publish(&server.path("app.git"));
    let store = TestStore::new();
    let of = |folders: &[&str]| GitRequest {
        sparse: folders.iter().map(|folder| (*folder).to_owned()).collect(),
        ..main_of(&server.url("app.git"))
    };
    let whole = store.fetch(&main_of(&server.url("app.git")));
    assert!(!whole.tree.files().contains(&"apps/a".to_owned()));
    let snapshot = store.fetch(&of(&["./apps", "infra/b/"]));
    // As in Flux, rules of a file that is not checked out do not hold.
    assert_eq!(snapshot.tree.files(), ["apps/a", "infra/b/c"]);
    assert_eq!(snapshot.revision, whole.revision);
    for missing in ["none", "../apps", "apps/none", "/etc"] {
        let error = store.refuse(&of(&["apps", missing]));
        says(&error, &[&format!("sparse checkout dir '{missing}' does not exist"), "spec.sparseCheckout"]);
        assert_eq!(error.reason(), "GitOperationFailed");
    }
    // Submodules outside of the folders are not fetched.
    add(&repository, "apps/lib", "https://nowhere.invalid/lib", &head(&repository));
    repository.publish(&server.path("app.git"));
    store.fetch(&GitRequest { submodules: true, ..of(&["infra"]) });
    says(&store.refuse(&GitRequest { submodules: true, ..of(&["apps"]) }), &["submodule \"apps/lib\""]);
}

fn included(store: &TestStore, server: &GitServer, from: &str, to: &str) -> Include {
    let other = store.fetch(&main_of(&server.url("other.git")));
    Include { name: "other".to_owned(), tree: other.tree, from: from.to_owned(), to: to.to_owned() }
}

/// A server with the repositories `app.git` and `other.git`.
fn two() -> GitServer {
    let server = GitServer::start();
    let other = GitRepo::with_files(&[("deploy/a.yaml", "a"), ("deploy/b.txt", "b"), ("top.yaml", "top")]);
    other.link("deploy/link", "../top.yaml");
    other.commit("a link");
    other.publish(&server.path("other.git"));
    GitRepo::with_files(&[("app.yaml", "app"), ("apps/c.yaml", "c"), ("top.yaml", "mine")])
        .publish(&server.path("app.git"));
    server
}

fn included_folders() {
    let (server, store) = (two(), TestStore::new());
    let of = |from: &str, to: &str| GitRequest {
        include: vec![included(&store, &server, from, to)],
        ignore: Some("*.txt".to_owned()),
        ..main_of(&server.url("app.git"))
    };
    let snapshot = store.fetch(&of("deploy", "apps/other"));
    assert_eq!(text(&snapshot, "apps/other/a.yaml"), "a");
    // The rules of the spec hold for what is included too.
    assert!(!snapshot.tree.files().contains(&"apps/other/b.txt".to_owned()));
    let whole = store.fetch(&of("", "other"));
    assert_eq!(text(&whole, "other/top.yaml"), "top");
    // A link of the other repository leads where it led to there, or to nothing.
    assert_eq!(text(&whole, "other/deploy/link"), "top");
    assert!(snapshot.tree.read("apps/other/link").is_err());
    assert_ne!(whole.digest, snapshot.digest);
    let twice = GitRequest {
        include: vec![included(&store, &server, "", "one"), included(&store, &server, "top.yaml", "two/top.yaml")],
        ..main_of(&server.url("app.git"))
    };
    assert_eq!(text(&store.fetch(&twice), "two/top.yaml"), "top");
}

fn included_folders_that_climb() {
    let (server, store) = (two(), TestStore::new());
    let refuse = |from: &str, to: &str, reason: &str, words: &[&str]| {
        let include = vec![included(&store, &server, from, to)];
        let error = store.refuse(&GitRequest { include, ..main_of(&server.url("app.git")) });
        assert_eq!(error.reason(), reason, "{error}");
        says(&error, words);
    };
    for to in ["../x", "/etc", "apps/../../x", ".git/hooks", ""] {
        refuse("", to, "IllegalPath", &["path calculation for include 'other' failed"]);
    }
    refuse("../..", "x", "CopyFailure", &["has no path \"../..\"", "spec.include.fromPath"]);
    refuse("none", "x", "CopyFailure", &["has no path \"none\""]);
    refuse("", "apps", "CopyFailure", &["failed to copy 'other' include from  to apps", "is there already"]);
    refuse("", "app.yaml/x", "CopyFailure", &["is no folder"]);
}
