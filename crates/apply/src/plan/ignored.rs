//! What is sent for objects of which fields are left to others.

use super::look::Looker;
use super::{Action, Change};
use crate::{ApplyError, ignore};

/// Sees to it that fields which are left to others are written as they are. Of a Secret they are read now, as its values
/// are not kept.
pub(super) async fn fill(looker: &Looker<'_>, changes: &mut [Change]) -> Result<(), ApplyError> {
    for change in changes.iter_mut().filter(|change| !change.ignored.is_empty()) {
        let (Action::Update(_), Some(wanted), Some(live)) = (&change.action, &change.desired, &change.live) else {
            continue;
        };
        let read = if live.is_secret() {
            looker.cluster.get(&change.gvk, &change.key.namespace, &change.key.name).await?
        } else {
            None
        };
        change.payload = Some(ignore::payload(wanted, live, read.as_ref(), &change.ignored));
    }
    Ok(())
}
