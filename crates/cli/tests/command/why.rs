//! `setpoint why` and `setpoint build --origin`, over one base and one overlay.

use goyaml::{ParseOptions, Value};

use crate::Case;
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("why_tells_the_way_of_a_field", why_tells_the_way_of_a_field),
    ("why_tells_what_goes_into_a_name", why_tells_what_goes_into_a_name),
    ("why_answers_scripts", why_answers_scripts),
    ("why_says_what_there_is_instead", why_says_what_there_is_instead),
    ("build_says_where_values_come_from", build_says_where_values_come_from),
    ("why_follows_kustomizations", why_follows_kustomizations),
    ("build_follows_kustomizations", build_follows_kustomizations),
];

const FILES: &[(&str, &str)] = &[
    (
        "apps/base/kustomization.yaml",
        "resources: [web.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [A=1]\n",
    ),
    (
        "apps/base/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations:\n    example.org/owner: lab\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n      - name: app\n        image: nginx:1\n        envFrom:\n        - configMapRef: {name: settings}\n",
    ),
    (
        "overlays/prod/kustomization.yaml",
        "resources: [../../apps/base]\npatches: [{path: patch.yaml}]\nimages:\n- name: nginx\n  newTag: '2'\nreplicas:\n- name: web\n  count: 8\n",
    ),
    (
        "overlays/prod/patch.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 6\n",
    ),
];

fn overlay(world: &World) -> String {
    format!("{}/overlays/prod", world.repository_path())
}

fn check(field: &str, expected: &str) {
    let world = World::new(FILES);
    let said = world.succeed(&["why", "-f", &overlay(&world), "deploy/web", field]);
    assert_eq!(said.trim_end(), expected, "{field}");
}

fn why_tells_the_way_of_a_field() {
    check(
        ".spec.replicas",
        "apps/base/web.yaml:8 (3) → overlays/prod/patch.yaml:5 (6) → replicas: in overlays/prod/kustomization.yaml:8 (8)",
    );
    check(
        "spec.template.spec.containers[name=app].image",
        "apps/base/web.yaml:13 (nginx:1) → images: in overlays/prod/kustomization.yaml:5 (nginx:2)",
    );
    check(".metadata.annotations['example.org/owner']", "apps/base/web.yaml:6 (lab)");
}

fn why_tells_what_goes_into_a_name() {
    check(
        ".spec.template.spec.containers[0].envFrom[0].configMapRef.name",
        "apps/base/web.yaml:15 (settings) → name reference (settings-89g4tffbfk)\n  \
            with apps/base/kustomization.yaml:3 (settings) → hash (settings-89g4tffbfk)\n    \
            with configMapGenerator: in apps/base/kustomization.yaml:4",
    );
}

fn why_answers_scripts() {
    let world = World::new(FILES);
    let said = world.succeed(&["why", "-f", &overlay(&world), "deployments.apps/web", ".spec.replicas", "-o", "json"]);
    let answer = goyaml::json::parse(said.as_bytes()).expect("it is JSON");
    assert_eq!(answer.str_at(&["object"]), Some("Deployment/web"));
    let steps = answer.get("fields").and_then(|fields| fields.as_list()?.first()?.get("origin")?.as_list());
    let last = steps.and_then(<[Value]>::last).expect("it has steps");
    let expected =
        r#"{"by":"replicas","file":"overlays/prod/kustomization.yaml","line":8,"column":10,"value":8,"decides":true}"#;
    assert_eq!(goyaml::json::to_string(last), expected);
}

fn why_says_what_there_is_instead() {
    let world = World::new(FILES);
    let overlay = overlay(&world);
    let check = |arguments: &[&str], code: i32, expected: &[&str]| {
        let arguments: Vec<&str> = ["why", "-f", &overlay].iter().chain(arguments).copied().collect();
        let (actual, error) = world.fail(&arguments);
        for text in expected {
            assert!(error.contains(text), "{arguments:?} does not say {text:?}:\n{error}");
        }
        assert_eq!(actual, code, "{arguments:?}:\n{error}");
    };
    check(&["deploy/wep"], 1, &["no deploy/wep", "there is Deployment/web"]);
    check(&["web"], 2, &["KIND/NAME"]);
    check(&["deploy/web", ".spec.replica"], 1, &["no .spec.replica", "replicas, template", "apps/base/web.yaml:8"]);
    check(&["deploy/web", ".spec["], 2, &[".spec.containers[0].image"]);
}

