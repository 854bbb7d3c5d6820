//! What `setpoint diff` says of merges that a repository has seen, held against what was recorded.
//!
//! Foreign manifests are not kept here, so what is recorded is the digest of the output. When it was recorded, the objects that
//! it names were those that differ between what the real kustomize makes of both sides.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::ended;
use crate::Outcome;

/// A merge.
struct Merge {
    /// Address of the repository.
    url: &'static str,
    commit: &'static str,
    /// What it was about.
    about: &'static str,
    /// SHA-256 of what it changes, as JSON, where nothing is fetched that is named by an address.
    digest: &'static str,
}

const MERGES: [Merge; 6] = [
    Merge {
        url: EXAMPLE,
        commit: "242c5b1eb198aeefdc88f384c8aac7f661545e68",
        about: "another ingress controller",
        digest: "fef913318a6693823c4505ea0dfcfb7cfdf47f74fa4456a88cdf901846c1f05a",
    },
    Merge {
        url: EXAMPLE,
        commit: "7b9196e31c4e5bf93505dd8c148baa6a49f6e264",
        about: "sources become artifacts of a generator",
        digest: "a00856815ed039d8d0399e069670cfd3941bc4c40213a9ed275398ca74ec7c0d",
    },
    Merge {
        url: EXAMPLE,
        commit: "21486401be9bcdc37e6ebda48a3b68f8350777c9",
        about: "newer versions of kinds",
        digest: "019d7791a9830f3e3ac4f2557bfcd9db75a7725c9fad219f96af33299c5c6ff0",
    },
    Merge {
        url: TENANTS,
        commit: "192da0594c0c06a38a232050b05fdb6e000d6eb8",
        about: "a newer tag",
        digest: "c551a3740f5ecf1b65bd4ec7e1cf2a9a554c59d470d42d445b79df73c8b5ec3a",
    },
    Merge {
        url: TENANTS,
        commit: "a4f492ddb8b07d379930ccf05191b10875235d8f",
        about: "policies",
        digest: "b0882ce5a664886c7cc7cc669828dd0237a8c122a1b079ae3329554ff7e1fbfb",
    },
    Merge {
        url: TENANTS,
        commit: "8525be1674a58c13a8597c062a9366d1de207e77",
        about: "namespaces that tenants had already",
        digest: "2796d0fcf0e28562dc59f1313b386acc070820f7bc2b63f80ae6f301d522474a",
    },
];
const EXAMPLE: &str = "https://github.com/fluxcd/flux2-kustomize-helm-example";
const TENANTS: &str = "https://github.com/fluxcd/flux2-multi-tenancy";

/// Compares the merges that were recorded of the repository at `url`; says what was compared.
pub(super) fn compared(program: &Path, served: &Path, url: &str) -> Outcome<Vec<String>> {
    let recorded = MERGES.iter().filter(|merge| merge.url == url.trim_end_matches(".git"));
    let line = |Merge { commit, about, digest, .. }: &Merge| {
        let diff = changes(program, served, commit)?;
        let found = format!("{:x}", Sha256::digest(&diff));
        if found != *digest {
            let shown = String::from_utf8_lossy(&diff);
            return Err(format!("diff of {commit} ({about}) is not as recorded, but {found}:\n{shown}").into());
        }
        Ok(format!("diff of {} ({about}): as recorded", &commit[..7]))
    };
    recorded.map(line).collect()
}

/// What a commit changes, as JSON. The exit code says whether it changes anything.
fn changes(program: &Path, repository: &Path, commit: &str) -> Outcome<Vec<u8>> {
    let mut diff = Command::new(program);
    diff.args(["diff", &format!("{commit}^..{commit}"), "--no-remote-bases", "-o", "json", "--path"]).arg(repository);
    Ok(ended(&mut diff, &[0, 1])?.stdout)
}
