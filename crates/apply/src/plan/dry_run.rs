//! Asking the server what an apply would do, where the plan cannot tell.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use goyaml::Value;
use object::diff;

use super::look::{CONCURRENCY, Looker};
use super::{Action, Change, Plan, Refusal, decide};
use crate::cluster::{Write, identity};
use crate::observer::Live;
use crate::{Answer, ApplyError, ignore};

/// One change the server is asked about.
struct Question {
    place: usize,
    desired: Value,
    /// Revision of the live object as it is known here.
    revision: Option<String>,
}

struct Asked {
    answer: Answer,
    newer: Option<Arc<Live>>,
}

impl Question {
    fn of(place: usize, change: &Change) -> Option<Self> {
        let revision = change.live.as_ref().map(|live| live.resource_version.clone());
        Some(Self { place, desired: change.payload.as_ref().or(change.desired.as_ref())?.clone(), revision })
    }
}

/// Asks about the changes at these places and settles them; what the server refuses goes to the refusals.
pub(super) async fn ask(looker: &Looker<'_>, plan: &mut Plan, places: Vec<usize>) -> Result<(), ApplyError> {
    let coming: Vec<String> = plan
        .changes
        .iter()
        .filter(|change| change.key.kind == "Namespace" && change.live.is_none())
        .map(|change| change.key.name.clone())
        .collect();
    let askable = |change: &Change| !looker.unserved.contains(&change.gvk) && !coming.contains(&change.key.namespace);
    let questions = places
        .into_iter()
        .filter(|place| askable(&plan.changes[*place]))
        .filter_map(|place| Question::of(place, &plan.changes[place]));
    let work: Vec<_> = questions.map(|question| ask_one(looker, question)).collect();
    let answers: Vec<_> = stream::iter(work).buffer_unordered(CONCURRENCY).collect().await;

    let mut refused = Vec::new();
    for (place, answer) in answers {
        let change = &mut plan.changes[place];
        match answer {
            Ok(asked) => {
                change.live = asked.newer.or(change.live.take());
                change.action = settle(looker, change, &asked.answer);
            }
            Err(error) if error.is_immutable() && (plan.force || change.handling.force) => {
                if let Action::Update(fields) = &change.action {
                    change.action = Action::Recreate(fields.clone());
                }
            }
            Err(error) => refused.push((place, refusal(change, &error))),
        }
    }
    for (place, change) in plan.changes.iter().enumerate() {
        if !matches!(change.action, Action::Keep | Action::Skip(_)) && refused.iter().all(|(known, _)| *known != place)
        {
            refused.extend(decide::terminating(change).map(|refusal| (place, refusal)));
        }
    }
    let mut place = 0;
    plan.changes.retain(|_| {
        place += 1;
        refused.iter().all(|(refused, _)| *refused != place - 1)
    });
    plan.refused.extend(refused.into_iter().map(|(_, refusal)| refusal));
    Ok(())
}

/// The answer to a dry-run, and the object anew where the one known is not what the server compared with.
async fn ask_one(looker: &Looker<'_>, question: Question) -> (usize, Result<Asked, ApplyError>) {
    let ask = async {
        let answer = looker.cluster.apply(&question.desired, Write::DRY_RUN).await?;
        let (gvk, key) = identity(&question.desired);
        let revision = answer.value.str_at(&["metadata", "resourceVersion"]).map(str::to_owned);
        let newer = match question.revision {
            Some(known) if revision.as_ref() != Some(&known) => {
                looker.cluster.get(&gvk, &key.namespace, &key.name).await?
            }
            _ => None,
        };
        Ok(Asked { answer, newer: newer.map(|value| Arc::new(looker.observer.read(&value))) })
    };
    (question.place, ask.await)
}

fn settle(looker: &Looker<'_>, change: &Change, answer: &Answer) -> Action {
    let Some(live) = &change.live else { return Action::Create };
    let after = looker.observer.seal().sealed(&answer.value);
    let ignored = &change.ignored;
    let fields = diff::objects(&ignore::without(&live.value(), ignored), &ignore::without(&after, ignored));
    // Without an entry of ours an equal object still has to be taken over, or nothing would be known of its drift.
    if fields.is_empty() && live.owned.is_some() {
        looker.observer.confirmed((change.digest, ignored), live);
        return Action::Keep;
    }
    Action::Update(fields)
}

fn refusal(change: &Change, error: &ApplyError) -> Refusal {
    let remedy = match error.reason() {
        "Forbidden" => "give the ServiceAccount the right, or name another one in spec.serviceAccountName",
        _ if error.is_immutable() => "the field cannot change: set force, or give the object another name",
        _ => "",
    };
    Refusal {
        key: change.key.clone(),
        origin: change.origin.clone(),
        message: format!("dry-run failed ({}): {}", error.reason(), error.cause),
        remedy: remedy.into(),
        reason: error.reason().into(),
        transient: error.is_transient(),
    }
}
