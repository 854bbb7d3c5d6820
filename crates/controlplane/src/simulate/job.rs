//! Jobs: pods that succeed until enough have.

use goyaml::{Map, Value};
use jiff::{SignedDuration, Timestamp};

use super::action::Action;
use super::kind::Kind;
use super::pods;
use super::world::{World, annotation, at, count, deleting, flag, number, text};
use super::{Step, conditions, template};

const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// Pods made in one step.
const MAX_BURST: i64 = 500;

/// What a Job needs now.
pub(super) fn reconcile(world: &World<'_>, job: &Value) -> Step {
    let mut step = Step::default();
    if deleting(job) {
        return step;
    }
    if conditions::holds(job, "Complete") || conditions::holds(job, "Failed") {
        expire(world, job, &mut step);
        return step;
    }
    let all = world.controlled(Kind::Pod, job);
    let succeeded: Vec<_> = all.iter().filter(|pod| text(pod, "status.phase") == "Succeeded").collect();
    let active: Vec<_> = all.iter().filter(|pod| pods::active(pod)).collect();
    let wanted =
        at(job, "spec.completions").and_then(Value::as_i64).unwrap_or_else(|| number(job, "spec.parallelism").min(1));
    let suspended = flag(job, "spec.suspend");
    let done = count(succeeded.len()) >= wanted && !suspended;
    if suspended || done {
        step.actions.extend(active.iter().map(|pod| Action::delete(Kind::Pod, pod)));
    } else {
        make(world, job, &all, wanted - count(succeeded.len()) - count(active.len()), &mut step);
    }
    step.push(Action::status(Kind::Job, job, status(world, job, &succeeded, &active, done)));
    step
}

/// Removes a finished job when its time is up.
fn expire(world: &World<'_>, job: &Value, step: &mut Step) {
    let Some(seconds) = at(job, "spec.ttlSecondsAfterFinished").and_then(Value::as_i64) else {
        return;
    };
    let ended: Option<Timestamp> = text(job, "status.completionTime").parse().ok();
    let end = ended.and_then(|ended| ended.checked_add(SignedDuration::from_secs(seconds)).ok());
    match end {
        Some(end) if end <= world.now => step.push(Action::delete(Kind::Job, job)),
        end => step.again_at(end),
    }
}

fn make(world: &World<'_>, job: &Value, all: &[Value], missing: i64, step: &mut Step) {
    let template = at(job, "spec.template").cloned().unwrap_or_default();
    let base = format!("{}-", text(job, "metadata.name"));
    if let Some(message) =
        template::refusal(world, text(job, "metadata.namespace"), &base, &template).filter(|_| missing > 0)
    {
        let message = format!("Error creating: {message}");
        step.push(Action::event(world, Kind::Job, job, ("Warning", "FailedCreate"), &message));
        return;
    }
    let active = count(all.iter().filter(|pod| pods::active(pod)).count());
    let room = missing.min(number(job, "spec.parallelism") - active).min(MAX_BURST);
    let indexed = text(job, "spec.completionMode") == "Indexed";
    let taken: Vec<_> = all.iter().map(|pod| annotation(pod, INDEX)).collect();
    let mut free = (0..number(job, "spec.completions"))
        .map(|index| index.to_string())
        .filter(|index| !taken.contains(&index.as_str()));
    for slot in 0..room.max(0) {
        let mut pod = template::generated(world, Kind::Job, job, &template, slot.unsigned_abs());
        if indexed {
            let Some(index) = free.next() else {
                return;
            };
            for part in ["annotations", "labels"] {
                pod.set_at(&["metadata", part, INDEX], index.as_str());
            }
            pod.set_at(&["spec", "hostname"], format!("{base}{index}"));
        }
        step.push(Action::Create(Kind::Pod, pod));
    }
}

fn status(world: &World<'_>, job: &Value, succeeded: &[&Value], active: &[&Value], done: bool) -> Value {
    let now = world.time();
    let suspended = flag(job, "spec.suspend");
    let mut status = Map::new();
    let mut said = Vec::new();
    let reached = ("True", "CompletionsReached", "Reached expected number of succeeded pods");
    if done {
        said = vec![
            conditions::condition(job, "SuccessCriteriaMet", reached, &now),
            conditions::condition(job, "Complete", reached, &now),
        ];
    } else if suspended {
        said = vec![conditions::condition(job, "Suspended", ("True", "JobSuspended", "Job suspended"), &now)];
    } else if conditions::find(job, "Suspended").is_some() {
        said = vec![conditions::condition(job, "Suspended", ("False", "JobResumed", "Job resumed"), &now)];
    }
    for condition in &mut said {
        condition.set_at(&["lastProbeTime"], text(condition, "lastTransitionTime").to_owned());
    }
    if !said.is_empty() {
        status.insert("conditions", said);
    }
    if !suspended {
        let started = Some(text(job, "status.startTime")).filter(|time| !time.is_empty()).unwrap_or(&now);
        status.insert("startTime", started);
    }
    if done {
        status.insert("completionTime", now.as_str());
    }
    let ready = active.iter().filter(|pod| pods::ready(pod)).count();
    let running = if done || suspended { 0 } else { active.len() };
    for (key, value) in [("active", count(running)), ("succeeded", count(succeeded.len()))] {
        if value > 0 {
            status.insert(key, value);
        }
    }
    status.insert("terminating", 0_i64);
    status.insert("ready", if done { 0 } else { count(ready) });
    status.insert("uncountedTerminatedPods", Value::empty_map());
    if text(job, "spec.completionMode") == "Indexed" {
        status.insert("completedIndexes", indexes(succeeded));
    }
    status.into()
}

/// Numbers as `0-2,5`.
fn indexes(succeeded: &[&Value]) -> String {
    let mut numbers: Vec<i64> = succeeded.iter().filter_map(|pod| annotation(pod, INDEX).parse().ok()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let runs = numbers.chunk_by(|one, next| one + 1 == *next);
    let shown = runs.map(|run| match run {
        [one] => one.to_string(),
        [first, second] => format!("{first},{second}"),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    });
    shown.collect::<Vec<_>>().join(",")
}
