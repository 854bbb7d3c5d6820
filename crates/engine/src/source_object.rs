//! A source as the API server has it, whichever its kind.

use std::sync::Arc;
use std::time::Duration;

use api::{
    ArtifactGeneratorSpec, BucketSpec, CrossNamespaceSource, GitRepositoryReference, GitRepositorySpec, HelmChartSpec,
    HelmReleaseSpec, HelmRepositorySpec, OCIRepositorySpec, SourceStatus,
};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{SourceKind, SourceName};

/// The interval of a kind that has none; Flux's of generators.
const DEFAULT_INTERVAL: Duration = Duration::from_hours(1);

/// A source as the API server has it.
#[derive(Clone, Debug)]
pub(crate) struct SourceObject {
    pub(crate) name: SourceName,
    pub(crate) metadata: ObjectMeta,
    pub(crate) spec: SourceSpec,
    pub(crate) status: SourceStatus,
    /// Helm releases that Flux made and that are still there: how many.
    pub(crate) releases: usize,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) enum SourceSpec {
    Git(Box<GitRepositorySpec>),
    Oci(Box<OCIRepositorySpec>),
    HelmRepository(Box<HelmRepositorySpec>),
    HelmChart(Box<HelmChartSpec>),
    Bucket(Box<BucketSpec>),
    External,
    Generator(Box<ArtifactGeneratorSpec>),
    Release(Box<HelmReleaseSpec>),
}

/// The parts that all kinds have.
#[derive(Deserialize)]
struct Parts {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
}

impl SourceObject {
    /// Reads an object of this kind.
    pub(crate) fn read(kind: SourceKind, object: Value) -> Result<Self, serde_json::Error> {
        let Parts { metadata, spec, status } = serde_json::from_value(object)?;
        let releases = status.get("history").and_then(Value::as_array).map_or(0, Vec::len);
        let spec = match kind {
            SourceKind::GitRepository => SourceSpec::Git(boxed(spec)?),
            SourceKind::OCIRepository => SourceSpec::Oci(boxed(spec)?),
            SourceKind::HelmRepository => SourceSpec::HelmRepository(boxed(spec)?),
            SourceKind::HelmChart => SourceSpec::HelmChart(boxed(spec)?),
            SourceKind::Bucket => SourceSpec::Bucket(boxed(spec)?),
            SourceKind::ExternalArtifact => SourceSpec::External,
            SourceKind::ArtifactGenerator => SourceSpec::Generator(boxed(spec)?),
            SourceKind::HelmRelease => SourceSpec::Release(boxed(spec)?),
        };
        let status = match (kind, status) {
            (_, Value::Null) => SourceStatus::default(),
            // Of a release's inventory, which has another form, nothing is read here.
            (SourceKind::HelmRelease, Value::Object(mut status)) => {
                status.remove("inventory");
                serde_json::from_value(Value::Object(status))?
            }
            (_, status) => serde_json::from_value(status)?,
        };
        let name = SourceName::new(
            kind,
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default(),
        );
        Ok(Self { name, metadata, spec, status, releases })
    }

    /// Whether all work on it is stopped.
    pub(crate) fn is_suspended(&self) -> bool {
        match &self.spec {
            SourceSpec::Git(spec) => spec.suspend,
            SourceSpec::Oci(spec) => spec.suspend,
            SourceSpec::HelmRepository(spec) => spec.suspend,
            SourceSpec::HelmChart(spec) => spec.suspend,
            SourceSpec::Bucket(spec) => spec.suspend,
            SourceSpec::Release(spec) => spec.suspend,
            SourceSpec::External => false,
            SourceSpec::Generator(_) => self.annotation("source.extensions.fluxcd.io/reconcile") == Some("disabled"),
        }
    }

    /// Whether it is asked again and again: what it hangs on is outside of the cluster.
    pub(crate) fn is_polled(&self) -> bool {
        match &self.spec {
            SourceSpec::Git(_) | SourceSpec::Oci(_) | SourceSpec::Bucket(_) => true,
            SourceSpec::HelmRepository(spec) => !spec.is_oci(),
            SourceSpec::HelmChart(spec) => spec.source_ref.kind == "HelmRepository",
            SourceSpec::External | SourceSpec::Generator(_) | SourceSpec::Release(_) => false,
        }
    }

