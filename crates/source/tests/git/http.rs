//! Smart HTTP, against `git http-backend`.

use std::{collections::HashMap, fs, path::Path, time::Duration};

use source::{Auth, GitHubApp, GitRequest, Installation, Proxy, SourceError, Store};
use testkit::git::{Access, GitRepo, GitServer, Setup};
use testkit::{ForwardProxy, GitHubMock};

use crate::{
    Case, TestStore, at, branch, commit,
    file::{check_references, versions},
    main_of, says, text,
};

pub(crate) const CASES: &[Case] = &[
    ("http_references", references),
    ("http_references_by_the_oldest_protocol", references_by_the_oldest_protocol),
    ("http_basic", basic),
    ("http_bearer", bearer),
    ("http_one_clone_for_two_requests", one_clone),
    ("http_clone_is_not_served_to_strangers", not_served_to_strangers),
    ("http_one_file_changed_sends_little", sends_little),
    ("http_force_push", force_push),
    ("http_many_at_once", many_at_once),
    ("http_damaged_clone_is_made_anew", damaged),
    ("http_many_packs_are_renewed", renewed),
    ("http_store_survives_a_restart", restart),
    ("http_git_fsck_likes_the_clone", fsck),
    ("http_what_is_missing", what_is_missing),
    ("http_timeout", timeout),
    ("http_redirects", redirects),
    ("http_proxy", proxy),
    ("https_own_authority", own_authority),
    ("https_github_app", github_app),
];

/// Those that need a real proxy.
pub(crate) const PROXY_CASES: &[Case] = &[("https_through_a_proxy_with_a_login", through_a_proxy)];

fn published(setup: Setup, repository: &GitRepo) -> (GitServer, String) {
    let server = GitServer::with(setup);
    repository.publish(&server.path("app.git"));
    let url = server.url("app.git");
    (server, url)
}

fn references() {
    let (repository, ids) = versions();
    let (_server, url) = published(Setup::default(), &repository);
    check_references(&TestStore::new(), &|reference| at(&url, reference), &ids);
}

fn references_by_the_oldest_protocol() {
    let (repository, ids) = versions();
    let (_server, url) = published(Setup { version_zero: true, ..Setup::default() }, &repository);
    check_references(&TestStore::new(), &|reference| at(&url, reference), &ids);
}

fn basic() {
    let repository = GitRepo::with_files(&[("a", "secret garden")]);
    let access = Access::Basic("ada", "engine");
    let (_server, url) = published(Setup { access, ..Setup::default() }, &repository);
    let store = TestStore::new();
    let login = |password: &str| Auth::Basic { username: "ada".to_owned(), password: password.to_owned() };
    let snapshot = store.fetch(&main_of(&url).auth(login("engine")));
    assert_eq!(text(&snapshot, "a"), "secret garden");
    let error = store.refuse(&main_of(&url).auth(login("hunter2")));
    assert_eq!(error.reason(), "AuthenticationFailed");
    says(&error, &["refused access", "`password`"]);
    assert!(!error.to_string().contains("hunter2"));
    says(&store.refuse(&main_of(&url)), &["spec.secretRef"]);
    let inside = url.replace("://", "://ada:engine@");
    assert_eq!(text(&store.fetch(&main_of(&inside)), "a"), "secret garden");
    let error = store.refuse(&main_of(&url.replace("://", "://ada:hunter2@")));
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

fn bearer() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let (_server, url) = published(Setup { access: Access::Bearer("tok"), ..Setup::default() }, &repository);
    let store = TestStore::new();
    store.fetch(&main_of(&url).auth(Auth::Bearer("tok".to_owned())));
    assert!(matches!(
        store.refuse(&main_of(&url).auth(Auth::Bearer("other".to_owned()))),
        SourceError::AuthenticationRefused { .. }
    ));
}

fn one_clone() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let (server, url) = published(Setup::default(), &repository);
    let store = TestStore::new();
    let first = store.fetch(&main_of(&url));
    let again = store.fetch(&main_of(&format!("{url}/")));
    assert_eq!(first.digest, again.digest);
    let fetches = server.log().iter().filter(|line| line.ends_with(" fetch")).count();
    assert_eq!(fetches, 1, "{:?}", server.log());
    assert_eq!(server.requests(), 5, "greeting, references, pack; greeting, references: {:?}", server.log());
    let clones = fs::read_dir(store.dir.path().join("store")).expect("the store").count();
    assert_eq!(clones, 1);
}

