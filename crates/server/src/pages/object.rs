//! One object: how it is doing, where it comes from, what the cluster has, and its events.

use goyaml::Value;
use jiff::Timestamp;
use maud::{Markup, html};
use object::{Gvk, ObjectKey};

use super::layout::{Page, Section, badge, fact, trail};
use super::trouble::Trouble;
use crate::live::LiveError;
use crate::view::View;
use crate::words::{self, Tone};
use crate::{links, redact, time};

/// Longest YAML that is shown, in bytes.
const LONGEST_YAML: usize = 256 * 1024;
/// Longest part of an address, as the cluster limits names.
const LONGEST_PART: usize = 253;

/// Which object a page's address names.
pub(crate) struct Address {
    /// Group, version and kind.
    pub(crate) gvk: Gvk,
    /// The object.
    pub(crate) key: ObjectKey,
}

/// What the cluster answered.
pub(crate) struct Found {
    /// The live object.
    pub(crate) object: Result<Value, LiveError>,
    /// Its events.
    pub(crate) events: Result<Vec<Value>, LiveError>,
    /// Whether the managed fields are shown too.
    pub(crate) managed: bool,
}

impl Address {
    /// Reads group, version, kind, namespace and name; `None` if one of them cannot be one.
    pub(crate) fn read(parts: &[String; 5]) -> Option<Self> {
        let plain = |text: &String| {
            let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
            letters && !text.is_empty() && text.len() <= LONGEST_PART && !text.chars().all(|letter| letter == '.')
        };
        if !parts.iter().all(plain) {
            return None;
        }
        let [group, version, kind, namespace, name] = parts.clone();
        let group = if group == links::CORE { String::new() } else { group };
        let namespace = if namespace == links::NO_NAMESPACE { String::new() } else { namespace };
        let key = ObjectKey { group: group.clone(), kind: kind.clone(), namespace, name };
        Some(Self { gvk: Gvk { group, version, kind }, key })
    }

    fn is_secret(&self) -> bool {
        self.key.group.is_empty() && self.key.kind == "Secret"
    }
}

/// The page.
pub(crate) fn page(view: &View, address: &Address, found: Found) -> Result<Page, Trouble> {
    let owner = view.owner(&address.key);
    if owner.is_none() && matches!(found.object, Err(LiveError::Missing)) {
        return Err(Trouble::object_missing(&address.key.to_string()));
    }
    let body = html! {
        (head(view, address, &found))
        (events(view, &found.events))
        (live(address, found))
    };
    Ok(Page { title: format!("{} {}", address.key.kind, address.key.name), section: Section::Deliveries, body })
}

fn head(view: &View, address: &Address, found: &Found) -> Markup {
    let owner = view.owner(&address.key);
    let (tone, word, message) = standing(owner.map(|(_, object)| object), &found.object);
    let key = &address.key;
    let back = owner.map(|(delivery, _)| links::delivery(&delivery.name));
    html! {
        section #head .{ "overall " (tone.class()) } {
            @if let (Some((delivery, _)), Some(back)) = (owner, &back) {
                (trail(&[("Kustomizations", "/deliveries"), (&delivery.name.name, back)], &key.to_string()))
            } @else { (trail(&[("Overview", "/")], &key.to_string())) }
            h1 { span .kind { (key.kind) } " " (key.name) " " (badge(tone, word)) }
            @if !message.is_empty() { p .sentence { (words::capital(&message)) } }
            dl .facts {
                @if let (Some((delivery, object)), Some(back)) = (owner, &back) {
                    (fact("Held by", &html! { a href=(back) { (delivery.name.name) } }))
                    @if !object.origin.is_empty() { (fact("Comes from", &html! { code { (object.origin) } " in " (delivery.source.name) })) }
                } @else {
                    (fact("Held by", &html! { "nobody: it is not in Git" }))
                }
                (fact("Namespace", &html! { @if key.namespace.is_empty() { "none, it belongs to the whole cluster" } @else { (key.namespace) } }))
                (fact("API version", &html! { code { (address.gvk.api_version()) } }))
            }
        }
    }
}

