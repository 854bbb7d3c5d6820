//! Bad files in a repository that a running `up` holds. Each time: one message with cause and remedy, said and written
//! into a condition; what does not depend on it goes on; nothing is deleted; once mended, all is ready again.

use std::fmt::Write as _;
use std::fs::File;

use crate::Case;
use crate::held::Held;
use crate::world::{Up, World};

pub(crate) const CASES: &[Case] = &[
    ("files_that_do_not_render_stop_nothing_else", files_that_do_not_render_stop_nothing_else),
    ("objects_that_are_refused_stop_nothing_else", objects_that_are_refused_stop_nothing_else),
    ("files_that_are_too_much_cost_no_memory", files_that_are_too_much_cost_no_memory),
];

/// A Kustomization of a folder.
fn kustomization(name: &str, path: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\n\
         spec: {{interval: 1h, path: ./{path}, prune: true, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n"
    )
}

fn map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: default}}\ndata: {{value: \"{value}\"}}\n"
    )
}

/// What is committed to make something bad, and what is said about it.
struct Fault {
    /// What it is, for the test's own messages.
    what: &'static str,
    make: fn(&World),
    reason: &'static str,
    /// Texts of the one message: cause and remedy.
    says: &'static [&'static str],
}

/// A repository with a folder that becomes bad and another that does not, and an `up` that holds both.
struct Stage {
    world: World,
    up: Up,
    held: Held,
    round: u32,
}

impl Stage {
    fn new() -> Self {
        let world = World::new(&[
            ("cluster/part.yaml", &kustomization("part", "part")),
            ("cluster/other.yaml", &kustomization("other", "other")),
            ("part/keeps.yaml", &map("keeps", "1")),
            ("part/frozen.yaml", &(map("frozen", "1") + "immutable: true\n")),
            ("other/counter.yaml", &map("counter", "0")),
        ]);
        let mut up = world.up(&["--path", "cluster"]);
        up.says("everything is ready");
        let held = Held::open(&world.kubeconfig());
        Self { world, up, held, round: 0 }
    }

    fn check(&mut self, fault: &Fault) {
        self.round += 1;
        let before = self.held.uid("keeps").expect("it is held");
        let good = self.world.repository.git(&["rev-parse", "HEAD"]);
        (fault.make)(&self.world);
        let count = self.round.to_string();
        self.world.repository.write("other/counter.yaml", map("counter", &count));
        self.world.repository.commit(fault.what);
        let message = self.held.failed("Kustomization", "part", fault.reason);
        for text in fault.says {
            assert!(message.contains(text), "{}: the condition does not say {text:?}:\n{message}", fault.what);
        }
        self.up.says(&format!("flux-system/part: failed ({})", fault.reason));
        self.held.value_is("counter", &count);
        assert_eq!(self.held.uid("keeps").as_ref(), Some(&before), "{}: it was deleted", fault.what);
        self.world.repository.git(&["read-tree", "--reset", "-u", good.trim()]);
        self.world.repository.write("other/counter.yaml", map("counter", &format!("{count} mended")));
        let mended = self.world.repository.commit("mended");
        self.held.ready("Kustomization", "part", &mended);
        self.held.value_is("counter", &format!("{count} mended"));
        assert_eq!(self.held.uid("keeps"), Some(before), "{}: it was made anew", fault.what);
    }
}

fn files_that_do_not_render_stop_nothing_else() {
    let mut stage = Stage::new();
    for fault in [
        Fault {
            what: "no such path",
            make: |world| world.repository.write("cluster/part.yaml", kustomization("part", "nowhere")),
            reason: "ArtifactFailed",
            says: &["kustomization path not found: ./nowhere", "spec.path"],
        },
        Fault {
            what: "broken files among a hundred good ones",
            make: hundred_files_and_three_broken,
            reason: "BuildFailed",
            says: &["part/broken-1.yaml:5:4: ", "part/broken-2.yaml:2:1: ", "part/sub/broken-3.yaml:3:1: "],
        },
        Fault {
            what: "two objects with one name",
            make: |world| world.repository.write("part/twin.yaml", map("keeps", "2")),
            reason: "BuildFailed",
            says: &["ConfigMap", "keeps", "part/keeps.yaml", "part/twin.yaml"],
        },
        Fault {
            what: "an empty folder",
            make: |world| {
                world.repository.git(&["rm", "-r", "--quiet", "part"]);
                world.repository.write("part/README.md", "nothing yet\n");
            },
            reason: "PruneHeld",
            says: &["Nothing was deleted", "ConfigMap/default/keeps", "setpoint.dev/approve-prune: \""],
        },
        Fault {
            what: "a link that leaves the tree",
            make: |world| world.repository.link("part/link.yaml", "../../etc/passwd"),
            reason: "BuildFailed",
            says: &["part/link.yaml is a symbolic link to \"../../etc/passwd\"", "put a copy of the file there"],
        },
    ] {
        stage.check(&fault);
    }
}

