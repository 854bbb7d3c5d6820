//! What the cluster can do, as templates see it under `.Capabilities`.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use crate::compat::HelmCompat;

/// Group versions that Helm knows without a cluster: those of the client library it is built with.
const GROUP_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "autoscaling/v2beta1",
    "autoscaling/v2beta2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha1",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// The same, made once for all renders.
static KNOWN: LazyLock<Arc<Vec<Cow<'static, str>>>> =
    LazyLock::new(|| Arc::new(GROUP_VERSIONS.iter().map(|&version| version.into()).collect()));

/// `.Capabilities`: the cluster's version, what it serves, and which Helm asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// Group versions, and against a cluster also `apps/v1/Deployment` and the like.
    pub api_versions: Arc<Vec<Cow<'static, str>>>,
    /// The Helm that templates are told about.
    pub helm_version: HelmVersion,
}

/// A version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// As it was given, with a `v`: `v1.33.4-gke.1245000`.
    pub version: Arc<str>,
    /// Without suffixes: `v1.33.4`; empty for one that a cluster told.
    pub normalized: Arc<str>,
    /// The first number.
    pub major: Arc<str>,
    /// The second number.
    pub minor: Arc<str>,
}

/// How a Helm was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmVersion {
    /// Such as `v4.1.4`.
    pub version: Arc<str>,
    /// The commit.
    pub git_commit: Arc<str>,
    /// `clean`.
    pub git_tree_state: Arc<str>,
    /// The version of Go.
    pub go_version: Arc<str>,
    /// The version of the Kubernetes client.
    pub kube_client_version: Arc<str>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::of(HelmCompat::default())
    }
}

impl Capabilities {
    /// What a Helm of this release assumes without a cluster.
    pub fn of(compat: HelmCompat) -> Self {
        let (helm_version, minor) = helm_version(compat);
        let version: Arc<str> = format!("v1.{minor}.0").into();
        Self {
            kube_version: KubeVersion {
                version: Arc::clone(&version),
                normalized: version,
                major: "1".into(),
                minor: minor.to_string().into(),
            },
            api_versions: Arc::clone(&KNOWN),
            helm_version,
        }
    }

    /// Adds group versions, or kinds in them. What renders share is copied only if there are any.
    pub fn add_api_versions(&mut self, versions: impl IntoIterator<Item = String>) {
        let mut versions = versions.into_iter().map(Cow::Owned).peekable();
        if versions.peek().is_some() {
            Arc::make_mut(&mut self.api_versions).extend(versions);
        }
    }
}

fn helm_version(compat: HelmCompat) -> (HelmVersion, u32) {
    let (version, git_commit, go_version, minor) = match compat {
        HelmCompat::V3 => ("v3.20.2", "", "go1.25.9", 35),
        HelmCompat::V4_1 => ("v4.1.4", "05fa37973dc9e42b76e1d2883494c87174b6074f", "go1.25.9", 35),
        HelmCompat::V4_2 => ("v4.2.0", "", "go1.26.0", 36),
    };
    let built = HelmVersion {
        version: version.into(),
        git_commit: git_commit.into(),
        git_tree_state: "clean".into(),
        go_version: go_version.into(),
        kube_client_version: format!("v1.{minor}").into(),
    };
    (built, minor)
}

impl KubeVersion {
    /// Reads a version as `--kube-version` takes it: at least two numbers, whatever comes behind them.
    ///
    /// # Errors
    /// What Helm says about a text that is no version.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trouble = || format!("could not parse {text:?} as version");
        let body = text.trim_matches(|letter: char| matches!(letter, ' ' | '\t' | '\n' | '\r'));
        let body = body.strip_prefix('v').unwrap_or(body);
        let digits = |text: &str| text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let mut numbers: Vec<&str> = Vec::new();
        let mut rest = body;
        loop {
            let length = digits(rest);
            if length == 0 {
                return Err(trouble());
            }
            numbers.push(&rest[..length]);
            rest = &rest[length..];
            let more = rest.strip_prefix('.').filter(|after| digits(after) > 0);
            match more {
                Some(after) => rest = after,
                None => break,
            }
        }
        if numbers.len() < 2 {
            return Err(format!("illegal version string {text:?}"));
        }
        if numbers[0].len() > 1 && numbers[0].starts_with('0') {
            return Err(format!("illegal zero-prefixed version component {:?} in {text:?}", numbers[0]));
        }
        let numbers = numbers.into_iter().map(|number| {
            number.parse::<u64>().map(|number| Arc::from(number.to_string())).map_err(|_| {
                format!("illegal non-numeric version component {number:?} in {text:?}: value out of range")
            })
        });
        let numbers = numbers.collect::<Result<Vec<Arc<str>>, String>>()?;
        let version = if text.starts_with('v') { text.to_owned() } else { format!("v{text}") };
        let normalized = format!("v{}", numbers.join("."));
        let [major, minor] = [&numbers[0], &numbers[1]].map(Arc::clone);
        Ok(Self { version: version.into(), normalized: normalized.into(), major, minor })
    }

    /// What ranges are compared with: the normalised version where there is one.
    pub fn comparable(&self) -> &Arc<str> {
        if self.normalized.is_empty() { &self.version } else { &self.normalized }
    }
}

#[cfg(test)]
mod tests {
    use super::KubeVersion;

    #[test]
    fn versions_are_read_as_the_flag_takes_them() {
        let read = |text| KubeVersion::parse(text).map(|version| (version.version, version.normalized));
        let of = |version: &str, normalized: &str| Ok((version.into(), normalized.into()));
        assert_eq!(read("1.29"), of("v1.29", "v1.29"));
        assert_eq!(read("1.029"), of("v1.029", "v1.29"));
        assert_eq!(read("v1.33.4-gke.1245000"), of("v1.33.4-gke.1245000", "v1.33.4"));
        assert_eq!(read("1"), Err("illegal version string \"1\"".to_owned()));
        assert_eq!(read("abc"), Err("could not parse \"abc\" as version".to_owned()));
    }
}
