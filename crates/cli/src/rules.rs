//! Flags that Flux's controllers have too, by the same names.

use clap::Args;
use engine::{Name, Options};

/// How the engine is to work; flags that Flux's controllers have too.
#[derive(Args, Debug)]
#[command(next_help_heading = "Rules, as flags of Flux's controllers")]
pub(crate) struct RulesArgs {
    /// Fetch nothing that kustomizations name by an address: refuse remote bases and files
    #[arg(long)]
    pub(crate) no_remote_bases: bool,
    /// Refuse references of Kustomizations to sources in other namespaces
    #[arg(long)]
    no_cross_namespace_refs: bool,
    /// `ServiceAccount` as which Kustomizations are applied that name none, in their own namespace
    #[arg(long, value_name = "NAME")]
    default_service_account: Option<String>,
    /// Secret with the age keys of Kustomizations whose `decryption` names no Secret
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = parse_name)]
    sops_age_secret: Option<Name>,
    /// Refuse files that were changed after they were encrypted with sops (Flux reads them; `setpoint` tells of them)
    #[arg(long)]
    sops_require_mac: bool,
}

impl RulesArgs {
    pub(crate) fn apply(&self, options: &mut Options) {
        options.remote_bases = !self.no_remote_bases;
        options.no_cross_namespace_refs = self.no_cross_namespace_refs;
        options.default_service_account.clone_from(&self.default_service_account);
        options.sops_age_secret.clone_from(&self.sops_age_secret);
        options.sops_require_mac = self.sops_require_mac;
    }
}

fn parse_name(text: &str) -> Result<Name, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(Name::new(namespace, name))
        }
        _ => Err("write it as NAMESPACE/NAME, such as flux-system/sops-age".to_owned()),
    }
}
