//! What somebody should look at, worst first, with what to do.

use engine::{DeliveryState, HealthState, Phase, SourceState};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::links;
use crate::view::View;
use crate::words::{self, Tone};

/// Unhealthy objects of one delivery that are listed.
const OBJECTS: usize = 20;
/// Findings of one delivery that are listed.
const FINDINGS: usize = 50;

/// One thing to look at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Whom it concerns, and its page.
    pub(crate) subject: String,
    /// Address of the subject's page.
    pub(crate) link: String,
    /// What is wrong.
    pub(crate) message: String,
    /// `file:line:column` in the source; may be empty.
    pub(crate) place: String,
    /// What to do; may be empty.
    pub(crate) hint: String,
    /// Since when.
    pub(crate) since: Timestamp,
}

/// All problems of sources and deliveries.
pub(crate) fn all(view: &View) -> Vec<Problem> {
    let sources = view.state.sources.values().filter_map(|source| of_source(source));
    let deliveries = view.state.deliveries.values().flat_map(|delivery| of_delivery(delivery));
    sources.chain(deliveries).collect()
}

/// Why a source cannot be fetched.
pub(crate) fn of_source(source: &SourceState) -> Option<Problem> {
    if words::source_tone(source) != Tone::Attention {
        return None;
    }
    let ready = source.conditions.iter().find(|condition| condition.kind == "Ready")?;
    let (message, hint) = split(&ready.message);
    let hint = if hint.is_empty() { "Check the address, the credentials and the network.".to_owned() } else { hint };
    Some(Problem {
        subject: format!("Source {}", source.name.name),
        link: links::source(&source.name),
        message,
        place: String::new(),
        hint,
        since: ready.since,
    })
}

/// What is wrong with a delivery: findings in its files, failing objects, and the failure itself if these do not say it.
pub(crate) fn of_delivery(delivery: &DeliveryState) -> Vec<Problem> {
    if words::tone(delivery) != Tone::Attention {
        return Vec::new();
    }
    let mut found: Vec<Problem> = findings(delivery).chain(objects(delivery)).collect();
    let told = match &delivery.phase {
        Phase::Failed(reason) => match &**reason {
            "BuildFailed" => !delivery.diagnostics.is_empty(),
            "HealthCheckFailed" => !found.is_empty(),
            _ => false,
        },
        Phase::Settled => true,
        _ => false,
    };
    if !told {
        found.insert(0, failure(delivery));
    }
    found
}

fn failure(delivery: &DeliveryState) -> Problem {
    let ready = delivery.conditions.iter().find(|condition| condition.kind == "Ready" && condition.status != "True");
    let (message, hint) = match ready {
        Some(ready) if !ready.message.is_empty() => split(&ready.message),
        _ => (words::sentence(delivery), String::new()),
    };
    Problem { message, hint, ..about(delivery) }
}

fn about(delivery: &DeliveryState) -> Problem {
    Problem {
        subject: delivery.name.name.to_string(),
        link: links::delivery(&delivery.name),
        message: String::new(),
        place: String::new(),
        hint: String::new(),
        since: delivery.since,
    }
}

fn findings(delivery: &DeliveryState) -> impl Iterator<Item = Problem> {
    delivery.diagnostics.iter().take(FINDINGS).map(|finding| Problem {
        message: finding.message.to_string(),
        place: match (finding.line, finding.column) {
            (0, _) => finding.file.to_string(),
            (line, 0) => format!("{}:{line}", finding.file),
            (line, column) => format!("{}:{line}:{column}", finding.file),
        },
        hint: finding.hint.to_string(),
        ..about(delivery)
    })
}

fn objects(delivery: &DeliveryState) -> impl Iterator<Item = Problem> {
    let at_rest = !delivery.phase.is_busy();
    let wrong = move |health| match health {
        HealthState::Failed => true,
        HealthState::Missing | HealthState::InProgress => at_rest,
        HealthState::Current | HealthState::Terminating | HealthState::Unknown => false,
    };
    delivery.objects.iter().filter(move |object| wrong(object.health)).take(OBJECTS).map(|object| Problem {
        subject: format!("{} {}", object.key.kind, object.key.name),
        link: links::object(&object.key, &object.version),
        message: if object.message.is_empty() {
            words::object_health(object.health).1.to_owned()
        } else {
            object.message.to_string()
        },
        place: object.origin.to_string(),
        hint: "Its page shows its events, which often name the cause.".to_owned(),
        since: delivery.since,
    })
}

/// Our messages say what to do on their further, indented lines.
fn split(message: &str) -> (String, String) {
    match message.split_once("\n  ") {
        Some((what, hint)) => (what.trim().to_owned(), hint.trim().to_owned()),
        None => (message.trim().to_owned(), String::new()),
    }
}

/// A list of problems.
pub(crate) fn list(problems: &[Problem], view: &View) -> Markup {
    html! {
        ul .problems {
            @for problem in problems {
                li {
                    p .what {
                        a href=(problem.link) { (problem.subject) } ": " span .message { (problem.message) }
                    }
                    @if !problem.hint.is_empty() { p .hint { b { "What to do: " } (problem.hint) } }
                    p .where {
                        @if problem.place.is_empty() { "Noticed " } @else { "In " code { (problem.place) } ", noticed " }
                         (crate::time::ago(view.now, problem.since))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn findings_stand_for_the_failed_build() {
        let state = sample::state();
        let view = View { state: &state, now: sample::now(), form: "", drawings: true };
        let all: Vec<String> = all(&view)
            .iter()
            .map(|problem| format!("{}|{}|{}", problem.subject, problem.place, problem.hint))
            .collect();
        assert_eq!(
            all,
            [
                "notebooks|apps/notebooks/hub.yaml:14:9|Did you mean `replicas`?",
                "Deployment opensearch|apps/search/opensearch.yaml:1|Its page shows its events, which often name the cause.",
            ]
        );
    }

    #[test]
    fn further_lines_say_what_to_do() {
        assert_eq!(split("it broke\n  mend it"), ("it broke".into(), "mend it".into()));
        assert_eq!(split("it broke\nhere and there"), ("it broke\nhere and there".into(), String::new()));
    }
}
