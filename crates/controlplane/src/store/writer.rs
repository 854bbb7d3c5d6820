//! The thread that makes changes durable: it takes all that wait, commits them together, answers, repeats.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::disk::Disk;
use super::tables::{News, Overlay, Prepared, Tables};
use super::{Stored, Write, WriteError};

/// Changes in one commit.
const MAX_BATCH: usize = 256;

type Answer = oneshot::Sender<Result<Arc<Stored>, WriteError>>;

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    inbox: Mutex<Option<Sender<(Write, Answer)>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(disk: Disk, tables: Arc<RwLock<Tables>>) -> Self {
        let (inbox, waiting) = channel();
        let work = move || run(disk, &tables, &waiting);
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(work).ok();
        Self { inbox: Mutex::new(Some(inbox)), thread: Mutex::new(thread) }
    }

    pub(super) async fn write(&self, write: Write) -> Result<Arc<Stored>, WriteError> {
        let (answer, answered) = oneshot::channel();
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let inbox = inbox.ok_or(WriteError::Closed)?;
        inbox.send((write, answer)).map_err(|_| WriteError::Closed)?;
        answered.await.map_err(|_| WriteError::Closed)?
    }

    /// Lets the thread finish what waits, then ends it; the file is free afterwards.
    pub(super) fn close(&self) {
        drop(self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the store ended with a panic");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn run(mut disk: Disk, tables: &RwLock<Tables>, waiting: &Receiver<(Write, Answer)>) {
    while let Ok(first) = waiting.recv() {
        let batch = std::iter::once(first).chain(waiting.try_iter().take(MAX_BATCH - 1));
        commit(&mut disk, tables, batch);
    }
}

fn commit(disk: &mut Disk, tables: &RwLock<Tables>, batch: impl Iterator<Item = (Write, Answer)>) {
    let mut changes = Vec::new();
    let mut answers = Vec::new();
    let mut revision;
    {
        let tables = tables.read().unwrap_or_else(PoisonError::into_inner);
        let mut overlay = Overlay::new();
        revision = tables.revision();
        for (write, answer) in batch {
            match tables.prepare(write, &mut overlay, &mut revision) {
                Ok(change) => {
                    changes.push(change);
                    answers.push(answer);
                }
                Err(error) => drop(answer.send(Err(error))),
            }
        }
    }
    if changes.is_empty() {
        return;
    }
    match disk.commit(&changes, revision) {
        Ok(()) => publish(tables, changes, answers),
        Err(error) => {
            let error = WriteError::Disk(error.to_string());
            for answer in answers {
                drop(answer.send(Err(error.clone())));
            }
        }
    }
}

fn publish(tables: &RwLock<Tables>, changes: Vec<Prepared>, answers: Vec<Answer>) {
    let mut news = News::default();
    let mut tables = tables.write().unwrap_or_else(PoisonError::into_inner);
    let shown: Vec<_> = changes.into_iter().map(|change| tables.publish(change, &mut news)).collect();
    drop(tables);
    for (answer, stored) in answers.into_iter().zip(shown) {
        drop(answer.send(Ok(stored)));
    }
    news.tell();
}
