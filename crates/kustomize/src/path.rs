//! Paths inside the tree.

/// Joins a path from a kustomization to the directory it stands in. `None` if it leads out of the tree or is absolute.
pub(crate) fn join(dir: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether `path` is `dir` or lies below it.
pub(crate) fn is_within(path: &str, dir: &str) -> bool {
    dir.is_empty() || path == dir || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

/// The directory a file lies in.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// The last part of a path.
pub(crate) fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    trimmed.rsplit_once('/').map_or(trimmed, |(_, name)| name)
}

/// A path as messages show it: the root of the tree is `.`.
pub(crate) fn shown(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

/// Joins two paths as Go's `filepath.Join` does: `..` may lead above the start.
pub(crate) fn join_relative(left: &str, right: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in left.split('/').chain(right.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins() {
        let check =
            |dir, path, expected: Option<&str>| assert_eq!(join(dir, path).as_deref(), expected, "{dir} + {path}");
        check("a/b", "c.yaml", Some("a/b/c.yaml"));
        check("a/b", "../c", Some("a/c"));
        check("a/b", "./c/.", Some("a/b/c"));
        check("a", "../..", None);
        check("", "..", None);
        check("a", "/etc/passwd", None);
        check("a", "..", Some(""));
    }

    #[test]
    fn containment_is_by_whole_parts() {
        assert!(is_within("a/b", "a"));
        assert!(is_within("a", "a"));
        assert!(is_within("a", ""));
        assert!(!is_within("ab", "a"));
    }

    #[test]
    fn relative_joins_keep_leading_dots() {
        assert_eq!(join_relative("", "../base/x.yaml"), "../base/x.yaml");
        assert_eq!(join_relative("../base", "../other/y"), "../other/y");
    }
}
