//! `setpoint diff` of two commits: what a merge would change, on every cluster, without one.

use std::path::Path;

use testkit::charts::{ChartSite, Helm};

use crate::Case;
use crate::check::{tree, world};
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("merge_is_told_for_people", is_told_for_people),
    ("merge_is_told_for_scripts", is_told_for_scripts),
    ("merge_of_the_example_is_told", of_the_example_is_told),
    ("merge_is_told_in_a_comment", is_told_in_a_comment),
    ("merge_is_told_on_a_page", is_told_on_a_page),
    ("merge_that_breaks_a_build_deletes_nothing", that_breaks_a_build_deletes_nothing),
    ("merge_starts_where_histories_part", starts_where_histories_part),
    ("merge_of_unknown_revisions_is_refused", of_unknown_revisions_is_refused),
];

/// Those that need helm, to pack charts.
pub(crate) const WITH_HELM: &[Case] = &[("merge_shows_what_a_chart_changes", shows_what_a_chart_changes)];

const KUSTOMIZATIONS: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  interval: 10m
  path: ./apps
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: data, namespace: flux-system}
spec:
  interval: 10m
  path: ./data
  sourceRef: {kind: GitRepository, name: flux-system}
";

const APPS: &str = "\
namespace: lab
resources: [web.yaml, wiki.yaml, files.yaml]
configMapGenerator: [{name: settings, literals: [colour=blue]}]
secretGenerator: [{name: door, literals: [key=hunter2]}]
";

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example.org/web:1.2
          envFrom: [{configMapRef: {name: settings}}]
";

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: b}}\n")
}

fn claim(name: &str) -> String {
    format!("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, namespace: lab}}\nspec: {{}}\n")
}

fn before() -> World {
    World::new(&[
        ("clusters/dev/apps.yaml", KUSTOMIZATIONS),
        ("clusters/prod/apps.yaml", KUSTOMIZATIONS),
        ("apps/kustomization.yaml", APPS),
        ("apps/web.yaml", WEB),
        ("apps/wiki.yaml", &config_map("wiki")),
        ("apps/files.yaml", &claim("files")),
        ("data/claim.yaml", &claim("archive")),
        ("data/more.yaml", &claim("kept")),
    ])
}

/// The same, and on `HEAD` a commit that changes what there is to change.
fn merged() -> World {
    let world = before();
    let repository = &world.repository;
    repository.tag("before");
    repository.write("apps/web.yaml", WEB.replace("replicas: 2", "replicas: 3").replace(":1.2", ":1.3"));
    let apps = APPS.replace(", files.yaml", ", new.yaml").replace("hunter2", "hunter3").replace("blue", "red");
    repository.write("apps/kustomization.yaml", apps);
    repository.write("apps/new.yaml", config_map("new"));
    std::fs::remove_file(repository.path().join("data/claim.yaml")).expect("it was there");
    repository.commit("a change of everything");
    world
}

fn diff(world: &World, range: &str, format: &str, code: i32) -> String {
    let output = world.run(&["diff", range, "--path", &world.repository_path(), "-o", format]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains("hunter"), "a Secret's value is shown: {text}");
    text
}

const EXPECTED: &str = "\
clusters/dev: 1 to create, 3 to change, 1 to delete, 1 no longer held
- PersistentVolumeClaim/lab/files  apps/files.yaml:1
~ Deployment/lab/web  apps/web.yaml:1
.spec.replicas  2 -> 3
.spec.template.spec.containers[name=web].image  registry.example.org/web:1.2 -> registry.example.org/web:1.3
.spec.template.spec.containers[name=web].envFrom[0].configMapRef.name  settings-HASH -> settings-HASH
+ ConfigMap/lab/new  apps/new.yaml:1
~ ConfigMap/lab/settings-HASH  apps/kustomization.yaml:3 (was settings-HASH)
.data.colour  blue -> red
~ Secret/lab/door-HASH  apps/kustomization.yaml:4 (was door-HASH)
.data.key  ***** -> ***** (changed)
PersistentVolumeClaim/lab/archive  data/claim.yaml:1 (stays in the cluster: its Kustomization does not prune)
";

