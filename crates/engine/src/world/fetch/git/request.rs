//! What a GitRepository and its Secrets ask for.

use api::{GitRepositorySpec, GitRepositoryVerification};
use source::{Auth, DEFAULT_TIMEOUT, GitRequest, Include, Reference, Verification, VerifyMode};

use super::{World, credentials, failure, secrets};
use crate::index::{FetchFailure, FetchOrder, Fetched};

/// What the spec and its Secrets ask for.
pub(super) async fn request(
    world: &World,
    order: &FetchOrder,
    spec: &GitRepositorySpec,
) -> Result<GitRequest, FetchFailure> {
    let namespace = &order.name.namespace;
    let mut request = GitRequest::new(&spec.url);
    request.reference = spec.reference.as_ref().map(reference).unwrap_or_default();
    request.timeout = spec.timeout.map_or(DEFAULT_TIMEOUT, api::Duration::get);
    request.allow_file = order.allow_file;
    request.ignore.clone_from(&spec.ignore);
    request.submodules = spec.recurse_submodules;
    request.sparse.clone_from(&spec.sparse_checkout);
    request.include = includes(order, spec)?;
    if let Some(secret) = &spec.secret_ref {
        let data = secrets::read(world, namespace, &secret.name).await?;
        request.ca = data.get("ca.crt").or_else(|| data.get("caFile")).cloned();
        request.client_certificate = secrets::certificate(&data);
        request.auth = credentials::auth(spec, &data, &format!("{namespace}/{}", secret.name))?;
    } else {
        credentials::without_secret(spec)?;
    }
    let agent = world.options.agent.as_ref();
    if let Some(agent) = agent.filter(|agent| agent.source == order.name.plain() && agent.url == spec.url) {
        request.auth = Auth::SshAgent { socket: agent.socket.clone(), known_hosts: agent.known_hosts.clone() };
    }
    if let Some(secret) = &spec.proxy_secret_ref {
        request.proxy = Some(secrets::proxy(world, namespace, &secret.name).await?);
    }
    if let Some(verify) = &spec.verify {
        request.verification = Some(verification(world, namespace, verify).await?);
    }
    Ok(request)
}

/// The signatures that are demanded, with all keys of the Secret.
async fn verification(
    world: &World,
    namespace: &str,
    verify: &GitRepositoryVerification,
) -> Result<Verification, FetchFailure> {
    let found = secrets::read(world, namespace, &verify.secret_ref.name).await;
    let unread =
        |error: FetchFailure| failure("VerificationError", format!("public keys secret error: {}", error.message));
    let mode = match verify.mode() {
        "Tag" => VerifyMode::Tag,
        "TagAndHEAD" => VerifyMode::TagAndHead,
        _ => VerifyMode::Head,
    };
    Ok(Verification { mode, keys: found.map_err(unread)?.into_iter().collect() })
}

fn reference(reference: &api::GitRepositoryReference) -> Reference {
    Reference {
        branch: reference.branch.clone(),
        tag: reference.tag.clone(),
        semver: reference.semver.clone(),
        name: reference.name.clone(),
        commit: reference.commit.clone(),
    }
}

/// The folders of other sources that are put into this one.
fn includes(order: &FetchOrder, spec: &GitRepositorySpec) -> Result<Vec<Include>, FetchFailure> {
    let one = |(include, (_, has)): (&api::GitRepositoryInclude, &(_, Option<Fetched>))| {
        let name = include.repository.name.clone();
        let missing = || failure("NoArtifact", format!("no artifact available for include '{name}'"));
        let tree = has.as_ref().and_then(|has| has.tree.clone()).ok_or_else(missing)?;
        let (from, to) = (include.from_path().to_owned(), include.to_path().to_owned());
        Ok(Include { name, tree, from, to })
    };
    spec.include.iter().zip(&order.inputs).map(one).collect()
}
