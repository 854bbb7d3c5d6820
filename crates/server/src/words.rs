//! The state in plain words: one sentence for everything, one for each delivery and source.

use engine::{DeliveryState, HealthCount, HealthState, On, Phase, SourceState, State};
use jiff::Timestamp;

/// Names that a sentence lists before the rest is counted.
const NAMED: usize = 3;

/// How something stands: decides the colour; the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    /// Needs somebody.
    Attention,
    /// Under way.
    Busy,
    /// Waits for something else.
    Waiting,
    /// Switched off.
    Off,
    /// As wanted.
    Good,
}

impl Tone {
    /// Class in the style sheet, and the value of the filter.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::Busy => "busy",
            Self::Waiting => "waiting",
            Self::Off => "off",
            Self::Good => "good",
        }
    }

    /// For badges.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Attention => "Needs attention",
            Self::Busy => "At work",
            Self::Waiting => "Waiting",
            Self::Off => "Suspended",
            Self::Good => "As wanted",
        }
    }
}

/// How a delivery stands.
pub(crate) fn tone(delivery: &DeliveryState) -> Tone {
    match &delivery.phase {
        Phase::Failed(_) | Phase::Waiting(On::Source(_) | On::Spec(_) | On::Rivals(_)) => Tone::Attention,
        Phase::Waiting(_) => Tone::Waiting,
        Phase::Suspended => Tone::Off,
        Phase::Settled if delivery.health.failed > 0 || !delivery.diagnostics.is_empty() => Tone::Attention,
        Phase::Settled => Tone::Good,
        Phase::Fetching
        | Phase::Rendering
        | Phase::Planning
        | Phase::Applying(_)
        | Phase::Settling
        | Phase::Deleting => Tone::Busy,
    }
}

/// How a delivery stands, in a few words.
pub(crate) fn short(delivery: &DeliveryState) -> String {
    let failed = delivery.health.failed;
    match &delivery.phase {
        Phase::Failed(reason) => failure(reason).to_owned(),
        Phase::Settled if failed > 0 => format!("applied, but {} failing", are(failed, "object")),
        Phase::Settled if !delivery.diagnostics.is_empty() => {
            format!("as wanted, apart from {}", counted(delivery.diagnostics.len(), "finding"))
        }
        Phase::Settled if delivery.health.in_progress > 0 => {
            format!("as wanted; {} still starting", are(delivery.health.in_progress, "object"))
        }
        Phase::Waiting(On::Dependency(name, _)) => format!("waiting for {}", name.name),
        phase => phase.to_string(),
    }
}

/// How a delivery stands, as a sentence of its page.
pub(crate) fn sentence(delivery: &DeliveryState) -> String {
    let objects = counted(delivery.objects.len(), "object");
    match &delivery.phase {
        Phase::Settled if tone(delivery) == Tone::Good => format!("All {objects} are as Git says, and are kept so."),
        Phase::Settled => format!("{}.", capital(&short(delivery))),
        Phase::Failed(reason) => {
            format!(
                "{}. Setpoint tries again by itself, at once when the cause changes in Git.",
                capital(failure(reason))
            )
        }
        Phase::Waiting(On::Dependency(name, why)) if why.is_empty() => format!("Starts as soon as {name} is ready."),
        Phase::Waiting(On::Dependency(name, why)) => format!("Starts as soon as {name} is ready: {why}"),
        Phase::Waiting(On::Rivals(why)) => format!("Nothing is done. {why}"),
        Phase::Waiting(on) => format!("Waits for {on}."),
        Phase::Fetching => "Waits for its turn.".to_owned(),
        Phase::Rendering => "Reads the files of this folder.".to_owned(),
        Phase::Planning => "Compares the files with the cluster.".to_owned(),
        Phase::Applying(stage) => format!("Writes the changes to the cluster, stage {stage}."),
        Phase::Settling => "Everything is written. Waits until the objects are healthy.".to_owned(),
        Phase::Suspended => {
            "Switched off: changes in Git and changes by hand are left alone until it is resumed.".to_owned()
        }
        Phase::Deleting => "Is being removed from the cluster.".to_owned(),
    }
}

