//! The requests that are measured. All servers get the same bytes.

/// One request.
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub content_type: &'static str,
    pub body: String,
}

/// Where the measured objects are.
pub const NAMESPACE: &str = "load";
/// Where the objects are that lists are measured with.
pub const LISTED: &str = "load-list";

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";

#[derive(Clone, Copy)]
pub enum Kind {
    ConfigMap,
    Deployment,
}

#[derive(Clone, Copy)]
pub enum Action {
    Create,
    Change,
    NoOp,
    Merge,
    Get,
    List,
}

/// What is measured, in this order: creates come first, as the others need the objects.
pub const MEASURED: [(&str, Action, Kind); 9] = [
    ("SSA create ConfigMap (0.3 KB)", Action::Create, Kind::ConfigMap),
    ("SSA change ConfigMap", Action::Change, Kind::ConfigMap),
    ("SSA no-op ConfigMap", Action::NoOp, Kind::ConfigMap),
    ("SSA create Deployment (1.7 KB)", Action::Create, Kind::Deployment),
    ("SSA change Deployment", Action::Change, Kind::Deployment),
    ("SSA no-op Deployment", Action::NoOp, Kind::Deployment),
    ("merge patch Deployment", Action::Merge, Kind::Deployment),
    ("GET Deployment", Action::Get, Kind::Deployment),
    ("LIST 2,000 Deployments", Action::List, Kind::Deployment),
];

/// The request of an action on the object of this number. `turn` differs in each measurement, so that changes change.
pub fn ask(action: Action, kind: Kind, number: usize, turn: usize) -> Ask {
    let name = format!("o{number}");
    let one = object_path(kind, NAMESPACE, &name);
    match action {
        Action::Create => apply(kind, NAMESPACE, &name, "created"),
        Action::Change => apply(kind, NAMESPACE, &name, &format!("turn-{turn}")),
        // What the change before it applied.
        Action::NoOp => apply(kind, NAMESPACE, &name, &format!("turn-{}", turn - 1)),
        Action::Merge => {
            let body = format!(r#"{{"metadata":{{"annotations":{{"example.com/turn":"{turn}"}}}}}}"#);
            Ask { method: "PATCH", path: format!("{one}?fieldManager=merge"), content_type: MERGE, body }
        }
        Action::Get => Ask { method: "GET", path: one, content_type: "", body: String::new() },
        Action::List => Ask {
            method: "GET",
            path: format!("{}?resourceVersion=0", collection(kind, LISTED)),
            content_type: "",
            body: String::new(),
        },
    }
}

/// Server-side apply of an object in which one value is `value`.
pub fn apply(kind: Kind, namespace: &str, name: &str, value: &str) -> Ask {
    let body = match kind {
        Kind::ConfigMap => config_map(namespace, name, value),
        Kind::Deployment => deployment(namespace, name, value),
    };
    let path = format!("{}?fieldManager=load&force=true", object_path(kind, namespace, name));
    Ask { method: "PATCH", path, content_type: APPLY, body }
}

pub fn namespace(name: &str) -> Ask {
    let body = format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{name}"}}}}"#);
    let path = format!("/api/v1/namespaces/{name}?fieldManager=load");
    Ask { method: "PATCH", path, content_type: APPLY, body }
}

fn object_path(kind: Kind, namespace: &str, name: &str) -> String {
    format!("{}/{name}", collection(kind, namespace))
}

fn collection(kind: Kind, namespace: &str) -> String {
    match kind {
        Kind::ConfigMap => format!("/api/v1/namespaces/{namespace}/configmaps"),
        Kind::Deployment => format!("/apis/apps/v1/namespaces/{namespace}/deployments"),
    }
}

fn config_map(namespace: &str, name: &str, value: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}","namespace":"{namespace}","labels":{{"app":"load"}}}},"data":{{"level":"{value}","host":"db.example.com","port":"5432","options":"sslmode=require&connect_timeout=10"}}}}"#
    )
}

/// Paused, so that the controllers of a whole cluster leave it alone and the API server alone is measured.
fn deployment(namespace: &str, name: &str, value: &str) -> String {
    let env: Vec<_> =
        (0..10).map(|number| format!(r#"{{"name":"SETTING_{number}","value":"value of {number}"}}"#)).collect();
    let container = |container: &str, port: u16| {
        format!(
            r#"{{"name":"{container}","image":"registry.example.com/{container}:1.2.3","ports":[{{"containerPort":{port},"name":"http"}}],"env":[{{"name":"LEVEL","value":"{value}"}},{}],"resources":{{"requests":{{"cpu":"100m","memory":"64Mi"}},"limits":{{"memory":"128Mi"}}}},"readinessProbe":{{"httpGet":{{"path":"/ready","port":{port}}}}}}}"#,
            env.join(",")
        )
    };
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}","namespace":"{namespace}","labels":{{"app":"{name}"}}}},"spec":{{"paused":true,"replicas":1,"selector":{{"matchLabels":{{"app":"{name}"}}}},"template":{{"metadata":{{"labels":{{"app":"{name}"}}}},"spec":{{"containers":[{},{}]}}}}}}}}"#,
        container("web", 8080),
        container("proxy", 9090)
    )
}
