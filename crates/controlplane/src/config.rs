//! What a control plane is opened with, and who calls it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::schema::BuiltinSchemas;

/// Where the objects are kept.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In memory; gone when the plane is dropped.
    Memory,
    /// In this folder, made if it is missing. One process at a time.
    File(PathBuf),
}

/// Settings of a control plane. `Config::default()` is what `setpoint up` and the tests use.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Events kept per resource for watches that resume; 0 means 2048.
    pub history: usize,
    /// Schemas shared with other planes; `None` reads those that come with the program.
    pub schemas: Option<Arc<BuiltinSchemas>>,
    /// Who plays controllers, scheduler and kubelet.
    pub workloads: Workloads,
}

/// Whether workloads come to life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workloads {
    /// Pods are made, scheduled and become ready by simulation.
    #[default]
    Simulated,
    /// Objects stay as they were written, as on an API server without controllers. Namespaces and garbage are still
    /// looked after.
    Still,
}

/// Who calls: what authentication found out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// User name, such as `system:serviceaccount:flux-system:kustomize-controller`.
    pub user: String,
    /// Groups without `system:authenticated`, which every known caller is in.
    pub groups: Vec<String>,
}

impl Identity {
    /// The administrator: user `kubernetes-admin` in the group `system:masters`.
    pub fn admin() -> Self {
        Self { user: "kubernetes-admin".into(), groups: vec!["system:masters".into()] }
    }

    /// A user without groups.
    pub fn user(name: impl Into<String>) -> Self {
        Self { user: name.into(), groups: Vec::new() }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::admin()
    }
}
