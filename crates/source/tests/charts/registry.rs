//! The CNCF's registry.

use std::fs;

use source::charts::{Access, ChartError, ChartRequest};
use testkit::charts::{ChartSite, Helm, Login, Registry, RegistrySetup};

use crate::{Case, TestStore, login, says};

pub(crate) const CASES: &[Case] = &[
    ("registry_versions", versions),
    ("registry_pinned_by_digest", pinned),
    ("registry_what_is_missing", what_is_missing),
    ("registry_basic_login", basic_login),
    ("registry_token_login", token_login),
    ("registry_tls", tls),
    ("registry_tokens_without_tls", tokens_without_tls),
    ("registry_named_by_an_index", named_by_an_index),
];

/// A registry with versions of `charts/web`, and what helm said of the last.
fn registry(setup: RegistrySetup) -> (Registry, Helm, String) {
    let (helm, registry) = (Helm::new(), Registry::start(setup).expect("a registry"));
    let mut said = String::new();
    for version in ["1.0.0", "1.1.0+build.7", "2.0.0-rc.1", "1.2.0"] {
        let archive = helm.package(("web", version), "", helm.home());
        said = registry.push(&helm, &archive, "charts");
    }
    (registry, helm, said)
}

fn plain() -> Access {
    Access { plain_http: true, ..Access::default() }
}

fn web(registry: &Registry) -> ChartRequest {
    ChartRequest::at(registry.url("charts/web")).access(plain())
}

fn versions() {
    let (registry, helm, _) = registry(RegistrySetup::default());
    let store = TestStore::new();
    for (wanted, expected) in [
        ("", "1.2.0"),
        ("1.0.0", "1.0.0"),
        ("~1.1", "1.1.0+build.7"),
        ("1.1.0+build.7", "1.1.0+build.7"),
        (">=1.0.0-0", "2.0.0-rc.1"),
        ("<1.1", "1.0.0"),
    ] {
        let chart = store.fetch(&web(&registry).version(wanted)).expect(wanted);
        assert_eq!(chart.version, expected, "{wanted}");
        let file = fs::read(helm.home().join(format!("web-{expected}.tgz"))).expect("the archive");
        assert_eq!(*chart.bytes, *file, "{wanted}");
    }
    let tagged = ChartRequest::at(registry.url("charts/web:1.1.0+build.7")).access(plain());
    assert_eq!(store.fetch(&tagged).expect("a tag").version, "1.1.0+build.7");
    let by_repository = ChartRequest::from_repository(registry.url("charts"), "web").access(plain());
    assert_eq!(store.fetch(&by_repository).expect("the newest").version, "1.2.0");
    let error = store.fetch(&tagged.version("1.0.0")).expect_err("two versions");
    says(&error, &["chart reference and version mismatch: 1.0.0 is not 1.1.0_build.7"]);
}

fn pinned() {
    let (registry, _, said) = registry(RegistrySetup::default());
    let store = TestStore::new();
    let digest = said.lines().find_map(|line| line.strip_prefix("Digest: ")).expect("helm tells").to_owned();
    let at = |reference: String| ChartRequest::at(registry.url(&reference)).access(plain());
    let chart = store.fetch(&at(format!("charts/web@{digest}"))).expect("a chart");
    assert_eq!((chart.version.as_str(), chart.manifest.as_ref()), ("1.2.0", Some(&digest)));
    let chart = store.fetch(&at(format!("charts/web:1.2.0@{digest}"))).expect("a chart");
    assert_eq!(chart.manifest.as_ref(), Some(&digest));
    let error = store.fetch(&at(format!("charts/web:1.0.0@{digest}"))).expect_err("another tag");
    assert!(matches!(error, ChartError::DigestMismatch { .. }), "{error}");
    let none = format!("sha256:{}", "0".repeat(64));
    let error = store.fetch(&at(format!("charts/web@{none}"))).expect_err("no such digest");
    says(&error, &["failed to fetch oci://localhost", "404"]);
}

