//! The status of a HelmRelease, as far as it goes: nothing is installed yet, and it says so.

use api::SourceStatus;

use super::conditions::{self, Says, Stamp};
use crate::index::ChartName;

/// Flux's condition of what is installed.
const RELEASED: &str = "Released";
/// A field or an action that is not honoured (ours).
const UNSUPPORTED: &str = "UnsupportedFeature";

/// The chart is there, and nothing is done with it. `holds_up` says whether who waits for the release is to see that it is
/// not ready; without it nothing is said of `Ready` at all, which is no promise either.
pub(crate) fn not_built(status: &mut SourceStatus, chart: &ChartName, holds_up: bool, stamp: Stamp) {
    let message = format!(
        "chart {}@{} is ready, but installing, upgrading and uninstalling releases is not built into Setpoint yet: nothing of it is on the cluster because of this object. Install it with `helm install`, or leave it to Flux's helm-controller",
        chart.name, chart.version
    );
    let set = &mut status.conditions;
    conditions::remove(set, "Reconciling");
    conditions::set(set, RELEASED, Says::no(UNSUPPORTED, &message), stamp);
    if holds_up {
        conditions::set(set, "Ready", Says::no(UNSUPPORTED, &message), stamp);
        conditions::set(set, "Stalled", Says::yes(UNSUPPORTED, &message), stamp);
    } else {
        conditions::remove(set, "Ready");
        conditions::remove(set, "Stalled");
    }
    status.observed_generation = Some(stamp.generation);
}
