//! Work on many things at once.

use std::iter;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{available_parallelism, scope};

/// What `work` makes of each item, in their order, on as many cores as there are. A thread is started for `worth` items
/// and more; what is less is done here.
///
/// # Panics
/// Where `work` does.
pub fn map<T: Sync, R: Send>(items: &[T], worth: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let most = items.len() / worth.max(1);
    // The system is asked only where it matters: the answer takes longer than a small thing.
    let threads = if most < 2 { 1 } else { available_parallelism().map_or(1, usize::from).min(most) };
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let some = || {
        let numbers = iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        numbers.map_while(|at| Some((at, work(items.get(at)?)))).collect::<Vec<_>>()
    };
    let mut done = scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
        let mut done = some();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_order_stays() {
        let items: Vec<usize> = (0..1_000).collect();
        assert_eq!(super::map(&items, 10, |item| item + 1), (1..=1_000).collect::<Vec<_>>());
        assert_eq!(super::map(&items[..0], 0, |item| item + 1), [0; 0]);
    }
}
