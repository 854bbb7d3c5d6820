//! Putting drifted objects back, a moment after the watch has told.

use std::collections::BTreeMap;

use apply::{ApplyOptions, Drift, DryRun, ObjectResult, Outcome, Owner, PlanOptions};
use object::{Inventory, ObjectKey};

use super::{ignored, report};
use crate::HealedDrift;
use crate::index::{HealOrder, Healed, HeldObject};
use crate::world::clusters::Target;
use crate::world::{Event, World};

/// Puts drifted objects back and tells the loop.
pub(crate) async fn run(world: World, order: HealOrder) {
    let started = world.options.clock.elapsed();
    let noticed = world.now();
    let observer = world.observer_of(&order.held.destination);
    let drifts: BTreeMap<ObjectKey, Drift> =
        order.keys.iter().filter_map(|key| Some((key.clone(), observer.drift(key)?))).collect();
    let mut healed = Healed { healed: Vec::new(), failed: Vec::new() };
    if !drifts.is_empty() {
        let results = put_back(&world, &order, &drifts).await;
        let took = world.options.clock.elapsed().saturating_sub(started);
        for (key, drift) in drifts {
            match results.get(&key) {
                Some(Ok(())) => healed.healed.push(HealedDrift {
                    object: key,
                    fields: report::in_words(&drift.fields),
                    manager: drift.manager.as_deref().unwrap_or("an unknown writer").into(),
                    at: noticed,
                    took,
                    deleted: drift.missing,
                }),
                Some(Err(message)) => healed.failed.push((key, message.clone())),
                None => {}
            }
        }
    }
    world.send(Event::Healed(order.name, healed));
}

type Results = BTreeMap<ObjectKey, Result<(), String>>;

/// Plans and applies the drifted objects alone. Nothing is pruned, as only a part of the delivery is looked at.
async fn put_back(world: &World, order: &HealOrder, drifts: &BTreeMap<ObjectKey, Drift>) -> Results {
    let owner = Owner::kustomization(&*order.name.namespace, &*order.name.name);
    let objects: Vec<_> =
        order.held.objects.iter().filter(|object| drifts.contains_key(object.key())).map(HeldObject::object).collect();
    let inventory = Inventory::default();
    let ignored = match ignored::of(&order.object.spec, &objects) {
        Ok(ignored) => ignored,
        Err(why) => return drifts.keys().map(|key| (key.clone(), Err(why.clone()))).collect(),
    };
    let mut options = PlanOptions::new(&owner, &objects, &inventory);
    options.dry_run = DryRun::Never;
    options.force = order.object.spec.force;
    options.ignored = &ignored;
    let Target { cluster, observer, .. } = world.target_at(&order.held.destination, &order.object);
    let plan = match apply::plan(&cluster, &observer, &options).await {
        Ok(plan) => plan,
        Err(error) => return drifts.keys().map(|key| (key.clone(), Err(error.to_string()))).collect(),
    };
    let changes = apply::apply(&cluster, &observer, &plan, &ApplyOptions::default()).await;
    let result = |result: ObjectResult| match result.outcome {
        Outcome::Created | Outcome::Configured => Some((result.key, Ok(()))),
        Outcome::Failed => Some((result.key, Err(result.message))),
        Outcome::Unchanged | Outcome::Deleted | Outcome::Skipped => None,
    };
    changes.results.into_iter().filter_map(result).collect()
}
