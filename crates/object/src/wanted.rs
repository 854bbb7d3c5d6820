//! Objects as kubectl's users name them: `deploy/web`, `Deployment/web`, `deployments.apps/web`.

use std::fmt;

use crate::{Gvk, Object, ObjectKey};

/// The short names of built-in kinds that kubectl takes.
const SHORT: &[(&str, &str)] = &[
    ("cm", "ConfigMap"),
    ("crd", "CustomResourceDefinition"),
    ("crds", "CustomResourceDefinition"),
    ("cj", "CronJob"),
    ("deploy", "Deployment"),
    ("ds", "DaemonSet"),
    ("ep", "Endpoints"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("hr", "HelmRelease"),
    ("ing", "Ingress"),
    ("ks", "Kustomization"),
    ("limits", "LimitRange"),
    ("netpol", "NetworkPolicy"),
    ("no", "Node"),
    ("ns", "Namespace"),
    ("pc", "PriorityClass"),
    ("pdb", "PodDisruptionBudget"),
    ("po", "Pod"),
    ("pv", "PersistentVolume"),
    ("pvc", "PersistentVolumeClaim"),
    ("quota", "ResourceQuota"),
    ("rc", "ReplicationController"),
    ("rs", "ReplicaSet"),
    ("sa", "ServiceAccount"),
    ("sc", "StorageClass"),
    ("sts", "StatefulSet"),
    ("svc", "Service"),
];

/// Which object somebody means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    kind: String,
    /// Empty for any.
    group: String,
    name: String,
    namespace: Option<String>,
}

impl Wanted {
    /// Reads `KIND/NAME`; the kind may be a short name, plural, in any case, and followed by `.GROUP`.
    pub fn parse(text: &str, namespace: Option<&str>) -> Option<Self> {
        let (kind, name) = text.split_once('/').filter(|(kind, name)| !kind.is_empty() && !name.is_empty())?;
        let (kind, group) = kind.split_once('.').unwrap_or((kind, ""));
        let namespace = namespace.map(str::to_owned);
        Some(Self { kind: kind.to_owned(), group: group.to_owned(), name: name.to_owned(), namespace })
    }

    /// Whether this object is meant.
    pub fn is(&self, object: &Object) -> bool {
        self.is_name(object.name())
            && self.is_kind(&object.gvk())
            && self.namespace.as_deref().is_none_or(|namespace| namespace == object.namespace())
    }

    /// Whether it is not, but nearly: of the kind or of the name.
    pub fn is_near(&self, object: &Object) -> bool {
        let lower = |text: &str| text.to_lowercase();
        self.is_kind(&object.gvk())
            || self.is_name(object.name())
            || lower(object.name()).contains(&lower(&self.name))
            || lower(&self.name).contains(&lower(object.name()))
    }

    fn is_name(&self, name: &str) -> bool {
        self.name == name
    }

    fn is_kind(&self, gvk: &Gvk) -> bool {
        let kind = self.kind.to_lowercase();
        let is_short = SHORT.iter().any(|(short, long)| *short == kind && *long == gvk.kind);
        let own = gvk.kind.to_lowercase();
        let is_plural = kind == format!("{own}s")
            || kind == format!("{own}es")
            || own.strip_suffix('y').is_some_and(|stem| kind == format!("{stem}ies"));
        (is_short || is_plural || kind == own) && (self.group.is_empty() || self.group == gvk.group)
    }
}

/// `deploy/web`, and the namespace if one was given.
impl fmt::Display for Wanted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.group.is_empty() { "" } else { "." };
        write!(out, "{}{dot}{}/{}", self.kind, self.group, self.name)?;
        match &self.namespace {
            Some(namespace) => write!(out, " in the namespace '{namespace}'"),
            None => Ok(()),
        }
    }
}

/// Objects that are meant, or the keys of those that are near.
pub fn find<'a>(objects: &'a [Object], wanted: &Wanted) -> Result<Vec<&'a Object>, Vec<ObjectKey>> {
    let found: Vec<&Object> = objects.iter().filter(|object| wanted.is(object)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    Err(objects.iter().filter(|object| wanted.is_near(object)).map(Object::key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    fn object(api_version: &str, kind: &str, name: &str) -> Object {
        let text = format!(r#"{{"apiVersion":"{api_version}","kind":"{kind}","metadata":{{"name":"{name}"}}}}"#);
        Object::new(goyaml::json::parse(text.as_bytes()).expect("JSON"), Origin::default())
    }

    #[test]
    fn kinds_have_many_names() {
        let web = object("apps/v1", "Deployment", "web");
        for text in ["Deployment/web", "deployment/web", "deployments/web", "deploy/web", "deployments.apps/web"] {
            assert!(Wanted::parse(text, None).is_some_and(|wanted| wanted.is(&web)), "{text}");
        }
        for text in ["deploy/api", "sts/web", "deployments.batch/web"] {
            assert!(Wanted::parse(text, None).is_some_and(|wanted| !wanted.is(&web)), "{text}");
        }
        assert!(Wanted::parse("web", None).is_none());
        let policy = object("networking.k8s.io/v1", "NetworkPolicy", "web");
        assert!(Wanted::parse("networkpolicies/web", None).is_some_and(|wanted| wanted.is(&policy)));
        let objects = [web, policy];
        let wanted = Wanted::parse("deploy/webb", None).expect("kind and name");
        assert_eq!(find(&objects, &wanted).map_err(|near| near.len()), Err(2));
    }
}
