//! `DELETE` of one object or of a collection.

use bytes::Bytes;
use goyaml::{Map, Value};

use super::read;
use crate::call::Call;
use crate::convert;
use crate::decode;
use crate::metadata;
use crate::reply::Reply;
use crate::status::{ApiError, ApiResult};
use crate::store::{Expect, Stored, WriteError};
use crate::write;
use crate::{admit, kinds};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";
const MAX_ATTEMPTS: usize = 32;

/// How to delete.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    grace: Option<i64>,
    policy: String,
    uid: Option<String>,
    revision: Option<String>,
    dry_run: bool,
}

/// What became of an object.
#[derive(Debug)]
pub(crate) enum Removed {
    /// It is gone; its last state.
    Gone(Value),
    /// It waits for finalizers or its grace period; its state.
    Waits(Value),
}

impl Options {
    /// Without grace, dependents left to the garbage collector.
    pub(crate) fn at_once() -> Self {
        Self { grace: Some(0), policy: "Background".into(), ..Self::default() }
    }

    fn read(call: &Call, content_type: &str, body: &Bytes) -> ApiResult<Self> {
        let value = if body.is_empty() { Value::empty_map() } else { decode::object(content_type, body)?.value };
        let text = |path: &[&str]| value.str_at(path).map(str::to_owned);
        let query = |key: &str| Some(call.query.get(key).to_owned()).filter(|value| !value.is_empty());
        let policy = text(&["propagationPolicy"]).or_else(|| query("propagationPolicy")).unwrap_or_default();
        if !matches!(policy.as_str(), "" | "Background" | "Foreground" | "Orphan") {
            return Err(ApiError::unprocessable(format!(
                "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: {policy:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
            )));
        }
        let orphan =
            value.get("orphanDependents").and_then(Value::as_bool) == Some(true) || call.query.flag("orphanDependents");
        let grace = match value.get("gracePeriodSeconds").and_then(Value::as_i64) {
            Some(grace) => Some(grace),
            None => read::parse_number(call.query.get("gracePeriodSeconds"), "gracePeriodSeconds")?,
        };
        let dry_run = value.get("dryRun").and_then(Value::as_list).is_some_and(|list| !list.is_empty());
        Ok(Self {
            grace,
            policy: if orphan { "Orphan".into() } else { policy },
            uid: text(&["preconditions", "uid"]),
            revision: text(&["preconditions", "resourceVersion"]),
            dry_run: dry_run || call.dry_run()?,
        })
    }
}

/// Deletes the object that the path names.
pub(super) async fn delete(call: &mut Call, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    let options = Options::read(call, content_type, body)?;
    match remove(call, &options).await? {
        Removed::Waits(object) => Ok(super::answer(call, 200, &object)),
        Removed::Gone(object) if returns_object(call) => Ok(super::answer(call, 200, &object)),
        Removed::Gone(object) => Ok(Reply::value(200, &success(call, &object))),
    }
}

/// These kinds answer with the object instead of a `Status`.
fn returns_object(call: &Call) -> bool {
    let place = (&*call.resource.name.group, &*call.resource.name.resource);
    matches!(
        place,
        (
            "",
            "pods"
                | "services"
                | "serviceaccounts"
                | "persistentvolumeclaims"
                | "persistentvolumes"
                | "podtemplates"
                | "resourcequotas"
        )
    ) || matches!(place, ("storage.k8s.io", _) | ("policy", "podsecuritypolicies"))
}

fn success(call: &Call, object: &Value) -> Value {
    let mut details: Map = [("name", Call::name_of(object))].into_iter().collect();
    if !call.resource.name.group.is_empty() {
        details.insert("group", &*call.resource.name.group);
    }
    details.insert("kind", &*call.resource.name.resource);
    details.insert("uid", object.str_at(&["metadata", "uid"]).unwrap_or_default());
    let mut status: Map = [("kind", "Status"), ("apiVersion", "v1")].into_iter().collect();
    status.insert("metadata", Value::empty_map());
    status.insert("status", "Success");
    status.insert("details", details);
    status.into()
}

/// Deletes all objects of the collection that the selectors mean.
pub(super) async fn delete_collection(call: &mut Call, content_type: &str, body: &Bytes) -> ApiResult<Reply> {
    let options = Options::read(call, content_type, body)?;
    let (namespace, selected) = (call.path.namespace.clone(), read::select(call)?);
    let revision = call.plane.store().revision();
    let mut gone = Vec::new();
    for stored in selected {
        let text = |key| stored.value.str_at(&["metadata", key]).unwrap_or_default().to_owned();
        call.path.name = text("name");
        call.path.namespace = text("namespace");
        match remove(call, &options).await {
            Ok(Removed::Gone(object) | Removed::Waits(object)) => gone.push(object),
            Err(error) if error.reason == "NotFound" => {}
            Err(error) => return Err(error),
        }
    }
    call.path.name = String::new();
    call.path.namespace = namespace;
    let mut list: Map =
        [("kind", call.resource.list_kind.clone()), ("apiVersion", call.resource.api_version())].into_iter().collect();
    list.insert("metadata", [("resourceVersion", revision.to_string())].into_iter().collect::<Value>());
    list.insert("items", gone);
    Ok(Reply::value(200, &list.into()))
}

