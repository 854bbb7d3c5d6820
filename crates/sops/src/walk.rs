//! Goes over the leaves of a tree with the keys that lead to them, and finds which of them are encrypted.

use crate::rules::Selector;
use crate::{Branch, Comment, Entry, Fault, Key, SopsError, Value};

/// Bytes that the keys that lead to leaves have, added up over all leaves: what binding values to their places costs.
const MAX_PATH_BYTES: usize = 1 << 30;

/// Where a leaf is.
pub(crate) struct Place<'a> {
    /// Keys from the root; positions in lists do not count.
    path: &'a [String],
    /// Whether a leaf that stands there is encrypted.
    pub(crate) encrypted: bool,
    pub(crate) line: u32,
}

impl Place<'_> {
    /// The additional data that binds a value to its place.
    pub(crate) fn bound(&self) -> String {
        self.path.join(":") + ":"
    }

    /// The path in words.
    pub(crate) fn shown(&self) -> String {
        if self.path.is_empty() { "a comment".to_owned() } else { self.path.join(".") }
    }
}

/// What is made of a leaf.
pub(crate) trait Visit {
    fn leaf(&mut self, value: Value, place: &Place<'_>) -> Result<Value, SopsError>;
}

/// Puts in the place of each leaf of all branches what the visitor makes of it.
pub(crate) fn walk(branches: &mut [Branch], selector: &Selector, visitor: &mut dyn Visit) -> Result<(), SopsError> {
    let mut bytes = 0;
    for branch in branches {
        let mut walk =
            Walk { path: Vec::new(), keys: 0, comments: Vec::new(), selector, bytes, visitor: &mut *visitor };
        walk.branch(branch)?;
        bytes = walk.bytes;
    }
    Ok(())
}

struct Walk<'v> {
    path: Vec<String>,
    /// How many keys of the path decide.
    keys: usize,
    /// How many comments decide, by level.
    comments: Vec<usize>,
    selector: &'v Selector,
    /// Bytes of paths so far.
    bytes: usize,
    visitor: &'v mut dyn Visit,
}

impl Walk<'_> {
    fn branch(&mut self, branch: &mut Branch) -> Result<(), SopsError> {
        self.comments.push(0);
        for item in branch {
            let name = match &mut item.key {
                Key::Comment(comment) => {
                    let own = self.note(comment);
                    *comment = self.comment(comment, (own, item.line))?;
                    continue;
                }
                Key::Text(name) => name.clone(),
            };
            let hit = usize::from(self.selector.hits_key(&name));
            self.keys += hit;
            self.path.push(name);
            self.value(&mut item.value, (false, item.line))?;
            self.path.pop();
            self.keys -= hit;
            self.forget();
        }
        self.comments.pop();
        Ok(())
    }

    fn list(&mut self, entries: &mut [Entry]) -> Result<(), SopsError> {
        self.comments.push(0);
        for entry in entries {
            if let Value::Comment(comment) = &entry.value {
                let own = self.note(comment);
                self.value(&mut entry.value, (own, entry.line))?;
            } else {
                self.value(&mut entry.value, (false, entry.line))?;
                self.forget();
            }
        }
        self.comments.pop();
        Ok(())
    }

    /// `own`: the value is a comment that decides.
    fn value(&mut self, value: &mut Value, (own, line): (bool, u32)) -> Result<(), SopsError> {
        match value {
            Value::Null => Ok(()),
            Value::Map(branch) => self.branch(branch),
            Value::List(entries) => self.list(entries),
            leaf => {
                let taken = std::mem::replace(leaf, Value::Null);
                *leaf = self.leaf(taken, (own, line))?;
                Ok(())
            }
        }
    }

    fn comment(&mut self, comment: &Comment, (own, line): (bool, u32)) -> Result<Comment, SopsError> {
        match self.leaf(Value::Comment(comment.clone()), (own, line))? {
            Value::Comment(comment) => Ok(comment),
            Value::Text(text) => Ok(Comment { text, inline: comment.inline }),
            other => {
                let why = format!("it is a comment, but holds {}", other.kind());
                Err(SopsError::at(line, Fault::Value { path: "a comment".to_owned(), why }))
            }
        }
    }

    fn leaf(&mut self, value: Value, (own, line): (bool, u32)) -> Result<Value, SopsError> {
        self.bytes += self.path.iter().map(|key| key.len() + 1).sum::<usize>();
        if self.bytes > MAX_PATH_BYTES {
            return Err(SopsError::at(line, Fault::LongPaths));
        }
        let encrypted = self.selector.encrypts(self.keys, self.comments.iter().sum(), own);
        self.visitor.leaf(value, &Place { path: &self.path, encrypted, line })
    }

    /// Counts a comment for what follows; whether it decides.
    fn note(&mut self, comment: &Comment) -> bool {
        let hit = self.selector.hits_comment(&comment.text);
        if let Some(level) = self.comments.last_mut() {
            *level += usize::from(hit);
        }
        hit
    }

    fn forget(&mut self) {
        if let Some(level) = self.comments.last_mut() {
            *level = 0;
        }
    }
}
