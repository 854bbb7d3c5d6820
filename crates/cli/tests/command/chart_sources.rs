//! `setpoint template` beside the real helm on charts of repositories and registries.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use testkit::charts::{ChartSite, Encryption, Helm, Login, Registry, RegistrySetup, SiteSetup};

use crate::Case;

/// Those that need helm.
pub(crate) const WITH_HELM: &[Case] = &[
    ("chart_of_a_repository", of_a_repository),
    ("chart_of_a_repository_with_login_and_tls", of_a_guarded_repository),
    ("chart_of_a_known_repository", of_a_known_repository),
    ("chart_by_its_address", by_its_address),
    ("chart_dependencies", dependencies),
    ("chart_of_a_large_index", of_a_large_index),
    ("chart_with_a_post_renderer", with_a_post_renderer),
];

/// Those that need a registry too.
pub(crate) const WITH_REGISTRY: &[Case] = &[
    ("chart_of_a_registry", of_a_registry),
    ("chart_of_a_registry_with_login", of_a_registry_with_login),
    ("chart_dependency_of_a_registry", dependency_of_a_registry),
];

/// A user who has both: `setpoint` and helm read the same home.
struct User {
    helm: Helm,
}

impl User {
    fn new() -> Self {
        Self { helm: Helm::new() }
    }

    fn setpoint(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_setpoint"));
        let home = self.helm.home();
        command.args(arguments).current_dir(home).env_clear().env("HOME", home).env("PATH", home).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.setpoint(arguments).output().expect("setpoint starts")
    }

