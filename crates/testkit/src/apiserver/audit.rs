//! Reads the API server's audit log: which requests came, from whom, and how they were answered.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

/// One request as the API server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Kubernetes' verb: `get`, `list`, `watch`, `create`, `patch`, …
    pub verb: String,
    /// Path and query.
    pub uri: String,
    /// The resource in plural, with its subresource: `deployments`, `pods/status`; empty for paths that are none.
    pub resource: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// Who it was authenticated as.
    pub user: String,
    /// Whom it acted for, where it impersonated.
    pub impersonated: Option<String>,
    /// The HTTP status; 0 while a watch has not been answered.
    pub code: u16,
}

/// Reads a log; of a watch, which is logged when it starts and when it ends, the later entry wins.
pub(super) fn read(path: &Path) -> io::Result<Vec<Request>> {
    let text = match fs::read_to_string(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    Ok(parse(&text))
}

fn parse(text: &str) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    let mut places = HashMap::new();
    // A last line that is still being written is no JSON yet: it is read the next time.
    for event in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let request = request(&event);
        let place = *places.entry(event["auditID"].to_string()).or_insert(requests.len());
        match requests.get_mut(place) {
            Some(earlier) => *earlier = request,
            None => requests.push(request),
        }
    }
    requests
}

fn request(event: &Value) -> Request {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &event["objectRef"];
    let mut resource = text(&object["resource"]);
    if let Some(subresource) = object["subresource"].as_str() {
        resource = format!("{resource}/{subresource}");
    }
    let code = event["responseStatus"]["code"].as_u64();
    Request {
        verb: text(&event["verb"]),
        uri: text(&event["requestURI"]),
        resource,
        user_agent: text(&event["userAgent"]),
        user: text(&event["user"]["username"]),
        impersonated: event["impersonatedUser"]["username"].as_str().map(str::to_owned),
        code: code.and_then(|code| u16::try_from(code).ok()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_watch_counts_once_and_a_half_written_line_not_at_all() {
        let log = concat!(
            r#"{"auditID":"a","stage":"ResponseStarted","verb":"watch","requestURI":"/api/v1/pods?watch=1","responseStatus":{"code":200}}"#,
            "\n",
            r#"{"auditID":"b","verb":"patch","requestURI":"/x","userAgent":"u","user":{"username":"admin"},"#,
            r#""impersonatedUser":{"username":"tenant"},"objectRef":{"resource":"pods","subresource":"status"},"responseStatus":{"code":409}}"#,
            "\n",
            r#"{"auditID":"a","stage":"ResponseComplete","verb":"watch","requestURI":"/api/v1/pods?watch=1","responseStatus":{"code":504}}"#,
            "\n",
            r#"{"auditID":"c","ver"#,
        );
        let requests = parse(log);
        assert_eq!(requests.len(), 2);
        assert_eq!((requests[0].verb.as_str(), requests[0].code), ("watch", 504));
        assert_eq!(requests[1].resource, "pods/status");
        assert_eq!(requests[1].impersonated.as_deref(), Some("tenant"));
    }
}
