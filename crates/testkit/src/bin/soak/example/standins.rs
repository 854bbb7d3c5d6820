//! Stand-ins for the charts and manifests that a repository names: the right names and versions, and hardly anything in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};
use testkit::charts::{CHART_LAYER, ChartSite, FLUX_LAYER, Login, Registry, RegistrySetup, archive};

use super::files::Files;
use super::published::{self, Published};
use crate::Outcome;

/// Versions of every chart in a chart repository.
const VERSIONS: [&str; 2] = ["1.0.0", "6.9.1"];

/// A registry and chart repositories with all that is named.
pub(super) struct Standins {
    _registry: Registry,
    _sites: Vec<ChartSite>,
    mirrors: Vec<(String, String)>,
    unverified: Vec<String>,
    told: Vec<String>,
}

impl Standins {
    pub(super) async fn serve(files: &Files, published: &[Published]) -> Outcome<Self> {
        let (wanted, published) = (Wanted::of(files), published.to_vec());
        tokio::task::spawn_blocking(move || serve(&wanted, &published).map_err(|why| why.to_string()))
            .await?
            .map_err(Into::into)
    }

    /// Addresses, and where they are fetched from instead.
    pub(super) fn mirrors(&self) -> &[(String, String)] {
        &self.mirrors
    }

    /// Addresses whose signatures cannot be made here.
    pub(super) fn unverified(&self) -> &[String] {
        &self.unverified
    }

    /// What stands in for what.
    pub(super) fn told(&self) -> &[String] {
        &self.told
    }
}

/// What a repository names.
#[derive(Default)]
struct Wanted {
    /// Address without `oci://`, version, whether it is a chart.
    artifacts: BTreeSet<(String, String, bool)>,
    signed: BTreeSet<String>,
    /// Charts by the address of their repository.
    charts: BTreeMap<String, BTreeSet<String>>,
}

impl Wanted {
    fn of(files: &Files) -> Self {
        let mut wanted = Self::default();
        let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        for object in files.of_kind("OCIRepository") {
            let Some(url) = text(object, "/spec/url") else { continue };
            let version = text(object, "/spec/ref/tag")
                .or_else(|| text(object, "/spec/ref/semver").map(|range| version_of(&range)))
                .unwrap_or_else(|| "latest".to_owned());
            let is_chart = text(object, "/spec/layerSelector/mediaType").as_deref() == Some(CHART_LAYER);
            if object.pointer("/spec/verify").is_some() {
                wanted.signed.insert(url.clone());
            }
            wanted.artifacts.insert((url.trim_start_matches("oci://").to_owned(), version, is_chart));
        }
        let charts: BTreeSet<String> =
            files.of_kind("HelmRelease").filter_map(|release| text(release, "/spec/chart/spec/chart")).collect();
        for object in files.of_kind("HelmRepository") {
            if let Some(url) = text(object, "/spec/url").filter(|url| url.starts_with("http")) {
                wanted.charts.insert(url, charts.clone());
            }
        }
        wanted
    }
}

/// A version in a range, such as 1.8.0 in `>= 1.8.0-rc.0` and 1.0.0 in `1.x`.
fn version_of(range: &str) -> String {
    let start = range.find(|character: char| character.is_ascii_digit()).unwrap_or(0);
    let first = range[start..].split([' ', '-', ',', '|']).next().unwrap_or_default();
    let mut parts: Vec<&str> =
        first.split('.').map(|part| if part.parse::<u32>().is_ok() { part } else { "0" }).collect();
    parts.resize(3, "0");
    parts.join(".")
}

fn serve(wanted: &Wanted, published: &[Published]) -> Outcome<Standins> {
    let registry = Registry::start(RegistrySetup { login: Login::None, ..RegistrySetup::default() })?;
    let (mut mirrors, mut told, mut sites) = (Vec::new(), Vec::new(), Vec::new());
    for (address, version, is_chart) in &wanted.artifacts {
        let (host, path) = address.split_once('/').ok_or_else(|| format!("oci://{address} names no repository"))?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let (layer, packed) =
            if *is_chart { (CHART_LAYER, chart(name, version)) } else { (FLUX_LAYER, manifests(name)) };
        registry.publish((path, version), &[(layer, &packed)], None);
        mirrors.push((format!("oci://{host}/"), format!("http://{}/", registry.host())));
        told.push(format!("stands in: oci://{address} {version}"));
    }
    for of_repository in published {
        of_repository.publish(&registry);
        mirrors.push((published::ADDRESS.to_owned(), format!("http://{}/", registry.host())));
    }
    for (address, charts) in &wanted.charts {
        let site = ChartSite::start();
        publish(&site, charts)?;
        mirrors.push((address.clone(), site.url()));
        let names = charts.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        told.push(format!("stands in: {address} with {names} {}", VERSIONS.join(", ")));
        sites.push(site);
    }
    mirrors.sort();
    mirrors.dedup();
    let unverified: Vec<String> = wanted.signed.iter().cloned().collect();
    told.extend(unverified.iter().map(|address| format!("not verified, by --allow-unverified: {address}")));
    Ok(Standins { _registry: registry, _sites: sites, mirrors, unverified, told })
}

fn publish(site: &ChartSite, charts: &BTreeSet<String>) -> Outcome<()> {
    let mut index = "apiVersion: v1\nentries:\n".to_owned();
    for name in charts {
        writeln!(index, "  {name}:")?;
        for version in VERSIONS {
            let packed = chart(name, version);
            std::fs::write(site.path().join(format!("{name}-{version}.tgz")), &packed)?;
            let digest = format!("{:x}", Sha256::digest(&packed));
            writeln!(
                index,
                "  - {{name: {name}, version: {version}, urls: [{name}-{version}.tgz], digest: {digest}}}"
            )?;
        }
    }
    Ok(std::fs::write(site.path().join("index.yaml"), index)?)
}

fn chart(name: &str, version: &str) -> Vec<u8> {
    let metadata = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    archive(&[(&format!("{name}/Chart.yaml"), &metadata), (&format!("{name}/values.yaml"), "replicas: 1\n")])
}

fn manifests(name: &str) -> Vec<u8> {
    let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: default}}\n");
    archive(&[("install.yaml", &map)])
}
