//! The rules: what a cluster's objects have wrong with each other and with themselves.

mod dependencies;
mod duplicates;
mod images;
mod known;
mod pods;
mod references;
mod releases;
mod removed;
mod secrets;
mod waiver;

pub use removed::is_removed;
pub use waiver::IGNORE;

pub(crate) use known::declared;

use crate::{Cluster, Finding};

impl Cluster {
    /// Looks at all objects together: what is wrong, and what could not be told.
    pub fn check(&self) -> (Vec<Finding>, Vec<String>) {
        let known = known::Known::new(self);
        let mut notes = Vec::new();
        let mut findings = dependencies::check(self);
        findings.extend(duplicates::check(self));
        findings.extend(removed::check(self));
        findings.extend(secrets::check(self));
        findings.extend(images::check(self));
        findings.extend(releases::check(self, &known, &mut notes));
        findings.extend(references::check(self, &known, &mut notes));
        (findings, notes)
    }
}
