//! What waits for what: the situations that Flux's own sorting is tested with, and those around them.

use std::fmt::Write as _;

use kustomize::MemoryFiles;
use repository::{Cluster, Fetch, Rule};

/// What is said of dependencies such as `lab/web: infra/mesh, db`, one object a line. A name without a namespace is in that of
/// the object; lines with a `*` are `HelmReleases`.
fn found(lines: &str) -> Vec<String> {
    let mut manifests = String::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (own, dependencies) = line.split_once(':').unwrap_or((line, ""));
        let (is_release, own) = own.strip_prefix('*').map_or((false, own), |own| (true, own));
        let (namespace, name) = own.split_once('/').expect("a namespace");
        let entries = dependencies.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let entries: Vec<String> = entries
            .map(|entry| match entry.split_once('/') {
                Some((namespace, name)) => format!("{{name: {name}, namespace: {namespace}}}"),
                None => format!("{{name: {entry}}}"),
            })
            .collect();
        let source = "{kind: GitRepository, name: flux-system, namespace: flux-system}";
        let (version, kind, spec) = if is_release {
            (
                "helm.toolkit.fluxcd.io/v2",
                "HelmRelease",
                format!("chart: {{spec: {{chart: ./web, sourceRef: {source}}}}}"),
            )
        } else {
            ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", format!("path: ./apps\n  sourceRef: {source}"))
        };
        let _ = write!(
            manifests,
            "---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
             interval: 1h\n  {spec}\n  dependsOn: [{}]\n",
            entries.join(", ")
        );
    }
    let files: MemoryFiles =
        [("clusters/lab/all.yaml", manifests.as_str()), ("apps/kustomization.yaml", "resources: []\n")]
            .into_iter()
            .collect();
    let (findings, _) = Cluster::read(&files, "clusters/lab", Fetch::default()).check();
    findings.iter().filter(|finding| finding.rule == Rule::Dependency).map(ToString::to_string).collect()
}

#[test]
fn what_can_be_ordered_is_right() {
    let right = [
        "lab/web",
        "lab/web: infra/mesh, lab/db\n infra/mesh\n lab/db: infra/mesh",
        "lab/db\n lab/web: db",
        "lab/a: b\n lab/b: c\n lab/c: d\n lab/d",
        "lab/top: left, right\n lab/left: bottom\n lab/right: bottom\n lab/bottom",
        "lab/web: other/web\n other/web",
        "lab/web: db, db\n lab/db",
        "lab/web: flux-system/flux-system",
        "*lab/web: db\n *lab/db",
        "*lab/web: db\n *lab/db\n lab/web: db\n lab/db: other/db\n other/db",
    ];
    for lines in right {
        assert_eq!(found(lines), [""; 0], "{lines}");
    }
}

#[test]
fn circles_are_told_once_each_with_all_that_are_in_them() {
    let circles: [(&str, &[&[&str]]); 8] = [
        (
            "lab/dependency: endless\n lab/endless: circular\n lab/circular: dependency",
            &[&["dependency", "endless", "circular"]],
        ),
        ("lab/a: b\n lab/b: a", &[&["lab/a", "lab/b"]]),
        ("lab/a: a", &[&["lab/a"]]),
        ("lab/a: b\n lab/b: a\n lab/c: d\n lab/d: c", &[&["lab/a", "lab/b"], &["lab/c", "lab/d"]]),
        ("lab/out: a\n lab/a: b\n lab/b: a", &[&["lab/a", "lab/b"]]),
        ("lab/a: b, end\n lab/b: a\n lab/end", &[&["lab/a", "lab/b"]]),
        ("lab/a: other/a\n other/a: lab/a", &[&["lab/a", "other/a"]]),
        ("*lab/a: b\n *lab/b: a\n lab/a", &[&["HelmRelease/lab/a", "HelmRelease/lab/b"]]),
    ];
    for (lines, expected) in circles {
        let found = found(lines);
        assert_eq!(found.len(), expected.len(), "{lines}: {found:?}");
        for (finding, names) in found.iter().zip(expected) {
            assert!(
                finding.contains("wait for each other") && names.iter().all(|name| finding.contains(name)),
                "{finding}"
            );
        }
    }
}

#[test]
fn what_is_not_there_is_told_at_the_entry() {
    let missing: [(&str, &[&str]); 6] = [
        ("lab/web: infra/mesh, lab/db", &["infra/mesh", "lab/db"]),
        ("lab/db: common\n lab/web: infra\n lab/common", &["lab/infra"]),
        ("lab/web: db\n other/db", &["There is Kustomization/other/db"]),
        ("*lab/web: db\n lab/db", &["HelmRelease/lab/db"]),
        ("lab/web: db\n *lab/db", &["Kustomization/lab/db"]),
        ("lab/a: b, none\n lab/b: a", &["none", "wait for each other"]),
    ];
    for (lines, expected) in missing {
        let found = found(lines);
        assert_eq!(found.len(), expected.len(), "{lines}: {found:?}");
        for part in expected {
            assert!(found.iter().any(|finding| finding.contains(part)), "{part}: {found:?}");
        }
    }
}
