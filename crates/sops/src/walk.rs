//! Goes over the leaves of a tree with the keys and comments that lead to them.

use crate::{Branch, Comment, Entry, Fault, Key, SopsError, Value};

/// Where a leaf is.
pub(crate) struct Place<'a> {
    /// Keys from the root; positions in lists do not count.
    pub(crate) path: &'a [String],
    /// Comments that count, by level.
    pub(crate) comments: &'a [Vec<Vec<u8>>],
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

/// Puts in the place of each leaf what the visitor makes of it.
pub(crate) fn walk(branch: &mut Branch, visitor: &mut dyn Visit) -> Result<(), SopsError> {
    Walk { path: Vec::new(), comments: Vec::new(), visitor }.branch(branch)
}

struct Walk<'v> {
    path: Vec<String>,
    comments: Vec<Vec<Vec<u8>>>,
    visitor: &'v mut dyn Visit,
}

impl Walk<'_> {
    fn branch(&mut self, branch: &mut Branch) -> Result<(), SopsError> {
        self.comments.push(Vec::new());
        for item in branch {
            let name = match &mut item.key {
                Key::Comment(comment) => {
                    self.note(comment);
                    *comment = self.comment(comment, item.line)?;
                    continue;
                }
                Key::Text(name) => name.clone(),
            };
            self.path.push(name);
            self.value(&mut item.value, item.line)?;
            self.path.pop();
            self.forget();
        }
        self.comments.pop();
        Ok(())
    }

    fn list(&mut self, entries: &mut [Entry]) -> Result<(), SopsError> {
        self.comments.push(Vec::new());
        for entry in entries {
            let comment = if let Value::Comment(comment) = &entry.value { Some(comment.clone()) } else { None };
            if let Some(comment) = &comment {
                self.note(comment);
            }
            self.value(&mut entry.value, entry.line)?;
            if comment.is_none() {
                self.forget();
            }
        }
        self.comments.pop();
        Ok(())
    }

    fn value(&mut self, value: &mut Value, line: u32) -> Result<(), SopsError> {
        match value {
            Value::Null => Ok(()),
            Value::Map(branch) => self.branch(branch),
            Value::List(entries) => self.list(entries),
            leaf => {
                let taken = std::mem::replace(leaf, Value::Null);
                *leaf = self.leaf(taken, line)?;
                Ok(())
            }
        }
    }

    fn comment(&mut self, comment: &Comment, line: u32) -> Result<Comment, SopsError> {
        match self.leaf(Value::Comment(comment.clone()), line)? {
            Value::Comment(comment) => Ok(comment),
            Value::Text(text) => Ok(Comment { text, inline: comment.inline }),
            other => {
                let why = format!("it is a comment, but holds {}", other.kind());
                Err(SopsError::at(line, Fault::Value { path: "a comment".to_owned(), why }))
            }
        }
    }

    fn leaf(&mut self, value: Value, line: u32) -> Result<Value, SopsError> {
        let place = Place { path: &self.path, comments: &self.comments, line };
        self.visitor.leaf(value, &place)
    }

    fn note(&mut self, comment: &Comment) {
        if let Some(level) = self.comments.last_mut() {
            level.push(comment.text.to_vec());
        }
    }

    fn forget(&mut self) {
        if let Some(level) = self.comments.last_mut() {
            level.clear();
        }
    }
}
