//! `postBuild.substituteFrom`: variables from `ConfigMaps` and Secrets, read with the rights of the Kustomization.

use std::collections::BTreeMap;

use api::{Kustomization, SubstituteReference};
use apply::Cluster;
use base64::Engine as _;
use goyaml::Value;
use kube::ResourceExt;
use object::Gvk;

/// Reads all variables: those of `substituteFrom` in order, later ones win, then the inline ones.
pub(crate) async fn read(cluster: &Cluster, object: &Kustomization) -> Result<BTreeMap<String, String>, String> {
    let Some(build) = &object.spec.post_build else { return Ok(BTreeMap::new()) };
    let namespace = object.namespace().unwrap_or_default();
    let mut values = BTreeMap::new();
    for reference in &build.substitute_from {
        values.extend(read_one(cluster, &namespace, reference).await?);
    }
    values.extend(build.substitute.clone());
    Ok(values)
}

async fn read_one(
    cluster: &Cluster,
    namespace: &str,
    reference: &SubstituteReference,
) -> Result<BTreeMap<String, String>, String> {
    let SubstituteReference { kind, name, optional } = reference;
    if kind != "ConfigMap" && kind != "Secret" {
        return Err(format!("substituteFrom names a {kind}, but only ConfigMap and Secret hold variables"));
    }
    match cluster.get(&Gvk::from_api_version("v1", kind), namespace, name).await {
        Ok(Some(value)) if kind == "Secret" => {
            secret(&value).map_err(|key| format!("the value of '{key}' in substitute from '{kind}/{name}' is not text"))
        }
        Ok(Some(value)) => Ok(config_map(&value)),
        Ok(None) if *optional => Ok(BTreeMap::new()),
        Ok(None) => Err(format!(
            "substitute from '{kind}/{name}' error: {kind} '{namespace}/{name}' not found; create it, or mark it optional"
        )),
        Err(error) => Err(format!("substitute from '{kind}/{name}' error: {error}")),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    let data = value.get("data").and_then(Value::as_map);
    data.into_iter().flat_map(|data| data.iter().filter_map(|(key, value)| Some((key, value.as_str()?))))
}

/// Newlines are taken out of values, as Flux does.
fn without_newlines(text: &str) -> String {
    text.replace('\n', "")
}

fn config_map(value: &Value) -> BTreeMap<String, String> {
    entries(value).map(|(key, text)| (key.to_owned(), without_newlines(text))).collect()
}

fn secret(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let decoded = entries(value).map(|(key, text)| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| key.to_owned())?;
        let text = String::from_utf8(bytes).map_err(|_| key.to_owned())?;
        Ok((key.to_owned(), without_newlines(&text)))
    });
    decoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lose_their_newlines() {
        let map = goyaml::json::parse(br#"{"data":{"a":"x\n","b":"y"}}"#).unwrap();
        assert_eq!(config_map(&map), [("a".into(), "x".into()), ("b".into(), "y".into())].into());
        let hidden = goyaml::json::parse(br#"{"data":{"a":"eAo="}}"#).unwrap();
        assert_eq!(secret(&hidden), Ok([("a".into(), "x".into())].into()));
    }
}
