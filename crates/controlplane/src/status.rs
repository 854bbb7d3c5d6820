//! Refusals: `Status` objects with the codes, reasons and texts of kube-apiserver.

use bytes::Bytes;
use goyaml::{Map, Value};

use crate::store::{Expired, GroupResource, WriteError};

/// One reason among several inside a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    /// Machine-readable, such as `FieldValueInvalid`.
    pub(crate) reason: String,
    /// For people.
    pub(crate) message: String,
    /// The field, such as `spec.replicas`.
    pub(crate) field: String,
}

/// A refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// HTTP status code.
    pub(crate) code: u16,
    /// `NotFound`, `Conflict`, …
    pub(crate) reason: &'static str,
    /// The whole sentence.
    pub(crate) message: String,
    details: Option<Box<Details>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Details {
    name: String,
    group: String,
    kind: String,
    uid: String,
    causes: Vec<Cause>,
    retry_after: u32,
}

/// What the handlers give back.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    fn about(mut self, resource: &GroupResource, name: &str) -> Self {
        let details = self.details.get_or_insert_default();
        details.group = resource.group.to_string();
        details.kind = resource.resource.to_string();
        details.name = name.into();
        self
    }

    fn with_causes(mut self, causes: Vec<Cause>) -> Self {
        self.details.get_or_insert_default().causes = causes;
        self
    }

    /// 400 with this text.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 401.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 403 for a resource.
    pub(crate) fn forbidden(resource: &GroupResource, name: &str, why: &str) -> Self {
        let message = if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} \"{name}\" is forbidden: {why}")
        };
        Self::new(403, "Forbidden", message).about(resource, name)
    }

    /// 403 because the namespace goes away.
    pub(crate) fn namespace_terminating(resource: &GroupResource, name: &str, namespace: &str) -> Self {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        Self::forbidden(resource, name, &why).with_causes(vec![Cause {
            reason: "NamespaceTerminating".into(),
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".into(),
        }])
    }

    /// 404 for an object.
    pub(crate) fn not_found(resource: &GroupResource, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{resource} \"{name}\" not found")).about(resource, name)
    }

    /// 404 for a path or resource that is not served.
    pub(crate) fn no_such_resource() -> Self {
        let mut error = Self::new(404, "NotFound", "the server could not find the requested resource");
        error.details = Some(Box::default());
        error
    }

    /// 405.
    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        let mut error = Self::new(405, "MethodNotAllowed", message);
        error.details = Some(Box::default());
        error
    }

    /// 406 for an `Accept` header that cannot be served.
    pub(crate) fn not_acceptable(media_types: &str) -> Self {
        let message = format!("only the following media types are accepted: {media_types}");
        Self::new(406, "NotAcceptable", message)
    }

    /// 409 because the name is taken.
    pub(crate) fn already_exists(resource: &GroupResource, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{resource} \"{name}\" already exists")).about(resource, name)
    }

    /// 409 with this reason.
    pub(crate) fn conflict(resource: &GroupResource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
        Self::new(409, "Conflict", message).about(resource, name)
    }

    /// 409 because the object was changed since it was read.
    pub(crate) fn modified(resource: &GroupResource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// 409 of server-side apply: other managers own the fields.
    pub(crate) fn apply_conflict(message: impl Into<String>, causes: Vec<Cause>) -> Self {
        Self::new(409, "Conflict", message).with_causes(causes)
    }

    /// 410: the revision is no longer known.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 415 for a body of an unknown type.
    pub(crate) fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// 408 for a body that does not come.
    pub(crate) fn slow_body(limit: std::time::Duration) -> Self {
        Self::new(408, "Timeout", format!("the body of the request did not come in {} s", limit.as_secs()))
    }

    /// 413 for a body above the limit.
    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {limit}"))
    }

    /// 422 with all faults of an object, as `kind.group "name" is invalid: …`.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> Self {
        let subject = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let told = |cause: &Cause| format!("{}: {}", cause.field, cause.message);
        let text = match causes.as_slice() {
            [one] => told(one),
            many => format!("[{}]", many.iter().map(told).collect::<Vec<_>>().join(", ")),
        };
        let message = format!("{subject} \"{name}\" is invalid: {text}");
        let resource = GroupResource::new(group, kind);
        Self::new(422, "Invalid", message).about(&resource, name).with_causes(causes)
    }

    /// 422 without an object, such as a patch that does not fit.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, "Invalid", message)
    }

    /// 500 with a sentence.
    pub(crate) fn internal(message: impl std::fmt::Display) -> Self {
        Self::new(500, "InternalError", format!("Internal error occurred: {message}"))
    }

    /// 500 with exactly this text.
    pub(crate) fn plain_internal(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    /// 501: the embedded API does not have this.
    pub(crate) fn not_implemented(what: &str) -> Self {
        Self::new(501, "NotImplemented", what)
    }

    /// 504 for a revision of the future.
    pub(crate) fn too_large_revision(asked: u64, current: u64) -> Self {
        let message = format!("Too large resource version: {asked}, current: {current}");
        let mut error = Self::new(504, "Timeout", format!("Timeout: {message}"));
        let details = error.details.get_or_insert_default();
        details.retry_after = 1;
        details.causes = vec![Cause {
            reason: "ResourceVersionTooLarge".into(),
            message: "Too large resource version".into(),
            field: String::new(),
        }];
        error
    }

    /// The refusal as a `Status` object.
    pub(crate) fn to_value(&self) -> Value {
        let mut status: Map = [("kind", "Status"), ("apiVersion", "v1")].into_iter().collect();
        status.insert("metadata", Value::empty_map());
        status.insert("status", "Failure");
        status.insert("message", self.message.as_str());
        if !self.reason.is_empty() {
            status.insert("reason", self.reason);
        }
        if let Some(details) = &self.details {
            status.insert("details", details.to_value());
        }
        status.insert("code", i64::from(self.code));
        status.into()
    }

    /// The refusal as JSON.
    pub(crate) fn json(&self) -> Bytes {
        goyaml::json::to_string(&self.to_value()).into()
    }
}

impl Details {
    fn to_value(&self) -> Value {
        let mut map = Map::new();
        let texts = [("name", &self.name), ("group", &self.group), ("kind", &self.kind), ("uid", &self.uid)];
        for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            map.insert(key, text.as_str());
        }
        if !self.causes.is_empty() {
            map.insert("causes", self.causes.iter().map(Cause::to_value).collect::<Value>());
        }
        if self.retry_after > 0 {
            map.insert("retryAfterSeconds", i64::from(self.retry_after));
        }
        map.into()
    }
}

impl Cause {
    fn to_value(&self) -> Value {
        let entries = [("reason", &self.reason), ("message", &self.message), ("field", &self.field)];
        entries.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key, text.as_str())).collect()
    }
}

impl From<Expired> for ApiError {
    fn from(error: Expired) -> Self {
        Self::expired(error.to_string())
    }
}

/// A disk that is full or a plane that is shut down: the change was not made.
impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        Self::internal(error)
    }
}
