//! A chart repository over HTTP and HTTPS.

use std::{collections::HashMap, fs};

use source::ClientCertificate;
use source::charts::{Access, ChartError, ChartRequest};
use testkit::charts::{ChartSite, Encryption, Helm, SiteSetup};

use crate::{Case, TestStore, login, says};

pub(crate) const CASES: &[Case] = &[
    ("repository_versions", versions),
    ("repository_is_asked_with_its_marks", marks),
    ("repository_what_is_missing", what_is_missing),
    ("repository_archive_of_another_digest", another_digest),
    ("repository_login", a_login),
    ("repository_login_stays_at_home", login_stays_at_home),
    ("repository_login_does_not_follow_redirects", login_does_not_follow_redirects),
    ("repository_tls", tls),
    ("repository_in_a_folder_with_a_query", in_a_folder),
    ("repository_archive_by_its_address", by_address),
    ("repository_mirror", mirror),
];

/// A site with three versions of `web`.
fn site(setup: SiteSetup) -> ChartSite {
    let (helm, site) = (Helm::new(), ChartSite::with(setup));
    for version in ["1.0.0", "1.1.0", "2.0.0-rc.1"] {
        helm.package(("web", version), "", site.path());
    }
    helm.index(site.path());
    site
}

fn web(site: &ChartSite) -> ChartRequest {
    ChartRequest::from_repository(site.url(), "web")
}

fn versions() {
    let (site, store) = (site(SiteSetup::default()), TestStore::new());
    for (wanted, expected) in [("", "1.1.0"), ("~1.0", "1.0.0"), ("1.0.0", "1.0.0"), (">=1.0.0-0", "2.0.0-rc.1")] {
        let chart = store.fetch(&web(&site).version(wanted)).expect(wanted);
        assert_eq!(chart.version, expected, "{wanted}");
        let file = fs::read(site.path().join(format!("web-{expected}.tgz"))).expect("the archive");
        assert_eq!(*chart.bytes, *file);
        assert_eq!(chart.url, format!("{}/web-{expected}.tgz", site.url()));
    }
    let newest = ChartRequest { prereleases: true, ..web(&site) };
    let chart = store.fetch(&newest).expect("a prerelease");
    assert_eq!(chart.version, "2.0.0-rc.1");
    let resolved = store.resolve(&newest).expect("a prerelease");
    assert_eq!(chart.digest, format!("sha256:{}", resolved.digest));
}

fn marks() {
    let (site, store) = (site(SiteSetup::default()), TestStore::new());
    for _ in 0..3 {
        store.fetch(&web(&site)).expect("a chart");
    }
    let asked = ["GET /index.yaml: 200", "GET /web-1.1.0.tgz: 200", "GET /index.yaml: 304", "GET /index.yaml: 304"];
    assert_eq!(site.log(), asked);
    let digest = store.index_digest(&web(&site)).expect("an index");
    Helm::new().package(("web", "1.2.0"), "", site.path());
    Helm::new().index(site.path());
    assert_eq!(store.fetch(&web(&site)).expect("a chart").version, "1.2.0");
    assert_ne!(store.index_digest(&web(&site)).expect("an index"), digest);
}

fn what_is_missing() {
    let (site, store) = (site(SiteSetup::default()), TestStore::new());
    let refuse = |request: &ChartRequest| store.fetch(request).expect_err("it is not there");
    let error = refuse(&ChartRequest::from_repository(site.url(), "wep"));
    says(&error, &["chart \"wep\" not found in http://localhost", "repository; it has web."]);
    let error = refuse(&ChartRequest::from_repository(site.url(), "postgresql"));
    says(&error, &["it has 1 other charts"]);
    let error = refuse(&web(&site).version("^3"));
    says(&error, &["chart \"web\" version \"^3\" not found", "there are 2.0.0-rc.1, 1.1.0, 1.0.0"]);
    let error = refuse(&web(&site).version("latest"));
    assert!(error.is_terminal(), "{error}");
    says(&error, &["\"latest\" is neither a version nor a range"]);
    let error = refuse(&ChartRequest::from_repository(format!("{}/none", site.url()), "web"));
    says(&error, &["failed to fetch http://localhost", "/none/index.yaml : 404 Not Found"]);
    fs::write(site.path().join("index.yaml"), "<html>\n").expect("a file");
    let error = refuse(&web(&site));
    says(&error, &["is not a valid chart repository", "no API version specified"]);
    for url in ["ftp://example.org", "file:///srv/charts", "charts.example.org", ""] {
        let error = refuse(&ChartRequest::from_repository(url, "web"));
        assert_eq!(error.reason(), "URLInvalid", "{url}: {error}");
    }
    let error = refuse(&ChartRequest::from_repository("http://localhost:1", "web"));
    assert!(error.is_unreachable(), "{error}");
}

fn another_digest() {
    let (site, store) = (site(SiteSetup::default()), TestStore::new());
    fs::copy(site.path().join("web-1.0.0.tgz"), site.path().join("web-1.1.0.tgz")).expect("a file");
    let error = store.fetch(&web(&site)).expect_err("it is another archive");
    assert!(matches!(error, ChartError::DigestMismatch { .. }), "{error}");
    says(&error, &["web-1.1.0.tgz has the digest", "is written in http://localhost"]);
}

