//! Resources that are answers rather than objects, and parts of pods.

use bytes::Bytes;
use goyaml::{Map, Value};

use crate::call::Call;
use crate::decode;
use crate::fields::Fields;
use crate::reply::Reply;
use crate::status::{ApiError, ApiResult};
use crate::write::{self, Proposal};

use super::delete;

/// Lifetime of a token unless the request says otherwise.
const TOKEN_SECONDS: i64 = 3600;

/// Whether objects of this resource are never stored.
pub(super) fn is_virtual(call: &Call) -> bool {
    matches!(&*call.resource.name.group, "authentication.k8s.io" | "authorization.k8s.io")
        || matches!(&*call.resource.name.resource, "bindings" | "componentstatuses")
            && call.resource.name.group.is_empty()
}

/// Answers a review. Every access is allowed: rights are stored but not enforced.
pub(super) fn review(call: &mut Call, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    if &*call.resource.name.resource == "componentstatuses" {
        let list = format!(
            r#"{{"kind":"ComponentStatusList","apiVersion":"v1","metadata":{{"resourceVersion":"{}"}},"items":[]}}"#,
            call.plane.store().revision()
        );
        return Ok(Reply::json(200, list));
    }
    let mut body = decode::object(content_type, body)?;
    decode::check_kind(call, &mut body.value)?;
    let status = match call.resource.kind.as_str() {
        "SelfSubjectReview" => [("userInfo", user_info(call))].into_iter().collect(),
        "SelfSubjectRulesReview" => rules(),
        "TokenReview" => token_review(call, &body.value),
        "Binding" => return Err(ApiError::not_implemented("bindings are made through pods/binding")),
        _ => allowed(),
    };
    body.value.set_at(&["status"], status);
    Ok(super::answer(call, 201, &body.value))
}

fn allowed() -> Value {
    let mut status: Map = [("allowed", true)].into_iter().collect();
    status.insert("reason", "the embedded control plane does not enforce RBAC");
    status.into()
}

fn user_info(call: &Call) -> Value {
    let mut info: Map = [("username", call.identity.user.as_str())].into_iter().collect();
    let groups = call.identity.groups.iter().map(String::as_str).chain(["system:authenticated"]);
    info.insert("groups", groups.map(Value::from).collect::<Value>());
    info.into()
}

fn rules() -> Value {
    let all = || Value::from(vec![Value::from("*")]);
    let resource: Value = [("verbs", all()), ("apiGroups", all()), ("resources", all())].into_iter().collect();
    let path: Value = [("verbs", all()), ("nonResourceURLs", all())].into_iter().collect();
    let mut status = Map::new();
    status.insert("resourceRules", vec![resource]);
    status.insert("nonResourceRules", vec![path]);
    status.insert("incomplete", false);
    status.into()
}

fn token_review(call: &Call, review: &Value) -> Value {
    let token = review.str_at(&["spec", "token"]).unwrap_or_default();
    let Some(identity) = call.plane.identity_of(token) else {
        return [("authenticated", false)].into_iter().collect();
    };
    let mut user: Map = [("username", identity.user)].into_iter().collect();
    user.insert("groups", identity.groups.into_iter().map(Value::from).collect::<Value>());
    let mut status: Map = [("authenticated", true)].into_iter().collect();
    status.insert("user", user);
    status.into()
}

/// A token for a `ServiceAccount`.
pub(super) fn token(call: &mut Call, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    super::read::find(call)?;
    let mut request = decode::object(content_type, body)?.value;
    decode::check_kind_is(&mut request, "TokenRequest", "authentication.k8s.io/v1")?;
    let (namespace, name) = (call.path.namespace.clone(), call.path.name.clone());
    let identity = crate::Identity {
        user: format!("system:serviceaccount:{namespace}:{name}"),
        groups: vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{namespace}")],
    };
    let asked = request.at(&["spec", "expirationSeconds"]).and_then(Value::as_i64).unwrap_or(TOKEN_SECONDS);
    let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(asked.clamp(600, 1 << 32));
    request.set_at(&["metadata", "name"], name);
    request.set_at(&["metadata", "namespace"], namespace);
    request.set_at(&["status", "token"], call.plane.token_for(&identity));
    request.set_at(&["status", "expirationTimestamp"], format!("{expires:.0}"));
    Ok(Reply::value(201, &request))
}

/// Binds a pod to a node, as a scheduler does.
pub(super) async fn bind(call: &mut Call, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    let binding = decode::object(content_type, body)?.value;
    let node = binding.str_at(&["target", "name"]).unwrap_or_default().to_owned();
    let propose = |call: &mut Call, _: &Fields, live: Option<&Value>| {
        let mut object = live.ok_or_else(|| ApiError::not_found(&call.resource.name, &call.path.name))?.clone();
        let bound = object.str_at(&["spec", "nodeName"]).unwrap_or_default().to_owned();
        if !bound.is_empty() {
            let why = format!("pod {} is already assigned to node \"{bound}\"", call.path.name);
            return Err(ApiError::conflict(&call.resource.name, &call.path.name, &why));
        }
        object.set_at(&["spec", "nodeName"], node.as_str());
        object.remove_at(&["metadata", "resourceVersion"]);
        Ok(Proposal { object, owned: false })
    };
    write::modify(call, propose).await?;
    Ok(Reply::value(201, &done()))
}

/// Evicts a pod; budgets are not consulted.
pub(super) async fn evict(call: &mut Call, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    decode::object(content_type, body)?;
    delete::remove(call, &delete::Options::default()).await?;
    Ok(Reply::value(201, &done()))
}

fn done() -> Value {
    let mut status: Map = [("kind", "Status"), ("apiVersion", "v1")].into_iter().collect();
    status.insert("metadata", Value::empty_map());
    status.insert("status", "Success");
    status.insert("code", 201_i64);
    status.into()
}

/// The refusal of what needs running containers.
pub(super) fn not_here(call: &Call, subresource: &str) -> ApiError {
    let what = format!("{}/{subresource}", call.resource.name.resource);
    ApiError::not_implemented(&format!(
        "{what} is not available: the embedded control plane keeps the objects of a cluster but does not run containers; use a real cluster for this"
    ))
}
