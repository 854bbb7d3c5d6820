//! Random trees: bases, components and overlays that use the fields of a kustomization.

#[path = "random/dice.rs"]
mod dice;
#[path = "random/fields.rs"]
mod fields;
#[path = "random/objects.rs"]
mod objects;
#[path = "random/patches.rs"]
mod patches;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dice::Dice;
use objects::Object;

/// A tree and the directory in it that is built.
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) path: &'static str,
}

/// A directory that files are put into.
pub(crate) struct Folder<'a> {
    name: &'a str,
    files: &'a mut BTreeMap<String, String>,
}

impl Folder<'_> {
    pub(crate) fn write(&mut self, name: &str, text: &str) {
        self.files.insert(format!("{}/{name}", self.name), text.to_owned());
    }
}

impl Tree {
    /// The tree of a seed: a base, now and then a layer over it and a component, and an overlay.
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut files = BTreeMap::new();
        let known = base(&mut dice, &mut files);
        let mut below = "../base";
        if dice.one_in(4) {
            layer(&mut dice, &mut files, "middle", &known, &["../base"]);
            below = "../middle";
        }
        let mut resources = vec![below];
        if dice.one_in(3) {
            let more = Object::new(&mut dice);
            let name = fields::other_name(&mut dice);
            files.insert(
                "overlay/more.yaml".to_owned(),
                more.text.replacen(&format!("  name: {}", more.name), &format!("  name: {name}"), 1),
            );
            resources.push("more.yaml");
        }
        layer(&mut dice, &mut files, "overlay", &known, &resources);
        Self { files, path: "overlay" }
    }
}

/// Writes the base, and gives what is in it.
fn base(dice: &mut Dice, files: &mut BTreeMap<String, String>) -> Vec<Object> {
    let mut known: Vec<Object> = Vec::new();
    let mut text = String::new();
    for _ in 0..=dice.below(5) {
        let made = Object::new(dice);
        // Two of one kind and name would only ever end in a refusal.
        if known.iter().all(|other| other.kind != made.kind || other.name != made.name) {
            let _ = write!(text, "---\n{}", made.text);
            known.push(made);
        }
    }
    files.insert("base/objects.yaml".to_owned(), text);
    let mut folder = Folder { name: "base", files };
    let mut text = "resources: [objects.yaml]\n".to_owned();
    contents(dice, &mut folder, &known, &mut text);
    fields::variables(dice, &known, &mut text);
    folder.write("kustomization.yaml", &text);
    known
}

fn layer(dice: &mut Dice, files: &mut BTreeMap<String, String>, name: &str, known: &[Object], resources: &[&str]) {
    let mut text = format!("resources: [{}]\n", resources.join(", "));
    if dice.one_in(6) {
        let component = format!("{name}-component");
        let mut folder = Folder { name: &component, files };
        let mut inner = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n".to_owned();
        contents(dice, &mut folder, known, &mut inner);
        folder.write("kustomization.yaml", &inner);
        let _ = writeln!(text, "components: [../{component}]");
    }
    let mut folder = Folder { name, files };
    contents(dice, &mut folder, known, &mut text);
    folder.write("kustomization.yaml", &text);
}

fn contents(dice: &mut Dice, folder: &mut Folder, known: &[Object], text: &mut String) {
    fields::simple(dice, known, text);
    fields::generators(dice, folder, known, text);
    patches::fields(dice, folder, known, text);
    fields::rules(dice, folder, known, text);
}
