//! `decryption`: the private keys that encrypted files are read with.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Kustomization;
use apply::Cluster;
use base64::Engine as _;
use goyaml::Value;
use kube::ResourceExt;
use object::Gvk;
use render::Decryption;

use crate::{Name, Options};

/// What a Kustomization is decrypted with; `None` where it asks for no decryption.
///
/// The Secret is read with the engine's own rights, as by Flux: who may use a key need not be able to read it.
pub(crate) async fn read(
    cluster: &Cluster,
    options: &Options,
    object: &Kustomization,
) -> Result<Option<Arc<Decryption>>, String> {
    let Some(decryption) = &object.spec.decryption else { return Ok(None) };
    let own = |reference: &api::LocalReference| Name::new(&object.namespace().unwrap_or_default(), &reference.name);
    let named = decryption.secret_ref.as_ref().map(own);
    let is_shared = named.is_none();
    let data = match named.or_else(|| options.sops_age_secret.clone()) {
        Some(name) => secret(cluster, &name).await?,
        None => BTreeMap::new(),
    };
    // Of the keys for all, only those of age count, as in Flux.
    let counts = |name: &str| !is_shared || name.ends_with(".agekey");
    let data = data.iter().filter(|(name, _)| counts(name)).map(|(name, value)| (name.as_str(), value.as_slice()));
    let keys = Decryption::from_secret(data, options.sops_require_mac);
    keys.map(|keys| Some(Arc::new(keys))).map_err(|wrong| {
        format!("the keys of spec.decryption cannot be used: {}; correct the Secret", wrong.join(", "))
    })
}

async fn secret(cluster: &Cluster, name: &Name) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let (namespace, secret) = (&*name.namespace, &*name.name);
    let found = cluster.get(&Gvk::from_api_version("v1", "Secret"), namespace, secret).await;
    let value = found.map_err(|error| format!("cannot get sops decryption Secret '{name}': {error}"))?;
    let value = value.ok_or_else(|| {
        format!(
            "cannot get sops decryption Secret '{name}': not found; create it with the private key, for age: \
             kubectl -n {namespace} create secret generic {secret} --from-file=age.agekey=FILE"
        )
    })?;
    let entries = value.get("data").and_then(Value::as_map).into_iter().flat_map(goyaml::Map::iter);
    let decoded = entries.map(|(key, value)| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap_or_default());
        bytes.map(|bytes| (key.to_owned(), bytes)).map_err(|_| format!("'{key}' of Secret '{name}' is no base64"))
    });
    decoded.collect()
}
