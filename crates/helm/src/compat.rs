//! Which release of Helm to be like.

/// Releases whose behaviour differs in what a chart renders to: null values, the splitting of documents, `.Chart`, the
/// order of kinds, the form of errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum HelmCompat {
    /// Helm 3 (3.20).
    V3,
    /// Helm 4.1 (4.1.4): the command line.
    #[default]
    V4_1,
    /// Helm 4.2: Flux 2.9.
    V4_2,
}