fn hundred_files_and_three_broken(world: &World) {
    for number in 0..100 {
        world.repository.write(&format!("part/good-{number}.yaml"), map(&format!("good-{number}"), "1"));
    }
    world.repository.write("part/broken-1.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [a\n  b: c\n");
    world.repository.write("part/broken-2.yaml", "kind: ConfigMap\nkind: Secret\n");
    world.repository.write("part/sub/broken-3.yaml", "apiVersion: v1\nmetadata:\n\tname: tab\n");
}

fn objects_that_are_refused_stop_nothing_else() {
    let mut stage = Stage::new();
    for fault in [
        Fault {
            what: "a kind that the cluster does not know",
            make: |world| {
                let widget = "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w, namespace: default}\n";
                world.repository.write("part/widget.yaml", widget);
            },
            reason: "ReconciliationFailed",
            says: &[
                "part/widget.yaml:1: Widget/default/w: the cluster",
                "example.org",
                "Widget",
                "install its CustomResourceDefinition",
            ],
        },
        Fault {
            what: "a namespace that does not exist",
            make: |world| {
                world
                    .repository
                    .write("part/lost.yaml", map("lost", "1").replace("namespace: default", "namespace: nowhere"));
            },
            reason: "ReconciliationFailed",
            says: &[
                "part/lost.yaml:1: ConfigMap/nowhere/lost: its namespace nowhere does not exist",
                "add a Namespace",
            ],
        },
        Fault {
            what: "a field that cannot change",
            make: |world| world.repository.write("part/frozen.yaml", map("frozen", "2") + "immutable: true\n"),
            reason: "ReconciliationFailed",
            says: &["part/frozen.yaml:1: ConfigMap/default/frozen: ", "immutable", "set force"],
        },
        Fault {
            what: "an object that the server refuses",
            make: |world| {
                let service = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: default}\nspec: {ports: [{port: 99999999}]}\n";
                world.repository.write("part/service.yaml", service);
            },
            reason: "ReconciliationFailed",
            says: &["part/service.yaml:1: Service/default/s: ", "spec.ports[0].port", "between 1 and 65535"],
        },
    ] {
        stage.check(&fault);
    }
}

/// Bytes of the large file.
const LARGE: u64 = 200 << 20;
/// Kilobytes that the process may have used at most: less than the large file.
const MEMORY: u64 = 190 << 10;

fn files_that_are_too_much_cost_no_memory() {
    let mut stage = Stage::new();
    for fault in [
        Fault {
            what: "a file of 200 MB",
            make: |world| {
                // Sparse on disk, and 200 kB once Git has it.
                let file = File::create(world.repository.path().join("part/large.yaml")).expect("a file");
                file.set_len(LARGE).expect("a sparse file");
            },
            reason: "BuildFailed",
            says: &["part/large.yaml has 209715200 bytes", "67108864", ".sourceignore"],
        },
        Fault {
            what: "a megabyte of nested aliases",
            make: |world| world.repository.write("part/bomb.yaml", nested_aliases()),
            reason: "BuildFailed",
            says: &["part/bomb.yaml:", "alias"],
        },
    ] {
        stage.check(&fault);
    }
    let used = stage.up.peak_memory();
    assert!(used < MEMORY, "{used} kB");
}

/// Each line stands for twice what the line before it does.
fn nested_aliases() -> String {
    let mut text = String::from("a0: &a0 [x, x]\n");
    let mut number = 0;
    while text.len() < 1 << 20 {
        number += 1;
        writeln!(text, "a{number}: &a{number} [*a{0}, *a{0}]", number - 1).expect("a String takes everything");
    }
    text
}
