//! Intervals that pass without a change.

use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, SystemClock};
use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::world::{Outcome, Site, ensure, map, since};

/// Seconds that pass in one.
const SPEED: u32 = 900;

/// An hour that is over in seconds. Only intervals run on it: the server's own times are the real ones.
#[derive(Debug, Default)]
struct Fast(SystemClock);

impl Clock for Fast {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed() * SPEED
    }

    fn sleep_for(&self, length: Duration) -> Duration {
        length / SPEED
    }
}

pub(crate) async fn an_hour_without_changes_asks_nothing(mut site: Site) -> Outcome {
    site.clock = Some(Arc::new(Fast::default()));
    site.deliver(&[("apps/a.yaml", &map("a", "1")), ("apps/b.yaml", &map("b", "1"))]).await?;
    let often = Patch::Merge(json!({"spec": {"interval": "1m"}}));
    site.sources().patch("repo", &PatchParams::default(), &often).await?;
    site.kustomizations().patch("apps", &PatchParams::default(), &often).await?;
    let (before, fetched) = (site.requests_at_rest().await, fetches(&site));
    tokio::time::sleep(Duration::from_hours(1) / SPEED).await;
    let (asked, fetched) = (since(&before, &site.requests()), fetches(&site) - fetched);
    // Sixty on a machine with nothing else to do.
    ensure(fetched >= 15, format!("the source was asked only {fetched} times"))?;
    ensure(asked.is_empty(), format!("{asked:?}"))?;
    site.stop().await;
    Ok(())
}

fn fetches(site: &Site) -> u64 {
    site.engine.as_ref().map_or(0, |engine| engine.snapshot().counters.fetches)
}
