//! `setpoint build` with its flags.

use std::process::Command;

use oracle::Oracle;
use testkit::charts::{ChartSite, Helm};
use testkit::git::{GitRepo, GitServer};

use crate::Case;
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("build_writes_a_file_or_many", build_writes_a_file_or_many),
    ("build_obeys_the_load_restrictor", build_obeys_the_load_restrictor),
    ("build_fetches_bases", build_fetches_bases),
    ("build_fetches_nothing_if_told_so", build_fetches_nothing_if_told_so),
    ("build_and_up_fetch_from_a_mirror", build_and_up_fetch_from_a_mirror),
    ("build_inflates_charts_if_told_so", build_inflates_charts_if_told_so),
    ("build_tells_where_a_chart_is_missed", build_tells_where_a_chart_is_missed),
];

pub(crate) const WITH_KUBECTL: &[Case] =
    &[("build_of_a_remote_base_is_kustomizes", build_of_a_remote_base_is_kustomizes)];

/// Those that need kubectl, the Helm that it starts, and the helm that packs charts.
pub(crate) const WITH_HELM_3: &[Case] =
    &[("build_of_charts_of_a_repository_is_kustomizes", build_of_charts_of_a_repository_is_kustomizes)];

const OBJECTS: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: Web}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: b}\n";

fn build_writes_a_file_or_many() {
    let world = World::new(&[("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", OBJECTS)]);
    let path = world.repository_path();
    let printed = world.succeed(&["build", &path]);
    assert_eq!(world.succeed(&["build", &path, "-o", "all.yaml"]), "");
    assert_eq!(std::fs::read_to_string(world.state.path().join("all.yaml")).expect("was written"), printed);
    let folder = world.state.path().join("each");
    std::fs::create_dir(&folder).expect("a folder");
    world.succeed(&["build", &path, "-o", "each"]);
    let entries = std::fs::read_dir(&folder).expect("is a folder").map(|entry| entry.expect("is readable").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    assert_eq!(names, ["b_v1_service_s.yaml", "default_apps_v1_deployment_web.yaml"]);
}

fn build_obeys_the_load_restrictor() {
    let world = World::new(&[("app/kustomization.yaml", "resources: [../a.yaml]\n"), ("a.yaml", OBJECTS)]);
    let path = format!("{}/app", world.repository_path());
    let (code, error) = world.fail(&["build", &path]);
    assert!(code == 1 && error.contains("security; file 'a.yaml'"), "{code} {error}");
    let printed = world.succeed(&["build", &path, "--load-restrictor", "LoadRestrictionsNone"]);
    assert!(printed.contains("name: Web"), "{printed}");
}

/// A repository on a server, with a base in `apps/base` that names a file beside it.
fn served() -> GitServer {
    let server = GitServer::start();
    let upstream = GitRepo::with_files(&[
        ("apps/base/kustomization.yaml", "resources: [../more, a.yaml]\n"),
        ("apps/base/a.yaml", OBJECTS),
        ("apps/more/kustomization.yaml", "configMapGenerator: [{name: made, files: [some.txt]}]\n"),
        ("apps/more/some.txt", "one\n"),
    ]);
    upstream.tag("v1");
    upstream.commit_file("apps/more/some.txt", "two\n");
    let target = server.path("org/repo.git");
    std::fs::create_dir_all(target.parent().expect("it has one")).expect("a folder");
    upstream.git(&["clone", "--bare", ".", &target.display().to_string()]);
    server
}

fn overlay(server: &GitServer, base: &str) -> World {
    let text = format!("namePrefix: p-\nresources: ['{}']\n", server.url(base));
    World::new(&[("kustomization.yaml", &text)])
}

fn build_fetches_bases() {
    let server = served();
    let at_tag = overlay(&server, "org/repo.git//apps/base?ref=v1");
    let printed = at_tag.succeed(&["build", &at_tag.repository_path()]);
    assert!(printed.contains("name: p-Web") && printed.contains("some.txt: |\n    one"), "{printed}");
    let newest = overlay(&server, "org/repo.git/apps/base");
    let printed = newest.succeed(&["build", &newest.repository_path()]);
    assert!(printed.contains("some.txt: |\n    two"), "{printed}");
    let missing = overlay(&server, "org/repo.git//apps/base?ref=v9");
    let (code, error) = missing.fail(&["build", &missing.repository_path()]);
    assert!(code == 1 && error.contains("kustomization.yaml:2") && error.contains("v9"), "{error}");
}

fn build_fetches_nothing_if_told_so() {
    let server = served();
    let world = overlay(&server, "org/repo.git//apps/base?ref=v1");
    let (code, error) = world.fail(&["build", &world.repository_path(), "--no-remote-bases"]);
    assert!(code == 1 && error.contains("kustomization.yaml:2") && error.contains("are off"), "{error}");
    assert_eq!(server.requests(), 0);
}

/// Names of the reserved domain `invalid` are nowhere: what is found comes from the mirror.
fn build_and_up_fetch_from_a_mirror() {
    let server = served();
    let base = "resources: [a.yaml, 'https://forge.invalid/org/repo.git//apps/base?ref=v1']\n";
    let a = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n";
    let world = World::new(&[("kustomization.yaml", base), ("a.yaml", a)]);
    let (mirror, path) =
        (format!("https://forge.invalid/={}/", server.url("").trim_end_matches('/')), world.repository_path());
    assert!(world.succeed(&["build", &path, "--mirror", &mirror]).contains("some.txt: |\n    one"));
    let file = world.state.path().join("mirrors");
    std::fs::write(&file, format!("# of the institute\n{mirror}\n")).expect("a file");
    let file = file.display().to_string();
    assert!(world.succeed(&["build", &path, "--mirror-file", &file]).contains("name: Web"));
    let (code, error) = world.fail(&["build", &path, "--mirror", "forge.invalid"]);
    assert!(code == 2 && error.contains("is no mirror"), "{error}");
    let url = "https://forge.invalid/org/repo.git";
    let arguments =
        ["up", url, "--branch", "main", "--path", "apps/more", "--mirror", &mirror, "--once", "--port", "0"];
    let said = world.succeed(&arguments);
    assert!(said.contains("ready"), "{said}");
}

const INFO: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: info}\ndata: {kube: {{ .Capabilities.KubeVersion }}, \
                    has: '{{ .Capabilities.APIVersions.Has \"a/v1\" }}', time: '{{ now | date \"2006\" }}'}\n";

