//! A write that would change nothing but times is no write.

use goyaml::{Map, Value};

use crate::path::equal;

const PATH: [&str; 2] = ["metadata", "managedFields"];

/// Gives `new` the times of `old` if that is all by which they differ; otherwise leaves it alone.
pub fn keep_times(old: &Value, new: &mut Value) {
    let (Some(before), Some(after)) = (old.at(&PATH), new.at(&PATH)) else {
        return;
    };
    let (Some(before_list), Some(after_list)) = (before.as_list(), after.as_list()) else {
        return;
    };
    let same_entries = before_list.len() == after_list.len()
        && before_list.iter().zip(after_list).all(|(before, after)| equal(&without_time(before), &without_time(after)));
    if !same_entries {
        return;
    }
    let before = before.clone();
    let mut dated = new.clone();
    dated.set_at(&PATH, before);
    if equal(old, &dated) {
        *new = dated;
    }
}

fn without_time(entry: &Value) -> Value {
    let mut entry = entry.clone();
    entry.as_map_mut().map(|map: &mut Map| map.remove("time"));
    entry
}
