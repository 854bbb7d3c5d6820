//! How long an apply takes: `cargo run --release --example merge_timing -- <schema.json.gz>`.

use std::io::{Read, Write};
use std::time::Instant;

use goyaml::Value;
use structured_merge::managed::{Actor, Manager};
use structured_merge::{FieldSet, Gvk, Schema};

const ROUNDS: u32 = 20_000;

const DEPLOYMENT: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"lab","labels":{"app.kubernetes.io/name":"web","app.kubernetes.io/part-of":"shop","team":"one"},"annotations":{"note":"a text of some length that explains what this is for"}},
"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}},"template":{"metadata":{"labels":{"app":"web","tier":"front"}},"spec":{"serviceAccountName":"web","containers":[
{"name":"web","image":"registry.example/web:1.2.3","args":["--listen=:8080","--verbose"],"env":[{"name":"A","value":"1"},{"name":"B","value":"2"},{"name":"C","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}],"ports":[{"containerPort":8080,"name":"http"},{"containerPort":9090,"name":"metrics"}],"resources":{"limits":{"cpu":"500m","memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}},"readinessProbe":{"httpGet":{"path":"/ready","port":"http"},"periodSeconds":5},"volumeMounts":[{"name":"data","mountPath":"/data"},{"name":"config","mountPath":"/etc/web"}]},
{"name":"proxy","image":"registry.example/proxy:4.5","ports":[{"containerPort":15001}],"securityContext":{"runAsNonRoot":true,"runAsUser":1000}}],
"volumes":[{"name":"data","emptyDir":{}},{"name":"config","configMap":{"name":"web"}}]}}}}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("the path of the recorded schema")?;
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut text)?;
    let data = goyaml::json::parse(&text)?;
    let started = Instant::now();
    let mut schema = Schema::new();
    for (_, document) in data.get("openapi").and_then(Value::as_map).ok_or("no documents")?.iter() {
        if document.at(&["components", "schemas"]).is_some() {
            schema.add_openapi(document)?;
        }
    }
    let mut out = std::io::stdout();
    writeln!(out, "schema        {:?}", started.elapsed())?;
    let gvk = Gvk::new("apps", "v1", "Deployment");
    let reset = FieldSet::of_fields(&[&["status"]]);
    let manager = Manager { reset: Some(&reset), ..Manager::new(schema.type_of(&gvk).ok_or("no type")?, &gvk) };
    let config = goyaml::json::parse(DEPLOYMENT.as_bytes())?;
    let actor = Actor { manager: "bench", now: "2020-01-01T00:00:00Z" };
    let mut live = manager.apply(None, &config, &actor, false)?.object;
    live.set_at(&["metadata", "uid"], "5e1f");
    let mut changed = config.clone();
    changed.set_at(&["spec", "replicas"], 4_i64);
    let mut fewer = config.clone();
    fewer.remove_at(&["metadata", "labels", "team"]);
    let cases: [(&str, Option<&Value>, &Value); 4] = [
        ("create", None, &config),
        ("nothing new", Some(&live), &config),
        ("one changed", Some(&live), &changed),
        ("one removed", Some(&live), &fewer),
    ];
    for (name, live, config) in cases {
        let started = Instant::now();
        for _ in 0..ROUNDS {
            std::hint::black_box(manager.apply(live, config, &actor, false)?);
        }
        writeln!(out, "{name:13} {:?}", started.elapsed() / ROUNDS)?;
    }
    Ok(())
}
