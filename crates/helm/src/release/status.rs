//! How a release is doing.

use std::fmt;

/// The state of a revision, in Helm's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nobody knows.
    #[default]
    Unknown,
    /// It is what runs.
    Deployed,
    /// It was taken away, and its record kept.
    Uninstalled,
    /// A later revision took its place.
    Superseded,
    /// Something went wrong while it was made.
    Failed,
    /// It is being taken away.
    Uninstalling,
    /// The first revision is being made.
    PendingInstall,
    /// A later revision is being made.
    PendingUpgrade,
    /// A revision is being made out of an older one.
    PendingRollback,
    /// A word that Helm 4.1 does not know.
    Other(Box<str>),
}

/// All states with their names.
const NAMES: [(Status, &str); 9] = [
    (Status::Unknown, "unknown"),
    (Status::Deployed, "deployed"),
    (Status::Uninstalled, "uninstalled"),
    (Status::Superseded, "superseded"),
    (Status::Failed, "failed"),
    (Status::Uninstalling, "uninstalling"),
    (Status::PendingInstall, "pending-install"),
    (Status::PendingUpgrade, "pending-upgrade"),
    (Status::PendingRollback, "pending-rollback"),
];

impl Status {
    /// The state of this name.
    pub fn parse(name: &str) -> Self {
        let known = NAMES.into_iter().find(|(_, known)| *known == name);
        known.map_or_else(|| Self::Other(name.into()), |(status, _)| status)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            _ => NAMES.iter().find(|(known, _)| known == self).map_or("", |(_, name)| *name),
        }
    }

    /// Whether somebody is at work on it, or was when it was last heard of.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        for (status, name) in NAMES {
            assert_eq!(Status::parse(name), status);
            assert_eq!(status.name(), name);
        }
        assert_eq!(Status::parse("lost").name(), "lost");
        assert!(Status::PendingRollback.is_pending() && !Status::Uninstalling.is_pending());
    }
}
