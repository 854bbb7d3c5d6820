//! Work on many things at once.

use std::iter;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism, scope};

/// Room for what nests deeply; what is not used of it is never there.
const STACK: usize = 64 << 20;

/// What `work` makes of each item, in their order, on as many cores as there are. A thread is started for `worth` items
/// and more; what is less is done here.
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
    if threads < 2 {
        let mut state = make();
        return items.iter().map(|item| work(&mut state, item)).collect();
    }
    let next = AtomicUsize::new(0);
    let some = || {
        let mut state = make();
        let numbers = iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        numbers.map_while(|at| Some((at, work(&mut state, items.get(at)?)))).collect::<Vec<_>>()
    };
    let mut done = scope(|scope| {
        // Where no more threads are to be had, those that are there do it.
        let start = |_| Builder::new().stack_size(STACK).spawn_scoped(scope, some).ok();
        let others: Vec<_> = (1..threads).filter_map(start).collect();
        let mut done = some();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

/// What two pieces of work come to, at the same time where the first is worth a thread and there is more than one core.
///
/// # Panics
/// Where one of them does.
pub fn both<A: Send, B>(worth: bool, one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    if !worth || cores() < 2 {
        return (one(), other());
    }
    scope(|scope| {
        let begun = Builder::new().stack_size(STACK).spawn_scoped(scope, &one);
        let other = other();
        // Where no more threads are to be had, it is done here.
        let done = begun.map_or_else(|_| one(), |begun| begun.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (done, other)
    })
}

/// On how many threads so many items are worked on if `worth` of them are worth a thread.
pub fn threads(items: usize, worth: usize) -> usize {
    let most = items / worth.max(1);
    if most < 2 { 1 } else { most.min(cores()) }
}

/// The system is asked only where it matters, and once: the answer takes longer than a small thing.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| available_parallelism().map_or(1, usize::from))
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
