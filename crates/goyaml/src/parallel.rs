//! Work on many things at once.

use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::available_parallelism;

use rayon_core::{ThreadPool, ThreadPoolBuilder};

/// Room for what nests deeply; what is not used of it is never there.
const STACK: usize = 64 << 20;

/// What `work` makes of each item, in their order, on as many cores as there are, but on no more than one for `worth` items each.
///
/// # Panics
/// Where `work` does.
pub fn map<T: Sync, R: Send>(items: &[T], worth: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_with(items, worth, || (), |(), item| work(item))
}

/// The same with something that each thread makes for itself and has at hand from item to item. The items are begun in their
/// order.
///
/// # Panics
/// Where `make` or `work` do.
pub fn map_with<T: Sync, S, R: Send>(
    items: &[T],
    worth: usize,
    make: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> R + Sync,
) -> Vec<R> {
    let threads = threads(items.len(), worth);
    let Some(others) = (threads > 1).then(others).flatten() else {
        let mut state = make();
        return items.iter().map(|item| work(&mut state, item)).collect();
    };
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let some = || {
        let mut state = make();
        let numbers = iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let own: Vec<_> = numbers.map_while(|at| Some((at, work(&mut state, items.get(at)?)))).collect();
        done.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
    };
    others.in_place_scope(|scope| {
        (1..threads).for_each(|_| scope.spawn(|_| some()));
        some();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

/// What two pieces of work come to, at the same time where the first is worth a thread and there is more than one core.
///
/// # Panics
/// Where one of them does.
pub fn both<A: Send, B>(worth: bool, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    let Some(others) = worth.then(others).flatten() else { return (one(), other()) };
    let mut done = None;
    let other = others.in_place_scope(|scope| {
        scope.spawn(|_| done = Some(one()));
        other()
    });
    // A scope ends when all that was begun in it is done.
    (done.expect("it was begun"), other)
}

/// On how many threads so many items are worked on if `worth` of them are worth one.
pub fn threads(items: usize, worth: usize) -> usize {
    let most = items / worth.max(1);
    if most < 2 { 1 } else { most.min(cores()) }
}

/// What to say that a thread is worth where only so many of the items are work: nothing is, if that is too little for two.
pub fn worth_of(work: usize, worth: usize) -> usize {
    if threads(work, worth) < 2 { usize::MAX } else { worth }
}

/// The system is asked only where it matters, and once: the answer takes longer than a small thing.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| available_parallelism().map_or(1, usize::from))
}

/// The threads beside the one that asks; none if it is the only one that is to be had. They stay, with the memory that they have
/// at hand.
fn others() -> Option<&'static ThreadPool> {
    static OTHERS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let start = || {
        let threads = cores().checked_sub(1).filter(|threads| *threads > 0)?;
        ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build().ok()
    };
    OTHERS.get_or_init(start).as_ref()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_order_stays() {
        let items: Vec<usize> = (0..1_000).collect();
        assert_eq!(super::map(&items, 10, |item| item + 1), (1..=1_000).collect::<Vec<_>>());
        assert_eq!(super::map(&items[..0], 0, |item| item + 1), [0; 0]);
    }

    #[test]
    fn both_are_done() {
        for worth in [true, false] {
            assert_eq!(super::both(worth, || 1, || "a"), (1, "a"));
        }
    }
}
