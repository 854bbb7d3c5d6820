//! The pages as lynx prints them: everything that matters is there, in an order that can be read.

use std::process::Command;

use libtest_mimic::Trial;

use crate::world::World;
use crate::{needing, sample};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        needing(&["lynx"], "text_browser::overview", overview),
        needing(&["lynx"], "text_browser::delivery", delivery),
        needing(&["lynx"], "text_browser::object", object),
    ]
}

/// Logs in and prints one page, as somebody without colours, styles and scripts sees it.
fn dump(path: &str) -> String {
    let world = World::new(sample::state());
    let token = world.serving.url().split_once('?').expect("a token").1;
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new("lynx")
        .args(["-dump", "-nolist", "-width=110", "-display_charset=utf-8", "-accept_all_cookies"])
        .arg(format!("http://{}{path}?{token}", world.host))
        .env("HOME", folder.path())
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("lynx runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if let Some(folder) = std::env::var_os("SETPOINT_SCREENSHOTS") {
        let name = format!("lynx{}.txt", path.replace('/', "-"));
        std::fs::write(std::path::Path::new(&folder).join(name), &text).expect("a file");
    }
    text
}

/// All of these are in the text, in this order.
fn in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("{part:?} is not in, or not in order in\n{text}")).1;
    }
}

fn overview() {
    in_order(
        &dump("/"),
        &[
            "2 of 6 Kustomizations need attention: notebooks, search.",
            "1 Kustomization is suspended and not held: sandbox.",
            "What needs attention",
            "Did you mean `replicas`?",
            "apps/notebooks/hub.yaml:14:9",
            "killed again and again",
            "notebooks",
            "Needs attention",
            "the files cannot be built",
            "two more copies <for the course>",
            "Ada Example",
            "Deployment/library/hedgedoc was changed by kubectl-scale",
            ".spec.replicas  3 -> 1",
            "What am I looking at?",
        ],
    );
}

fn delivery() {
    let text = dump("/deliveries/flux-system/library");
    in_order(
        &text,
        &[
            "All 5 objects are as Git says",
            "Last change 12 minutes ago",
            "Starts after",
            "infrastructure",
            "Apply now",
            "Suspend",
            "Deployment hedgedoc healthy apps/library/hedgedoc.yaml:1",
            "configured",
            "hedgedoc:1.10.2 -> hedgedoc:1.10.3",
            "put back in 180 ms",
        ],
    );
    assert_eq!(text.matches("postgresql.yaml").count(), 1, "the drawing is not printed: {text}");
}

fn object() {
    in_order(
        &dump("/objects/apps/v1/Deployment/library/hedgedoc"),
        &["Held by", "library", "apps/library/hedgedoc.yaml:1", "FailedMount", "kind: Deployment", "  replicas: 1"],
    );
}
