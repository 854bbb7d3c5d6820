//! Records and objects, held against those that helm makes.

use std::fmt::Write as _;

use apply::Cluster;
use goyaml::{Map, Value};
use helm::release::secret::{self, Writing};
use helm::release::{ApplyMethod, Info, LastRun, Phase, RecordedHook, Release, Status, Timestamp, record};
use object::Gvk;
use release::{Install, Releases};

use crate::chart;
use crate::world::{Outcome, Site, same, user};

/// Releases of chance that helm reads and writes again.
const RANDOM: u64 = 24;

pub(crate) async fn both_write_the_same_record(site: Site) -> Outcome {
    let other = Beside::new(&site).await?;
    let sets = ["", "color=blue,extra=true,price=1.5,big=12345678901", "prepare=false,replicas=0"];
    for (place, set) in sets.into_iter().enumerate() {
        let name = format!("same-{place}");
        let set_flag = if set.is_empty() { String::new() } else { format!("--set {set}") };
        site.helm(&format!("install {name} {} {set_flag}", chart::folder().display())).await?;
        let helms = site.releases.release(&name, 1).await?;
        // Nothing is lost where it is only read and written.
        same("JSON", &record::to_json(&helms), &raw(&site, &name, 1).await?)?;
        let made = other.install(&site, &name, set).await?;
        same(&name, &masked(&made.to_value()), &masked(&helms.to_value()))?;
    }
    Ok(())
}

/// A namespace beside the test's, where we install what helm installs there.
struct Beside {
    namespace: String,
    releases: Releases,
}

impl Beside {
    async fn new(site: &Site) -> Result<Self, Box<dyn std::error::Error>> {
        let namespace = format!("{}-ours", site.namespace);
        site.create(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}")).await?;
        Ok(Self { releases: Releases::new(&site.cluster, &namespace), namespace })
    }

    async fn install(&self, site: &Site, name: &str, set: &str) -> Result<Release, release::ActionError> {
        let (chart, values) = (chart::load(&chart::folder()), user(set));
        self.releases.install(&Install::new(name, &chart, &values), &site.options).await
    }
}

/// The JSON of a record as it stands in the Secret.
async fn raw(site: &Site, name: &str, version: i64) -> Result<String, Box<dyn std::error::Error>> {
    let found = site.get("v1", "Secret", &secret::name(name, version)).await?.ok_or("no record")?;
    let entry = found.str_at(&["data", "release"]).ok_or("no entry")?;
    let text = base64(entry)?;
    Ok(String::from_utf8(record::unpack(&text)?)?)
}

/// Base64 by the API's own type.
fn base64(text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let bytes: k8s_openapi::ByteString = serde_json::from_value(serde_json::Value::from(text))?;
    Ok(String::from_utf8(bytes.0)?)
}

/// JSON in the order of its fields, without what differs from run to run: times, and the namespace.
fn masked(value: &Value) -> String {
    goyaml::json::to_go_struct_string(&mask(value)).replace(",\"", ",\n\"")
}

fn mask(value: &Value) -> Value {
    const TIMES: [&str; 5] = ["first_deployed", "last_deployed", "started_at", "completed_at", "schemamodtime"];
    if let Some(items) = value.as_list() {
        return items.iter().map(mask).collect();
    }
    let Some(map) = value.as_map() else { return value.clone() };
    let kept = map.iter().filter(|(key, _)| *key != "modtime").map(|(key, item)| {
        let item = if TIMES.contains(&key) || key == "namespace" { Value::from("-") } else { mask(item) };
        (key, item)
    });
    kept.collect::<Map>().into()
}

pub(crate) async fn both_make_the_same_objects(site: Site) -> Outcome {
    let other = Beside::new(&site).await?;
    site.helm(&format!("install twin {} --set extra=true", chart::folder().display())).await?;
    other.install(&site, "twin", "extra=true").await?;
    for (api_version, kind, name) in [
        ("v1", "ConfigMap", "twin-settings"),
        ("v1", "ConfigMap", "twin-extra"),
        ("v1", "ConfigMap", "twin-ready"),
        ("v1", "Secret", "twin-login"),
        ("apps/v1", "Deployment", "twin"),
    ] {
        let helms = object(&site.cluster, (api_version, kind, name), &site.namespace).await?;
        let ours = object(&site.cluster, (api_version, kind, name), &other.namespace).await?;
        same(name, &ours, &helms.replace(&site.namespace, &other.namespace))?;
    }
    Ok(())
}

