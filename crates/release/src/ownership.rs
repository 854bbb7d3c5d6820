//! Whose an object is: a label and two annotations say which release manages it.

use apply::{ApplyError, Cluster};
use goyaml::Value;

use crate::ActionError;
use crate::targets::Target;

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const HELM: &str = "Helm";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// A release as the owner of objects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner<'a> {
    pub(crate) release: &'a str,
    pub(crate) namespace: &'a str,
}

impl Owner<'_> {
    /// What an object of the release carries: where, under which name, and the value.
    fn marks(&self) -> [(&'static str, &'static str, &str); 3] {
        [
            ("labels", MANAGED_BY, HELM),
            ("annotations", RELEASE_NAME, self.release),
            ("annotations", RELEASE_NAMESPACE, self.namespace),
        ]
    }

    /// Makes objects the release's.
    pub(crate) fn mark(&self, targets: &mut [Target]) {
        for target in targets {
            for (map, name, value) in self.marks() {
                target.value.set_at(&["metadata", map, name], value);
            }
        }
    }

    /// Why an object is not the release's, in Helm's words; `None` if it is.
    fn stranger(&self, live: &Value) -> Option<String> {
        let wrong = self.marks().into_iter().filter_map(|(map, name, wanted)| {
            let what = map.trim_end_matches('s');
            match live.str_at(&["metadata", map, name]) {
                Some(found) if found == wanted => None,
                Some(found) => Some(format!(
                    "{what} validation error: key {name:?} must equal {wanted:?}: current value is {found:?}"
                )),
                None => Some(format!("{what} validation error: missing key {name:?}: must be set to {wanted:?}")),
            }
        });
        let wrong: Vec<String> = wrong.collect();
        (!wrong.is_empty()).then(|| format!("invalid ownership metadata; {}", wrong.join("; ")))
    }

    /// The objects among these that are there already and may be taken over.
    ///
    /// # Errors
    /// All that belong to somebody else, unless `take` says that they are taken nevertheless.
    pub(crate) async fn adopt(
        &self,
        cluster: &Cluster,
        targets: &[Target],
        take: bool,
        action: &str,
    ) -> Result<Vec<Target>, ActionError> {
        let (mut adopted, mut strangers) = (Vec::new(), Vec::new());
        for target in targets {
            let Some(live) = self.live(cluster, target).await? else { continue };
            match self.stranger(&live).filter(|_| !take) {
                None => adopted.push(target.clone()),
                Some(why) => {
                    let (kind, name, namespace) = (&target.key.kind, &target.key.name, &target.key.namespace);
                    strangers.push(format!(
                        "{kind} {name:?} in namespace {namespace:?} exists and cannot be imported into the current release: {why}"
                    ));
                }
            }
        }
        if strangers.is_empty() {
            return Ok(adopted);
        }
        Err(ActionError::refused(format!("unable to continue with {action}"), strangers))
    }

    async fn live(&self, cluster: &Cluster, target: &Target) -> Result<Option<Value>, ApplyError> {
        cluster.get(&target.gvk, &target.key.namespace, &target.key.name).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(metadata: &str, expect: Option<&str>) {
        let live = goyaml::json::parse(format!(r#"{{"metadata":{metadata}}}"#).as_bytes()).expect("JSON");
        let owner = Owner { release: "web", namespace: "apps" };
        assert_eq!(owner.stranger(&live).as_deref(), expect, "{metadata}");
    }

    #[test]
    fn strangers_are_told_apart() {
        let annotations =
            r#""annotations":{"meta.helm.sh/release-name":"web","meta.helm.sh/release-namespace":"apps"}"#;
        check(&format!(r#"{{"labels":{{"app.kubernetes.io/managed-by":"Helm"}},{annotations}}}"#), None);
        check(
            &format!("{{{annotations}}}"),
            Some(
                r#"invalid ownership metadata; label validation error: missing key "app.kubernetes.io/managed-by": must be set to "Helm""#,
            ),
        );
        check(
            &format!(r#"{{"labels":{{"app.kubernetes.io/managed-by":"kubectl"}},{annotations}}}"#),
            Some(
                r#"invalid ownership metadata; label validation error: key "app.kubernetes.io/managed-by" must equal "Helm": current value is "kubectl""#,
            ),
        );
    }
}