fn standing(known: Option<&engine::ObjectState>, live: &Result<Value, LiveError>) -> (Tone, &'static str, String) {
    match (known, live) {
        (Some(known), _) => {
            let (tone, word) = words::object_health(known.health);
            (tone, word, known.message.to_string())
        }
        (None, Ok(live)) => {
            let health = object::health::status(live);
            let (tone, word) = match health.status {
                object::HealthStatus::Current => (Tone::Good, "healthy"),
                object::HealthStatus::InProgress => (Tone::Busy, "starting"),
                object::HealthStatus::Failed => (Tone::Attention, "failed"),
                object::HealthStatus::Terminating => (Tone::Busy, "being deleted"),
                object::HealthStatus::Unknown => (Tone::Waiting, "unknown"),
            };
            (tone, word, health.message)
        }
        (None, Err(error)) => (Tone::Waiting, "unknown", error.to_string()),
    }
}

fn events(view: &View, events: &Result<Vec<Value>, LiveError>) -> Markup {
    html! {
        section #events .card {
            h2 { "Events" }
            @match events {
                Err(error) => { p { "The events could not be read: " (error) "." } },
                Ok(events) if events.is_empty() => { p .quiet { "The cluster has none about this object. It forgets them after an hour or so." } },
                Ok(events) => { ul .events { @for event in newest_first(events) { (event_item(view, event)) } } },
            }
        }
    }
}

fn newest_first(events: &[Value]) -> Vec<&Value> {
    let mut sorted: Vec<_> = events.iter().collect();
    sorted.sort_by_key(|event| std::cmp::Reverse(event_time(event)));
    sorted
}

fn event_time(event: &Value) -> Option<Timestamp> {
    ["lastTimestamp", "eventTime", "firstTimestamp"].iter().find_map(|field| event.str_at(&[field])?.parse().ok())
}

fn event_item(view: &View, event: &Value) -> Markup {
    let tone = if event.str_at(&["type"]) == Some("Warning") { Tone::Attention } else { Tone::Off };
    let count = event.get("count").and_then(Value::as_i64).unwrap_or(1);
    html! {
        li {
            (badge(tone, event.str_at(&["reason"]).unwrap_or("Event"))) " "
            span .message { (event.str_at(&["message"]).unwrap_or("")) } " "
            span .quiet { (time::ago_or_dash(view.now, event_time(event))) @if count > 1 { ", " (count) " times" } }
        }
    }
}

fn live(address: &Address, found: Found) -> Markup {
    html! {
        section #live-object .card {
            h2 { "On the cluster now" }
            @match found.object {
                Err(error) => { p { (words::capital(&error.to_string())) "." } },
                Ok(mut object) => {
                    @let () = redact::for_page(&mut object, address.is_secret(), found.managed);
                    @if address.is_secret() { p .quiet { "Values of Secrets are never shown here." } }
                    pre .yaml tabindex="0" { code { (shortened(goyaml::emit(&object))) } }
                    p .quiet {
                        @if found.managed { a href="?" { "Hide who manages which field" } } @else { a href="?managed=1" { "Show who manages which field" } }
                    }
                }
            }
        }
    }
}

fn shortened(mut yaml: String) -> String {
    if yaml.len() > LONGEST_YAML {
        yaml.truncate(yaml.floor_char_boundary(LONGEST_YAML));
        yaml.push_str("\n… the rest is too long to be shown; kubectl prints it");
    }
    yaml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_objects() {
        let check = |parts: [&str; 5], expect: Option<&str>| {
            let found =
                Address::read(&parts.map(str::to_owned)).map(|address| format!("{} {}", address.gvk, address.key));
            assert_eq!(found.as_deref(), expect, "{parts:?}");
        };
        check(["apps", "v1", "Deployment", "a", "b"], Some("apps/v1 Deployment Deployment/a/b"));
        check(["core", "v1", "Namespace", "-", "b"], Some("v1 Namespace Namespace/b"));
        check(
            ["rbac.authorization.k8s.io", "v1", "ClusterRole", "-", "system:a"],
            Some("rbac.authorization.k8s.io/v1 ClusterRole ClusterRole/system:a"),
        );
        check(["core", "v1", "Secret", "a", ".."], None);
        check(["core", "v1", "Secret", "a/../b", "c"], None);
        check(["core", "v1", "Secret", "a", "b?x=y"], None);
    }
}