/// The words of a text, with hashes of generated names left out.
fn words(text: &str) -> Vec<Vec<String>> {
    let is_hash =
        |part: &str| part.len() == 10 && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let word = |word: &str| match word.trim_end_matches(')').rsplit_once('-') {
        Some((_, hash)) if is_hash(hash) => word.replace(hash, "HASH"),
        _ => word.to_owned(),
    };
    text.lines().map(|line| line.split_whitespace().map(word).collect()).collect()
}

fn is_told_for_people() {
    let world = merged();
    let text = diff(&world, "before..HEAD", "table", 1);
    let cluster = text.split("clusters/prod").next().expect("a first cluster");
    assert_eq!(words(cluster), words(EXPECTED), "{text}");
    assert!(text.contains("clusters/prod: 1 to create, 3 to change"), "{text}");
    assert_eq!(
        diff(&world, "HEAD..HEAD", "table", 0),
        "clusters/dev: nothing changes\nclusters/prod: nothing changes\n"
    );
}

const OF_EXAMPLE: &str = "\
examples/research-platform/clusters/dev: 1 to change
  ~ Deployment/platform-canary/canary  examples/research-platform/infrastructure/base/canary/canary.yaml:8
      .spec.template.spec.containers[name=web].image  registry.institute.example/platform/canary:1.4.0 -> registry.institute.example/platform/canary:1.5.0
examples/research-platform/clusters/prod: 3 to change
  ~ ConfigMap/flux-system/cluster-settings  examples/research-platform/clusters/prod/cluster-settings.yaml:2
      .data.contact  platform@institute.example -> help@institute.example
  ~ Deployment/platform-canary/canary  examples/research-platform/infrastructure/base/canary/canary.yaml:8
      .spec.template.spec.containers[name=web].image  registry.institute.example/platform/canary:1.4.0 -> registry.institute.example/platform/canary:1.5.0
  ~ Ingress/platform-canary/canary  examples/research-platform/infrastructure/base/canary/canary.yaml:52
      .metadata.annotations[\"institute.example/contact\"]  platform@institute.example -> help@institute.example
";

/// A new image for all clusters, and a variable of one: its Kustomizations substitute it.
fn of_the_example_is_told() {
    let folder = "examples/research-platform";
    let mut files = Vec::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    tree(&example, &format!("{folder}/"), &mut files);
    let world = world(&files);
    let changes = [
        ("infrastructure/base/canary/canary.yaml", "canary:1.4.0", "canary:1.5.0"),
        ("clusters/prod/cluster-settings.yaml", "contact: platform@", "contact: help@"),
    ];
    for (file, from, to) in changes {
        let path = format!("{folder}/{file}");
        let (_, text) = files.iter().find(|(known, _)| *known == path).expect("a file of the example");
        assert!(text.contains(from), "{text}");
        world.repository.write(&path, text.replace(from, to));
    }
    world.repository.commit("another image and another contact");
    let path = format!("{}/{folder}", world.repository_path());
    let output = world.run(&["diff", "HEAD~1..HEAD", "--path", &path]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), OF_EXAMPLE, "{}", String::from_utf8_lossy(&output.stderr));
}

fn is_told_for_scripts() {
    let world = merged();
    let value: serde_json::Value = serde_json::from_str(&diff(&world, "before..", "json", 1)).expect("JSON");
    let dev = &value["clusters"][0];
    assert_eq!(dev["cluster"], "clusters/dev");
    let first = &dev["changes"][0];
    assert_eq!((&first["resource"], &first["action"]), (&"PersistentVolumeClaim/lab/files".into(), &"delete".into()));
    assert_eq!(dev["changes"][1]["fields"][0], serde_json::json!({"path": ".spec.replicas", "before": 2, "after": 3}));
    assert_eq!(dev["unchanged"], 4);
    assert!(diff(&world, "before..", "yaml", 1).contains("action: delete"));
}