/// The annotation that the controller of Deployments adds when it gets to it.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// What an applier decides about an object: its metadata, who owns which fields, and what it holds.
async fn object(
    cluster: &Cluster,
    (api_version, kind, name): (&str, &str, &str),
    namespace: &str,
) -> Result<String, Box<dyn std::error::Error>> {
    let gvk = Gvk::from_api_version(api_version, kind);
    let found = cluster.get(&gvk, namespace, name).await?.ok_or_else(|| format!("no {kind} {name}"))?;
    let mut text = String::new();
    for path in [&["metadata", "labels"][..], &["metadata", "annotations"], &["data"], &["spec"]] {
        let mut part = found.at(path).cloned().unwrap_or_default();
        if let Some(map) = part.as_map_mut() {
            map.remove(REVISION);
        }
        writeln!(text, "{}: {}", path.join("."), goyaml::json::to_go_string(&part))?;
    }
    let entries = found.at(&["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
    for entry in entries.iter().filter(|entry| entry.str_at(&["operation"]) == Some("Apply")) {
        let fields = entry.get("fieldsV1").map(goyaml::json::to_go_string).unwrap_or_default();
        writeln!(text, "{}: {fields}", entry.str_at(&["manager"]).unwrap_or_default())?;
    }
    Ok(text)
}

/// Helm reads releases of chance, takes them away but for their records, and writes them again: nothing may have changed
/// but what the deletion changes.
pub(crate) async fn helm_reads_what_we_write(site: Site) -> Outcome {
    let now = Timestamp::parse("2026-01-02T03:04:05.678Z")?;
    for seed in 0..RANDOM {
        let mut release = Chance(seed * 7_919 + 1).release(&format!("chance-{seed}"), &site.namespace);
        site.cluster.create(&secret::manifest(&release, Writing::Created(&now))?).await?;
        same(
            "read again",
            &record::to_json(&site.releases.release(&release.name, 0).await?),
            &record::to_json(&release),
        )?;
        site.helm(&format!("uninstall {} --keep-history --no-hooks", release.name)).await?;
        let text = raw(&site, &release.name, release.version).await?;
        let read = site.releases.release(&release.name, 0).await?;
        release.info.deleted.clone_from(&read.info.deleted);
        release.set_status(Status::Uninstalled, "Uninstallation complete");
        same(&format!("seed {seed}"), &text, &record::to_json(&release))?;
        same(&format!("labels of seed {seed}"), &format!("{:?}", read.labels), &format!("{:?}", release.labels))?;
    }
    Ok(())
}

/// A source of chance that repeats itself.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn text(&mut self) -> String {
        const LETTERS: [&str; 20] = [
            "a", "Z", "0", " ", "\n", "\t", "\r", "\"", "\\", "/", "<", ">", "&", "'", "é", "\u{2028}", "\u{1}",
            "\u{7f}", "😀", "\u{fffd}",
        ];
        let length = self.below(12);
        let letters = 0..length;
        letters.map(|_| LETTERS[usize::try_from(self.below(20)).expect("small")]).collect()
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => Value::NULL,
            1 => (self.below(2) == 0).into(),
            2 => i64::try_from(self.below(1 << 40)).expect("small").into(),
            // Halves, tenths, large and small ones.
            3 => (f64::from(u32::try_from(self.below(1 << 30)).expect("small")) / 10.0 + 0.05).into(),
            4 => (f64::from(u32::try_from(self.below(1000)).expect("small") + 1) * 1e-9).into(),
            5 => self.text().into(),
            6 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => self.map(depth - 1),
        }
    }

    /// With its keys in their order, as Go writes maps.
    fn map(&mut self, depth: u64) -> Value {
        let entries: std::collections::BTreeMap<String, Value> =
            (0..self.below(5)).map(|_| (self.text(), self.value(depth))).collect();
        entries.into_iter().collect::<Map>().into()
    }

    fn time(&mut self) -> Timestamp {
        let text = format!(
            "20{:02}-0{}-1{}T1{}:00:00.{}Z",
            self.below(90) + 10,
            self.below(9) + 1,
            self.below(10),
            self.below(10),
            self.below(1_000_000_000)
        );
        Timestamp::parse(&text).expect("a time")
    }

    fn hook(&mut self) -> RecordedHook {
        let phase = [None, Some(Phase::Succeeded), Some(Phase::Failed), Some(Phase::Unknown)];
        RecordedHook {
            name: self.text(),
            kind: "Job".to_owned(),
            path: self.text(),
            manifest: self.text(),
            events: vec!["pre-install".to_owned()],
            last_run: LastRun {
                started_at: (self.below(2) == 0).then(|| self.time()),
                completed_at: (self.below(2) == 0).then(|| self.time()),
                phase: phase[usize::try_from(self.below(4)).expect("small")],
            },
            weight: i64::try_from(self.below(9)).expect("small") - 4,
            delete_policies: (0..self.below(2)).map(|_| "hook-failed".to_owned()).collect(),
            output_log_policies: (0..self.below(2)).map(|_| "hook-succeeded".to_owned()).collect(),
        }
    }

    fn release(&mut self, name: &str, namespace: &str) -> Release {
        let chart = r#"{"info":{},"chart":{"metadata":{"name":"c","version":"1.0.0","description":"","apiVersion":"v2"},"lock":null,"templates":null,"values":null,"schema":null,"schemamodtime":"0001-01-01T00:00:00Z","files":null}}"#;
        let mut base = Release::from_value(&goyaml::json::parse(chart.as_bytes()).expect("JSON")).expect("a release");
        let mut chart = base.chart.as_value().clone();
        chart.set_at(&["values"], self.map(3));
        chart.set_at(&["metadata", "description"], format!("d{}", self.text()));
        let mut whole = base.to_value();
        whole.set_at(&["chart"], chart);
        base = Release::from_value(&whole).expect("a release");
        Release {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            version: i64::try_from(self.below(30)).expect("small") + 1,
            info: Info {
                first_deployed: Some(self.time()),
                last_deployed: Some(self.time()),
                deleted: None,
                description: self.text(),
                status: Status::Deployed,
                notes: self.text(),
            },
            config: self.map(4),
            manifest: if self.below(2) == 0 { String::new().into() } else { "---\n# nothing\n".into() },
            hooks: (0..self.below(3)).map(|_| self.hook()).collect(),
            apply_method: [None, Some(ApplyMethod::ClientSide), Some(ApplyMethod::ServerSide)]
                [usize::try_from(self.below(3)).expect("small")],
            labels: (0..self.below(3)).map(|number| (format!("l{number}"), "x".to_owned())).collect(),
            chart: base.chart,
        }
    }
}

pub(crate) async fn history_is_bounded(mut bounded: Site) -> Outcome {
    bounded.options.max_history = 2;
    for name in ["ours", "helms"] {
        bounded.install(name, "prepare=false").await?;
    }
    for color in ["a", "b", "c"] {
        bounded.upgrade("ours", &format!("prepare=false,color={color}")).await?;
        let set = format!("--set prepare=false,color={color}");
        bounded.helm(&format!("upgrade helms {} --history-max 2 {set}", chart::folder().display())).await?;
    }
    let ours = bounded.helm_json("history ours").await?.to_string();
    same("states", &bounded.states("ours").await?, &bounded.states("helms").await?)?;
    same("count", &bounded.states("ours").await?, "superseded deployed")?;
    bounded.options.max_history = 0;
    bounded.upgrade("ours", "prepare=false").await?;
    same(&ours, &bounded.helm_states("ours").await?, "superseded superseded deployed")?;
    // What is no record of Helm's does not disturb.
    bounded.create(&format!("{{apiVersion: v1, kind: Secret, metadata: {{name: x, namespace: {}, labels: {{owner: helm, name: ours}}}}}}", bounded.namespace)).await?;
    same("beside another Secret", &bounded.states("ours").await?, "superseded superseded deployed")
}
