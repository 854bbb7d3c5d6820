//! The index without a cluster.
