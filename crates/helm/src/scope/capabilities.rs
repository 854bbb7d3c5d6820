//! `.Capabilities` with the types and methods that Go's reflection shows.

use std::any::Any;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use gotemplate::{Kind, Member, Object, Type, Value};

use super::structure::Struct;
use crate::capabilities::{Capabilities, HelmVersion, KubeVersion};

const TYPE: &str = "*common.Capabilities";

/// The object for `.Capabilities`.
pub(super) fn value(capabilities: &Capabilities) -> Value {
    let capabilities = capabilities.clone();
    Struct::later(TYPE, move || {
        let copy = capabilities.clone();
        whole(&capabilities).method("Copy", Struct::later(TYPE, move || whole(&copy)))
    })
}

fn whole(capabilities: &Capabilities) -> Struct {
    Struct::new(TYPE)
        .field("KubeVersion", "KubeVersion", kube_version(&capabilities.kube_version))
        .field("APIVersions", "APIVersions", versions(&capabilities.api_versions))
        .field("HelmVersion", "HelmVersion", helm_version(&capabilities.helm_version))
}

fn kube_version(version: &KubeVersion) -> Value {
    let KubeVersion { version: full, normalized, major, minor } = version;
    Struct::new("common.KubeVersion")
        .field("Version", "Version", full)
        .private("normalizedVersion", normalized)
        .field("Major", "Major", major)
        .field("Minor", "Minor", minor)
        .method("String", version.comparable())
        .method("GitVersion", full)
        .value()
}

fn helm_version(built: &HelmVersion) -> Value {
    Struct::new("version.BuildInfo")
        .optional("Version", "version", &built.version)
        .optional("GitCommit", "git_commit", &built.git_commit)
        .optional("GitTreeState", "git_tree_state", &built.git_tree_state)
        .optional("GoVersion", "go_version", &built.go_version)
        .field("KubeClientVersion", "kube_client_version", &built.kube_client_version)
        .value()
}

fn versions(known: &Arc<Vec<Cow<'static, str>>>) -> Value {
    Value::Object(Rc::new(Versions { known: Arc::clone(known), list: OnceCell::new() }))
}

/// `common.VersionSet`
struct Versions {
    known: Arc<Vec<Cow<'static, str>>>,
    list: OnceCell<Value>,
}

impl Versions {
    fn list(&self) -> &Value {
        self.list.get_or_init(|| Value::texts(self.known.iter().map(|version| version.as_bytes())))
    }
}

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
        let Some(wanted) = args.first().and_then(Value::as_text) else { return Ok(false.into()) };
        Ok(self.known.iter().any(|known| known.as_bytes() == &**wanted).into())
    }

    fn print(&self) -> Vec<u8> {
        gotemplate::print(self.list()).unwrap_or_default()
    }

    fn underlying(&self) -> Option<Value> {
        Some(self.list().clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