fn not_served_to_strangers() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let (_server, url) = published(Setup { access: Access::Bearer("tok"), ..Setup::default() }, &repository);
    let store = TestStore::new();
    let snapshot = store.fetch(&main_of(&url).auth(Auth::Bearer("tok".to_owned())));
    let by_commit = at(&url, commit(&snapshot.commit.id));
    assert_eq!(store.refuse(&by_commit).reason(), "AuthenticationFailed");
    store.fetch(&by_commit.auth(Auth::Bearer("tok".to_owned())));
}

fn sends_little() {
    let repository = GitRepo::new();
    for index in 0..400_u64 {
        // Text that does not compress to nothing.
        let numbers = (0..60_u64).map(|line| (index * 7919 + line * 104_729) * 2_654_435_761);
        let body: Vec<String> = numbers.map(|number| format!("key: {number:x}")).collect();
        repository.write(&format!("dir{}/file{index}.yaml", index % 20), body.join("\n"));
    }
    repository.commit("many files");
    let (server, url) = published(Setup::default(), &repository);
    let store = TestStore::new();
    store.fetch(&main_of(&url));
    let (whole, requests) = (server.sent(), server.requests());
    repository.commit_file("dir3/file3.yaml", "changed");
    repository.publish(&server.path("app.git"));
    let start = std::time::Instant::now();
    let snapshot = store.fetch(&main_of(&url));
    let took = start.elapsed();
    assert_eq!(text(&snapshot, "dir3/file3.yaml"), "changed");
    let (more, asked) = (server.sent() - whole, server.requests() - requests);
    assert!(more < 4096 && more * 50 < whole, "{more} bytes for one file, {whole} for all");
    assert_eq!(asked, 3);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

fn force_push() {
    let repository = GitRepo::with_files(&[("a", "one")]);
    let (server, url) = published(Setup::default(), &repository);
    let store = TestStore::new();
    let before = store.fetch(&main_of(&url));
    repository.git(&["checkout", "--quiet", "--orphan", "other"]);
    repository.write("a", "rewritten");
    let id = repository.commit("rewritten");
    repository.git(&["branch", "--force", "main", "other"]);
    repository.publish(&server.path("app.git"));
    let after = store.fetch(&main_of(&url));
    assert_eq!(after.revision, format!("main@sha1:{id}"));
    assert_eq!(text(&after, "a"), "rewritten");
    assert_eq!(text(&before, "a"), "one", "an older snapshot stays readable");
}

fn many_at_once() {
    let (repository, _) = versions();
    let (server, url) = published(Setup::default(), &repository);
    let store = TestStore::new();
    std::thread::scope(|scope| {
        for index in 0..8 {
            let request = at(&url, branch(if index % 2 == 0 { "main" } else { "next" }));
            let store = &store;
            scope.spawn(move || assert!(!store.fetch(&request).tree.files().is_empty()));
        }
    });
    let fetches = server.log().iter().filter(|line| line.ends_with(" fetch")).count();
    assert_eq!(fetches, 2, "one for each branch");
}

/// The folder of the store's only clone.
fn clone_dir(store: &TestStore) -> std::path::PathBuf {
    let mut clones = fs::read_dir(store.dir.path().join("store")).expect("the store");
    clones.next().expect("a clone").expect("a clone").path()
}

fn packs(generation: &Path) -> Vec<std::path::PathBuf> {
    let files = fs::read_dir(generation.join("objects/pack")).expect("packs");
    let paths = files.map(|file| file.expect("a file").path());
    paths.filter(|path| path.extension().is_some_and(|kind| kind == "pack")).collect()
}

fn damaged() {
    let repository = GitRepo::with_files(&[("a", "a"), ("b/c", "c")]);
    let (_server, url) = published(Setup::default(), &repository);
    let store = TestStore::new();
    store.fetch(&main_of(&url));
    for pack in packs(&clone_dir(&store).join("g1")) {
        // Written anew beside it: the file that is mapped into memory stays as it was.
        fs::remove_file(&pack).expect("a pack");
        fs::write(&pack, b"PACK damaged").expect("a pack");
    }
    let reopened = Store::open(store.dir.path().join("store")).expect("a store");
    let snapshot = reopened.fetch(&main_of(&url)).expect("a fetch");
    assert_eq!(text(&snapshot, "b/c"), "c");
}

fn renewed() {
    let repository = GitRepo::with_files(&[("a", "0")]);
    let (server, url) = published(Setup::default(), &repository);
    let store = TestStore::new();
    let oldest = store.fetch(&main_of(&url));
    let first = clone_dir(&store).join("g1");
    let pack = packs(&first).pop().expect("a pack");
    for index in 0..200 {
        let copy = pack.with_file_name(format!("pack-{index:040x}.pack"));
        fs::copy(&pack, copy).expect("a copy");
    }
    repository.commit_file("a", "1");
    repository.publish(&server.path("app.git"));
    let newest = store.fetch(&main_of(&url));
    assert_eq!(text(&newest, "a"), "1");
    assert_eq!(packs(&clone_dir(&store).join("g2")).len(), 1);
    assert_eq!(text(&oldest, "a"), "0", "an older snapshot stays readable");
    assert!(first.exists());
    drop(oldest);
    if first.exists() {
        // A program that another test starts has our files open for a moment; who opens the clone next tidies up.
        drop((newest, store.store));
        let reopened = Store::open(store.dir.path().join("store")).expect("a store");
        reopened.fetch(&main_of(&url)).expect("a fetch");
    }
    assert!(!first.exists(), "nobody reads it any more");
}

fn restart() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let (server, url) = published(Setup::default(), &repository);
    let TestStore { store, dir } = TestStore::new();
    store.fetch(&main_of(&url)).expect("a fetch");
    drop(store);
    let store = Store::open(dir.path().join("store")).expect("a store");
    store.fetch(&main_of(&url)).expect("a fetch");
    assert_eq!(server.log().iter().filter(|line| line.ends_with(" fetch")).count(), 1);
}

