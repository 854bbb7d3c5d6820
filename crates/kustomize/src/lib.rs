//! Builds a kustomization over an in-memory file tree, as kustomize does.
