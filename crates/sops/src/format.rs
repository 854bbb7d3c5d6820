//! The five formats of documents.

use std::fmt;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, with comments.
    Yaml,
    /// JSON.
    Json,
    /// `NAME=value` lines, with comments.
    Dotenv,
    /// Sections of `name = value` lines, with comments.
    Ini,
    /// Anything else as one value.
    Binary,
}

impl Format {
    /// The format by the ending of a file's name, as sops tells it.
    pub fn of_path(path: &str) -> Self {
        let ends = |ending: &str| path.ends_with(ending);
        match path {
            _ if ends(".yaml") || ends(".yml") => Self::Yaml,
            _ if ends(".json") => Self::Json,
            _ if ends(".env") => Self::Dotenv,
            _ if ends(".ini") => Self::Ini,
            _ => Self::Binary,
        }
    }

    /// The format by its name.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "yaml" => Self::Yaml,
            "json" => Self::Json,
            "dotenv" => Self::Dotenv,
            "ini" => Self::Ini,
            "binary" => Self::Binary,
            _ => return None,
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Dotenv => "dotenv",
            Self::Ini => "ini",
            Self::Binary => "binary",
        })
    }
}

/// Columns of one level, which `stores` of `.sops.yaml` sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indents {
    /// Of YAML.
    pub yaml: usize,
    /// Of JSON; a tab without it.
    pub json: Option<usize>,
    /// Of the JSON that wraps binary documents; a tab without it.
    pub binary: Option<usize>,
}

impl Default for Indents {
    fn default() -> Self {
        Self { yaml: 4, json: None, binary: None }
    }
}
