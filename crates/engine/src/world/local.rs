//! Watching a repository on this machine: its references, never its objects; its files only where they are to be
//! held as they are on disk.

use std::path::Path;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::{Event, World};
use crate::LocalSource;

/// Changes closer together than this are one: a commit writes several files.
const QUIET: Duration = Duration::from_millis(150);

/// Watches the references of a repository, or its files, and tells the loop. Ends with the loop.
pub(crate) async fn run(world: World, local: LocalSource) {
    let LocalSource { git_dir, work_tree, .. } = local;
    let (sender, mut changes) = mpsc::channel(1);
    let places = (git_dir.clone(), work_tree.clone());
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| matters(&event, &places.0, places.1.as_deref())) {
            // Full means that a change waits to be told already.
            let _ = sender.try_send(());
        }
    });
    let started = watcher.and_then(|mut watcher| {
        match &work_tree {
            Some(folder) => watcher.watch(folder, RecursiveMode::Recursive)?,
            None => watch(&mut watcher, &git_dir)?,
        }
        Ok(watcher)
    });
    let _watcher = match started {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!(folder = %git_dir.display(), %error, "new commits are noticed at the interval only");
            return;
        }
    };
    // What was committed before the watch stood.
    if world.events.send(Event::LocalChanged).is_err() {
        return;
    }
    while changes.recv().await.is_some() {
        tokio::time::sleep(QUIET).await;
        while changes.try_recv().is_ok() {}
        if world.events.send(Event::LocalChanged).is_err() {
            return;
        }
    }
}

/// Watches `HEAD` and `packed-refs` through their folder, and all below `refs`.
fn watch(watcher: &mut RecommendedWatcher, git_dir: &Path) -> notify::Result<()> {
    watcher.watch(git_dir, RecursiveMode::NonRecursive)?;
    watcher.watch(&git_dir.join("refs"), RecursiveMode::Recursive)
}

/// Whether an event is about a reference, or about a file that is held.
fn matters(event: &notify::Event, git_dir: &Path, work_tree: Option<&Path>) -> bool {
    // Events were lost: anything may have changed.
    if event.need_rescan() {
        return true;
    }
    let changes = !matches!(event.kind, EventKind::Access(_));
    let is_meant = |path: &Path| is_reference(path, git_dir) || work_tree.is_some_and(|folder| is_file(path, folder));
    changes && event.paths.iter().any(|path| is_meant(path))
}

/// Whether a path is one of the files of a working copy: `.git` and `.setpoint`, which we write ourselves, are not.
fn is_file(path: &Path, work_tree: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(work_tree) else { return false };
    !inside.iter().any(|part| part == ".git" || part == ".setpoint")
}

/// Lock files come and go with each write of the file they guard.
fn is_reference(path: &Path, git_dir: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(git_dir) else { return false };
    let lock = path.extension().is_some_and(|extension| extension == "lock");
    !lock && (inside.starts_with("refs") || inside == Path::new("HEAD") || inside == Path::new("packed-refs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_but_for_git_and_our_own() {
        let dir = Path::new("/r");
        for (path, expect) in [
            ("/r/app.yaml", true),
            ("/r/a/b.yaml", true),
            ("/r/.git/index", false),
            ("/r/a/.setpoint/lock", false),
            ("/x", false),
        ] {
            assert_eq!(is_file(Path::new(path), dir), expect, "{path}");
        }
    }

    #[test]
    fn only_references_count() {
        let dir = Path::new("/r/.git");
        for (path, expect) in [
            ("/r/.git/refs/heads/main", true),
            ("/r/.git/refs/heads/feature/a", true),
            ("/r/.git/HEAD", true),
            ("/r/.git/packed-refs", true),
            ("/r/.git/refs/heads/main.lock", false),
            ("/r/.git/index", false),
            ("/r/.git/COMMIT_EDITMSG", false),
            ("/r/app.yaml", false),
            ("/r/.setpoint/state", false),
        ] {
            assert_eq!(is_reference(Path::new(path), dir), expect, "{path}");
        }
    }
}
