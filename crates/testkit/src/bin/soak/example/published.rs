//! What the releases of a repository put into a registry: a folder of manifests as Flux's artifact, and its charts.

use std::path::Path;
use std::process::Command;

use goyaml::ParseOptions;
use serde_json::{Value, json};
use testkit::charts::{CHART_LAYER, FLUX_LAYER, Registry};

use super::{HOME, KUSTOMIZE, SOURCE, output, run};
use crate::Outcome;

/// Where they are said to be.
pub(super) const ADDRESS: &str = "oci://registry.example.org/";
/// Tag of the manifests.
const LATEST: &str = "latest";

/// A chart of the repository, and the manifests that go by its name.
#[derive(Clone)]
pub(super) struct Published {
    name: String,
    version: String,
    chart: Vec<u8>,
    manifests: Vec<u8>,
}

impl Published {
    /// One for each of these folders of charts; the manifests of all are those of `path`.
    pub(super) fn of(repository: &Path, charts: &[String], path: &str) -> Outcome<Vec<Self>> {
        let one = |folder: &String| {
            let name = folder.rsplit('/').next().unwrap_or(folder).to_owned();
            let chart = packed(repository, &format!("--prefix={name}/"), folder)?;
            let manifests = packed(repository, "--prefix=", path.trim_start_matches("./"))?;
            Ok(Self { version: version(repository, folder)?, name, chart, manifests })
        };
        charts.iter().map(one).collect()
    }

    pub(super) fn publish(&self, registry: &Registry) {
        registry.publish((&format!("manifests/{}", self.name), LATEST), &[(FLUX_LAYER, &self.manifests)], None);
        registry.publish_chart((&format!("charts/{}", self.name), &self.version), &self.chart);
    }

    /// What follows them: the manifests applied to a namespace of their own, the chart by both kinds of sources.
    pub(super) fn objects(&self) -> Vec<Value> {
        let (name, version) = (&self.name, &self.version);
        let metadata = |suffix: &str| json!({"name": format!("{name}-{suffix}"), "namespace": HOME});
        let source = |kind: &str, suffix: &str, spec: Value| json!({"apiVersion": SOURCE, "kind": kind, "metadata": metadata(suffix), "spec": spec});
        let (manifests, charts) = (format!("{ADDRESS}manifests/{name}"), format!("{ADDRESS}charts"));
        let layer = json!({"mediaType": CHART_LAYER, "operation": "copy"});
        let follow = json!({"interval": "1h", "path": "./", "prune": true, "wait": true, "timeout": "2m",
            "targetNamespace": format!("{name}-oci"), "sourceRef": {"kind": "OCIRepository", "name": format!("{name}-manifests")}});
        vec![
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("{name}-oci")}}),
            source("OCIRepository", "manifests", json!({"interval": "1h", "url": manifests, "ref": {"tag": LATEST}})),
            json!({"apiVersion": KUSTOMIZE, "kind": "Kustomization", "metadata": metadata("manifests"), "spec": follow}),
            source(
                "OCIRepository",
                "chart",
                json!({"interval": "1h", "url": format!("{charts}/{name}"), "ref": {"tag": version}, "layerSelector": layer}),
            ),
            source("HelmRepository", "charts", json!({"interval": "1h", "type": "oci", "url": charts})),
            source(
                "HelmChart",
                "oci",
                json!({"interval": "1h", "chart": name, "version": version,
                    "sourceRef": {"kind": "HelmRepository", "name": format!("{name}-charts")}}),
            ),
        ]
    }
}

/// A folder of the checked out branch as an archive.
fn packed(repository: &Path, prefix: &str, folder: &str) -> Outcome<Vec<u8>> {
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(repository).args(["archive", "--format=tar.gz", prefix]);
    Ok(output(command.arg(format!("HEAD:{folder}")))?.stdout)
}

/// The version that a chart has.
fn version(repository: &Path, folder: &str) -> Outcome<String> {
    let file = format!("HEAD:{folder}/Chart.yaml");
    let text = run(Command::new("git").arg("--git-dir").arg(repository).args(["show", &file]))?;
    let chart = goyaml::parse_documents(&text, &ParseOptions::default()).unwrap_or_default();
    let version = chart.first().and_then(|document| document.value.str_at(&["version"]));
    Ok(version.ok_or_else(|| format!("{file} has no version"))?.to_owned())
}