/// What Flux's reason means.
fn failure(reason: &str) -> &str {
    match reason {
        "BuildFailed" => "the files cannot be built",
        "HealthCheckFailed" => "objects do not become healthy",
        "ReconciliationFailed" => "the cluster refused a change",
        "PruneFailed" => "objects could not be removed",
        "ArtifactFailed" => "the files could not be read",
        "DependencyNotReady" => "a dependency is not ready",
        "DriftContested" => "somebody else keeps changing the same fields",
        other => other,
    }
}

/// How a source stands.
pub(crate) fn source_tone(source: &SourceState) -> Tone {
    let ready = source.conditions.iter().find(|condition| condition.kind == "Ready");
    match ready.map(|ready| ready.status.as_str()) {
        _ if source.suspended => Tone::Off,
        Some("True") => Tone::Good,
        Some("False") => Tone::Attention,
        _ => Tone::Busy,
    }
}

/// How a source stands, in a few words.
pub(crate) fn source_short(source: &SourceState) -> &'static str {
    match source_tone(source) {
        Tone::Good => "fetched",
        Tone::Attention => "cannot be fetched",
        Tone::Off => "suspended",
        Tone::Busy | Tone::Waiting => "being fetched",
    }
}

/// Everything in one sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overall {
    /// How it stands.
    pub(crate) tone: Tone,
    /// The sentence, without a full stop where `since` follows.
    pub(crate) text: String,
    /// Since when, if that says something.
    pub(crate) since: Option<Timestamp>,
    /// More to know.
    pub(crate) more: String,
}

/// Everything in one sentence.
pub(crate) fn overall(state: &State) -> Overall {
    let of = |wanted: Tone| -> Vec<&DeliveryState> {
        state.deliveries.values().map(|delivery| &**delivery).filter(|delivery| tone(delivery) == wanted).collect()
    };
    let (attention, off) = (of(Tone::Attention), of(Tone::Off));
    let busy: Vec<_> = [of(Tone::Busy), of(Tone::Waiting)].concat();
    let broken: Vec<_> = state.sources.values().filter(|source| source_tone(source) == Tone::Attention).collect();
    let total = counted(state.deliveries.len(), "Kustomization");
    let say = |tone, text: String| Overall { tone, text, since: None, more: String::new() };
    let mut overall = if !state.synced {
        say(Tone::Busy, "Setpoint has just started and reads what it is to hold.".into())
    } else if !attention.is_empty() {
        let verb = if attention.len() == 1 { "needs" } else { "need" };
        say(Tone::Attention, format!("{} of {total} {verb} attention: {}.", attention.len(), names(&attention)))
    } else if let Some(first) = broken.first() {
        say(
            Tone::Attention,
            format!("The source {} cannot be fetched. What was applied before is still held.", first.name.name),
        )
    } else if state.deliveries.is_empty() {
        say(Tone::Off, "Nothing is held yet.".into())
    } else if !busy.is_empty() {
        say(Tone::Busy, format!("Setpoint is at work on {} of {total}: {}.", busy.len(), names(&busy)))
    } else if off.len() == state.deliveries.len() {
        say(Tone::Off, format!("Nothing is held: {} suspended.", are(off.len(), "Kustomization")))
    } else {
        let since = of(Tone::Good).iter().map(|delivery| delivery.since).max();
        Overall { since, ..say(Tone::Good, "Everything is as Git says".into()) }
    };
    if !off.is_empty() && off.len() < state.deliveries.len() {
        overall.more = format!("{} suspended and not held: {}.", are(off.len(), "Kustomization"), names(&off));
    }
    overall
}

