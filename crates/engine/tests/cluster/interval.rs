//! Intervals that pass without a change.

use std::time::Duration;

use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::world::{Outcome, Site, ensure, map, since};

/// Interval of the source and the Kustomization.
const INTERVAL: &str = "1s";
/// Several of them.
const WHILE: Duration = Duration::from_secs(5);
/// Long enough for Events, which are written beside the work, to be written.
const SETTLE: Duration = Duration::from_millis(1500);

pub(crate) async fn intervals_without_changes_ask_nothing(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1")), ("apps/b.yaml", &map("b", "1"))]).await?;
    let often = Patch::Merge(json!({"spec": {"interval": INTERVAL}}));
    site.sources().patch("repo", &PatchParams::default(), &often).await?;
    site.kustomizations().patch("apps", &PatchParams::default(), &often).await?;
    tokio::time::sleep(SETTLE).await;
    let (before, fetched) = (site.requests(), fetches(&site));
    tokio::time::sleep(WHILE).await;
    let (asked, fetched) = (since(&before, &site.requests()), fetches(&site) - fetched);
    ensure(fetched >= 3, format!("the source was asked only {fetched} times"))?;
    // Only the embedded control plane counts requests of this engine alone.
    if site.plane.is_some() {
        ensure(asked.is_empty(), format!("{asked:?}"))?;
    }
    site.stop().await;
    Ok(())
}

fn fetches(site: &Site) -> u64 {
    site.engine.as_ref().map_or(0, |engine| engine.snapshot().counters.fetches)
}
