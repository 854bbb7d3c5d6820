//! Reconcilers against a store of their own: what they do is applied until nothing is left to do.
