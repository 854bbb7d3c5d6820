//! Where the real programs are that the tests compare with.
//!
//! `cargo xtask oracle` makes them in a cache outside the checkout, by `tools/oracle/catalogue.json`. A test asks [`find`]
//! and reports itself as skipped where it gets [`Missing`]. `SETPOINT_ORACLE_KUBECTL=/usr/bin/kubectl` and the like name a
//! program directly; `SETPOINT_ORACLES` names another cache.

mod batch;
mod catalogue;
mod cost;

use std::env;
use std::path::{Path, PathBuf};

pub use batch::Batch;
pub use catalogue::{Catalogue, CatalogueError, Entry, Origin};
pub use cost::{Cost, measured, median};

/// A real program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oracle {
    /// The Kubernetes API server.
    KubeApiserver,
    /// Kubernetes' controllers: Deployments, namespaces, garbage collection.
    KubeControllerManager,
    /// The API server's store.
    Etcd,
    /// kubectl with its `kustomize`, of the pinned version that renders are compared with.
    Kubectl,
    /// The newest kubectl, for its newer verbs.
    KubectlNew,
    /// helm, of the pinned version.
    Helm,
    /// A registry of OCI artifacts: the CNCF's distribution.
    Registry,
    /// An object store that speaks S3 over a folder: Versity's gateway.
    ObjectStore,
    /// The last helm 3, which the pinned kustomize renders charts with: it takes no helm 4.
    Helm3,
    /// Helm's library behind newline-delimited JSON: values, charts, renders.
    Charts,
    /// sops, which encrypts documents with keys of people and services.
    Sops,
    /// Go's YAML libraries behind newline-delimited JSON.
    Yaml,
    /// Go's templates with Sprig's and Helm's functions behind newline-delimited JSON.
    Template,
    /// The pinned kustomize as a library behind newline-delimited JSON.
    KustomizeBatch,
    /// The same with the kustomize of Flux.
    KustomizeFluxBatch,
    /// What Flux makes of a Kustomization before it is applied, behind newline-delimited JSON.
    FluxBatch,
}

/// The program is not there.
#[derive(Debug, thiserror::Error)]
#[error("{program} is missing ({why}): run `cargo xtask oracle {entry}`, or set {variable} to its path")]
pub struct Missing {
    program: &'static str,
    entry: &'static str,
    variable: String,
    why: String,
}

impl Oracle {
    /// The entry of the catalogue and the program in it.
    fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::KubeApiserver => ("kubernetes", "kube-apiserver"),
            Self::KubeControllerManager => ("kubernetes", "kube-controller-manager"),
            Self::Etcd => ("etcd", "etcd"),
            Self::Kubectl => ("kubectl-v35", "kubectl"),
            Self::KubectlNew => ("kubectl-new", "kubectl-new"),
            Self::Helm => ("kubectl-v35", "helm"),
            Self::Registry => ("registry", "registry"),
            Self::ObjectStore => ("s3", "versitygw"),
            Self::Helm3 => ("helm-3", "helm3"),
            Self::Charts => ("charts", "charts"),
            Self::Sops => ("sops", "sops"),
            Self::Yaml => ("yaml", "yaml"),
            Self::Template => ("template", "template"),
            Self::KustomizeBatch => ("kustomize", "kustomize-batch"),
            Self::KustomizeFluxBatch => ("kustomize-flux", "kustomize-flux-batch"),
            Self::FluxBatch => ("flux", "flux-batch"),
        }
    }

    /// The environment variable that names this program directly, such as `SETPOINT_ORACLE_KUBE_APISERVER`.
    pub fn variable(self) -> String {
        format!("SETPOINT_ORACLE_{}", self.place().1.to_uppercase().replace('-', "_"))
    }
}

/// The path of a real program, or why there is none.
pub fn find(oracle: Oracle) -> Result<PathBuf, Missing> {
    let (entry, program) = oracle.place();
    let variable = oracle.variable();
    let path = match env::var_os(&variable) {
        Some(named) => Ok(PathBuf::from(named)),
        None => cached(entry, program).map_err(|why| why.to_string()),
    };
    let found = path.and_then(|path| {
        if path.is_file() {
            return Ok(path);
        }
        Err(format!("no file {}", path.display()))
    });
    found.map_err(|why| Missing { program, entry, variable, why })
}

fn cached(entry: &str, program: &str) -> Result<PathBuf, CatalogueError> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Ok(Catalogue::read(&checkout)?.folder(entry)?.join("bin").join(program))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Oracle::{
        self, Charts, Etcd, FluxBatch, Helm, Helm3, KubeApiserver, KubeControllerManager, Kubectl, KubectlNew,
        KustomizeBatch, KustomizeFluxBatch, ObjectStore, Registry, Sops, Template, Yaml,
    };
    use super::cached;

    #[test]
    fn each_oracle_is_in_the_catalogue_and_has_its_own_variable() {
        let all = [
            KubeApiserver,
            KubeControllerManager,
            Etcd,
            Kubectl,
            KubectlNew,
            Helm,
            Registry,
            ObjectStore,
            Helm3,
            Charts,
            Sops,
            Yaml,
            Template,
            KustomizeBatch,
            KustomizeFluxBatch,
            FluxBatch,
        ];
        for oracle in all {
            let (entry, program) = oracle.place();
            let path = cached(entry, program).expect("the catalogue names every oracle");
            assert!(path.ends_with(program), "{}", path.display());
        }
        let variables: BTreeSet<_> = all.map(Oracle::variable).into();
        assert_eq!(variables.len(), all.len());
    }
}
