//! Rules that hold for all deliveries: from the options, and from the arguments of Flux's controllers in the repository.

use crate::Options;
use crate::bootstrap::Lockdown;

/// Rules that hold for all deliveries.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// `ServiceAccount` of Kustomizations that name none.
    pub(crate) default_service_account: Option<String>,
    /// Whether remote bases are fetched.
    pub(crate) remote_bases: bool,
    /// Whether variables without a value are errors.
    pub(crate) strict_substitutions: bool,
}

impl From<&Options> for Rules {
    fn from(options: &Options) -> Self {
        Self {
            default_service_account: options.default_service_account.clone(),
            remote_bases: options.remote_bases,
            strict_substitutions: options.strict_substitutions,
        }
    }
}

impl Rules {
    /// Takes what the repository says. It makes rules stricter; what the options say of the account stays.
    pub(crate) fn learn(&mut self, lockdown: &Lockdown) {
        self.remote_bases &= !lockdown.no_remote_bases;
        if self.default_service_account.is_none() {
            self.default_service_account.clone_from(&lockdown.default_service_account);
        }
        if let Some(strict) = lockdown.strict_substitutions {
            self.strict_substitutions = strict;
        }
    }
}