fn build_says_where_values_come_from() {
    let world = World::new(FILES);
    let plain = world.succeed(&["build", &overlay(&world)]);
    let said = world.succeed(&["build", &overlay(&world), "--origin"]);
    let read = |text: &str| goyaml::parse_documents(text, &ParseOptions::default()).expect("it is YAML");
    let values = |text: &str| read(text).into_iter().map(|document| document.value).collect::<Vec<Value>>();
    assert_eq!(values(&said), values(&plain));
    for line in [
        "  replicas: 8 # replicas: in overlays/prod/kustomization.yaml:8",
        "    example.org/owner: lab # apps/base/web.yaml:6",
        "  name: settings-89g4tffbfk # hash, with configMapGenerator: in apps/base/kustomization.yaml:4",
    ] {
        assert!(said.lines().any(|known| known == line), "{line}\n{said}");
    }
    assert!(
        said.contains("# Deployment/web is from apps/base/web.yaml:1; changed by patch overlays/prod/patch.yaml:1, "),
        "{said}"
    );
}

const CLUSTER: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  interval: 10m
  path: ./overlays/prod
  targetNamespace: lab
  sourceRef: {kind: GitRepository, name: flux-system}
  postBuild:
    substitute:
      owner: neuro
  patches:
    - patch: |
        - op: replace
          path: /spec/replicas
          value: 9
      target: {kind: Deployment}
";

const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: chart, namespace: lab}
spec: {chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}}
";

/// The overlay as a cluster's Kustomization builds it, and a chart beside it.
fn followed() -> World {
    let world = World::new(FILES);
    let files = [
        ("clusters/prod/apps.yaml", CLUSTER),
        ("clusters/prod/chart.yaml", RELEASE),
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n"),
        ("chart/templates/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-chart}\n"),
    ];
    for (path, text) in files {
        world.repository.write(path, text);
    }
    let web = FILES[1].1.replace("owner: lab", "owner: ${owner}");
    world.repository.commit_file("apps/base/web.yaml", &web);
    world
}

fn why_follows_kustomizations() {
    let world = followed();
    let path = format!("{}/clusters/prod", world.repository_path());
    let why = |object: &str, field: &str| world.succeed(&["why", "--expand", "-f", &path, object, field]);
    let expected = "apps/base/web.yaml:8 (3) → overlays/prod/patch.yaml:5 (6) → clusters/prod/apps.yaml:13 (9) → \
                    replicas: in overlays/prod/kustomization.yaml:8 (8)";
    assert_eq!(why("deploy/web", ".spec.replicas").trim_end(), expected);
    let owner = why("deploy/web", ".metadata.annotations['example.org/owner']");
    let expected = "apps/base/web.yaml:6 (${owner}) → postBuild: in clusters/prod/apps.yaml:11 (neuro)";
    assert_eq!(owner.trim_end(), expected);
    let (code, said) = world.fail(&["why", "--expand", "-f", &path, "cm/of-chart"]);
    let told = said.contains("cm/of-chart comes out of HelmRelease/lab/chart") && said.contains("template --origin");
    assert!(code == 1 && told, "{said}");
    let (code, said) = world.fail(&["why", "--expand", "-f", &path, "deploy/wep"]);
    assert!(code == 1 && said.contains("there is Deployment/lab/web"), "{said}");
}

fn build_follows_kustomizations() {
    let world = followed();
    let printed = world.succeed(&["build", "--expand", &world.repository_path()]);
    for part in ["name: of-chart", "kind: HelmRelease", "replicas: 8", "namespace: lab", "example.org/owner: neuro"] {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    world.repository.commit_file("clusters/dev/apps.yaml", CLUSTER);
    let (code, said) = world.fail(&["build", "--expand", &world.repository_path()]);
    assert!(code == 2 && said.contains("clusters/dev, clusters/prod"), "{said}");
    world.repository.commit_file("overlays/prod/patch.yaml", "kind: [\n");
    let path = format!("{}/clusters/prod", world.repository_path());
    let (code, said) = world.fail(&["build", "--expand", &path]);
    assert!(code == 1 && said.contains("overlays/prod/patch.yaml"), "{said}");
}
