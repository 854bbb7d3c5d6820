//! What all actions can be told.

use std::time::Duration;

use helm::HelmCompat;

/// What an action waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// Only for hooks, as Helm does where nothing is said.
    #[default]
    Hooks,
    /// For all objects (`--wait`).
    Objects,
    /// For all objects, and for Jobs to end (`--wait --wait-for-jobs`).
    ObjectsAndJobs,
}

/// How an action is done.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of helm")]
pub struct Options {
    /// How long each wait may take: for one hook, for all objects.
    pub timeout: Duration,
    /// What is waited for.
    pub wait: Wait,
    /// Do not run hooks.
    pub no_hooks: bool,
    /// Take fields over that other managers own.
    pub force_conflicts: bool,
    /// Take objects over that belong to no release or to another one.
    pub take_ownership: bool,
    /// Do not check the values against `values.schema.json`.
    pub skip_schema_validation: bool,
    /// Records that stay, the new one with them; 0 keeps all.
    pub max_history: usize,
    /// What the record says when all went well.
    pub description: Option<String>,
    /// Which Helm to be like.
    pub compat: HelmCompat,
}

/// Helm's own limit of a wait.
const TIMEOUT: Duration = Duration::from_mins(5);
/// Records that Helm keeps.
const MAX_HISTORY: usize = 10;

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: TIMEOUT,
            wait: Wait::default(),
            no_hooks: false,
            force_conflicts: false,
            take_ownership: false,
            skip_schema_validation: false,
            max_history: MAX_HISTORY,
            description: None,
            compat: HelmCompat::default(),
        }
    }
}
