//! Helm releases of a repository, rendered from charts that lie in it.

use kustomize::MemoryFiles;
use object::FieldPath;
use repository::{Cluster, Comparison, Fetch, Unit};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.2.3\n";
const VALUES: &str = "replicas: 1\nimage: web:1.0\nport: 80\nnote: ''\n";
const TEMPLATE: &str = "\
# a comment
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {note: {{ .Values.note | quote }}, kind: {{ kindOf .Values.port }}}}
    spec: {containers: [{name: web, image: {{ .Values.image | quote }}}]}
";
const SETTINGS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: lab}
data:
  values.yaml: |
    replicas: 2
    image: web:1.1
  tag: web:1.2
  port: '\"8080\"'
  note: a,b=c
";

fn release(spec: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: lab}}\nspec:\n  \
         interval: 10m\n  chart: {{spec: {{chart: ./charts/web, sourceRef: {{kind: GitRepository, name: flux-system, \
         namespace: flux-system}}}}}}\n{spec}"
    )
}

fn read(spec: &str) -> Cluster {
    let (release, crd) = (release(spec), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-crds}\n");
    let files: MemoryFiles = [
        ("clusters/lab/settings.yaml", SETTINGS),
        ("clusters/lab/web.yaml", release.as_str()),
        ("charts/web/Chart.yaml", CHART),
        ("charts/web/values.yaml", VALUES),
        ("charts/web/crds/a.yaml", crd),
        ("charts/web/templates/web.yaml", TEMPLATE),
    ]
    .into_iter()
    .collect();
    Cluster::read(&files, "clusters/lab", Fetch::default())
}

fn rendered(cluster: &Cluster) -> &Unit {
    let unit = cluster.units.iter().find(|unit| unit.key.kind == "HelmRelease");
    assert!(unit.is_some(), "{:?} {:?}", cluster.findings, cluster.notes);
    unit.expect("was looked at")
}

/// A field of the chart's Deployment.
fn field(cluster: &Cluster, path: &str) -> String {
    let objects = &rendered(cluster).objects;
    let deployment = objects.iter().find(|object| object.kind() == "Deployment").expect("a Deployment");
    let found = FieldPath::parse(path).expect("a path").find(&deployment.value).map(object::diff::scalar_text);
    found.unwrap_or_else(|error| error.to_string())
}

#[test]
fn values_come_in_their_order() {
    let cluster = read("");
    assert_eq!((field(&cluster, ".spec.replicas"), field(&cluster, ".metadata.name")), ("1".into(), "web".into()));
    let from = "  valuesFrom:\n    - {kind: ConfigMap, name: settings}\n    - {kind: ConfigMap, name: settings, valuesKey: tag, targetPath: image}\n    \
                - {kind: ConfigMap, name: settings, valuesKey: port, targetPath: port}\n    \
                - {kind: ConfigMap, name: settings, valuesKey: note, targetPath: note, literal: true}\n    \
                - {kind: Secret, name: none, optional: true}\n";
    let cluster = read(from);
    let image = ".spec.template.spec.containers[0].image";
    assert_eq!((field(&cluster, ".spec.replicas"), field(&cluster, image)), ("2".into(), "web:1.2".into()));
    // What stands in quotes is text, and what is literal is not taken apart.
    assert_eq!(field(&cluster, ".spec.template.metadata.annotations.kind"), "string");
    assert_eq!(field(&cluster, ".spec.template.metadata.annotations.note"), "a,b=c");
    let cluster = read(&format!("{from}  values: {{replicas: 7}}\n"));
    assert_eq!((field(&cluster, ".spec.replicas"), field(&cluster, image)), ("7".into(), "web:1.2".into()));
}

#[test]
fn objects_are_what_helm_controller_makes_of_them() {
    let spec = "  targetNamespace: apps\n  commonMetadata: {labels: {team: x}}\n  install: {crds: Skip}\n  postRenderers:\n    \
                - kustomize: {images: [{name: web, newTag: '9'}], patches: [{patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \
                \"value\": true}]', target: {kind: Deployment}}]}\n";
    let cluster = read(spec);
    let unit = rendered(&cluster);
    let keys: Vec<String> = unit.objects.iter().map(|object| object.key().to_string()).collect();
    assert_eq!(keys, ["Deployment/apps/apps-web"]);
    for (path, expected) in [
        (".spec.paused", "true"),
        (".spec.template.spec.containers[0].image", "web:9"),
        (".metadata.labels.team", "x"),
        (".metadata.labels['helm.toolkit.fluxcd.io/name']", "web"),
        (".metadata.labels['helm.toolkit.fluxcd.io/namespace']", "lab"),
    ] {
        assert_eq!(field(&cluster, path), expected, "{path}");
    }
    let finding = unit.place(&unit.objects[0], &FieldPath::default(), repository::Rule::Schema, "x");
    assert_eq!((finding.file.as_str(), finding.line), ("charts/web/templates/web.yaml", 1));
    assert_eq!(rendered(&read("")).objects.len(), 2, "definitions of crds/ are installed");
    let long = format!("  releaseName: {}\n", "n".repeat(60));
    assert_eq!(field(&read(&long), ".metadata.name").len(), 53);
}

#[test]
fn what_cannot_be_had_is_told() {
    let cluster = read("  valuesFrom: [{kind: Secret, name: by-hand}]\n");
    let note =
        "HelmRelease/lab/web is not rendered: Secret/lab/by-hand with the key values.yaml is not in this repository";
    assert_eq!(cluster.notes, [note]);
    let cluster = read("  values: {replicas: [\n");
    assert!(cluster.findings[0].file == "clusters/lab/web.yaml" && cluster.findings[0].line > 0);
    let cluster =
        read("  postRenderers: [{kustomize: {patches: [{patch: 'nonsense', target: {kind: Deployment}}]}}]\n");
    assert!(cluster.findings[0].message.starts_with("HelmRelease/lab/web: postRenderers:"), "{:?}", cluster.findings);
}

#[test]
fn a_change_of_values_is_a_change_of_objects() {
    let comparison = Comparison::new(&read("  values: {replicas: 2}\n"), &read("  values: {replicas: 3}\n"));
    let keys: Vec<String> =
        comparison.changes.iter().map(|change| format!("{} {}", change.key, change.place)).collect();
    assert_eq!(
        keys,
        ["Deployment/lab/web charts/web/templates/web.yaml:1", "HelmRelease/lab/web clusters/lab/web.yaml:1"]
    );
    assert_eq!(comparison.changes[0].holder.to_string(), "HelmRelease/lab/web");
}