fn what_is_missing() {
    let (registry, ..) = registry(RegistrySetup::default());
    let store = TestStore::new();
    let refuse = |request: ChartRequest| store.fetch(&request).expect_err("it is not there");
    says(&refuse(web(&registry).version("9.9.9")), &["version \"9.9.9\" not found", "2.0.0-rc.1, 1.2.0"]);
    says(&refuse(web(&registry).version("^9")), &["version \"^9\" not found", "there are"]);
    let none = ChartRequest::at(registry.url("charts/none")).access(plain());
    says(&refuse(none.clone()), &["chart \"none\" not found in oci://localhost"]);
    says(&refuse(none.version("1.0.0")), &["chart \"none\" not found in oci://localhost"]);
    says(&refuse(ChartRequest::at(registry.url("charts/Web"))), &["lower case"]);
    let error = refuse(web(&registry).access(Access::default()));
    assert!(error.is_unreachable(), "without TLS there is no TLS: {error}");
}

fn basic_login() {
    check_login(Login::Basic);
}

fn token_login() {
    check_login(Login::Token);
}

fn check_login(kind: Login) {
    let (registry, ..) = registry(RegistrySetup { login: kind, tls: false });
    let store = TestStore::new();
    let with = |access: Access| store.fetch(&web(&registry).access(Access { plain_http: true, ..access }));
    assert_eq!(with(login("engine")).expect("a chart").version, "1.2.0");
    for access in [login("hunter2"), Access::default()] {
        let error = with(access).expect_err("no such login");
        assert_eq!(error.reason(), "AuthenticationFailed", "{error}");
        says(&error, &["refused access: 401 Unauthorized"]);
    }
}

fn tls() {
    let (registry, ..) = registry(RegistrySetup { login: Login::Basic, tls: true });
    let store = TestStore::new();
    let with = |access: Access| store.fetch(&web(&registry).access(access));
    let trusted = Access { ca: Some(registry.authority()), ..login("engine") };
    assert_eq!(with(trusted).expect("a chart").version, "1.2.0");
    let anyone = Access { insecure_skip_tls_verify: true, ..login("engine") };
    assert_eq!(with(anyone).expect("a chart").version, "1.2.0");
    let error = with(login("engine")).expect_err("it is not trusted");
    assert!(matches!(error, ChartError::Tls { .. }), "{error}");
}

/// A registry with TLS that sends for its tokens to a server without.
fn tokens_without_tls() {
    let registry = Registry::start(RegistrySetup { login: Login::Token, tls: true }).expect("a registry");
    let access = Access { ca: Some(registry.authority()), ..login("engine") };
    let error = TestStore::new().fetch(&web(&registry).access(access)).expect_err("it is not followed");
    says(&error, &["gives up TLS"]);
}

fn named_by_an_index() {
    let (registry, helm, _) = registry(RegistrySetup::default());
    let site = ChartSite::start();
    fs::copy(helm.home().join("web-1.2.0.tgz"), site.path().join("web-1.2.0.tgz")).expect("a file");
    helm.index(site.path());
    let path = site.path().join("index.yaml");
    let text = fs::read_to_string(&path).expect("an index");
    let text = text.replace("- web-1.2.0.tgz", &format!("- {}", registry.url("charts/web:1.2.0")));
    fs::write(&path, &text).expect("a file");
    let store = TestStore::new();
    let request = ChartRequest::from_repository(site.url(), "web").access(plain());
    let chart = store.fetch(&request).expect("a chart");
    assert_eq!(chart.version, "1.2.0");
    assert!(chart.manifest.is_some());
    fs::write(&path, text.replace("web:1.2.0", "web:1.0.0")).expect("a file");
    let error = store.fetch(&request).expect_err("another chart");
    assert!(matches!(error, ChartError::DigestMismatch { .. }), "{error}");
}
