//! File trees, against `git ls-tree`.

use source::{EntryKind, GitRequest, MAX_FILE, Snapshot, TreeError};
use testkit::git::GitRepo;

use crate::{Case, TestStore, main_of, text};

pub(crate) const CASES: &[Case] = &[
    ("tree_listing_is_that_of_git", listing),
    ("tree_links", links),
    ("tree_large_file", large_file),
    ("tree_subtree_ids", subtree_ids),
    ("tree_submodules", submodules),
    ("tree_built_in_ignore_rules", built_in_rules),
    ("tree_own_ignore_rules", own_rules),
    ("tree_is_read_by_many_threads", threads),
];

fn read(repository: &GitRepo) -> Snapshot {
    TestStore::new().fetch(&main_of(&repository.path().display().to_string()))
}

fn listing() {
    let repository = GitRepo::new();
    for path in ["a.yaml", "a/b.yaml", "a-b/c", "a.b/d", "deep/er/and/deep/er", "ünïcödé/ß", "with space", "a/b/c", "Z"]
    {
        if path != "a/b/c" {
            repository.write(path, path);
        }
    }
    repository.write("script.sh", "#!/bin/sh\n");
    repository.git(&["add", "script.sh"]);
    repository.git(&["update-index", "--chmod=+x", "script.sh"]);
    repository.link("link", "a.yaml");
    repository.git(&["config", "core.fileMode", "false"]);
    let id = repository.commit("all sorts");
    let snapshot = read(&repository);
    let expect = repository.git(&["-c", "core.quotePath=false", "ls-tree", "-r", &id]);
    assert_eq!(snapshot.tree.listing(), expect);
    assert!(expect.contains("100755"), "{expect}");
    let names = repository.git(&["-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", &id]);
    assert_eq!(snapshot.tree.files().join("\n") + "\n", names);
    assert_eq!(snapshot.tree.list("a"), ["b.yaml"]);
    assert_eq!(
        snapshot.tree.list("."),
        ["Z", "a", "a-b", "a.b", "a.yaml", "deep", "link", "script.sh", "with space", "ünïcödé"]
    );
    assert_eq!(snapshot.tree.list("a.yaml"), [""; 0]);
    assert_eq!(snapshot.commit.subject, "all sorts");
    assert_eq!(snapshot.commit.time.to_string(), "2026-01-01T00:00:00Z");
}

fn links() {
    let repository = GitRepo::with_files(&[("base/app.yaml", "app")]);
    repository.link("overlay", "base");
    repository.link("deep/up", "../base/app.yaml");
    repository.link("deep/chain", "up");
    repository.link("deep/dotted", "../deep/./../base/");
    repository.link("escape", "../etc/passwd");
    repository.link("deep/escape", "../../x");
    repository.link("absolute", "/etc/passwd");
    repository.link("dangling", "nothing/here");
    repository.link("circle", "circle");
    repository.commit("links");
    let tree = read(&repository).tree;
    for path in [
        "overlay/app.yaml",
        "deep/up",
        "deep/chain",
        "deep/dotted/app.yaml",
        "./base//app.yaml",
        "deep/../base/app.yaml",
    ] {
        assert_eq!(tree.read(path).as_deref(), Ok(b"app".as_slice()), "{path}");
    }
    assert_eq!(tree.kind("overlay"), Some(EntryKind::Dir));
    assert_eq!(tree.list("overlay"), ["app.yaml"]);
    for link in ["escape", "deep/escape", "absolute"] {
        let error = tree.read(link).expect_err(link);
        assert!(matches!(&error, TreeError::LinkEscapes { link: named, .. } if named == link), "{error:?}");
        assert_eq!(tree.kind(link), Some(EntryKind::File), "it is read, and its error seen");
    }
    let error = tree.read("dangling").expect_err("a dangling link");
    assert!(matches!(&error, TreeError::LinkDangles { target, .. } if target == "nothing/here"), "{error:?}");
    assert!(matches!(tree.read("circle"), Err(TreeError::TooManyLinks { .. })));
    assert!(matches!(tree.read("../base/app.yaml"), Err(TreeError::NotFound { .. })));
    assert!(matches!(tree.read("base"), Err(TreeError::IsFolder { .. })));
    assert!(matches!(tree.read("base/app.yaml/x"), Err(TreeError::NotFound { .. })));
    assert_eq!(tree.kind("nothing"), None);
}

