//! How many requests each client made, by verb and resource.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How often one client asked one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestCount {
    /// Verb as audit logs name it: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// Resource with its subresource, such as `deployments/status`; the path for requests that name no resource.
    pub resource: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Who asked; the impersonated user where somebody acted for another.
    pub user: String,
    /// Requests since the plane was opened.
    pub count: u64,
}

type Line = (String, String, String, String);

/// The counters of one plane.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    lines: Mutex<BTreeMap<Line, u64>>,
}

/// Different lines kept; a client that changes its User-Agent each time must not fill the memory.
const MAX_LINES: usize = 4096;
/// Characters of a resource or User-Agent that are kept.
const MAX_TEXT: usize = 256;

impl Counters {
    /// Counts one request of a `User-Agent` and user.
    pub(crate) fn count(&self, verb: &str, resource: &str, who: (&str, &str)) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let short = |text: &str| text.chars().take(MAX_TEXT).collect::<String>();
        let line = (verb.to_owned(), short(resource), short(who.0), short(who.1));
        if lines.len() >= MAX_LINES && !lines.contains_key(&line) {
            return;
        }
        *lines.entry(line).or_default() += 1;
    }

    /// All counts, sorted.
    pub(crate) fn all(&self) -> Vec<RequestCount> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |((verb, resource, user_agent, user), count): (&Line, &u64)| RequestCount {
            verb: verb.clone(),
            resource: resource.clone(),
            user_agent: user_agent.clone(),
            user: user.clone(),
            count: *count,
        };
        lines.iter().map(count).collect()
    }
}
