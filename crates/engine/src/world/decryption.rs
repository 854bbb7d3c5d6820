//! `decryption`: the private keys that encrypted files are read with.

use std::sync::Arc;

use api::Kustomization;
use kube::ResourceExt;
use render::Decryption;

use super::World;
use super::secret::Data;
use crate::Name;

/// What a Kustomization is decrypted with; `None` where it asks for no decryption.
///
/// The Secret is read with the engine's own rights, as by Flux: who may use a key need not be able to read it.
pub(crate) async fn read(world: &World, object: &Kustomization) -> Result<Option<Arc<Decryption>>, String> {
    let Some(decryption) = &object.spec.decryption else { return Ok(None) };
    let own = |reference: &api::LocalReference| Name::new(&object.namespace().unwrap_or_default(), &reference.name);
    let named = decryption.secret_ref.as_ref().map(own);
    let is_shared = named.is_none();
    let data = match named.or_else(|| world.options.sops_age_secret.clone()) {
        Some(name) => secret(world, &name).await?,
        None => Data::new(),
    };
    // Of the keys for all, only those of age count, as in Flux.
    let counts = |name: &str| !is_shared || name.ends_with(".agekey");
    let data = data.iter().filter(|(name, _)| counts(name)).map(|(name, value)| (name.as_str(), value.as_slice()));
    let keys = Decryption::from_secret(data, world.options.sops_require_mac);
    keys.map(|keys| Some(Arc::new(keys))).map_err(|wrong| {
        format!("the keys of spec.decryption cannot be used: {}; correct the Secret", wrong.join(", "))
    })
}

async fn secret(world: &World, name: &Name) -> Result<Data, String> {
    let (namespace, secret) = (&*name.namespace, &*name.name);
    let found = world.secret(namespace, secret).await;
    let data = found.map_err(|error| format!("cannot get sops decryption Secret '{name}': {error}"))?;
    data.ok_or_else(|| {
        format!(
            "cannot get sops decryption Secret '{name}': not found; create it with the private key, for age: \
             kubectl -n {namespace} create secret generic {secret} --from-file=age.agekey=FILE"
        )
    })
}
