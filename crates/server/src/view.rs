//! What every page is made from.

use engine::{DeliveryState, SourceName, State};
use jiff::Timestamp;
use object::ObjectKey;

/// What every page is made from: nothing else goes in.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The engine's state.
    pub(crate) state: &'a State,
    /// The moment that ages are told from.
    pub(crate) now: Timestamp,
    /// The token that forms carry.
    pub(crate) form: &'a str,
    /// Whether the browser shows drawings; a text browser would print their words one after the other.
    pub(crate) drawings: bool,
}

impl<'a> View<'a> {
    /// The delivery that holds an object, and the object as it knows it.
    pub(crate) fn owner(&self, key: &ObjectKey) -> Option<(&'a DeliveryState, &'a engine::ObjectState)> {
        let held = |delivery: &'a DeliveryState| {
            delivery.objects.iter().find(|object| object.key == *key).map(|object| (delivery, object))
        };
        self.state.deliveries.values().find_map(|delivery| held(delivery))
    }

    /// The deliveries of a source.
    pub(crate) fn deliveries_of(&self, source: &SourceName) -> impl Iterator<Item = &'a DeliveryState> {
        self.state.deliveries.values().map(|delivery| &**delivery).filter(move |delivery| delivery.source == *source)
    }
}
