//! Watching a repository on this machine for commits: its references, never its work tree or objects.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::{Event, World};

/// Changes closer together than this are one: a commit writes several files.
const QUIET: Duration = Duration::from_millis(150);

/// Watches the references of a repository and tells the loop. Ends with the loop.
pub(crate) async fn run(world: World, git_dir: PathBuf) {
    let (sender, mut changes) = mpsc::channel(1);
    let folder = git_dir.clone();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| matters(&event, &folder)) {
            // Full means that a change waits to be told already.
            let _ = sender.try_send(());
        }
    });
    let started = watcher.and_then(|mut watcher| watch(&mut watcher, &git_dir).map(|()| watcher));
    let _watcher = match started {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!(folder = %git_dir.display(), %error, "new commits are noticed at the interval only");
            return;
        }
    };
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

/// Whether an event is about a reference. Lock files come and go with each write of the file they guard.
fn matters(event: &notify::Event, git_dir: &Path) -> bool {
    let changes = !matches!(event.kind, EventKind::Access(_));
    changes && event.paths.iter().any(|path| is_reference(path, git_dir))
}

fn is_reference(path: &Path, git_dir: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(git_dir) else { return false };
    let lock = path.extension().is_some_and(|extension| extension == "lock");
    !lock && (inside.starts_with("refs") || inside == Path::new("HEAD") || inside == Path::new("packed-refs"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
