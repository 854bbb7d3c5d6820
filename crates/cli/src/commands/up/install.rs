//! What `up` writes itself: the kinds, the namespace, the credentials, one GitRepository and one Kustomization.

use api::{GitRepository, GitRepositoryReference, GitRepositorySpec, Kustomization, KustomizationSpec};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ObjectMeta, Patch, PatchParams};
use kube::{Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use source::Auth;

use super::repository::Repository;
use super::{OBJECT_NAME, UpArgs};
use crate::failure::Failure;
use crate::served::until_served;

/// Field manager of what `up` writes itself.
const FIELD_MANAGER: &str = "setpoint-up";
/// Interval of the Kustomization; commits and drift wake it anyway.
const KUSTOMIZATION_INTERVAL: u64 = 600;
/// What failed for a reason that lies outside the repository, such as a full disk, is tried again this often.
const RETRY_INTERVAL: u64 = 60;

/// Writes everything that the engine needs to start; changes nothing that is already so.
pub(super) async fn install(client: &Client, args: &UpArgs, repository: &Repository) -> Result<(), Failure> {
    for definition in api::definitions() {
        apply(&Api::<CustomResourceDefinition>::all(client.clone()), &definition).await?;
    }
    for definition in api::definitions() {
        until_served(client, &definition.metadata.name.unwrap_or_default()).await?;
    }
    apply(&Api::all(client.clone()), &Namespace { metadata: named(None), ..Namespace::default() }).await?;
    if let Some(secret) = secret(repository) {
        apply(&Api::namespaced(client.clone(), OBJECT_NAME), &secret).await?;
    }
    apply(&Api::namespaced(client.clone(), OBJECT_NAME), &git_repository(args, repository)).await?;
    let root = kustomization(&repository.path, args.target_namespace.as_deref());
    apply(&Api::namespaced(client.clone(), OBJECT_NAME), &root).await
}

async fn apply<K>(api: &Api<K>, object: &K) -> Result<(), Failure>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let name = object.meta().name.clone().unwrap_or_default();
    let params = PatchParams::apply(FIELD_MANAGER).force();
    api.patch(&name, &params, &Patch::Apply(object)).await?;
    Ok(())
}

fn named(namespace: Option<&str>) -> ObjectMeta {
    ObjectMeta { name: Some(OBJECT_NAME.into()), namespace: namespace.map(Into::into), ..ObjectMeta::default() }
}

/// The credentials under the keys that Flux reads; `None` if there are none.
fn secret(repository: &Repository) -> Option<Secret> {
    let mut data: Vec<(&str, Vec<u8>)> = match &repository.auth {
        // An agent's keys cannot leave the agent: the engine asks it itself. Nobody who types an address is an app.
        Auth::None | Auth::SshAgent { .. } | Auth::GitHubApp(_) => Vec::new(),
        Auth::Basic { username, password } => {
            vec![("username", username.clone().into()), ("password", password.clone().into())]
        }
        Auth::Bearer(token) => vec![("bearerToken", token.clone().into())],
        Auth::SshKey { private_key, passphrase, known_hosts } => {
            let mut data = vec![("identity", private_key.clone().into()), ("known_hosts", known_hosts.clone().into())];
            data.extend(passphrase.clone().map(|passphrase| ("password", passphrase.into())));
            data
        }
    };
    data.extend(repository.ca.clone().map(|ca| ("ca.crt", ca)));
    if data.is_empty() {
        return None;
    }
    let data = data.into_iter().map(|(key, value)| (key.to_owned(), ByteString(value))).collect();
    Some(Secret { metadata: named(Some(OBJECT_NAME)), data: Some(data), ..Secret::default() })
}

fn git_repository(args: &UpArgs, repository: &Repository) -> GitRepository {
    let reference = &repository.reference;
    let spec = GitRepositorySpec {
        url: repository.url.clone(),
        interval: args.interval,
        secret_ref: secret(repository).map(|_| api::LocalReference { name: OBJECT_NAME.into() }),
        reference: Some(GitRepositoryReference {
            branch: reference.branch.clone(),
            tag: reference.tag.clone(),
            semver: reference.semver.clone(),
            name: reference.name.clone(),
            commit: reference.commit.clone(),
        }),
        ..GitRepositorySpec::default()
    };
    GitRepository { metadata: named(Some(OBJECT_NAME)), spec, status: None }
}

/// The Kustomization that `up` makes for a repository, as `flux bootstrap` does.
pub(super) fn kustomization(path: &str, target_namespace: Option<&str>) -> Kustomization {
    let spec = KustomizationSpec {
        interval: api::Duration::from_secs(KUSTOMIZATION_INTERVAL),
        retry_interval: Some(api::Duration::from_secs(RETRY_INTERVAL)),
        path: Some(path.to_owned()),
        target_namespace: target_namespace.map(Into::into),
        source_ref: api::CrossNamespaceSource {
            kind: "GitRepository".into(),
            name: OBJECT_NAME.into(),
            ..api::CrossNamespaceSource::default()
        },
        prune: true,
        wait: true,
        ..KustomizationSpec::default()
    };
    Kustomization { metadata: named(Some(OBJECT_NAME)), spec, status: None }
}
