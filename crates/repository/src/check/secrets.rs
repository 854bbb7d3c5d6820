//! Secrets that everybody can read who can read the repository.

use goyaml::Value;
use object::Object;

use super::waiver::is_waived;
use crate::{Cluster, Finding, Rule};

/// How an encrypted value of SOPS starts.
const ENCRYPTED: &str = "ENC[AES256_GCM,";

/// Finds Secrets with values that are not encrypted.
pub(crate) fn check(cluster: &Cluster) -> Vec<Finding> {
    let mut found = Vec::new();
    for unit in &cluster.units {
        for object in
            unit.objects.iter().filter(|object| is_secret(object) && !is_waived(object, Rule::PlaintextSecret))
        {
            let Some(value) = plaintext(&object.value) else { continue };
            let message = format!("{} is in Git as plain text: whoever can read the repository has it", object.key());
            let hint = "Encrypt it with SOPS, or have the cluster make it (External Secrets, Sealed Secrets). It is in Git's \
                        history: replace the password itself too.";
            found.push(unit.at(object, value, Rule::PlaintextSecret, message).hint(hint));
        }
    }
    found
}

fn is_secret(object: &Object) -> bool {
    let gvk = object.gvk();
    gvk.group.is_empty() && gvk.kind == "Secret"
}

/// The first value that is not encrypted.
fn plaintext(secret: &Value) -> Option<&Value> {
    if secret.at(&["sops", "mac"]).is_some() {
        return None;
    }
    let values = ["stringData", "data"].iter().filter_map(|field| secret.get(field)?.as_map());
    let is_plain = |value: &&Value| value.as_str().is_some_and(|text| !text.is_empty() && !text.starts_with(ENCRYPTED));
    values.flat_map(|map| map.sorted()).map(|(_, value)| value).find(is_plain)
}
