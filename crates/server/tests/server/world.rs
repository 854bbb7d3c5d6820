//! The pages, served from a state made by hand over a stand-in for the cluster.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::State;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pages that are being served.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) state: watch::Sender<Arc<State>>,
    pub(crate) serving: server::Serving,
    pub(crate) host: String,
    /// What the cluster was asked: method, path, body.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    cookie: String,
}

/// An answer over HTTP.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl World {
    /// Serves a state, and logs in.
    pub(crate) fn new(state: State) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (state, shown) = watch::channel(Arc::new(state));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let serving = runtime.block_on(async move {
            let cluster = tower::service_fn(move |request| cluster(request, log.clone()));
            let options = server::Options { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
            server::serve_state(shown, kube::Client::new(cluster, "default"), options).await.expect("pages are served")
        });
        let host = serving.url().split('/').nth(2).expect("a host").to_owned();
        let mut world = Self { runtime, state, serving, host, asked, cookie: String::new() };
        let token = world.serving.url().split_once("/?").expect("a token").1.to_owned();
        let login = world.send("GET", &format!("/?{token}"), &[], "");
        let cookie = &login.headers["set-cookie"];
        cookie.split(';').next().expect("a pair").clone_into(&mut world.cookie);
        world
    }

    /// Gets a page with the session's cookie.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[("Cookie", &self.cookie)], "")
    }

    /// Sends a form with the session's cookie.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut all = vec![("Cookie", self.cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.send("POST", path, &all, body)
    }

    /// The token that the forms of a page carry.
    pub(crate) fn form(&self, page: &str) -> String {
        let page = self.get(page).body;
        let rest = page.split_once("name=\"form\" value=\"").expect("a form").1;
        rest.split('"').next().expect("a token").to_owned()
    }

    /// Sends a request of nobody.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = vec![
            format!("{method} {path} HTTP/1.1"),
            "Connection: close".into(),
            format!("Content-Length: {}", body.len()),
        ];
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push(format!("Host: {}", self.host));
        }
        head.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
        let mut stream = self.connect();
        stream.write_all(format!("{}\r\n\r\n{body}", head.join("\r\n")).as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        read(&answer)
    }

    /// Opens a stream of events; what is read from it comes as it was sent.
    pub(crate) fn listen(&self, path: &str) -> TcpStream {
        let mut stream = self.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n", self.host, self.cookie);
        stream.write_all(request.as_bytes()).expect("sent");
        stream
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.host).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream
    }
}

fn read(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
    let mut lines = head.lines();
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).expect("a status");
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Answer { status, headers: headers.collect(), body: body.to_owned() }
}

/// Stands in for the cluster.
async fn cluster(
    request: ::http::Request<Body>,
    asked: Arc<Mutex<Vec<String>>>,
) -> Result<::http::Response<Body>, std::convert::Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let line = format!("{} {} {}", parts.method, parts.uri.path(), String::from_utf8_lossy(&body));
    asked.lock().expect("nobody panicked").push(line);
    let (status, answer) = match (parts.method.as_str(), parts.uri.path()) {
        ("PATCH", path) if path.ends_with("/search") => (403, failure(403, "kustomizations \"search\" is forbidden")),
        ("PATCH", _) => (200, json!({ "apiVersion": "v1", "kind": "X", "metadata": { "name": "x" } })),
        (_, path) => object(path).map_or_else(|| (404, failure(404, "not found")), |object| (200, object)),
    };
    let answer = serde_json::to_vec(&answer).expect("JSON");
    Ok(::http::Response::builder().status(status).body(Body::from(answer)).expect("an answer"))
}

fn failure(code: u16, message: &str) -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": "Any", "code": code })
}

fn resources(version: &str, kinds: &[(&str, &str)]) -> Value {
    let of = |(name, kind): &(&str, &str)| json!({ "name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": ["get", "list"] });
    json!({ "kind": "APIResourceList", "groupVersion": version, "resources": kinds.iter().map(of).collect::<Vec<_>>() })
}

fn object(path: &str) -> Option<Value> {
    Some(match path {
        "/apis/apps/v1" => resources("apps/v1", &[("deployments", "Deployment")]),
        "/api/v1" => resources("v1", &[("secrets", "Secret"), ("configmaps", "ConfigMap")]),
        "/apis/apps/v1/namespaces/library/deployments/hedgedoc" => json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "hedgedoc", "namespace": "library", "labels": { "app": "hedgedoc" },
                "managedFields": [{ "manager": "kubectl-scale", "operation": "Update" }] },
            "spec": { "replicas": 1, "selector": { "matchLabels": { "app": "hedgedoc" } }, "template": {
                "metadata": { "labels": { "app": "hedgedoc" } },
                "spec": { "containers": [{ "name": "hedgedoc", "image": "quay.io/hedgedoc/hedgedoc:1.10.3",
                    "command": ["sh", "-c", "echo '<script>alert(1)</script>'"] }] } } },
            "status": { "replicas": 1, "readyReplicas": 1 }
        }),
        "/api/v1/namespaces/library/secrets/hedgedoc-database" => json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "hedgedoc-database", "namespace": "library", "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"stringData\":{\"password\":\"SECRETVALUE\"}}" } },
            "data": { "password": "SECRETVALUE" }, "type": "Opaque"
        }),
        "/api/v1/namespaces/library/events" => {
            json!({ "kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": [
            event("ScalingReplicaSet", "Normal", "Scaled down replica set hedgedoc-5d8 from 3 to 1", "hedgedoc"),
            event("FailedMount", "Warning", "MountVolume.SetUp failed for volume \"uploads\"", "hedgedoc"),
            event("Other", "Normal", "about another object", "postgresql"),
        ] })
        }
        _ => return None,
    })
}

fn event(reason: &str, kind: &str, message: &str, name: &str) -> Value {
    json!({ "metadata": { "name": "e" }, "reason": reason, "type": kind, "message": message, "count": 2,
        "lastTimestamp": "2026-09-21T13:00:00Z", "involvedObject": { "kind": "Deployment", "name": name } })
}
