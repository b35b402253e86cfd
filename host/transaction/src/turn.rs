//! What one call of the layer works with. It decides nothing.

use siphon_sip::Time;

use crate::config::TransactionConfig;
use crate::output::{Event, Output, Outputs};
use crate::timers::Owner;
use crate::wheel::TimerWheel;

/// The surroundings of one transaction while something happens to it.
pub(crate) struct Turn<'a> {
    pub(crate) config: &'a TransactionConfig,
    pub(crate) wheel: &'a mut TimerWheel<Owner>,
    pub(crate) now: Time,
    pub(crate) outputs: &'a mut Outputs,
}

impl Turn<'_> {
    /// Tells the user something.
    pub(crate) fn tell(&mut self, event: Event) {
        self.outputs.push(Output::Event(event));
    }
}
