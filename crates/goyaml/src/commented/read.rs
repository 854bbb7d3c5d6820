//! Nodes with comments out of a text.

use super::{Content, Document, Node};
use crate::parse::{CommentedTree, NodeId, Notes, Shape, YamlError, commented_documents};
use crate::{ParseOptions, Pos};

/// Reads all documents of a text as go-yaml v3 does, empty ones too.
///
/// # Errors
/// What is wrong with the text; [`Limits::nodes`](crate::Limits::nodes) counts over all documents. Keys that a mapping has twice are not looked for: [`crate::parse_documents`] does.
pub fn parse(text: &str, options: &ParseOptions) -> Result<Vec<Document>, Vec<YamlError>> {
    let mut documents = Vec::new();
    // Over all documents: each may be small, and grow by its aliases.
    let mut nodes = 0;
    for (tree, root) in commented_documents(text, options)? {
        let mut reader = Reader { tree: &tree, options, open: Vec::new(), nodes, depth: 0 };
        let root = reader.node(root).map_err(|error| vec![error])?;
        nodes = reader.nodes;
        let Notes { head, foot, .. } = tree.document();
        documents.push(Document { root, head: head.clone(), foot: foot.clone() });
    }
    Ok(documents)
}

struct Reader<'t, 'a> {
    tree: &'t CommentedTree<'a>,
    options: &'t ParseOptions,
    /// Aliased nodes that are being copied: one that comes up again contains itself.
    open: Vec<NodeId>,
    nodes: usize,
    depth: usize,
}

impl Reader<'_, '_> {
    fn node(&mut self, id: NodeId) -> Result<Node, YamlError> {
        let pos = self.tree.pos(id, self.options);
        self.count(pos)?;
        let Notes { head, line, foot } = self.tree.notes(id);
        let mut node = Node { content: Content::Null, pos, head, line, foot };
        let tree = self.tree;
        node.content = match tree.shape(id) {
            Shape::Scalar { .. } => tree.scalar(id, self.options)?,
            Shape::Sequence(items) => {
                let items: Result<_, _> = items.iter().map(|item| self.node(*item)).collect();
                Content::Sequence(items?)
            }
            Shape::Mapping(entries) => {
                let entries = self.entries(entries)?;
                let flow = tree.is_flow(id);
                Content::Mapping(with_feet(entries, flow, &mut node.foot))
            }
            Shape::Alias(target, name) => Content::Alias(Box::new(self.alias(*target, name, pos)?)),
        };
        self.depth -= 1;
        Ok(node)
    }

    fn count(&mut self, pos: Pos) -> Result<(), YamlError> {
        self.nodes += 1;
        self.depth += 1;
        let limits = self.options.limits;
        if self.nodes > limits.nodes {
            return Err(YamlError::new(pos, format!("the text has more than {} nodes", limits.nodes)));
        }
        if self.depth > limits.depth {
            return Err(YamlError::new(pos, format!("exceeded max depth of {}", limits.depth)));
        }
        Ok(())
    }

    fn entries(&mut self, entries: &[(NodeId, NodeId)]) -> Result<Vec<(Node, Node)>, YamlError> {
        entries.iter().map(|(key, value)| Ok((self.node(*key)?, self.node(*value)?))).collect()
    }

    fn alias(&mut self, target: NodeId, name: &str, pos: Pos) -> Result<Node, YamlError> {
        if self.open.contains(&target) {
            return Err(YamlError::new(pos, format!("anchor '{name}' value contains itself")));
        }
        self.open.push(target);
        let node = self.node(target);
        self.open.pop();
        node
    }
}

/// Moves feet to the keys whose values they are below.
fn with_feet(mut entries: Vec<(Node, Node)>, flow: bool, foot: &mut String) -> Vec<(Node, Node)> {
    for at in 0..entries.len() {
        let (before, rest) = entries.split_at_mut(at);
        let Some((key, value)) = rest.first_mut() else {
            break;
        };
        if let Some((last, _)) = before.last_mut()
            && !flow
            && !key.foot.is_empty()
        {
            last.foot = std::mem::take(&mut key.foot);
        }
        if key.foot.is_empty() {
            key.foot = std::mem::take(&mut value.foot);
        }
    }
    if let Some((key, _)) = entries.last_mut()
        && !flow
        && !foot.is_empty()
    {
        key.foot = std::mem::take(foot);
    }
    entries
}