fn a_login() {
    let (site, store) = (site(SiteSetup { login: Some(("ada", "engine")), ..SiteSetup::default() }), TestStore::new());
    assert_eq!(store.fetch(&web(&site).access(login("engine"))).expect("a chart").version, "1.1.0");
    let error = store.fetch(&web(&site).access(login("hunter2"))).expect_err("a wrong password");
    assert_eq!(error.reason(), "AuthenticationFailed");
    says(&error, &["/index.yaml refused access: 401 Unauthorized", "may be mistyped"]);
    says(&store.fetch(&web(&site)).expect_err("nobody"), &["It wants credentials"]);
    let inside = site.url().replace("://", "://ada:engine@");
    let chart = store.fetch(&ChartRequest::from_repository(inside, "web")).expect("a chart");
    assert!(!chart.url.contains("engine"), "{}", chart.url);
}

/// A repository whose archives are on another host.
fn two_hosts() -> (ChartSite, ChartSite) {
    let setup = || SiteSetup { login: Some(("ada", "engine")), ..SiteSetup::default() };
    let (index, archives) = (site(setup()), ChartSite::with(setup()));
    let name = "web-1.1.0.tgz";
    fs::rename(index.path().join(name), archives.path().join(name)).expect("a file");
    let path = index.path().join("index.yaml");
    let text = fs::read_to_string(&path).expect("an index");
    let text = text.replace(&format!("- {name}"), &format!("- {}/{name}", archives.url()));
    fs::write(path, text).expect("a file");
    (index, archives)
}

fn login_stays_at_home() {
    let (index, archives) = two_hosts();
    let store = TestStore::new();
    let error = store.fetch(&web(&index).access(login("engine"))).expect_err("a stranger there");
    says(&error, &["refused access: 401 Unauthorized"]);
    assert_eq!(archives.log(), ["GET /web-1.1.0.tgz: 401"]);
    let access = Access { pass_credentials: true, ..login("engine") };
    assert_eq!(store.fetch(&web(&index).access(access)).expect("a chart").version, "1.1.0");
    assert_eq!(archives.log()[1], "GET /web-1.1.0.tgz: 200 by ada");
}

fn login_does_not_follow_redirects() {
    let other = ChartSite::start();
    let redirects = HashMap::from([("/web-1.1.0.tgz".to_owned(), format!("{}/moved.tgz", other.url()))]);
    let site = site(SiteSetup { login: Some(("ada", "engine")), redirects, ..SiteSetup::default() });
    fs::rename(site.path().join("web-1.1.0.tgz"), other.path().join("moved.tgz")).expect("a file");
    let chart = TestStore::new().fetch(&web(&site).access(login("engine"))).expect("a chart");
    assert_eq!(chart.version, "1.1.0");
    assert_eq!(other.log(), ["GET /moved.tgz: 200"]);
}

fn tls() {
    let (site, store) = (site(SiteSetup { encryption: Encryption::Mutual, ..SiteSetup::default() }), TestStore::new());
    let ca = site.authority().map(|pem| pem.as_bytes().to_vec());
    let own = site.client().expect("it issues certificates");
    let client_certificate =
        Some(ClientCertificate { certificate: own.certificate.into_bytes(), key: own.key.into_bytes() });
    let with = |access: Access| store.fetch(&web(&site).access(access));
    let all = Access { ca: ca.clone(), client_certificate: client_certificate.clone(), ..Access::default() };
    assert_eq!(with(all).expect("a chart").version, "1.1.0");
    let anyone = Access { client_certificate, insecure_skip_tls_verify: true, ..Access::default() };
    assert_eq!(with(anyone.clone()).expect("a chart").version, "1.1.0");
    for access in [
        Access { insecure_skip_tls_verify: false, ..anyone },
        Access { ca, ..Access::default() },
        Access { ca: Some(b"no PEM".to_vec()), ..Access::default() },
    ] {
        let error = with(access).expect_err("it is not trusted");
        assert_eq!(error.reason(), "AuthenticationFailed", "{error}");
    }
}

fn in_a_folder() {
    let (site, store) = (site(SiteSetup::default()), TestStore::new());
    let folder = site.path().join("deep/charts");
    fs::create_dir_all(&folder).expect("a folder");
    for name in ["index.yaml", "web-1.1.0.tgz"] {
        fs::copy(site.path().join(name), folder.join(name)).expect("a file");
    }
    for url in ["/deep/charts", "/deep/charts/", "/deep/charts?token=engine"] {
        let request = ChartRequest::from_repository(format!("{}{url}", site.url()), "web");
        let chart = store.fetch(&request).expect(url);
        assert_eq!(chart.url, format!("{}/deep/charts/web-1.1.0.tgz", site.url()));
    }
    let log = site.log();
    assert!(log.contains(&"GET /deep/charts/web-1.1.0.tgz?token=engine: 200".to_owned()), "{log:?}");
}

fn by_address() {
    let (site, store) = (site(SiteSetup::default()), TestStore::new());
    let chart = store.fetch(&ChartRequest::at(format!("{}/web-1.0.0.tgz", site.url()))).expect("a chart");
    assert_eq!(*chart.bytes, *fs::read(site.path().join("web-1.0.0.tgz")).expect("the archive"));
    let error = store.fetch(&ChartRequest::at(format!("{}/none.tgz", site.url()))).expect_err("nothing there");
    says(&error, &["failed to fetch", "404"]);
}

fn mirror() {
    let site = site(SiteSetup::default());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mirrors = vec![("https://charts.example.org/stable".to_owned(), site.url())];
    let store = source::charts::ChartStore::with_mirrors(dir.path(), mirrors).expect("a store");
    let request = ChartRequest::from_repository("https://charts.example.org/stable/", "web");
    assert_eq!(store.fetch(&request).expect("a chart").version, "1.1.0");
}