fn fsck() {
    let repository = GitRepo::with_files(&[("a", "a"), ("b/c", "c")]);
    let (server, url) = published(Setup::default(), &repository);
    let store = TestStore::new();
    store.fetch(&main_of(&url));
    repository.commit_file("b/c", "changed");
    repository.publish(&server.path("app.git"));
    let snapshot = store.fetch(&main_of(&url));
    let clone = clone_dir(&store).join("g1");
    let clone = clone.to_str().expect("a plain path");
    repository.git(&["-C", clone, "fsck", "--full", "--strict"]);
    // Collecting garbage leaves what we fetched.
    repository.git(&["-C", clone, "gc", "--quiet", "--prune=now"]);
    assert_eq!(repository.git(&["-C", clone, "ls-tree", "-r", &snapshot.commit.id]), snapshot.tree.listing());
    assert_eq!(text(&store.fetch(&main_of(&url)), "b/c"), "changed");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(store.dir.path().join("store")).expect("the store").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

fn what_is_missing() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let (server, url) = published(Setup::default(), &repository);
    let store = TestStore::new();
    says(&store.refuse(&main_of(&server.url("other.git"))), &["no Git repository", "404"]);
    says(&store.refuse(&GitRequest::new(&url)), &["no branch \"master\"", "there are: main"]);
    says(&store.refuse(&at(&url, commit(&"a".repeat(40)))), &["no commit"]);
    GitRepo::new().publish_empty(&server.path("empty.git"));
    says(&store.refuse(&main_of(&server.url("empty.git"))), &["has no commits yet"]);
    drop(server);
    let error = store.refuse(&main_of(&url));
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error:?}");
}

fn timeout() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let delay = Duration::from_secs(5);
    let (_server, url) = published(Setup { delay, ..Setup::default() }, &repository);
    let store = TestStore::new();
    let start = std::time::Instant::now();
    let error = store.refuse(&GitRequest { timeout: Duration::from_millis(1200), ..main_of(&url) });
    assert!(matches!(error, SourceError::Timeout { seconds: 1, .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(3));
}

fn redirects() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let elsewhere = GitServer::start();
    let redirects = HashMap::from([
        ("/app/info/refs".to_owned(), "/app.git/info/refs".to_owned()),
        ("/away/info/refs".to_owned(), format!("{}/info/refs", elsewhere.url("app.git"))),
        ("/loop/info/refs".to_owned(), "/loop/info/refs".to_owned()),
    ]);
    let (server, _) = published(Setup { redirects, ..Setup::default() }, &repository);
    let store = TestStore::new();
    assert_eq!(text(&store.fetch(&main_of(&server.url("app"))), "a"), "a");
    says(&store.refuse(&main_of(&server.url("away"))), &["redirects to", "not followed"]);
    says(&store.refuse(&main_of(&server.url("loop"))), &["redirects to"]);
    assert_eq!(elsewhere.requests(), 0);
}

fn proxy() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let (server, url) = published(Setup::default(), &repository);
    let address = url.trim_end_matches("/app.git").to_owned();
    let through = |address: String| GitRequest {
        proxy: Some(Proxy { address, username: None, password: None }),
        ..main_of("http://git.example.org/app.git")
    };
    let store = TestStore::new();
    assert_eq!(text(&store.fetch(&through(address)), "a"), "a");
    assert!(server.log()[0].starts_with("GET http://git.example.org/"), "{:?}", server.log());
    says(&store.refuse(&through("::".to_owned())), &["the proxy address"]);
}

