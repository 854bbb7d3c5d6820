//! The embedded Kubernetes API server: storage, watch, patches, discovery and simulated workloads.
