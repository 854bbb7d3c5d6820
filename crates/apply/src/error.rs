//! What can go wrong between us and an API server.

use std::sync::Arc;

use object::ObjectKey;

/// A request that failed, and for which object.
#[derive(Debug, thiserror::Error)]
#[error("{}{what}: {cause}", self.prefix())]
pub struct ApplyError {
    /// The object the request was about.
    pub key: Option<ObjectKey>,
    /// What was tried, such as `apply`.
    pub what: &'static str,
    /// Why it failed.
    #[source]
    pub cause: Cause,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The server answered with a Status.
    #[error("{message}{}", self.reason_suffix())]
    Status {
        /// The HTTP code.
        code: u16,
        /// The Status' reason, such as `Forbidden`; empty if there is none.
        reason: String,
        /// The Status' message.
        message: String,
        /// Seconds the server asks us to wait, from `Retry-After`.
        retry_after: Option<u64>,
    },
    /// The server could not be reached, or the connection broke.
    #[error("the API server cannot be reached: {0}")]
    Connection(#[source] kube::Error),
    /// The answer is not what the API promises.
    #[error("the API server's answer cannot be read: {0}")]
    Answer(String),
    /// The server does not know the kind.
    #[error(
        "the cluster does not know the kind {0}; install its CustomResourceDefinition, or put it into the same set"
    )]
    UnknownKind(object::Gvk),
    /// Nothing is written at the moment: the [`Gate`](crate::Gate) is closed.
    #[error("nothing is written: {0}")]
    Closed(Arc<str>),
    /// It took too long.
    #[error("not done within {0} seconds")]
    TimedOut(u64),
}

impl ApplyError {
    pub(crate) fn new(key: Option<ObjectKey>, what: &'static str, cause: Cause) -> Self {
        Self { key, what, cause }
    }

    /// The same error, said of an object.
    pub(crate) fn about(self, key: &ObjectKey) -> Self {
        Self { key: Some(key.clone()), ..self }
    }

    fn prefix(&self) -> String {
        self.key.as_ref().map(|key| format!("{key} ")).unwrap_or_default()
    }

    /// The Status' reason, or a word of ours in the same style.
    pub fn reason(&self) -> &str {
        match &self.cause {
            Cause::Status { reason, .. } if reason.is_empty() => "Unknown",
            Cause::Status { reason, .. } => reason,
            Cause::Connection(_) => "ServiceUnavailable",
            Cause::Answer(_) => "InternalError",
            Cause::UnknownKind(_) => "NoMatch",
            Cause::Closed(_) => "WritesHeld",
            Cause::TimedOut(_) => "Timeout",
        }
    }

    /// The HTTP code the server answered with.
    pub fn code(&self) -> Option<u16> {
        match &self.cause {
            Cause::Status { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the object or its kind is not there.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Whether the same request may work later without a change of ours.
    pub fn is_transient(&self) -> bool {
        match &self.cause {
            Cause::Connection(_) | Cause::Closed(_) | Cause::TimedOut(_) => true,
            Cause::Status { code, .. } => matches!(code, 429 | 500 | 503 | 504),
            _ => false,
        }
    }

    /// Whether the object has to be made anew: its change touches a field that cannot change.
    pub fn is_immutable(&self) -> bool {
        match &self.cause {
            Cause::Status { code, reason, message, .. } => {
                *code == 422 && (reason == "Invalid" || message.contains("immutable"))
                    || message.contains("field is immutable")
            }
            _ => false,
        }
    }
}

impl Cause {
    fn reason_suffix(&self) -> String {
        match self {
            Self::Status { reason, .. } if !reason.is_empty() => format!(" ({reason})"),
            Self::Status { code, .. } => format!(" (HTTP {code})"),
            _ => String::new(),
        }
    }
}
