//! Numbers that are the same for the same seed (splitmix64).

pub(crate) struct Dice(u64, bool);

/// One in so many chances of a careful tree is taken all the same.
const SELDOM: u64 = 25;

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Self(seed, false);
        dice.1 = !dice.one_in(4);
        dice
    }

    /// Whether to do what mostly ends in a refusal. Most trees are careful and do so seldom, so that they are built.
    pub(crate) fn dares(&mut self) -> bool {
        !self.1 || self.one_in(SELDOM)
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound.max(1)
    }

    pub(crate) fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let at = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of[at]
    }

    /// The text, one time in so many; or else nothing.
    pub(crate) fn maybe(&mut self, bound: u64, text: impl Into<String>) -> String {
        if self.one_in(bound) { text.into() } else { String::new() }
    }
}