/// Removes an object, or marks it when something keeps it.
pub(crate) async fn remove(call: &mut Call, options: &Options) -> ApiResult<Removed> {
    for _ in 0..MAX_ATTEMPTS {
        let stored = read::find(call)?;
        let live = convert::to_version(&stored.value, &call.resource);
        check(call, &live, options)?;
        let marked = mark(call, &live, options);
        let outcome = if write::is_deleted(&marked) {
            take_out(call, &stored, marked, options).await
        } else {
            put_mark(call, &stored, &live, marked, options).await
        };
        match outcome {
            Err(WriteError::Conflict) => {}
            Err(error) => return Err(error.into()),
            Ok(Removed::Gone(object)) => {
                if !options.dry_run {
                    kinds::after_delete(call, &object).await?;
                }
                return Ok(Removed::Gone(object));
            }
            Ok(waits) => return Ok(waits),
        }
    }
    Err(ApiError::modified(&call.resource.name, &call.path.name))
}

fn check(call: &Call, live: &Value, options: &Options) -> ApiResult<()> {
    let name = &call.path.name;
    if call.resource.kind == "Namespace" && admit::IMMORTAL.contains(&name.as_str()) {
        return Err(ApiError::forbidden(&call.resource.name, name, "this namespace may not be deleted"));
    }
    let differs = |asked: &Option<String>, key: &str, what: &str| {
        let found = live.str_at(&["metadata", key]).unwrap_or_default();
        let asked = asked.as_deref().filter(|asked| *asked != found)?;
        Some(format!("Precondition failed: {what} in precondition: {asked}, {what} in object meta: {found}"))
    };
    let fault = differs(&options.uid, "uid", "UID")
        .or_else(|| differs(&options.revision, "resourceVersion", "ResourceVersion"));
    fault.map_or(Ok(()), |why| Err(ApiError::conflict(&call.resource.name, name, &why)))
}

/// The object with the mark of deletion and the finalizers of the policy.
fn mark(call: &Call, live: &Value, options: &Options) -> Value {
    let mut marked = live.clone();
    let finalizers = metadata::finalizers(live).into_iter().filter(|one| !matches!(*one, FOREGROUND | ORPHAN));
    let mut finalizers: Vec<Value> = finalizers.map(Value::from).collect();
    let previous = |name: &str| metadata::finalizers(live).contains(&name);
    match options.policy.as_str() {
        "Foreground" => finalizers.push(FOREGROUND.into()),
        "Orphan" => finalizers.push(ORPHAN.into()),
        "" if previous(FOREGROUND) => finalizers.push(FOREGROUND.into()),
        "" if previous(ORPHAN) => finalizers.push(ORPHAN.into()),
        _ => {}
    }
    if finalizers.is_empty() {
        marked.remove_at(&["metadata", "finalizers"]);
    } else {
        marked.set_at(&["metadata", "finalizers"], finalizers);
    }
    let grace = grace(call, live, options);
    let first = live.at(&["metadata", "deletionTimestamp"]).is_none();
    if first {
        let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(grace);
        marked.set_at(&["metadata", "deletionTimestamp"], format!("{end:.0}"));
    }
    if first || grace == 0 {
        marked.set_at(&["metadata", "deletionGracePeriodSeconds"], grace);
    }
    if call.resource.kind == "Namespace" {
        marked.set_at(&["status", "phase"], "Terminating");
        marked.remove_at(&["metadata", "deletionGracePeriodSeconds"]);
    }
    metadata::bump_generation(call, live, &mut marked);
    marked
}

/// Pods that are bound to a node are given time; nobody else is.
fn grace(call: &Call, live: &Value, options: &Options) -> i64 {
    let bound = live.str_at(&["spec", "nodeName"]).is_some_and(|node| !node.is_empty());
    let over = matches!(live.str_at(&["status", "phase"]), Some("Succeeded" | "Failed"));
    if call.resource.kind != "Pod" || !bound || over {
        return 0;
    }
    let own = live.at(&["spec", "terminationGracePeriodSeconds"]).and_then(Value::as_i64);
    options.grace.or(own).unwrap_or(30).max(0)
}

async fn take_out(call: &Call, stored: &Stored, marked: Value, options: &Options) -> Result<Removed, WriteError> {
    if !options.dry_run {
        write::put(call, &call.path.name, Expect::Revision(stored.revision), None).await?;
    }
    Ok(Removed::Gone(marked))
}

async fn put_mark(
    call: &Call,
    stored: &Stored,
    live: &Value,
    marked: Value,
    options: &Options,
) -> Result<Removed, WriteError> {
    if options.dry_run || marked == *live {
        return Ok(Removed::Waits(marked));
    }
    let stored = write::put(call, &call.path.name, Expect::Revision(stored.revision), Some(marked)).await?;
    Ok(Removed::Waits(convert::to_version(&stored.value, &call.resource)))
}
