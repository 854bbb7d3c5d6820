//! `.Capabilities` with the types and methods that Go's reflection shows.

use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;

use gotemplate::{Kind, Member, Object, Type, Value};

use super::structure::Struct;
use crate::capabilities::{Capabilities, HelmVersion, KubeVersion};

/// The object for `.Capabilities`.
pub(super) fn value(capabilities: &Capabilities) -> Value {
    let whole = || {
        Struct::new("*common.Capabilities")
            .field("KubeVersion", "KubeVersion", kube_version(&capabilities.kube_version))
            .field("APIVersions", "APIVersions", versions(&capabilities.api_versions))
            .field("HelmVersion", "HelmVersion", helm_version(&capabilities.helm_version))
    };
    whole().method("Copy", whole().value()).value()
}

fn kube_version(version: &KubeVersion) -> Value {
    let KubeVersion { version: full, normalized, major, minor } = version;
    Struct::new("common.KubeVersion")
        .field("Version", "Version", full.as_str())
        .private("normalizedVersion", normalized.as_str())
        .field("Major", "Major", major.as_str())
        .field("Minor", "Minor", minor.as_str())
        .method("String", version.comparable())
        .method("GitVersion", full.as_str())
        .value()
}

fn helm_version(built: &HelmVersion) -> Value {
    Struct::new("version.BuildInfo")
        .optional("Version", "version", built.version.as_str())
        .optional("GitCommit", "git_commit", built.git_commit.as_str())
        .optional("GitTreeState", "git_tree_state", built.git_tree_state.as_str())
        .optional("GoVersion", "go_version", built.go_version.as_str())
        .field("KubeClientVersion", "kube_client_version", built.kube_client_version.as_str())
        .value()
}

fn versions(known: &[String]) -> Value {
    Value::Object(Rc::new(Versions(Value::texts(known))))
}

/// `common.VersionSet`
struct Versions(Value);

impl Object for Versions {
    fn type_name(&self) -> Cow<'static, str> {
        "common.VersionSet".into()
    }

    fn kind(&self) -> Kind {
        Kind::Slice
    }

    fn member(&self, name: &str) -> Option<Member> {
        (name == "Has").then_some(Member::Method { params: &[Type::Text], variadic: false })
    }

    fn call(&self, _: &str, args: &[Value]) -> Result<Value, String> {
        let wanted = args.first().and_then(Value::as_text);
        let Value::List(known) = &self.0 else { return Ok(false.into()) };
        Ok(known.iter().any(|known| known.as_text() == wanted).into())
    }

    fn print(&self) -> Vec<u8> {
        gotemplate::print(&self.0).unwrap_or_default()
    }

    fn underlying(&self) -> Option<Value> {
        Some(self.0.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
