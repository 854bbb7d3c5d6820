//! Decisions without a cluster.
