//! Chance from a seed: the same on every machine and with every version of every crate. Not for anything that must be
//! unpredictable.

use std::time::Duration;

/// SplitMix64: one addition and one mix a number.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The stream of that number of a seed.
    pub(super) const fn new(seed: u64, stream: u64) -> Self {
        Self(mix(seed.wrapping_mul(GOLDEN) ^ mix(stream.wrapping_add(GOLDEN))))
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number less than `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// True in `percent` of 100 cases.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A span between two numbers of milliseconds, fine enough that two of them are hardly ever the same.
    pub(super) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_micros(from * 1_000 + self.below((to - from) * 1_000 + 1))
    }

    /// One of the choices, each as often as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, choices: &[(u64, T)]) -> T {
        let mut rest = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            match rest.checked_sub(*weight) {
                Some(less) => rest = less,
                None => return *choice,
            }
        }
        choices[0].1
    }
}

const fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
