//! What one render may cost, and how it treats missing keys.

/// Commands evaluated in one render, with what functions do in loops counted in.
pub const MAX_STEPS: u64 = 50_000_000;

/// Templates within templates (`template`, `include`, `tpl`). Helm stops at 1,000 of one name; no chart comes near.
/// Each level needs up to 20 KiB of stack in an optimised build.
pub const MAX_DEPTH: usize = 200;

/// Bytes of the output of one template.
pub const MAX_OUTPUT: usize = 64 << 20;

/// Bytes of all strings and lists that functions make in one render.
pub const MAX_MEMORY: usize = 1 << 30;

/// What a key that is not in a map gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// The zero value of the map's type, `missingkey=zero`: nil in most maps.
    #[default]
    Zero,
    /// An error, `missingkey=error` (Helm's strict mode).
    Error,
}

/// How templates are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// See [`MAX_STEPS`].
    pub steps: u64,
    /// See [`MAX_DEPTH`].
    pub depth: usize,
    /// See [`MAX_OUTPUT`].
    pub output: usize,
    /// See [`MAX_MEMORY`].
    pub memory: usize,
    /// What a missing key gives.
    pub missing_key: MissingKey,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            steps: MAX_STEPS,
            depth: MAX_DEPTH,
            output: MAX_OUTPUT,
            memory: MAX_MEMORY,
            missing_key: MissingKey::Zero,
        }
    }
}