fn build_inflates_charts_if_told_so() {
    let world = World::new(&[
        ("kustomization.yaml", "namePrefix: p-\nhelmCharts: [{name: web}]\n"),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("charts/web/values.yaml", "{}\n"),
        ("charts/web/templates/info.yaml", INFO),
    ]);
    let path = world.repository_path();
    let (code, error) = world.fail(&["build", &path]);
    assert!(code == 1 && error.contains("kustomization.yaml:2: must specify --enable-helm"), "{error}");
    let printed = world.succeed(&["build", &path, "--enable-helm"]);
    assert!(printed.contains("name: p-info") && printed.contains("kube: v1.35.0\n"), "{printed}");
    assert!(!printed.contains("1970"), "templates are told the time: {printed}");
    let flags = ["--helm-kube-version", "1.29", "--helm-api-versions", "a/v1,b/v1"];
    let printed = world.succeed(&[&["build", &path, "--enable-helm"], &flags[..]].concat());
    assert!(printed.contains("kube: v1.29\n") && printed.contains("has: \"true\"\n"), "{printed}");
    let printed = world.succeed(&["build", &path, "--enable-helm", "--origin"]);
    assert!(printed.contains("charts/web/templates/info.yaml:1"), "{printed}");
}

fn build_tells_where_a_chart_is_missed() {
    let chart = "helmCharts: [{name: web, version: 1.0.0, repo: 'https://charts.invalid'}]\n";
    let world = World::new(&[("kustomization.yaml", chart)]);
    let (code, error) = world.fail(&["build", &world.repository_path(), "--enable-helm"]);
    let told =
        error.contains("kustomization.yaml:1") && error.contains("https://charts.invalid/index.yaml cannot be reached");
    assert!(code == 1 && told && error.contains("Put the chart into 'charts/web-1.0.0'"), "{error}");
    let (code, error) = world.fail(&["build", &world.repository_path(), "--enable-helm", "--no-remote-bases"]);
    assert!(code == 1 && error.contains("nothing is fetched in this build"), "{error}");
}

fn build_of_a_remote_base_is_kustomizes() {
    let server = served();
    let world = overlay(&server, "org/repo.git//apps/base?ref=v1");
    let kubectl = oracle::find(Oracle::Kubectl).expect("the case is ignored without");
    let output = Command::new(kubectl).arg("kustomize").arg(world.repository.path()).output().expect("kubectl runs");
    let expected = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(world.succeed(&["build", &world.repository_path()]), expected);
}

/// The newest, a version, a range and a prerelease of a chart that the tree does not hold, each from its repository.
fn build_of_charts_of_a_repository_is_kustomizes() {
    let (site, helm) = (ChartSite::start(), Helm::new());
    for version in ["1.0.0", "1.1.0", "2.0.0-rc.1"] {
        helm.package(("web", version), "", site.path());
    }
    helm.index(site.path());
    let find = |oracle| oracle::find(oracle).expect("the case is ignored without");
    let (kubectl, helm3) = (find(Oracle::Kubectl), find(Oracle::Helm3));
    for fields in ["", ", version: 1.0.0", ", version: ~1.0", ", devel: true, releaseName: r, namespace: apps"] {
        let chart = format!("helmCharts: [{{name: web, repo: '{}'{fields}}}]\n", site.url());
        let world = World::new(&[("kustomization.yaml", &chart)]);
        let printed = world.succeed(&["build", &world.repository_path(), "--enable-helm"]);
        // Last, as kustomize leaves what it fetched in the tree.
        let mut theirs = Command::new(&kubectl);
        theirs.args(["kustomize", "--enable-helm", "--helm-command"]).arg(&helm3).arg(world.repository.path());
        let output = theirs.env("HOME", helm.home()).output().expect("kubectl runs");
        assert!(output.status.success(), "{fields}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(printed, String::from_utf8_lossy(&output.stdout), "{fields}");
    }
}
