//! Where the real programs are that the tests compare with.
//!
//! `cargo xtask oracle` builds them into a cache outside the checkout, by `tools/oracle/catalogue.json`. A test asks
//! [`find`] and reports itself as skipped where it gets [`Missing`]. `SETPOINT_ORACLE_KUBECTL=/usr/bin/kubectl` and the
//! like name a program directly; `SETPOINT_ORACLES` names another cache.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// How many hexadecimal digits of the key's hash a folder's name carries; `xtask` names the folders.
const KEY_DIGITS: usize = 12;

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
}

/// The program is not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "{program} is missing ({why}): run `cargo xtask oracle {entry}`, or set {variable} to its path"
)]
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
            Self::KubectlNew => ("kubectl-new", "kubectl"),
            Self::Helm => ("kubectl-v35", "helm"),
        }
    }

    /// The environment variable that names this program directly, such as `SETPOINT_ORACLE_KUBE_APISERVER`.
    pub fn variable(self) -> String {
        let name = match self {
            Self::KubectlNew => "kubectl-new",
            _ => self.place().1,
        };
        format!("SETPOINT_ORACLE_{}", name.to_uppercase().replace('-', "_"))
    }
}

/// The path of a real program, or why there is none.
pub fn find(oracle: Oracle) -> Result<PathBuf, Missing> {
    let (entry, program) = oracle.place();
    let variable = oracle.variable();
    let named = env::var_os(&variable).map(PathBuf::from);
    let path = named.map_or_else(|| cached(entry, program), Ok);
    let found = path.and_then(|path| {
        let there = path.is_file();
        there
            .then_some(path.clone())
            .ok_or_else(|| format!("no file {}", path.display()))
    });
    found.map_err(|why| Missing {
        program,
        entry,
        variable,
        why,
    })
}

fn cached(entry: &str, program: &str) -> Result<PathBuf, String> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/oracle");
    let catalogue = read(&modules.join("catalogue.json"))?;
    let catalogue: Value =
        serde_json::from_slice(&catalogue).map_err(|why| format!("catalogue.json: {why}"))?;
    let key = match catalogue[entry]["version"].as_str() {
        Some(version) => version.to_owned(),
        None => digest(&modules.join(entry))?,
    };
    Ok(cache()?
        .join(format!("{entry}-{key}"))
        .join("bin")
        .join(program))
}

/// The key of a Go oracle: what its module files say.
fn digest(module: &Path) -> Result<String, String> {
    let mut hash = Sha256::new();
    for name in ["go.mod", "go.sum"] {
        hash.update(read(&module.join(name))?);
    }
    let mut digits = format!("{:x}", hash.finalize());
    digits.truncate(KEY_DIGITS);
    Ok(digits)
}

fn cache() -> Result<PathBuf, String> {
    let below = |home: OsString| Path::new(&home).join(".cache/setpoint/oracles");
    let named = env::var_os("SETPOINT_ORACLES").map(PathBuf::from);
    named
        .or_else(|| env::var_os("HOME").map(below))
        .ok_or_else(|| "neither SETPOINT_ORACLES nor HOME is set".to_owned())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|why| format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{Oracle, cached};

    #[test]
    fn each_oracle_has_an_entry_in_the_catalogue_and_its_own_variable() {
        use Oracle::{Etcd, Helm, KubeApiserver, KubeControllerManager, Kubectl, KubectlNew};
        let all = [
            KubeApiserver,
            KubeControllerManager,
            Etcd,
            Kubectl,
            KubectlNew,
            Helm,
        ];
        let mut variables: Vec<_> = all.map(Oracle::variable).into();
        for oracle in all {
            let (entry, program) = oracle.place();
            let path = cached(entry, program).expect("the catalogue names every oracle");
            assert!(path.ends_with(program), "{}", path.display());
        }
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), all.len());
    }
}
