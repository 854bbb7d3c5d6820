//! Kubernetes Events: on transitions only, the same one counted rather than written again.

use std::collections::HashMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Event as KubeEvent, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Resource, ResourceExt};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::World;
use crate::index::{Announcement, Subject};

/// Events that may wait to be written; more are dropped, as they must never hold up the work.
const BACKLOG: usize = 1024;
/// Written Events that are remembered.
const KNOWN: usize = 4096;
/// Longest message, in bytes: the API server's limit.
const MAX_MESSAGE: usize = 1024;
/// Who reports.
const COMPONENT: &str = "setpoint";

/// Starts the writer. Events are written one after the other, beside the work.
pub(crate) fn start(world: World) -> mpsc::Sender<Announcement> {
    let (sender, mut receiver) = mpsc::channel::<Announcement>(BACKLOG);
    tokio::spawn(async move {
        let mut writer = Writer { world, counts: HashMap::new() };
        while let Some(announcement) = receiver.recv().await {
            if let Err(error) = writer.write(&announcement).await {
                tracing::debug!(%error, reason = announcement.reason, "an Event could not be written");
            }
        }
    });
    sender
}

/// Writes Events and knows those it has written, so that a repeated one is one request.
struct Writer {
    world: World,
    counts: HashMap<String, i32>,
}

impl Writer {
    async fn write(&mut self, announcement: &Announcement) -> Result<(), kube::Error> {
        let reference = match &announcement.subject {
            Subject::Source(object) => object.reference_to(),
            Subject::Delivery(object) => refer(object),
        };
        let namespace = reference.namespace.clone().unwrap_or_default();
        let event = event(announcement, reference, Time(self.world.now()));
        let api: Api<KubeEvent> = Api::namespaced(self.world.client.clone(), &namespace);
        if self.counts.len() >= KNOWN {
            self.counts.clear();
        }
        let count = match self.counts.get(&event.name_any()) {
            Some(known) => count_up(&api, &event, *known).await?,
            None => create(&api, &event).await?,
        };
        self.counts.insert(event.name_any(), count);
        Ok(())
    }
}

/// Writes an Event that may be there from an earlier run; gives its count.
async fn create(api: &Api<KubeEvent>, event: &KubeEvent) -> Result<i32, kube::Error> {
    match api.create(&PostParams::default(), event).await {
        Ok(_) => Ok(1),
        Err(kube::Error::Api(status)) if status.code == 409 => {
            let known = api.get(&event.name_any()).await?.count.unwrap_or(1);
            count_up(api, event, known).await
        }
        Err(error) => Err(error),
    }
}

/// Counts an Event up; one that has expired is written anew.
async fn count_up(api: &Api<KubeEvent>, event: &KubeEvent, known: i32) -> Result<i32, kube::Error> {
    let count = known.saturating_add(1);
    let patch = json!({"count": count, "lastTimestamp": event.last_timestamp});
    match api.patch(&event.name_any(), &PatchParams::default(), &Patch::Merge(&patch)).await {
        Ok(_) => Ok(count),
        Err(kube::Error::Api(status)) if status.code == 404 => {
            api.create(&PostParams::default(), event).await.map(|_| 1)
        }
        Err(error) => Err(error),
    }
}

fn refer<K: Resource<DynamicType = ()>>(object: &Arc<K>) -> ObjectReference {
    ObjectReference { resource_version: object.resource_version(), ..object.object_ref(&()) }
}

/// The Event, named after what it says, so that the same one is found again.
fn event(announcement: &Announcement, reference: ObjectReference, now: Time) -> KubeEvent {
    let mut message = announcement.message.clone();
    if message.len() > MAX_MESSAGE {
        let end = (0..MAX_MESSAGE - 3).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    let mut hash = Sha256::new();
    for part in [reference.uid.as_deref().unwrap_or(""), &announcement.reason, &message] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest = format!("{:x}", hash.finalize());
    KubeEvent {
        metadata: ObjectMeta {
            name: Some(format!("{}.{}", reference.name.as_deref().unwrap_or(""), &digest[..16])),
            namespace: reference.namespace.clone(),
            annotations: Some(announcement.annotations.clone()).filter(|annotations| !annotations.is_empty()),
            ..ObjectMeta::default()
        },
        involved_object: reference,
        type_: Some(if announcement.warning { "Warning" } else { "Normal" }.into()),
        reason: Some(announcement.reason.clone()),
        message: Some(message),
        first_timestamp: Some(now.clone()),
        last_timestamp: Some(now),
        count: Some(1),
        source: Some(EventSource { component: Some(COMPONENT.into()), host: None }),
        reporting_component: Some(COMPONENT.into()),
        reporting_instance: Some(COMPONENT.into()),
        ..KubeEvent::default()
    }
}
