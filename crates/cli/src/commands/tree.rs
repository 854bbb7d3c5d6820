//! `setpoint tree`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use goyaml::Value;
use kube::Client;
use kube::api::{Api, DynamicObject};
use object::{ObjectKey, inventory};
use serde_json::Value as Json;

use crate::args::{ClusterArgs, OutputFormat};
use crate::cluster;
use crate::commands::reconcile::TargetKind;
use crate::failure::Failure;
use crate::output;

/// How many Kustomizations deep the tree is followed; deeper nesting is cut off, not an error.
const MAX_DEPTH: usize = 20;

/// Show what a Kustomization applied, with the Kustomizations inside it
#[derive(Args, Debug)]
pub(crate) struct TreeArgs {
    /// The Kustomization, such as ks/apps
    #[arg(value_name = "ks/NAME", default_value = "ks/flux-system")]
    object: String,
    /// Its namespace
    #[arg(short, long, default_value = "flux-system")]
    namespace: String,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// An object and, if it is a Kustomization, what it applied.
struct Node {
    key: ObjectKey,
    children: Vec<Self>,
}

pub(super) async fn tree(args: TreeArgs) -> Result<(), Failure> {
    let name = kustomization_name(&args.object)?;
    let cluster = cluster::pick(&args.cluster).await?;
    let root = kustomization_key(&args.namespace, name);
    let mut seen = BTreeSet::from([root.clone()]);
    let Some(children) = children(&cluster.client, &root, &mut seen, 0).await? else {
        return Err(Failure::task(format!("there is no {root} on this cluster"))
            .hint("`setpoint get all -A` lists what there is"));
    };
    let root = Node { key: root, children };
    if args.output == OutputFormat::Table {
        output::raw(&draw(&root));
    } else {
        output::objects(args.output, vec![to_value(&root)]);
    }
    Ok(())
}

fn kustomization_name(text: &str) -> Result<&str, Failure> {
    match text.split_once('/') {
        Some(("ks" | "kustomization" | "Kustomization", name)) if !name.is_empty() => Ok(name),
        _ => Err(Failure::usage(format!("{text:?} is not ks/NAME")).hint("for example `setpoint tree ks/flux-system`")),
    }
}

fn kustomization_key(namespace: &str, name: &str) -> ObjectKey {
    let resource = TargetKind::Kustomization.resource();
    ObjectKey { group: resource.group, kind: resource.kind, namespace: namespace.into(), name: name.into() }
}

/// What a Kustomization applied; `None` if it does not exist.
async fn children(
    client: &Client,
    key: &ObjectKey,
    seen: &mut BTreeSet<ObjectKey>,
    depth: usize,
) -> Result<Option<Vec<Node>>, Failure> {
    let resource = TargetKind::Kustomization.resource();
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &key.namespace, &resource);
    let Some(object) = api.get_opt(&key.name).await? else {
        return Ok(None);
    };
    let mut nodes = Vec::new();
    for child in inventory_of(&object.data) {
        let is_nested = child.kind == resource.kind && child.group == resource.group && depth < MAX_DEPTH;
        let grandchildren = if is_nested && seen.insert(child.clone()) {
            Box::pin(children(client, &child, seen, depth + 1)).await?.unwrap_or_default()
        } else {
            Vec::new()
        };
        nodes.push(Node { key: child, children: grandchildren });
    }
    Ok(Some(nodes))
}

fn inventory_of(object: &Json) -> Vec<ObjectKey> {
    let entries = object.pointer("/status/inventory/entries").and_then(Json::as_array);
    entries.into_iter().flatten().filter_map(|entry| inventory::decode(entry["id"].as_str()?)).collect()
}

fn draw(root: &Node) -> String {
    let mut text = format!("{}\n", root.key);
    draw_children(&root.children, "", &mut text);
    text
}

fn draw_children(nodes: &[Node], indent: &str, text: &mut String) {
    for (index, node) in nodes.iter().enumerate() {
        let is_last = index + 1 == nodes.len();
        let (branch, below) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let _ = writeln!(text, "{indent}{branch}{}", node.key);
        draw_children(&node.children, &format!("{indent}{below}"), text);
    }
}

fn to_value(node: &Node) -> Value {
    let mut fields = vec![("resource", Value::from(node.key.to_string()))];
    if !node.children.is_empty() {
        fields.push(("resources", node.children.iter().map(to_value).collect()));
    }
    Value::from_iter(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(name: &str) -> Node {
        Node { key: kustomization_key("apps", name), children: Vec::new() }
    }

    #[test]
    fn the_tree_is_drawn_with_branches() {
        let root = Node {
            key: kustomization_key("apps", "root"),
            children: vec![Node { children: vec![leaf("c")], ..leaf("a") }, leaf("b")],
        };
        let expected = "Kustomization/apps/root\n├── Kustomization/apps/a\n│   └── Kustomization/apps/c\n└── Kustomization/apps/b\n";
        assert_eq!(draw(&root), expected);
    }

    #[test]
    fn only_kustomizations_have_trees() {
        assert_eq!(kustomization_name("ks/apps").unwrap(), "apps");
        assert!(kustomization_name("deploy/apps").is_err());
    }
}
