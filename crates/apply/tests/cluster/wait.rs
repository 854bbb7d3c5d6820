//! Waiting by watch.

use std::time::{Duration, Instant};

use apply::{Settled, WaitOptions, evaluate, wait};
use expression::HealthRules;

use crate::install::APP;
use crate::world::{Outcomes, PATIENCE, Site};

pub(crate) async fn wait_follows_health(mut site: Site) -> Outcomes {
    site.apply(&APP.replace("replicas: 0", "replicas: 1")).await?;
    let entries = site.inventory.entries().to_vec();
    let before = site.cluster.requests();
    let options = WaitOptions { timeout: PATIENCE, ..WaitOptions::default() };
    let waited = wait(&site.cluster, &site.observer, &entries, &options).await;
    assert_eq!(waited.settled, Settled::Current, "{:?}", waited.objects);
    assert_eq!(site.cluster.requests(), before, "a wait asks nothing");
    assert_eq!(evaluate(&site.observer, &entries, &HealthRules::default()), waited);
    Ok(())
}

pub(crate) async fn wait_says_why_not(mut site: Site) -> Outcomes {
    let set = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: NS}
spec: {accessModes: [ReadWriteOnce], volumeName: there-is-none, storageClassName: '', resources: {requests: {storage: 1Gi}}}
";
    site.apply(set).await?;
    let entries = site.inventory.entries().to_vec();
    let start = Instant::now();
    let options = WaitOptions { timeout: Duration::from_millis(700), ..WaitOptions::default() };
    let waited = wait(&site.cluster, &site.observer, &entries, &options).await;
    assert!(start.elapsed() >= Duration::from_millis(700) && start.elapsed() < Duration::from_secs(5));
    assert_eq!(waited.settled, Settled::Waiting);
    let said: Vec<String> = waited.unsettled().map(ToString::to_string).collect();
    let name = format!("PersistentVolumeClaim/{}/data", site.namespace);
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with(&format!("{name}: InProgress: waits for a volume")), "{said:?}");
    Ok(())
}
