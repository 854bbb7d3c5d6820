//! A plane and a way to ask it.

use std::pin::Pin;
use std::sync::Arc;

use controlplane::{ApiService, Config, ControlPlane, Identity, ResponseBody, Storage, Workloads};
use http_body_util::{BodyExt, Full};
use libtest_mimic::Failed;
use serde_json::Value;
use tower::ServiceExt;

/// A test.
pub type Case = fn() -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a test on its own runtime.
pub fn run(case: Case) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(case());
    Ok(())
}

/// A plane in memory with its administrator.
pub struct World {
    pub plane: Arc<ControlPlane>,
    service: ApiService,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub code: u16,
    pub headers: http::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The text at a path such as `metadata.name`.
    pub fn text(&self, path: &str) -> &str {
        at(&self.body, path).as_str().unwrap_or_default()
    }

    /// The message of a refusal.
    pub fn message(&self) -> &str {
        self.text("message")
    }

    pub fn expect(self, code: u16) -> Self {
        assert_eq!(self.code, code, "{}", self.body);
        self
    }
}

/// The value at a path such as `spec.replicas`; numbers are positions in lists.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |node, key| match key.parse::<usize>() {
        Ok(index) if node.is_array() => &node[index],
        _ => &node[key],
    })
}

impl World {
    pub fn new() -> Self {
        Self::of(ControlPlane::open(Storage::Memory, Config::default()).unwrap())
    }

    /// A world where no simulator writes status between two requests of a test.
    pub fn still() -> Self {
        let config = Config { workloads: Workloads::Still, ..Config::default() };
        Self::of(ControlPlane::open(Storage::Memory, config).unwrap())
    }

    pub fn of(plane: Arc<ControlPlane>) -> Self {
        let service = plane.service(Identity::admin());
        Self { plane, service }
    }

    /// Sends a request; the content type decides nothing but its header.
    pub async fn send(&self, request: &str, content_type: &str, body: &str) -> Answer {
        self.send_as(&self.service, request, &[("content-type", content_type)], body).await
    }

    pub async fn send_as(&self, service: &ApiService, request: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let mut builder = http::Request::builder().method(method).uri(path).header("user-agent", "test/1.0");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let request = builder.body(Full::new(bytes::Bytes::from(body.to_owned()))).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::String(text));
        Answer { code: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), "", "").await
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(&format!("POST {path}"), "application/json", body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(&format!("PUT {path}"), "application/json", &body.to_string()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(&format!("DELETE {path}"), "application/json", "").await
    }

    pub async fn merge(&self, path: &str, body: &str) -> Answer {
        self.send(&format!("PATCH {path}"), "application/merge-patch+json", body).await
    }

    pub async fn apply(&self, path: &str, manager: &str, body: &str) -> Answer {
        let request = format!("PATCH {path}?fieldManager={manager}");
        self.send(&request, "application/apply-patch+yaml", body).await
    }

    /// The body of an answer before it is read.
    pub async fn open(&self, path: &str) -> ResponseBody {
        let request = http::Request::builder().uri(path).body(Full::new(bytes::Bytes::new())).unwrap();
        let response = self.service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.into_body()
    }

    /// The events of a watch that ends after this time.
    pub async fn events(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        match &answer.body {
            Value::String(text) => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            one => vec![one.clone()],
        }
    }
}

pub const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

pub fn config_map(name: &str, value: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"}},"data":{{"a":"{value}"}}}}"#)
}

pub fn deployment(name: &str) -> String {
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}"}},"spec":{{"selector":{{"matchLabels":{{"app":"{name}"}}}},"template":{{"metadata":{{"labels":{{"app":"{name}"}}}},"spec":{{"containers":[{{"name":"c","image":"nginx:1.2","ports":[{{"containerPort":80}}],"resources":{{"limits":{{"cpu":"0.5"}}}}}}]}}}}}}}}"#
    )
}