fn own_authority() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let (server, url) = published(Setup { tls: true, ..Setup::default() }, &repository);
    let store = TestStore::new();
    let error = store.refuse(&main_of(&url));
    assert!(matches!(error, SourceError::Tls { .. }), "{error:?}");
    says(&error, &["`ca.crt`"]);
    let ca = server.authority().map(|pem| pem.as_bytes().to_vec());
    let snapshot = store.fetch(&GitRequest { ca, ..main_of(&url) });
    assert_eq!(text(&snapshot, "a"), "a");
    let broken = GitRequest { ca: Some(b"no certificate".to_vec()), ..main_of(&url) };
    says(&store.refuse(&broken), &["`ca.crt`", "cannot be used"]);
}

fn through_a_proxy() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let proxy = ForwardProxy::start();
    let login = |password: &str| Proxy {
        address: proxy.address(),
        username: Some(ForwardProxy::USER.to_owned()),
        password: Some(password.to_owned()),
    };
    for tls in [false, true] {
        let (server, url) = published(Setup { tls, ..Setup::default() }, &repository);
        let through = |proxy: Proxy| GitRequest {
            ca: server.authority().map(|pem| pem.as_bytes().to_vec()),
            proxy: Some(proxy),
            ..main_of(&url)
        };
        let store = TestStore::new();
        assert_eq!(text(&store.fetch(&through(login(ForwardProxy::PASSWORD))), "a"), "a");
        let host = url.split("//").nth(1).and_then(|rest| rest.split('/').next()).expect("a host").to_owned();
        assert!(proxy.log().contains(&host), "{}", proxy.log());
        for wrong in [login("hunter2"), Proxy { username: None, password: None, ..login("") }] {
            let (requests, error) = (server.requests(), store.refuse(&through(wrong)));
            assert_eq!(server.requests(), requests, "the proxy lets nothing through");
            says(&error, &["proxy"]);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}

/// A token of a GitHub App, from a mock of GitHub's API.
fn github_app() {
    let repository = GitRepo::with_files(&[("a", "a")]);
    let access = Access::Basic("x-access-token", "ghs_token");
    let (_server, url) = published(Setup { access, ..Setup::default() }, &repository);
    let github = GitHubMock::start("ghs_token");
    let app = |installation: Installation| GitHubApp {
        app: github.app().to_owned(),
        installation,
        private_key: github.private_key().as_bytes().to_vec(),
        api: Some(github.url()),
    };
    let by = |app: GitHubApp| main_of(&url).auth(Auth::GitHubApp(Box::new(app)));
    let number = || Installation::Number(github.installation());
    let store = TestStore::new();
    assert_eq!(text(&store.fetch(&by(app(number()))), "a"), "a");
    // A token is used again while it is good.
    store.fetch(&by(app(number())));
    assert_eq!(github.tokens(), 1);
    for owner in ["lab", "ada"] {
        store.fetch(&by(app(Installation::Owner(owner.to_owned()))));
    }
    assert_eq!(github.tokens(), 3);
    github.set_life(60);
    let fresh = TestStore::new();
    fresh.fetch(&by(app(number())));
    fresh.fetch(&by(app(number())));
    assert_eq!(github.tokens(), 5, "one that ends soon is not used again");
    let refuse = |app: GitHubApp, words: &[&str]| {
        let error = TestStore::new().refuse(&by(app));
        assert_eq!(error.reason(), "AuthenticationFailed");
        says(&error, words);
        assert!(!error.to_string().contains("BEGIN"), "{error}");
    };
    let owner = |name: &str| Installation::Owner(name.to_owned());
    refuse(app(owner("nobody")), &["neither for an organisation nor a user 'nobody'", "HTTP 404"]);
    refuse(app(owner("../../x")), &["is no name of an organisation"]);
    refuse(app(Installation::Number("1/../2".to_owned())), &["is no number"]);
    refuse(app(Installation::Number("1".to_owned())), &["HTTP 404", "githubAppInstallationID"]);
    let other = GitHubMock::start("x");
    let strange = other.private_key().as_bytes().to_vec();
    refuse(GitHubApp { private_key: strange, ..app(number()) }, &["HTTP 401", "githubAppPrivateKey"]);
    refuse(GitHubApp { private_key: b"nonsense".to_vec(), ..app(number()) }, &["githubAppPrivateKey cannot be used"]);
    let plain = Some("http://github.example.org/api/v3".to_owned());
    refuse(GitHubApp { api: plain, ..app(number()) }, &["is no https:// address"]);
}
