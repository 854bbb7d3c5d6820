//! What a reader of YAML chooses: the dialect, the handling of duplicate keys, and the limits.

/// Bytes of one text; larger texts are refused before they are scanned.
pub const MAX_BYTES: usize = 64 << 20;

/// Levels of nested collections. go-yaml allows 10,000, but JSON readers only 128, no manifest comes near either,
/// and whoever walks the tree may recurse on a small stack.
pub const MAX_DEPTH: usize = 200;

/// Nodes of one document, those reached through aliases counted each time.
pub const MAX_NODES: usize = 4_000_000;

/// Which reader of the Go world decides what a plain scalar means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `sigs.k8s.io/yaml`, as Helm and kubectl read: `yes`, `no`, `on`, `off`, `y` and `n` are booleans, dates are text.
    V2,
    /// go-yaml v3, as kustomize reads: only `true` and `false` are booleans, dates become times.
    #[default]
    V3,
}

/// What happens when a mapping has a key twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// An error that names the line of the first one.
    #[default]
    Refuse,
    /// The last value counts, as `sigs.k8s.io/yaml` without its strict mode does.
    LastWins,
}

/// Bounds on what one text may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Levels of nested collections.
    pub depth: usize,
    /// Nodes of one document after the expansion of aliases.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: MAX_BYTES, depth: MAX_DEPTH, nodes: MAX_NODES }
    }
}

/// How a text is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParseOptions {
    /// What plain scalars mean.
    pub dialect: Dialect,
    /// Goes into [`crate::Pos::source`] of every node.
    pub source: u32,
    /// Bounds on what the text may cost.
    pub limits: Limits,
    /// What happens to duplicate keys.
    pub duplicate_keys: Duplicates,
}

impl ParseOptions {
    /// As `sigs.k8s.io/yaml` reads where it is not strict: kubectl, Helm and the API server.
    pub fn sigs() -> Self {
        Self { dialect: Dialect::V2, duplicate_keys: Duplicates::LastWins, ..Self::default() }
    }
}
