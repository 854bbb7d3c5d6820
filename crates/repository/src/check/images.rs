//! Images that may change without a commit.

use super::pods::{containers, spec};
use super::waiver::is_waived;
use crate::{Cluster, Finding, Rule};

/// Tags that by custom are moved to each new build.
const MOVING: [&str; 11] =
    ["canary", "dev", "develop", "edge", "head", "latest", "main", "master", "nightly", "snapshot", "unstable"];

/// Finds images without a tag and with one that moves.
pub(crate) fn check(cluster: &Cluster) -> Vec<Finding> {
    let mut found = Vec::new();
    for unit in &cluster.units {
        for object in unit.objects.iter().filter(|object| !is_waived(object, Rule::MutableImage)) {
            for container in spec(object).into_iter().flat_map(containers) {
                let Some(image) = container.get("image") else { continue };
                let Some(why) = image.as_str().and_then(why_mutable) else { continue };
                let message = format!("{}: {why}: what runs may change without a commit", object.key());
                let hint = "Name a version, or better a digest: image: NAME:VERSION@sha256:…";
                found.push(unit.at(object, image, Rule::MutableImage, message).hint(hint));
            }
        }
    }
    found
}

fn why_mutable(image: &str) -> Option<String> {
    if image.is_empty() || image.contains('@') {
        return None;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.split_once(':') {
        None => Some(format!("the image {image} has no tag, which means latest")),
        Some((_, tag)) if MOVING.contains(&tag.to_lowercase().as_str()) => {
            Some(format!("the tag of the image {image} moves"))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_digests_stay() {
        for image in ["a:1", "localhost:5000/a/b:v1.2.3", "a@sha256:0", "a:latest@sha256:0", ""] {
            assert_eq!(why_mutable(image), None, "{image}");
        }
        for image in ["a", "localhost:5000/a/b", "a/b:latest", "a:Main"] {
            assert!(why_mutable(image).is_some(), "{image}");
        }
    }
}
