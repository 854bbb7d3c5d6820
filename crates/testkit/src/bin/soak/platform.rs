//! The repository under test: a platform of several Kustomizations that depend on each other and change with each commit.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::git::GitRepo;

use crate::chance::Chance;
use crate::manifest::{HOME, key, kustomization, manifest};

/// Folder that `setpoint up` is started on; it holds the Kustomizations.
pub(crate) const ROOT: &str = "clusters/soak";
/// One object in so many changes with a commit.
const CHANGES_ONE_IN: u64 = 4;
/// So many objects are taken out with a commit, and as many others put in.
const REPLACED: usize = 3;
/// Kinds that are taken out: claims and namespaces are data, and stay.
const REPLACEABLE: [&str; 4] = ["ConfigMap", "Secret", "Service", "Deployment"];

/// A folder with its Kustomization.
#[derive(Clone, Copy)]
struct Part {
    name: &'static str,
    depends_on: &'static [&'static str],
    /// Kinds, stems of names and how many.
    objects: &'static [(&'static str, &'static str, u64)],
}

/// Sixty objects in five parts; each part has a ConfigMap `stamp` beside what is listed.
const KILLED: &[Part] = &[
    Part {
        name: "base",
        depends_on: &[],
        objects: &[
            ("Namespace", "team", 2),
            ("ServiceAccount", "bot", 4),
            ("Role", "reader", 2),
            ("RoleBinding", "readers", 2),
        ],
    },
    Part {
        name: "storage",
        depends_on: &["base"],
        objects: &[("PersistentVolumeClaim", "data", 4), ("Secret", "login", 4)],
    },
    Part {
        name: "apps",
        depends_on: &["storage"],
        objects: &[
            ("ConfigMap", "settings", 5),
            ("Service", "web", 5),
            ("Deployment", "web", 5),
            ("StatefulSet", "db", 1),
        ],
    },
    Part {
        name: "tools",
        depends_on: &["storage"],
        objects: &[("ConfigMap", "options", 4), ("Service", "tool", 4), ("Deployment", "tool", 4)],
    },
    Part {
        name: "edge",
        depends_on: &["apps", "tools"],
        objects: &[
            ("Ingress", "front", 2),
            ("NetworkPolicy", "only", 2),
            ("CronJob", "nightly", 2),
            ("ConfigMap", "notes", 3),
        ],
    },
];

/// A hundred and fifty objects that may be deleted and changed without a loss.
const DRIFTING: &[Part] = &[
    Part { name: "base", depends_on: &[], objects: &[("Namespace", "team", 2)] },
    Part {
        name: "first",
        depends_on: &["base"],
        objects: &[
            ("ConfigMap", "first", 40),
            ("Service", "first", 10),
            ("Secret", "first", 10),
            ("Deployment", "first", 15),
        ],
    },
    Part {
        name: "second",
        depends_on: &["base"],
        objects: &[
            ("ConfigMap", "second", 40),
            ("Service", "second", 10),
            ("Secret", "second", 10),
            ("Deployment", "second", 15),
        ],
    },
];

/// One object of the repository.
struct Member {
    part: Part,
    kind: &'static str,
    stem: &'static str,
    /// Never used twice for the same stem, so that a name tells one life of an object.
    serial: u64,
    revision: u64,
}

/// The repository and what stands in it.
pub(crate) struct Platform {
    pub(crate) repository: GitRepo,
    parts: &'static [Part],
    members: Vec<Member>,
    generation: u64,
}

impl Platform {
    /// The one whose `setpoint` is killed.
    pub(crate) fn killed() -> Self {
        Self::of(KILLED)
    }

    /// The one whose objects are deleted and changed.
    pub(crate) fn drifting() -> Self {
        Self::of(DRIFTING)
    }

    fn of(parts: &'static [Part]) -> Self {
        let mut members = Vec::new();
        for part in parts {
            for &(kind, stem, count) in part.objects {
                members.extend((0..count).map(|serial| Member { part: *part, kind, stem, serial, revision: 0 }));
            }
        }
        Self { repository: GitRepo::new(), parts, members, generation: 0 }
    }

    /// Changes and replaces objects as a day's work would.
    pub(crate) fn change(&mut self, chance: &mut Chance) {
        self.generation += 1;
        for member in &mut self.members {
            if chance.below(CHANGES_ONE_IN) == 0 {
                member.revision = self.generation;
            }
        }
        for _ in 0..REPLACED {
            let place = chance.place(self.members.len());
            let (generation, member) = (self.generation, &self.members[place]);
            if !REPLACEABLE.contains(&member.kind) {
                continue;
            }
            let alike = self.members.iter().filter(|other| (other.kind, other.stem) == (member.kind, member.stem));
            let newest = alike.map(|other| other.serial).max().unwrap_or_default();
            let serial = newest.max(generation * 100) + 1;
            self.members[place] = Member { serial, revision: generation, ..self.members[place] };
        }
    }

    /// Writes and commits everything; gives the revision as Flux writes it.
    pub(crate) fn commit(&self) -> String {
        self.repository.git(&["rm", "-r", "--quiet", "--ignore-unmatch", "."]);
        for (path, object) in self.files() {
            self.repository.write(&path, format!("{object:#}\n"));
        }
        let id = self.repository.commit(&format!("generation {}", self.generation));
        format!("main@sha1:{id}")
    }

    /// Every object that the cluster has to have, by key.
    pub(crate) fn wanted(&self) -> BTreeMap<String, Value> {
        self.files().into_iter().map(|(_, object)| (key(&object), object)).collect()
    }

    /// How many Kustomizations there are, with the one that `up` makes.
    pub(crate) fn kustomizations(&self) -> usize {
        self.parts.len() + 1
    }

    fn files(&self) -> Vec<(String, Value)> {
        let mut files = vec![(format!("{ROOT}/stamp.yaml"), manifest("ConfigMap", HOME, "stamp", self.generation))];
        for part in self.parts {
            files.push((format!("{ROOT}/{}.yaml", part.name), kustomization(part.name, part.depends_on)));
            let stamp = manifest("ConfigMap", "team-0", &format!("stamp-{}", part.name), self.generation);
            files.push((format!("{}/stamp.yaml", part.name), stamp));
        }
        for member in &self.members {
            let object = member.manifest();
            let path =
                format!("{}/{}-{}-{}.yaml", member.part.name, member.kind.to_lowercase(), member.stem, member.serial);
            files.push((path, object));
        }
        files
    }
}

impl Member {
    fn manifest(&self) -> Value {
        let name = format!("{}-{}", self.stem, self.serial);
        let namespace = match self.kind {
            "Namespace" => String::new(),
            _ => format!("team-{}", self.serial % 2),
        };
        let mut object = manifest(self.kind, &namespace, &name, self.revision);
        if self.kind == "RoleBinding" {
            object["roleRef"]["name"] = json!(format!("reader-{}", self.serial));
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;
    use crate::chance::Chance;

    #[test]
    fn a_platform_keeps_its_size_and_changes_as_the_seed_says() {
        let (mut one, mut other) = (Platform::killed(), Platform::killed());
        let before = one.wanted();
        assert_eq!(before.len(), 66, "sixty objects, five Kustomizations, the root's stamp");
        one.change(&mut Chance::new(7));
        other.change(&mut Chance::new(7));
        assert_eq!(one.wanted(), other.wanted());
        assert_eq!(one.wanted().len(), before.len());
        assert!(one.wanted().keys().any(|key| !before.contains_key(key)), "some were replaced");
    }
}
