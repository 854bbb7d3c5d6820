//! Plans, applies, waits for and prunes objects on a cluster.
