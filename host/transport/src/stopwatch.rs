//! Measures how long something has lasted when the thread that starts it has no clock. It is no timer: whoever sweeps
//! asks.

use std::time::Duration;

use siphon_sip::Time;

/// A span that begins at the first look after [`Stopwatch::restart`], so it is never measured too long.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Stopwatch {
    /// Nothing is being measured.
    #[default]
    Stopped,
    /// Started by a thread without a clock.
    Started,
    /// First looked at then.
    Running(Time),
}

impl Stopwatch {
    /// Starts, or starts again.
    pub(crate) const fn restart(&mut self) {
        *self = Self::Started;
    }

    /// Starts unless it is going already.
    pub(crate) const fn start(&mut self) {
        if matches!(self, Self::Stopped) {
            *self = Self::Started;
        }
    }

    pub(crate) const fn stop(&mut self) {
        *self = Self::Stopped;
    }

    pub(crate) const fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped)
    }

    /// How long it has been going; zero at the first look and while it is stopped.
    pub(crate) fn look(&mut self, now: Time) -> Duration {
        match *self {
            Self::Stopped => Duration::ZERO,
            Self::Started => {
                *self = Self::Running(now);
                Duration::ZERO
            }
            Self::Running(since) => now - since,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_from_the_first_look() {
        let mut watch = Stopwatch::default();
        watch.start();
        assert_eq!(watch.look(Time::from_micros(10)), Duration::ZERO);
        assert_eq!(watch.look(Time::from_micros(15)), Duration::from_micros(5));
        watch.start();
        assert_eq!(watch.look(Time::from_micros(16)), Duration::from_micros(6));
        watch.restart();
        assert_eq!(watch.look(Time::from_micros(20)), Duration::ZERO);
    }
}
