//! The nodes of one document as they stand in the text, before scalars get their meaning.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::scan::Mark;

/// Index of a node in its [`Tree`].
pub(crate) type NodeId = usize;

/// What stands at a node.
#[derive(Debug)]
pub(crate) enum Shape<'a> {
    /// `plain`: written without quotes, so that its meaning is looked up.
    Scalar {
        text: Cow<'a, str>,
        plain: bool,
    },
    Sequence(Vec<NodeId>),
    Mapping(Vec<(NodeId, NodeId)>),
    /// Another node, under the name of its anchor.
    Alias(NodeId, String),
}

/// The comments of a node, or of a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// Above it.
    pub(crate) head: String,
    /// Behind it.
    pub(crate) line: String,
    /// Below it.
    pub(crate) foot: String,
}

/// One node.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) mark: Mark,
    /// The tag in its short form, `!!str`.
    pub(super) tag: Option<String>,
    pub(super) shape: Shape<'a>,
    /// A collection in brackets or braces.
    pub(super) flow: bool,
}

/// All nodes of a document.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    /// Comments, where they were asked for.
    pub(super) notes: HashMap<NodeId, Notes>,
    /// Comments of the document itself.
    pub(super) document: Notes,
}

/// Bytes of text that become a node, where few are comments.
const BYTES_OF_A_NODE: usize = 16;

/// Nodes that room is made for before any is read.
const MOST_FORESEEN: usize = 4096;

impl<'a> Tree<'a> {
    /// A tree with room for the nodes of a text.
    pub(super) fn of(text: &str) -> Self {
        Self { nodes: Vec::with_capacity((text.len() / BYTES_OF_A_NODE).min(MOST_FORESEEN)), ..Self::default() }
    }

    pub(super) fn add(&mut self, node: Node<'a>) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn get(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id]
    }

    pub(super) fn set_shape(&mut self, id: NodeId, shape: Shape<'a>) {
        self.nodes[id].shape = shape;
    }

    pub(super) fn set_flow(&mut self, id: NodeId, shape: Shape<'a>) {
        self.nodes[id].shape = shape;
        self.nodes[id].flow = true;
    }

    /// The node itself, or the one an alias stands for.
    pub(super) fn target(&self, id: NodeId) -> &Node<'a> {
        match self.nodes[id].shape {
            Shape::Alias(target, _) => &self.nodes[target],
            _ => &self.nodes[id],
        }
    }
}
