//! Makes objects from a snapshot: plain folders and Kustomize, substitution, labels.
