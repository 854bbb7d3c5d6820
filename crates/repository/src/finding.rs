//! One thing that is wrong, and where.

use std::fmt;

use render::Diagnostic;

/// What kind of fault a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// It cannot be built: broken YAML, a missing file, a patch that matches nothing, a variable without a value.
    Build,
    /// The API server refuses it.
    Schema,
    /// Its API version is gone from Kubernetes.
    RemovedApi,
    /// It names an object that is not there.
    MissingReference,
    /// Kustomizations or releases wait for each other, or for one that is not there.
    Dependency,
    /// Two Kustomizations of a cluster hold the same object.
    DeclaredTwice,
    /// A Secret whose values everybody can read who can read the repository.
    PlaintextSecret,
    /// An image whose content may change without a commit.
    MutableImage,
}

impl Rule {
    /// The rule's name in output, such as `missing-reference`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Schema => "schema",
            Self::RemovedApi => "removed-api",
            Self::MissingReference => "missing-reference",
            Self::Dependency => "dependency",
            Self::DeclaredTwice => "declared-twice",
            Self::PlaintextSecret => "plaintext-secret",
            Self::MutableImage => "mutable-image",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path of the file in the repository; what else messages call the place where there is no file.
    pub file: String,
    /// The line to change, from 1; 0 where no line is to blame.
    pub line: u32,
    /// What kind of fault it is.
    pub rule: Rule,
    /// What is wrong and why.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// `apps/web.yaml:14: [schema] message`, and the hint on a line of its own.
impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        if self.line > 0 {
            write!(out, ":{}", self.line)?;
        }
        write!(out, ": [{}] {}", self.rule, self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(out, "\n  {hint}"))
    }
}

impl From<Diagnostic> for Finding {
    fn from(found: Diagnostic) -> Self {
        Self { file: found.file, line: found.line, rule: Rule::Build, message: found.message, hint: found.hint }
    }
}
