//! What stands in the manifests of a repository.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::run;
use crate::Outcome;

/// The objects in all manifests of all branches.
pub(super) struct Files {
    objects: Vec<Value>,
    /// Folders of charts below `charts` in the branch that is checked out.
    pub(super) charts: Vec<String>,
}

impl Files {
    pub(super) fn of_branches(repository: &Path, folder: &Path) -> Outcome<Self> {
        let git = || {
            let mut command = Command::new("git");
            command.arg("--git-dir").arg(repository);
            command
        };
        let mut objects = Vec::new();
        let branches = run(git().args(["for-each-ref", "--format=%(refname:short)", "refs/heads"]))?;
        for branch in branches.lines() {
            let tree = folder.join("branches").join(branch);
            std::fs::create_dir_all(&tree)?;
            run(git().arg("--work-tree").arg(&tree).args(["checkout", "--quiet", "--force", branch, "--", "."]))?;
            read(&tree, &mut objects)?;
        }
        let head = run(git().args(["ls-tree", "-r", "--name-only", "HEAD", "charts"]))?;
        let charts = head.lines().filter_map(|file| file.strip_suffix("/Chart.yaml")).map(str::to_owned).collect();
        Ok(Self { objects, charts })
    }

    /// The objects of a kind.
    pub(super) fn of_kind<'f>(&'f self, kind: &'f str) -> impl Iterator<Item = &'f Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    /// What `flux bootstrap` would have put beside the repository's own objects: the account of the controller, where
    /// Kustomizations act as it, and its rights.
    pub(super) fn bootstrap(&self) -> Vec<Value> {
        const ACCOUNT: &str = "kustomize-controller";
        const HOME: &str = "flux-system";
        if !self.of_kind("Kustomization").any(|object| object["spec"]["serviceAccountName"] == ACCOUNT) {
            return Vec::new();
        }
        let group = "rbac.authorization.k8s.io";
        let subject = json!({"kind": "ServiceAccount", "name": ACCOUNT, "namespace": HOME});
        vec![
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": HOME}}),
            json!({"apiVersion": format!("{group}/v1"), "kind": "ClusterRoleBinding",
                "metadata": {"name": "cluster-reconciler-flux-system"}, "subjects": [subject],
                "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"}}),
        ]
    }

    /// Definitions of the kinds that neither the server nor the repository has: of any content.
    pub(super) async fn definitions(&self, client: &kube::Client) -> Outcome<Vec<Value>> {
        let served: BTreeSet<String> =
            client.list_api_groups().await?.groups.into_iter().map(|group| group.name).collect();
        let ours = |group: &str| group.ends_with(".fluxcd.io") || group.starts_with("kustomize.");
        let mut kinds = BTreeSet::new();
        for object in &self.objects {
            let (Some(version), Some(kind)) = (object["apiVersion"].as_str(), object["kind"].as_str()) else {
                continue;
            };
            let Some((group, version)) = version.split_once('/') else { continue };
            if !served.contains(group) && !ours(group) && group.contains('.') {
                kinds.insert((group.to_owned(), kind.to_owned(), version.to_owned()));
            }
        }
        Ok(kinds.iter().map(|(group, kind, version)| definition(group, kind, version)).collect())
    }
}

fn read(folder: &Path, objects: &mut Vec<Value>) -> Outcome<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_manifest = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if path.is_dir() && !path.ends_with(".git") && !path.ends_with(".github") {
            read(&path, objects)?;
        } else if is_manifest {
            let text = std::fs::read_to_string(&path)?;
            // Templates and the like are no YAML, and not meant here.
            let documents = goyaml::parse_documents(&text, &goyaml::ParseOptions::default()).unwrap_or_default();
            for document in documents {
                objects.push(serde_json::from_str(&goyaml::json::to_string(&document.value))?);
            }
        }
    }
    Ok(())
}

fn definition(group: &str, kind: &str, version: &str) -> Value {
    let lower = kind.to_lowercase();
    let plural = match lower.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ if lower.ends_with('s') => format!("{lower}es"),
        _ => format!("{lower}s"),
    };
    let scope = if kind.starts_with("Cluster") || kind.ends_with("Class") { "Cluster" } else { "Namespaced" };
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let versions = json!([{"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]);
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            "annotations": {"api-approved.kubernetes.io": "unapproved, a stand-in for a test"},
        },
        "spec": {"group": group, "scope": scope, "names": {"plural": plural, "kind": kind}, "versions": versions},
    })
}
