//! Sources: Git repositories and folders read into immutable snapshots.
