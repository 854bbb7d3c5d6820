//! Random generators and what they read.

use std::fmt::Write as _;

use super::Folder;
use super::dice::Dice;
use super::objects::Object;

/// Generators of `ConfigMap`s and `Secret`s.
pub(crate) fn generators(dice: &mut Dice, folder: &mut Folder, known: &[Object], text: &mut String) {
    for field in ["configMapGenerator", "secretGenerator"] {
        if !dice.one_in(4) {
            continue;
        }
        let _ = writeln!(text, "{field}:");
        let mut used = "";
        for _ in 0..=u64::from(dice.one_in(4)) {
            used = entry(dice, folder, known, (field, used), text);
        }
    }
    if dice.one_in(10) {
        let options = dice.pick(&[
            "{labels: {all: gen}, annotations: {note: o}}",
            "{disableNameSuffixHash: true}",
            "{immutable: true, labels: {b: z}}",
            "{annotations: {a: \"5\"}, disableNameSuffixHash: false}",
        ]);
        let _ = writeln!(text, "generatorOptions: {options}");
    }
}

/// Writes an entry and gives its name, which no later one should have.
fn entry(
    dice: &mut Dice,
    folder: &mut Folder,
    known: &[Object],
    (field, used): (&str, &'static str),
    text: &mut String,
) -> &'static str {
    let is_secret = field.starts_with('s');
    let kind = if is_secret { "Secret" } else { "ConfigMap" };
    let there = known.iter().find(|object| object.kind == kind);
    let (name, behavior, namespace) = match there {
        Some(there) if there.name != used && dice.one_in(2) => {
            (there.name, dice.pick(&["merge", "replace", "merge"]), there.namespace)
        }
        // What the base has generated, if it has.
        _ if folder.name != "base"
            && dice.one_in(6)
            && used != "gen"
            && (has_generated(folder, field) || dice.dares()) =>
        {
            ("gen", dice.pick(&["merge", "replace"]), "")
        }
        _ => {
            let names = names(folder.name).iter().copied().filter(|name| *name != used).collect::<Vec<_>>();
            (dice.pick(&names), dice.pick(&["", "", "", "create", "unspecified"]), dice.pick(&["", "", "", "one"]))
        }
    };
    let part = |name: &str, value: &str| if value.is_empty() { String::new() } else { format!(", {name}: {value}") };
    let options = dice.pick(&[
        "",
        "",
        "",
        ", options: {disableNameSuffixHash: true}",
        ", options: {labels: {g: h}, immutable: true}",
        ", options: {labels: {b: \"1\", c: a}, annotations: {example.org/x: \"true\"}}",
        ", options: {annotations: {x: \"on\"}}",
        ", options: {annotations: {a: \"\"}}",
    ]);
    let secret_type = if is_secret { dice.pick(&["", "", "kubernetes.io/tls", "\"5\""]) } else { "" };
    let source = source(dice, folder);
    let _ = writeln!(
        text,
        "- {{name: {name}, {source}{}{}{}{options}}}",
        part("behavior", behavior),
        part("namespace", namespace),
        part("type", secret_type)
    );
    name
}

/// Whether the base, on which the folder stands, has made what is called `gen`.
fn has_generated(folder: &Folder, field: &str) -> bool {
    let base = folder.files.get("base/kustomization.yaml").map(String::as_str).unwrap_or_default();
    let entries = base.split_once(&format!("{field}:\n")).map(|(_, rest)| rest).unwrap_or_default();
    let mut entries = entries.lines().take_while(|line| line.starts_with("- "));
    !folder.name.starts_with("other")
        && entries.any(|entry| entry.starts_with("- {name: gen,") && !entry.contains("namespace:"))
}

/// Names that no other folder has.
fn names(folder: &str) -> &'static [&'static str] {
    match folder {
        "base" => &["gen", "gen", "gen-2", "conf"],
        "overlay" => &["o-gen", "o-conf"],
        "middle" => &["n-gen", "n-conf"],
        "left-inner" => &["l-gen", "l-conf"],
        "right-inner" => &["r-gen", "r-conf"],
        _ => &["p-gen", "p-conf"],
    }
}

const TEXTS: &[&str] = &[
    "one\n",
    "two\nlines \n",
    "",
    "tab\there\n",
    "nul\u{0}",
    "b\u{e9}\n",
    "<&>\n",
    "crlf\r\nlines\r\n",
    "no end",
    "\n\nlines before\n\n\n",
    "  indented\n at first\n",
    "key: value\nlist:\n- a\n",
    "a line that is much longer than the seventy columns of base64 and the eighty of the text, so that both are folded\n",
    "\u{feff}mark",
    "\u{2028}\u{2029}\n",
    "#!/bin/sh\necho \"$(V)\" 'x' \\\n  && true\n",
];

const ENVIRONMENTS: &[&str] = &[
    "A=1\n# no\nB= two \n",
    "A=\"q\"\n\nC=d=e\n",
    "A=1",
    "\u{feff}A=x\r\nB='y'\r\n",
    "  A=spaces \n\t# note\n",
    "A=#x\nexport=1\n",
    "A=\u{e9}\n",
];

fn source(dice: &mut Dice, folder: &mut Folder) -> String {
    let key = dice.pick(&["a", "app", "b", "c", "d.txt", "example.org", "A_b"]);
    let key = if dice.one_in(30) { dice.pick(&["y", "no", "1"]) } else { key };
    let value = dice.pick(&[
        "1",
        "two words",
        "x=y",
        "yes",
        "'quoted'",
        "\"twice\"",
        "",
        "a: b",
        "0x1",
        " spaces ",
        "a value that is much longer than the seventy columns of base64 and than the eighty of the text, so it is folded",
        "null",
        "~",
        "2001-01-01",
        "\u{e9}\u{2603}",
        "$(V)",
        "\\n",
        "<a>&amp;",
    ]);
    match dice.below(7) {
        0 => {
            folder.write("conf.txt", dice.pick(TEXTS));
            dice.pick(&["files: [conf.txt]", "files: [name=conf.txt]", "files: [./conf.txt, b=conf.txt]"]).to_owned()
        }
        1 => {
            folder.write("some.env", dice.pick(ENVIRONMENTS));
            format!("envs: [some.env], literals: ['{key}=v']")
        }
        2 => {
            folder.write("some.env", dice.pick(ENVIRONMENTS));
            "env: some.env".to_owned()
        }
        _ => format!("literals: ['{key}={}', 'z=26']", value.replace('\'', "''")),
    }
}
