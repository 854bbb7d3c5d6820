//! Versions and the ranges they are compared with, by the rules of `Masterminds/semver` v3.4, which differ from Cargo's.
//!
//! Helm reads `version`, `kubeVersion` and the versions of dependencies by them, templates by `semver` and `semverCompare`.
//!
//! ```
//! use gotemplate::semver::{Constraints, Version};
//!
//! let range = Constraints::parse(">=1.25.0-0 <2 || ~0.4.x")?;
//! assert!(range.hold(&Version::parse("v1.35")?));
//! assert!(!range.hold(&Version::parse("0.5.0")?));
//! # Ok::<(), String>(())
//! ```

mod constraint;
mod version;

pub use constraint::Constraints;
pub use version::Version;
