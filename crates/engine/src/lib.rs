//! Holds a cluster to its sources: events in, steps, status set once.