    /// Whether there is never anything to do for it by itself.
    pub(crate) fn is_static(&self) -> bool {
        match &self.spec {
            SourceSpec::External => true,
            SourceSpec::HelmRepository(spec) => spec.is_oci() && spec.unsupported().is_empty(),
            _ => false,
        }
    }

    /// Time between two looks.
    pub(crate) fn interval(&self) -> Duration {
        match &self.spec {
            SourceSpec::Git(spec) => spec.interval.get(),
            SourceSpec::Oci(spec) => spec.interval.get(),
            SourceSpec::HelmRepository(spec) => spec.interval.map_or(DEFAULT_INTERVAL, api::Duration::get),
            SourceSpec::HelmChart(spec) => spec.interval.map_or(DEFAULT_INTERVAL, api::Duration::get),
            SourceSpec::Bucket(spec) => spec.interval.get(),
            SourceSpec::Release(spec) => spec.interval.get(),
            SourceSpec::External | SourceSpec::Generator(_) => DEFAULT_INTERVAL,
        }
    }

    /// What it is made of. A reference to a kind that is none stays away; `unsupported` names it.
    pub(crate) fn inputs(&self) -> Vec<SourceName> {
        let named = |kind: &str, namespace: Option<&str>, name: &str| {
            SourceKind::parse(kind).map(|kind| SourceName::new(kind, namespace.unwrap_or(&self.name.namespace), name))
        };
        let reference =
            |reference: &CrossNamespaceSource| named(&reference.kind, reference.namespace.as_deref(), &reference.name);
        match &self.spec {
            SourceSpec::Git(spec) => {
                let each = spec.include.iter();
                each.filter_map(|include| named("GitRepository", None, &include.repository.name)).collect()
            }
            SourceSpec::HelmChart(spec) => {
                named(&spec.source_ref.kind, None, &spec.source_ref.name).into_iter().collect()
            }
            SourceSpec::Generator(spec) => {
                let each = spec.sources.iter();
                each.filter_map(|source| named(&source.kind, source.namespace.as_deref(), &source.name)).collect()
            }
            SourceSpec::Release(spec) => {
                spec.chart_ref.as_ref().and_then(reference).or_else(|| self.own_chart()).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The HelmChart that is made for a release: beside its source.
    pub(crate) fn own_chart(&self) -> Option<SourceName> {
        let SourceSpec::Release(spec) = &self.spec else { return None };
        let chart = spec.chart.as_ref().filter(|_| spec.chart_ref.is_none())?;
        let namespace = chart.spec.source_ref.namespace.as_deref().unwrap_or(&self.name.namespace);
        let name = format!("{}-{}", self.name.namespace, self.name.name);
        Some(SourceName::new(SourceKind::HelmChart, namespace, &name))
    }

    /// The fields that are set but not honoured, as paths below `spec`.
    pub(crate) fn unsupported(&self) -> Vec<String> {
        match &self.spec {
            SourceSpec::Git(spec) => spec.unsupported(),
            SourceSpec::Oci(spec) => spec.unsupported(),
            SourceSpec::HelmRepository(spec) => spec.unsupported(),
            SourceSpec::HelmChart(spec) => spec.unsupported(),
            SourceSpec::Bucket(spec) => spec.unsupported(),
            SourceSpec::Generator(spec) => spec.unsupported(),
            SourceSpec::External | SourceSpec::Release(_) => Vec::new(),
        }
    }

    /// Address without what may be a secret; empty if the kind has none.
    pub(crate) fn url(&self) -> String {
        match &self.spec {
            SourceSpec::Git(spec) => without_credentials(&spec.url),
            SourceSpec::Oci(spec) => without_credentials(&spec.url),
            SourceSpec::HelmRepository(spec) => without_credentials(&spec.url),
            SourceSpec::Bucket(spec) => {
                let host = spec.endpoint.rsplit('@').next().unwrap_or_default();
                format!("{host}/{}", spec.bucket_name)
            }
            SourceSpec::HelmChart(spec) => format!("{}/{}", spec.source_ref.kind, spec.source_ref.name),
            SourceSpec::Release(_) | SourceSpec::Generator(_) | SourceSpec::External => {
                self.inputs().first().map(ToString::to_string).unwrap_or_default()
            }
        }
    }

    /// What is asked for, in words.
    pub(crate) fn reference(&self) -> Arc<str> {
        match &self.spec {
            SourceSpec::Git(spec) => spec.reference.as_ref().map_or_else(|| "branch master".into(), in_words),
            SourceSpec::Oci(spec) => {
                let reference = spec.reference.clone().unwrap_or_default();
                let named = [("digest", reference.digest), ("versions", reference.semver), ("tag", reference.tag)];
                let found = named.into_iter().find_map(|(word, value)| value.map(|value| format!("{word} {value}")));
                found.unwrap_or_else(|| "tag latest".to_owned()).into()
            }
            SourceSpec::HelmChart(spec) => {
                let version = spec.version.as_deref().unwrap_or("*");
                format!("chart {}, versions {version}", spec.chart).into()
            }
            SourceSpec::HelmRepository(_) => "the index".into(),
            SourceSpec::Bucket(spec) => spec.prefix.as_deref().map_or("all files".into(), Into::into),
            SourceSpec::External | SourceSpec::Generator(_) | SourceSpec::Release(_) => "what it is made of".into(),
        }
    }

    pub(crate) fn generation(&self) -> i64 {
        self.metadata.generation.unwrap_or_default()
    }

    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.metadata.annotations.as_ref()?.get(name).map(String::as_str)
    }

    pub(crate) fn requested(&self) -> Option<String> {
        self.annotation(api::REQUESTED_AT).map(str::to_owned)
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    pub(crate) fn has_finalizer(&self) -> bool {
        self.metadata.finalizers.iter().flatten().any(|finalizer| finalizer == api::FINALIZER)
    }

    /// How Events refer to it.
    pub(crate) fn reference_to(&self) -> ObjectReference {
        let resource = self.name.kind.resource();
        ObjectReference {
            api_version: Some(resource.api_version),
            kind: Some(resource.kind),
            namespace: self.metadata.namespace.clone(),
            name: self.metadata.name.clone(),
            uid: self.metadata.uid.clone(),
            resource_version: self.metadata.resource_version.clone(),
            ..ObjectReference::default()
        }
    }
}

fn boxed<S: DeserializeOwned>(spec: Value) -> Result<Box<S>, serde_json::Error> {
    serde_json::from_value(if spec.is_null() { Value::Object(serde_json::Map::new()) } else { spec })
}

/// Which commit is asked for, in words.
fn in_words(reference: &GitRepositoryReference) -> Arc<str> {
    let named = [
        ("commit", &reference.commit),
        ("", &reference.name),
        ("versions", &reference.semver),
        ("tag", &reference.tag),
        ("branch", &reference.branch),
    ];
    let found = named.into_iter().find_map(|(word, value)| value.as_ref().map(|value| format!("{word} {value}")));
    found.as_deref().map_or("branch master", str::trim).into()
}

/// An address without what stands before its `@`.
fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            match rest[..end].rfind('@') {
                Some(at) if scheme != "ssh" => format!("{scheme}://{}", &rest[at + 1..]),
                _ => url.to_owned(),
            }
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(without_credentials("https://user:secret@host/a@b"), "https://host/a@b");
        assert_eq!(without_credentials("ssh://git@host/a"), "ssh://git@host/a");
        assert_eq!(without_credentials("https://host/a"), "https://host/a");
        assert_eq!(without_credentials("file:///a"), "file:///a");
    }

    #[test]
    fn a_release_hangs_on_its_own_chart_or_on_the_one_it_names() {
        let read = |spec: Value| {
            let object = json!({"metadata": {"name": "web", "namespace": "apps"}, "spec": spec,
                "status": {"inventory": {"entries": []}, "history": [{"version": 1}]}});
            SourceObject::read(SourceKind::HelmRelease, object).expect("a release")
        };
        let chart = json!({"spec": {"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "r", "namespace": "charts"}}});
        let own = read(json!({"interval": "1m", "chart": chart}));
        assert_eq!(own.inputs(), [SourceName::new(SourceKind::HelmChart, "charts", "apps-web")]);
        assert_eq!(own.releases, 1);
        let named = read(json!({"interval": "1m", "chartRef": {"kind": "OCIRepository", "name": "web"}}));
        assert_eq!(named.inputs(), [SourceName::new(SourceKind::OCIRepository, "apps", "web")]);
        assert_eq!(named.own_chart(), None);
    }
}
