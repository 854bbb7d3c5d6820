//! Lets the real helm install every chart of `crates/helm/tests/records/records.txt` on an embedded control plane and
//! writes down the records that it makes. Run it after a line was added.

#![allow(clippy::print_stdout, reason = "a program for developers")]

use std::error::Error;
use std::path::Path;

use apply::Cluster;
use controlplane::{Config, ControlPlane, Identity, Storage};
use helm::release::{record, secret};
use object::Gvk;
use testkit::oracle::{self, Oracle};
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../helm/tests");
    let folder = tempfile::tempdir()?;
    let plane = ControlPlane::open(Storage::Memory, Config::default())?;
    let listening = plane.listen("127.0.0.1:0".parse()?).await?;
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, plane.kubeconfig(&listening.url()))?;
    let cluster = Cluster::new(kube::Client::new(plane.service(Identity::admin()), "default"));
    let helm = oracle::find(Oracle::Helm)?;
    let list = std::fs::read_to_string(tests.join("records/records.txt"))?;
    for line in list.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, command) = line.split_once(": ").ok_or("NAME: FOLDER FLAGS")?;
        let mut asked = Command::new(&helm);
        asked.current_dir(&tests).args(["install", name]).args(command.split_whitespace());
        asked.env("HOME", folder.path()).env("KUBECONFIG", &kubeconfig);
        let output = asked.output().await?;
        if !output.status.success() {
            return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let json = written(&cluster, name).await?;
        std::fs::write(tests.join(format!("records/{name}.json")), &json)?;
        println!("{name}: {} bytes", json.len());
    }
    Ok(())
}

/// The JSON in the Secret of a release's first revision.
async fn written(cluster: &Cluster, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let found = cluster.get(&Gvk::from_api_version("v1", "Secret"), "default", &secret::name(name, 1)).await?;
    let found = found.ok_or("no record")?;
    let entry = found.str_at(&["data", "release"]).ok_or("no entry")?;
    let packed: k8s_openapi::ByteString = serde_json::from_value(serde_json::Value::from(entry))?;
    Ok(record::unpack(&String::from_utf8(packed.0)?)?)
}
