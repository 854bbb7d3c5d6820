//! From a path to an entry, through links, never out of the tree.

use std::{collections::VecDeque, sync::Arc};

use gix::ObjectId;

use super::{Dir, MAX_LINKS, Node};
use crate::error::TreeError;

/// A link being followed, until all parts of its target are used up.
struct Following {
    link: String,
    target: String,
    /// How many parts of the path come after the target's.
    rest: usize,
}

struct Walk<'a> {
    path: &'a str,
    label: &'a str,
    /// The folders from the root to here, with their names.
    stack: Vec<(Box<str>, Arc<Dir>)>,
    root: Arc<Dir>,
    pending: VecDeque<Box<str>>,
    following: Option<Following>,
    links: usize,
}

/// Finds the entry at `path`; `target` reads a link.
pub(super) fn resolve(
    root: &Arc<Dir>,
    path: &str,
    label: &str,
    target: &dyn Fn(&str, ObjectId) -> Result<String, TreeError>,
) -> Result<Node, TreeError> {
    let mut walk = Walk {
        path,
        label,
        stack: Vec::new(),
        root: Arc::clone(root),
        pending: path.split('/').map(Box::from).collect(),
        following: None,
        links: 0,
    };
    while let Some(part) = walk.pending.pop_front() {
        if walk.following.as_ref().is_some_and(|link| walk.pending.len() < link.rest) {
            walk.following = None;
        }
        if let Some(found) = walk.step(&part, target)? {
            return Ok(found);
        }
    }
    Ok(Node::Dir(Arc::clone(walk.here())))
}

impl Walk<'_> {
    fn here(&self) -> &Arc<Dir> {
        self.stack.last().map_or(&self.root, |(_, dir)| dir)
    }

    fn place(&self, name: &str) -> String {
        let mut place = String::new();
        for (part, _) in &self.stack {
            place.push_str(part);
            place.push('/');
        }
        place + name
    }

    /// One part of the path. `Some` when the end is reached.
    fn step(
        &mut self,
        part: &str,
        target: &dyn Fn(&str, ObjectId) -> Result<String, TreeError>,
    ) -> Result<Option<Node>, TreeError> {
        match part {
            "" | "." => return Ok(None),
            ".." => {
                return match self.stack.pop() {
                    Some(_) => Ok(None),
                    None => Err(self.outside()),
                };
            }
            _ => {}
        }
        let node = self.here().entries.get(part).cloned().ok_or_else(|| self.missing())?;
        match node {
            Node::Dir(dir) => {
                self.stack.push((part.into(), dir));
                Ok(None)
            }
            Node::Link(id) => {
                let link = self.place(part);
                let target = target(&link, id)?;
                self.follow(link, target)?;
                Ok(None)
            }
            Node::Submodule(_) => {
                Err(TreeError::InSubmodule { path: self.path.to_owned(), submodule: self.place(part) })
            }
            Node::File { .. } if self.pending.iter().all(|part| part.is_empty()) => Ok(Some(node)),
            Node::File { .. } => Err(self.missing()),
        }
    }

    fn follow(&mut self, link: String, target: String) -> Result<(), TreeError> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(TreeError::TooManyLinks { path: self.path.to_owned(), limit: MAX_LINKS });
        }
        if target.starts_with('/') {
            return Err(TreeError::LinkEscapes { link, target });
        }
        let rest = self.pending.len();
        for part in target.split('/').rev() {
            self.pending.push_front(part.into());
        }
        self.following = Some(Following { link, target, rest });
        Ok(())
    }

    fn outside(&self) -> TreeError {
        match &self.following {
            Some(Following { link, target, .. }) => {
                TreeError::LinkEscapes { link: link.clone(), target: target.clone() }
            }
            None => self.missing(),
        }
    }

    fn missing(&self) -> TreeError {
        match &self.following {
            Some(Following { link, target, .. }) => {
                TreeError::LinkDangles { link: link.clone(), target: target.clone() }
            }
            None => TreeError::NotFound { path: self.path.to_owned(), tree: self.label.to_owned() },
        }
    }
}
