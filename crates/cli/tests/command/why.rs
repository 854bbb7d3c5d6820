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
