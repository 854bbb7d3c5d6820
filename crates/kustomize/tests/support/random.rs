//! Random trees: bases, components and overlays that use the fields of a kustomization.

#[path = "random/dice.rs"]
mod dice;
#[path = "random/fields.rs"]
mod fields;
#[path = "random/generators.rs"]
mod generators;
#[path = "random/nested.rs"]
mod nested;
#[path = "random/objects.rs"]
mod objects;
#[path = "random/patches.rs"]
mod patches;
#[path = "random/places.rs"]
mod places;
#[path = "random/plugins.rs"]
mod plugins;
#[path = "random/replacements.rs"]
mod replacements;
#[path = "random/rules.rs"]
mod rules;
#[path = "random/shape.rs"]
mod shape;
#[path = "random/spoil.rs"]
mod spoil;
#[path = "random/words.rs"]
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dice::Dice;
use objects::Object;

/// Names of objects outside of the base.
const OTHER_NAMES: &[&str] = &["m-web", "m-db", "m-api", "m-x"];

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
    /// The tree of a seed: a base, now and then layers over it, another base and a component, and an overlay.
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut files = BTreeMap::new();
        let known = base(&mut dice, &mut files);
        let mut resources = between(&mut dice, &mut files, &known);
        if dice.one_in(4) {
            let more = Object::new(&mut dice, OTHER_NAMES);
            files.insert("overlay/more.yaml".to_owned(), more.text);
            resources.push("more.yaml");
        }
        if dice.one_in(6) {
            let others = [Object::new(&mut dice, OTHER_NAMES)];
            files.insert("other/objects.yaml".to_owned(), others[0].text.clone());
            layer(&mut dice, &mut files, "other", &others, &["objects.yaml"]);
            resources.push("../other");
        }
        layer(&mut dice, &mut files, "overlay", &known, &resources);
        if dice.one_in(25) {
            spoil::spoil(&mut dice, &mut files);
        }
        Self { files, path: "overlay" }
    }
}

/// Writes the base, and gives what is in it.
fn base(dice: &mut Dice, files: &mut BTreeMap<String, String>) -> Vec<Object> {
    let mut known: Vec<Object> = Vec::new();
    for _ in 0..=dice.below(5) {
        let made = Object::new(dice, words::NAMES);
        // Two of one kind and name would only ever end in a refusal.
        if known.iter().all(|other| other.kind != made.kind || other.name != made.name) {
            known.push(made);
        }
    }
    let mut folder = Folder { name: "base", files };
    let named = write_objects(dice, &mut folder, &known);
    let mut text = head(dice);
    let _ = writeln!(text, "resources: [{named}]");
    contents(dice, &mut folder, &known, &mut text);
    fields::variables(dice, &known, &["V", "W"], &mut text);
    folder.write("kustomization.yaml", &text);
    known
}

/// Writes objects into one file or several, and gives their names.
fn write_objects(dice: &mut Dice, folder: &mut Folder, objects: &[Object]) -> String {
    let documents =
        |objects: &[Object]| objects.iter().flat_map(|object| ["---\n", object.text.as_str()]).collect::<String>();
    match dice.below(8) {
        0 => {
            let (first, others) = objects.split_at(1);
            folder.write("first.yaml", &format!("# a comment\n{}...\n", first[0].text));
            folder.write("others.yaml", &format!("---\n# nothing\n{}---\n", documents(others)));
            if others.is_empty() { "first.yaml".to_owned() } else { "others.yaml, ./first.yaml".to_owned() }
        }
        1 => {
            let items: Vec<String> = objects.iter().map(|object| item(&object.text)).collect();
            folder.write("list.yaml", &format!("apiVersion: v1\nkind: List\nitems:\n{}", items.concat()));
            "list.yaml".to_owned()
        }
        2 => {
            folder.write("sub/kustomization.yml", "resources:\n- objects.yaml\n");
            folder.write("sub/objects.yaml", &documents(objects));
            "./sub/".to_owned()
        }
        3 => {
            folder.write("objects.json", &json(&objects[0].text));
            folder.write("objects.yaml", &documents(&objects[1..]));
            if objects.len() == 1 { "objects.json".to_owned() } else { "objects.json, objects.yaml".to_owned() }
        }
        _ => {
            folder.write("objects.yaml", &documents(objects));
            "objects.yaml".to_owned()
        }
    }
}