fn large_file() {
    let repository = GitRepo::with_files(&[("small", "small")]);
    let size = usize::try_from(MAX_FILE).expect("it fits") + 1;
    repository.write("large", vec![0; size]);
    repository.commit("a large file");
    let snapshot = read(&repository);
    let error = snapshot.tree.read("large").expect_err("too large");
    assert!(matches!(error, TreeError::TooLarge { size, .. } if size == MAX_FILE + 1), "{error:?}");
    assert_eq!(text(&snapshot, "small"), "small");
}

fn subtree_ids() {
    let repository = GitRepo::with_files(&[("a/x.yaml", "1"), ("b/y.yaml", "1")]);
    let before = read(&repository);
    let id = repository.git(&["rev-parse", "HEAD:a"]);
    assert_eq!(before.tree.subtree_id("a").as_deref(), Some(id.trim()));
    repository.commit_file("b/y.yaml", "2");
    let after = read(&repository);
    assert_eq!(before.tree.subtree_id("a"), after.tree.subtree_id("a"));
    assert_ne!(before.tree.subtree_id("b"), after.tree.subtree_id("b"));
    assert_ne!(before.digest, after.digest);
    assert_eq!(after.tree.subtree_id("c"), None);
    repository.write("a/picture.png", "left out");
    repository.commit("a picture");
    let pictured = read(&repository);
    assert!(pictured.tree.subtree_id("a").is_some_and(|id| id.starts_with("sha256:")));
    assert_eq!(pictured.tree.subtree_id("b"), after.tree.subtree_id("b"));
}

fn submodules() {
    let inner = GitRepo::with_files(&[("inner.yaml", "inner")]);
    let outer = GitRepo::with_files(&[("outer.yaml", "outer")]);
    let path = inner.path().display().to_string();
    outer.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &path, "vendor/inner"]);
    outer.commit("a submodule");
    let tree = read(&outer).tree;
    let found = tree.submodules();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, "vendor/inner");
    let error = tree.read("vendor/inner/inner.yaml").expect_err("not fetched");
    assert!(matches!(error, TreeError::InSubmodule { .. }), "{error:?}");
    assert_eq!(tree.kind("vendor/inner"), None);
}

fn built_in_rules() {
    let repository = GitRepo::with_files(&[
        ("app.yaml", ""),
        ("logo.png", ""),
        ("docs/a.tar.gz", ""),
        (".github/workflows/ci.yaml", ""),
        (".gitlab-ci.yml", ""),
        ("x/.sops.yaml", ""),
        (".gitattributes", ""),
        ("png", ""),
    ]);
    assert_eq!(read(&repository).tree.files(), ["app.yaml", "png"]);
}

fn own_rules() {
    let repository = GitRepo::with_files(&[
        ("app.yaml", ""),
        ("logo.png", ""),
        ("docs/a.md", ""),
        ("docs/keep.md", ""),
        ("sub/x.txt", ""),
        ("sub/y.yaml", ""),
        ("x.txt", ""),
        (".gitattributes", ""),
        (".sourceignore", "docs/\n"),
        ("sub/.sourceignore", "*.txt\n"),
    ]);
    let files = read(&repository).tree.files();
    assert_eq!(files, [".sourceignore", "app.yaml", "logo.png", "sub/.sourceignore", "sub/y.yaml", "x.txt"]);
    let request = GitRequest {
        ignore: Some("!docs/keep.md\n/x.txt\n".to_owned()),
        ..main_of(&repository.path().display().to_string())
    };
    let files = TestStore::new().fetch(&request).tree.files();
    assert_eq!(files, [".sourceignore", "app.yaml", "docs/keep.md", "logo.png", "sub/.sourceignore", "sub/y.yaml"]);
}

fn threads() {
    let repository = GitRepo::new();
    for index in 0..50 {
        repository.write(&format!("file{index}"), index.to_string());
    }
    repository.commit("files");
    let tree = read(&repository).tree;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let tree = tree.clone();
            scope.spawn(move || {
                for index in 0..50 {
                    assert_eq!(tree.read(&format!("file{index}")).as_deref(), Ok(index.to_string().as_bytes()));
                }
            });
        }
    });
}