    /// Both print the same manifests, which have this in them.
    fn same(&self, arguments: &[&str], expected: &str) {
        let arguments = [&["template", "demo"], arguments].concat();
        let theirs = self.helm.run(&arguments);
        let ours = self.run(&arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(theirs.status.success(), "helm {arguments:?}: {}", text(&theirs.stderr));
        assert!(ours.status.success(), "setpoint {arguments:?}: {}", text(&ours.stderr));
        assert_eq!(manifests(&ours), manifests(&theirs), "{arguments:?}");
        assert!(manifests(&ours).contains(expected), "{arguments:?}: {}", manifests(&ours));
    }

    /// Both refuse; ours with this exit code and these words.
    fn refused(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let arguments = [&["template", "demo"], arguments].concat();
        let theirs = self.helm.run(&arguments);
        assert!(!theirs.status.success(), "helm takes {arguments:?}");
        let ours = self.run(&arguments);
        let said = String::from_utf8_lossy(&ours.stderr).into_owned();
        assert_eq!(ours.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(ours.stdout.is_empty(), "{arguments:?}");
        for word in words {
            assert!(said.contains(word), "{word:?} is not in {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }

    /// Packs versions of `web` into a folder.
    fn package(&self, versions: &[&str], folder: &Path) {
        for version in versions {
            self.helm.package(("web", version), "", folder);
        }
    }

    fn site(&self, setup: SiteSetup) -> ChartSite {
        let site = ChartSite::with(setup);
        self.package(&["1.0.0", "1.1.0", "2.0.0-rc.1"], site.path());
        self.helm.index(site.path());
        site
    }

    fn registry(&self, setup: RegistrySetup) -> Registry {
        let registry = Registry::start(setup).expect("a registry");
        for version in ["1.0.0", "1.1.0+build.7", "2.0.0-rc.1"] {
            let archive = self.helm.package(("web", version), "", self.helm.home());
            registry.push(&self.helm, &archive, "charts");
        }
        registry
    }
}

/// Standard output from the first document on: helm tells of its downloads before.
fn manifests(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = if text.starts_with("---\n") { Some(0) } else { text.find("\n---\n").map(|at| at + 1) };
    start.map_or_else(String::new, |start| text[start..].to_owned())
}

fn of_a_repository() {
    let user = User::new();
    let site = user.site(SiteSetup::default());
    let (url, none) = (site.url(), format!("{}/none", site.url()));
    let with = |more: &[&'static str]| [&["web", "--repo", url.as_str()], more].concat();
    user.same(&with(&[]), "version: \"1.1.0\"");
    user.same(&with(&["--version", "~1.0"]), "version: \"1.0.0\"");
    user.same(&with(&["--version", "1.0.0", "--set", "greeting=hi"]), "greeting: \"hi\"");
    user.same(&with(&["--devel"]), "version: \"2.0.0-rc.1\"");
    user.same(&with(&["--version", ">=2.0.0-0"]), "version: \"2.0.0-rc.1\"");
    user.refused(&with(&["--version", "^3"]), 1, &["chart \"web\" version \"^3\" not found", "1.1.0"]);
    user.refused(&["wep", "--repo", &url], 1, &["chart \"wep\" not found in http://", "it has web"]);
    user.refused(&["web", "--repo", &none], 1, &["failed to fetch", "404 Not Found"]);
    user.refused(&["web", "--repo", "http://localhost:1"], 3, &["cannot be reached"]);
    user.refused(&["web", "--repo", "localhost"], 1, &["cannot be used"]);
}

fn of_a_guarded_repository() {
    let user = User::new();
    let login = Some(("ada", "engine"));
    let site = user.site(SiteSetup { login, encryption: Encryption::Mutual, ..SiteSetup::default() });
    let own = site.client().expect("it issues certificates");
    let files =
        [("ca.crt", site.authority().unwrap_or_default()), ("own.crt", &own.certificate), ("own.key", &own.key)];
    for (name, text) in files {
        fs::write(user.helm.home().join(name), text).expect("a file");
    }
    let url = site.url();
    let base = ["web", "--repo", url.as_str(), "--username", "ada"];
    let known = ["--cert-file", "own.crt", "--key-file", "own.key"];
    let trusted = ["--ca-file", "ca.crt"];
    user.same(&[&base[..], &known, &trusted, &["--password", "engine"]].concat(), "version: \"1.1.0\"");
    user.same(
        &[&base[..], &known, &["--insecure-skip-tls-verify", "--password", "engine"]].concat(),
        "version: \"1.1.0\"",
    );
    let wrong = [&base[..], &known, &trusted, &["--password", "hunter2"]].concat();
    user.refused(&wrong, 1, &["refused access: 401", "--password-stdin"]);
    user.refused(&[&base[..], &known, &["--password", "engine"]].concat(), 3, &["no TLS", "--ca-file"]);
    user.refused(&[&base[..], &trusted, &["--password", "engine"]].concat(), 3, &["no TLS", "--cert-file"]);
    let mut command = user.setpoint(&[&["template"], &base[..], &known, &trusted, &["--password-stdin"]].concat());
    fs::write(user.helm.home().join("password"), "engine\n").expect("a file");
    let password = fs::File::open(user.helm.home().join("password")).expect("a file");
    let output = command.stdin(password).output().expect("setpoint starts");
    assert!(manifests(&output).contains("version: \"1.1.0\""), "{output:?}");
}

fn of_a_known_repository() {
    let user = User::new();
    let site = user.site(SiteSetup { login: Some(("ada", "engine")), ..SiteSetup::default() });
    user.refused(&["mine/web"], 1, &["repo mine not found", "helm knows no repositories"]);
    let url = site.url();
    user.helm.succeed(&["repo", "add", "mine", &url, "--username", "ada", "--password", "engine"]);
    user.same(&["mine/web"], "version: \"1.1.0\"");
    user.same(&["mine/web", "--version", "1.0.0"], "version: \"1.0.0\"");
    user.refused(&["mine/none"], 1, &["chart \"none\" not found"]);
    user.refused(&["other/web"], 1, &["repo other not found", "helm knows mine"]);
    user.refused(&["web"], 1, &["non-absolute URLs should be in form of repo_name/path_to_chart, got: web"]);
    user.refused(&["./web"], 1, &["path \"./web\" not found"]);
    // The index that helm keeps counts until `helm repo update`.
    user.package(&["1.2.0"], site.path());
    user.helm.index(site.path());
    user.same(&["mine/web"], "version: \"1.1.0\"");
    user.helm.succeed(&["repo", "update"]);
    user.same(&["mine/web"], "version: \"1.2.0\"");
}

fn by_its_address() {
    let user = User::new();
    let site = user.site(SiteSetup::default());
    let address = |name: &str| format!("{}/{name}", site.url());
    user.same(&[&address("web-1.0.0.tgz")], "version: \"1.0.0\"");
    user.refused(&[&address("none.tgz")], 1, &["failed to fetch http://", "404 Not Found"]);
    user.refused(&[&address("index.yaml")], 1, &["unable to load chart archive"]);
}

fn of_a_registry() {
    let user = User::new();
    let registry = user.registry(RegistrySetup::default());
    let (web, none) = (registry.url("charts/web"), registry.url("charts/none"));
    let with = |more: &[&'static str]| [&[web.as_str(), "--plain-http"], more].concat();
    user.same(&with(&[]), "version: \"1.1.0+build.7\"");
    user.same(&with(&["--version", "1.0.0"]), "version: \"1.0.0\"");
    user.same(&with(&["--version", "1.1.0+build.7"]), "version: \"1.1.0+build.7\"");
    user.same(&with(&["--version", ">=2.0.0-0"]), "version: \"2.0.0-rc.1\"");
    user.same(&with(&["--devel"]), "version: \"2.0.0-rc.1\"");
    user.same(&[&format!("{web}:1.0.0"), "--plain-http"], "version: \"1.0.0\"");
    user.refused(&with(&["--version", "3.0.0"]), 1, &["version \"3.0.0\" not found", "2.0.0-rc.1"]);
    user.refused(&with(&["--version", "^3"]), 1, &["version \"^3\" not found"]);
    user.refused(&[&none, "--plain-http"], 1, &["chart \"none\" not found"]);
    user.refused(&[&format!("{web}:1.0.0"), "--plain-http", "--version", "1.0.1"], 1, &["version mismatch"]);
    user.refused(&[&web], 3, &["no TLS"]);
    let output = user.run(&["template", &format!("{web}:1.0.0"), "--plain-http"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("Pulled: localhost:") && said.contains("Digest: sha256:"), "{said}");
}

fn of_a_registry_with_login() {
    for setup in [
        RegistrySetup { login: Login::Basic, tls: true },
        RegistrySetup { login: Login::Basic, tls: false },
        RegistrySetup { login: Login::Token, tls: false },
    ] {
        let user = User::new();
        let registry = user.registry(setup);
        let (web, flags) = (registry.url("charts/web"), registry.flags());
        let mut all = vec![web.as_str()];
        all.extend(flags.iter().map(String::as_str));
        user.same(&all, "version: \"1.1.0+build.7\"");
        let wrong: Vec<&str> = all.iter().map(|flag| if *flag == "engine" { "hunter2" } else { *flag }).collect();
        user.refused(&wrong, 1, &["refused access: 401", "helm registry login"]);
        let nobody = &all[..all.len() - 4];
        user.refused(nobody, 1, &["refused access: 401"]);
        let host = web.trim_start_matches("oci://").split('/').next().unwrap_or_default();
        user.helm.succeed(&[&["registry", "login", host], &all[1..]].concat());
        user.same(nobody, "version: \"1.1.0+build.7\"");
    }
}

/// The folder of a chart with these dependencies.
fn chart_with(user: &User, dependencies: &str) -> String {
    let folder = user.helm.home().join("app");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(folder.join("templates")).expect("a folder");
    let head = format!("apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n{dependencies}");
    fs::write(folder.join("Chart.yaml"), head).expect("a file");
    fs::write(folder.join("templates/a.yaml"), "kind: A\nname: {{ .Chart.Name }}\n").expect("a file");
    folder.display().to_string()
}

/// What both print for a chart whose dependencies are to be fetched; helm writes, so it comes second.
fn updated(user: &User, chart: &str, more: &[&str]) -> String {
    let arguments = [&["template", "demo", chart, "--dependency-update"], more].concat();
    let ours = user.run(&arguments);
    assert!(ours.status.success(), "{}", String::from_utf8_lossy(&ours.stderr));
    assert!(!Path::new(chart).join("charts").exists(), "nothing is written");
    let theirs = user.helm.run(&arguments);
    assert!(theirs.status.success(), "{}", String::from_utf8_lossy(&theirs.stderr));
    assert_eq!(manifests(&ours), manifests(&theirs));
    manifests(&ours)
}

fn dependencies() {
    let user = User::new();
    let site = user.site(SiteSetup::default());
    fs::create_dir_all(user.helm.home().join("beside")).expect("a folder");
    fs::write(user.helm.home().join("beside/Chart.yaml"), "apiVersion: v2\nname: beside\nversion: 0.3.0\n")
        .expect("a file");
    user.helm.succeed(&["repo", "add", "mine", &site.url()]);
    // No version fits both: helm would take the one or the other, as its map of archives happens to be ordered.
    let list = format!(
        "- {{name: web, version: 1.0.x, repository: {0}}}\n- {{name: web, alias: again, version: 1.1.x, repository: '@mine'}}\n\
         - {{name: beside, version: '>=0', repository: 'file://../beside'}}\n",
        site.url()
    );
    let chart = chart_with(&user, &list);
    let missing = "found in Chart.yaml, but missing in charts/ directory: web, web, beside";
    user.refused(
        &[&chart],
        1,
        &["An error occurred while checking".to_lowercase().as_str(), missing, "--dependency-update"],
    );
    let printed = updated(&user, &chart, &[]);
    assert!(printed.contains("version: \"1.0.0\""), "{printed}");
    let none = chart_with(&user, &format!("- {{name: none, version: 1.x, repository: {}}}\n", site.url()));
    user.refused(&[&none, "--dependency-update"], 1, &["chart \"none\" not found"]);
    let unknown = chart_with(&user, "- {name: web, version: 1.x, repository: '@other'}\n");
    user.refused(&[&unknown, "--dependency-update"], 1, &["no repository definition for @other"]);
}

fn dependency_of_a_registry() {
    let user = User::new();
    let registry = user.registry(RegistrySetup::default());
    let chart = chart_with(&user, &format!("- {{name: web, version: ^1.0, repository: {}}}\n", registry.url("charts")));
    let printed = updated(&user, &chart, &["--plain-http"]);
    assert!(printed.contains("version: \"1.1.0+build.7\""), "{printed}");
}

/// An index of 64 MB costs no more memory than a small one.
fn of_a_large_index() {
    let user = User::new();
    let site = user.site(SiteSetup::default());
    let path = site.path().join("index.yaml");
    let small = peak_memory(&user, &site.url());
    let text = fs::read_to_string(&path).expect("an index");
    let mut large = String::from("apiVersion: v1\nentries:\n");
    let item = format!("  - name: other\n    description: {}\n    version: 1.0.0\n", "word ".repeat(200));
    for number in 0..30 {
        large.extend(["  other-", number.to_string().as_str(), ":\n", &item.repeat(2_000)]);
    }
    let (_, rest) = text.split_once("entries:\n").expect("an index");
    large.push_str(rest);
    assert!(large.len() > 60 << 20, "{}", large.len());
    fs::write(&path, large).expect("a file");
    let peak = peak_memory(&user, &site.url());
    assert!(peak < small + (16 << 10), "{peak} kB, and {small} kB with a small index");
}

/// The most memory of a run, in kilobytes.
fn peak_memory(user: &User, url: &str) -> u64 {
    let mut command = user.setpoint(&["template", "demo", "web", "--repo", url]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("setpoint starts");
    let mut peak = 0;
    while child.try_wait().expect("it can be asked").is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = peak.max(line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    peak
}

/// Helm 4 takes the name of a plugin. One that it has not is refused by both in the same words, one that it has by us alone.
fn with_a_post_renderer() {
    let user = User::new();
    let web = user.helm.package(("web", "1.0.0"), "", user.helm.home()).display().to_string();
    let flags = ["template", "demo", &web, "--post-renderer", "relabel"];
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let unknown = "invalid argument \"relabel\" for \"--post-renderer\" flag: plugin: {Name:relabel Type:postrenderer/v1} not found";
    for output in [user.helm.run(&flags), user.run(&flags)] {
        assert!(!output.status.success() && said(&output).contains(unknown), "{output:?}");
    }
    let plugin = user.helm.home().join(".local/share/helm/plugins/relabel");
    fs::create_dir_all(&plugin).expect("a folder for the plugin");
    let described = "apiVersion: v1\nname: relabel\nversion: 1.0.0\ntype: postrenderer/v1\nruntime: subprocess\n\
                     runtimeConfig:\n  platformCommand:\n  - command: /bin/cat\n";
    fs::write(plugin.join("plugin.yaml"), described).expect("the plugin is written");
    let theirs = user.helm.run(&flags);
    assert!(theirs.status.success(), "{theirs:?}");
    let ours = user.run(&flags);
    assert_eq!(ours.status.code(), Some(2), "{ours:?}");
    assert!(said(&ours).contains("\"relabel\" for --post-renderer is not supported yet"), "{ours:?}");
    // An empty name is none, for both.
    user.same(&[&web, "--post-renderer", ""], "version: \"1.0.0\"");
}