fn is_told_in_a_comment() {
    let world = merged();
    let text = diff(&world, "before..HEAD", "markdown", 1);
    for part in [
        "### What this changes: `",
        "**clusters/dev**: 1 to create, 3 to change, 1 to delete, 1 no longer held",
        "`-` `PersistentVolumeClaim/lab/files` apps/files.yaml:1\n",
        "```diff\n  .spec.replicas\n- 2\n+ 3\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    // More than a comment takes: the deletion at the start is kept, and the rest counted.
    let many: Vec<String> = (0..3_000).map(|number| config_map(&format!("many-{number}"))).collect();
    world.repository.write("apps/new.yaml", many.join("---\n"));
    world.repository.commit("many objects");
    let text = diff(&world, "before..HEAD", "markdown", 1);
    assert!(text.len() <= 60_000 && text.contains("PersistentVolumeClaim/lab/files"), "{} bytes", text.len());
    assert!(text.contains("which do not fit into a comment") && text.contains("3000 to create"), "{text}");
    assert!(text.contains("**clusters/prod**"), "each cluster has its share");
}

fn is_told_on_a_page() {
    let world = merged();
    let page = diff(&world, "before..HEAD", "html", 1);
    for part in ["<!DOCTYPE html>", "<h2>clusters/dev</h2>", "PersistentVolumeClaim/lab/files", "4 stay as they are"] {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
    assert!(!page.contains("<script") && !page.contains("http"), "the page needs nothing else");
}

fn that_breaks_a_build_deletes_nothing() {
    let world = before();
    world.repository.commit_file("apps/kustomization.yaml", "resources: [web.yaml, wikki.yaml]\n");
    let text = diff(&world, "HEAD~1..HEAD", "table", 2);
    assert!(text.contains("clusters/dev: nothing changes\n! apps/kustomization.yaml:1: [build]"), "{text}");
    assert!(text.contains("wikki.yaml") && !text.contains("\n- "), "{text}");
    // What was broken before and is whole now cannot be compared; it is said.
    world.repository.commit_file("apps/kustomization.yaml", APPS);
    let text = diff(&world, "HEAD~1..HEAD", "table", 0);
    assert!(text.contains("could not be rendered before"), "{text}");
}

fn starts_where_histories_part() {
    let world = before();
    world.repository.git(&["branch", "feature"]);
    world.repository.commit_file("apps/wiki.yaml", &config_map("handbook"));
    world.repository.git(&["branch", "trunk"]);
    world.repository.git(&["checkout", "-q", "feature"]);
    world.repository.commit_file("apps/web.yaml", &WEB.replace("replicas: 2", "replicas: 5"));
    let text = diff(&world, "trunk...feature", "table", 1);
    assert!(text.contains("2 -> 5") && !text.contains("handbook") && !text.contains("wiki"), "{text}");
    assert!(diff(&world, "trunk..feature", "table", 1).contains("handbook"));
}

fn of_unknown_revisions_is_refused() {
    let world = before();
    let path = world.repository_path();
    let (code, said) = world.fail(&["diff", "mian..HEAD", "--path", &path]);
    assert!(code == 2 && said.contains("has no revision \"mian\""), "{code} {said}");
    let (code, said) = world.fail(&["diff", &path, "-o", "markdown"]);
    assert!(code == 2 && said.contains("for a range of commits"), "{code} {said}");
    let (code, said) = world.fail(&["diff", "HEAD..HEAD", "--committed", "--path", &path]);
    assert!(code == 2 && said.contains("--committed is for a folder"), "{code} {said}");
}

/// A release whose chart gets a newer version changes what the chart makes.
fn shows_what_a_chart_changes() {
    let (site, helm) = (ChartSite::start(), Helm::new());
    for version in ["1.0.0", "1.1.0"] {
        helm.package(("web", version), "", site.path());
    }
    helm.index(site.path());
    let release = |version: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: site, namespace: lab}}\nspec: {{url: '{}'}}\n\
             ---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: lab}}\nspec:\n  \
             chart: {{spec: {{chart: web, version: {version}, sourceRef: {{kind: HelmRepository, name: site}}}}}}\n",
            site.url()
        )
    };
    let world = World::new(&[("clusters/dev/web.yaml", &release("1.0.0"))]);
    world.repository.commit_file("clusters/dev/web.yaml", &release("1.1.0"));
    let text = diff(&world, "HEAD~1..HEAD", "table", 1);
    assert!(text.contains("  chart web-1.1.0: web/templates/") && text.contains("1.0.0 -> 1.1.0"), "{text}");
    assert!(text.contains("~ HelmRelease/lab/web  clusters/dev/web.yaml:6"), "{text}");
    let arguments = ["diff", "HEAD~1..HEAD", "--path", &world.repository_path(), "--no-remote-bases"];
    let output = world.run(&arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("note: HelmRelease/lab/web is not rendered: nothing is fetched"), "{text}");
}