/// Counts of health in words; what is zero is left out.
pub(crate) fn health(count: HealthCount) -> Vec<(Tone, String)> {
    [
        (Tone::Attention, count.failed, "failed"),
        (Tone::Busy, count.in_progress, "starting"),
        (Tone::Waiting, count.unknown, "missing or unknown"),
        (Tone::Good, count.current, "healthy"),
    ]
    .into_iter()
    .filter(|(_, number, _)| *number > 0)
    .map(|(tone, number, word)| (tone, format!("{number} {word}")))
    .collect()
}

/// Health of one object: tone and word.
pub(crate) fn object_health(health: HealthState) -> (Tone, &'static str) {
    match health {
        HealthState::Current => (Tone::Good, "healthy"),
        HealthState::InProgress => (Tone::Busy, "starting"),
        HealthState::Failed => (Tone::Attention, "failed"),
        HealthState::Terminating => (Tone::Busy, "being deleted"),
        HealthState::Missing => (Tone::Attention, "missing"),
        HealthState::Unknown => (Tone::Waiting, "unknown"),
    }
}

/// `main@sha1:0123456789…` → `main @ 0123456`.
pub(crate) fn revision(revision: &str) -> String {
    let Some((reference, hash)) = revision.split_once("@sha1:") else {
        return revision
            .strip_prefix("sha1:")
            .map_or_else(|| revision.to_owned(), |hash| hash.chars().take(7).collect());
    };
    format!("{reference} @ {}", hash.chars().take(7).collect::<String>())
}

/// `3 objects`, `1 object`
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `3 objects are`, `1 object is`
fn are(count: usize, noun: &str) -> String {
    format!("{} {}", counted(count, noun), if count == 1 { "is" } else { "are" })
}

fn names(deliveries: &[&DeliveryState]) -> String {
    let named: Vec<&str> = deliveries.iter().take(NAMED).map(|delivery| &*delivery.name.name).collect();
    let rest = deliveries.len() - named.len();
    if rest == 0 { named.join(", ") } else { format!("{} and {rest} more", named.join(", ")) }
}

/// With a capital first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn check(phases: &[(&str, Phase)], expect: &str) {
        let mut state = sample::empty();
        for (name, phase) in phases {
            sample::put(&mut state, sample::delivery(name, phase.clone()));
        }
        let overall = overall(&state);
        assert_eq!(format!("{}|{}", overall.text, overall.more), expect);
    }

    #[test]
    fn everything_in_one_sentence() {
        let failed = || Phase::Failed("BuildFailed".into());
        check(&[], "Nothing is held yet.|");
        check(&[("a", Phase::Settled)], "Everything is as Git says|");
        check(&[("a", Phase::Settled), ("b", failed())], "1 of 2 Kustomizations needs attention: b.|");
        check(
            &[("a", failed()), ("b", failed()), ("c", failed()), ("d", failed())],
            "4 of 4 Kustomizations need attention: a, b, c and 1 more.|",
        );
        check(
            &[("a", Phase::Settled), ("b", Phase::Settling), ("c", Phase::Suspended)],
            "Setpoint is at work on 1 of 3 Kustomizations: b.|1 Kustomization is suspended and not held: c.",
        );
        check(&[("a", Phase::Suspended)], "Nothing is held: 1 Kustomization is suspended.|");
    }

    #[test]
    fn a_settled_delivery_with_failing_objects_needs_attention() {
        let mut delivery = sample::delivery("a", Phase::Settled);
        delivery.health.failed = 2;
        assert_eq!((tone(&delivery), short(&delivery)), (Tone::Attention, "applied, but 2 objects are failing".into()));
        assert_eq!(sentence(&delivery), "Applied, but 2 objects are failing.");
    }

    #[test]
    fn revisions_are_short() {
        for (revision_, expect) in [
            ("main@sha1:0123456789abcdef", "main @ 0123456"),
            ("refs/pull/1@sha1:aa", "refs/pull/1 @ aa"),
            ("sha1:0123456789", "0123456"),
            ("latest", "latest"),
        ] {
            assert_eq!(revision(revision_), expect);
        }
    }
}
