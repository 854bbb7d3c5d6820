//! Job: started is enough to be current, as a Job may run for days; a failed one has failed.

use goyaml::Value;

use super::{Health, condition, number};

pub(super) fn health(object: &Value) -> Health {
    let happened = |kind| condition(object, kind).filter(super::Condition::is_true);
    if happened("Complete").is_some() {
        let succeeded = number(object, &["status", "succeeded"]).unwrap_or(0);
        return Health::current(format!("has finished: {succeeded} pods succeeded"));
    }
    if let Some(failed) = happened("Failed") {
        let pods = number(object, &["status", "failed"]).unwrap_or(0);
        return Health::failed(format!("has failed after {pods} failed pods: {}", failed.text()));
    }
    if happened("Suspended").is_some() {
        return Health::current("is suspended");
    }
    if object.str_at(&["status", "startTime"]).is_none() {
        return Health::in_progress("has not started yet");
    }
    let active = number(object, &["status", "active"]).unwrap_or(0);
    Health::current(format!("is running: {active} pods active"))
}