/// A document as an item of a list.
fn item(text: &str) -> String {
    let mut lines = text.lines();
    let mut item = format!("- {}\n", lines.next().unwrap_or_default());
    for line in lines {
        item.push_str(if line.is_empty() { "" } else { "  " });
        item.push_str(line);
        item.push('\n');
    }
    item
}

fn json(text: &str) -> String {
    let read = goyaml::parse_first(text, &goyaml::ParseOptions::default());
    read.ok().flatten().map_or_else(|| text.to_owned(), |document| goyaml::json::to_string(&document.value))
}

/// What stands between base and overlay: nothing, a layer, or two on the same base. Gives what the overlay names.
fn between(dice: &mut Dice, files: &mut BTreeMap<String, String>, known: &[Object]) -> Vec<&'static str> {
    match dice.below(8) {
        0 | 1 => {
            layer(dice, files, "middle", known, &["../base"]);
            vec!["../middle"]
        }
        2 => {
            for (name, inner) in [("left", "left-inner"), ("right", "right-inner")] {
                if dice.one_in(2) {
                    layer(dice, files, inner, known, &["../base"]);
                } else {
                    files.insert(format!("{inner}/kustomization.yaml"), "resources: [../base]\n".to_owned());
                }
                let field = dice.pick(&["namePrefix", "nameSuffix", "namespace", "namePrefix"]);
                let text = format!("resources: [../{inner}]\n{field}: {name}\n");
                files.insert(format!("{name}/kustomization.yaml"), text);
            }
            vec!["../left", "../right"]
        }
        _ => vec!["../base"],
    }
}

fn layer(dice: &mut Dice, files: &mut BTreeMap<String, String>, name: &str, known: &[Object], resources: &[&str]) {
    let mut text = head(dice);
    let (folders, others): (Vec<&str>, Vec<&str>) =
        resources.iter().copied().partition(|named: &&str| named.starts_with(".."));
    if dice.one_in(25) && !folders.is_empty() {
        let _ = writeln!(text, "bases: [{}]", folders.join(", "));
        if !others.is_empty() {
            let _ = writeln!(text, "resources: [{}]", others.join(", "));
        }
    } else {
        let _ = writeln!(text, "resources: [{}]", resources.join(", "));
    }
    if dice.one_in(6) {
        let component = format!("{name}-component");
        let mut folder = Folder { name: &component, files };
        let mut inner = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n".to_owned();
        if dice.one_in(4) {
            folder.write("more.yaml", &Object::new(dice, &["c-web", "c-db"]).text);
            inner.push_str("resources: [more.yaml]\n");
        }
        contents(dice, &mut folder, known, &mut inner);
        folder.write("kustomization.yaml", &inner);
        let _ = writeln!(text, "components: [../{component}]");
    }
    let mut folder = Folder { name, files };
    contents(dice, &mut folder, known, &mut text);
    if dice.one_in(6) {
        // The same name twice is refused.
        let names = match name {
            "overlay" => ["X", "W"],
            "middle" => ["Y", "X"],
            _ => ["Z", "Y"],
        };
        let names = if dice.dares() { ["X", "W"] } else { names };
        fields::variables(dice, known, &names, &mut text);
    }
    folder.write("kustomization.yaml", &text);
}

/// How a kustomization may start.
fn head(dice: &mut Dice) -> String {
    dice.pick(&[
        "",
        "",
        "",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
        "kind: Kustomization\nmetadata: {name: k, labels: {a: b}}\n",
        "# a comment\n---\n",
    ])
    .to_owned()
}

fn contents(dice: &mut Dice, folder: &mut Folder, known: &[Object], text: &mut String) {
    fields::simple(dice, known, text);
    generators::generators(dice, folder, known, text);
    patches::fields(dice, folder, known, text);
    plugins::plugins(dice, folder, known, text);
    rules::rules(dice, folder, text);
}
