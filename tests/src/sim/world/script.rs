//! When handlers run and when their outcomes arrive: at once, after a while, after their deadline. What they decide is
//! `routing.rs`.

use std::sync::Arc;
use std::time::Duration;

use siphon_core::Input;
use siphon_script::{Event, EventId, EventKind, Generation, Outcome, OutcomeSink};

use super::{Happening, World};
use crate::sim::plan::Pace;
use crate::sim::proxy::HANDLER_DEADLINE;
use crate::sim::routing::session_of;

impl World {
    /// The core wants the handlers of an event to be run.
    pub(super) fn run(&mut self, event: Event, generation: Arc<Generation>) {
        let number = session_of(&event.context.call_id.to_string_lossy());
        let plan = number.and_then(|number| self.sessions.get(&number)).map(|session| session.plan.routing.pace);
        let is_request = matches!(event.kind, EventKind::Request(_));
        let (runs_after, arrives_after) = match plan.unwrap_or(Pace::Prompt) {
            Pace::Prompt => (None, None),
            Pace::Suspended => (Some(self.random.millis(1, 400)), None),
            Pace::Slow => (Some(self.random.millis(500, 4_500)), None),
            Pace::Overdue if is_request => (Some(HANDLER_DEADLINE + self.random.millis(0, 5_000)), None),
            Pace::Overdue => (None, None),
            Pace::Held => (None, Some(self.random.millis(1, 3_000))),
        };
        if let Some(delay) = runs_after {
            self.tally.suspended += 1;
            let event = Box::new(event);
            return self.agenda.enter(self.now + delay, Happening::HandlerEnds { event, generation });
        }
        let Some((id, outcome)) = generation.script.run(event, &no_sink()) else { return };
        match arrives_after {
            Some(delay) => self.hold(delay, id, outcome),
            None => self.decided(id, outcome),
        }
    }

    /// The handlers of an event come to their end now.
    pub(super) fn run_handlers(&mut self, event: Event, generation: &Arc<Generation>) {
        if let Some((id, outcome)) = generation.script.run(event, &no_sink()) {
            self.decided(id, outcome);
        }
    }

    /// An outcome reaches the core.
    pub(super) fn decided(&mut self, id: EventId, outcome: Outcome) {
        self.proxy.tell(id.shard, Input::Outcome { id, outcome }, self.now, &mut self.outputs);
    }

    fn hold(&mut self, delay: Duration, id: EventId, outcome: Outcome) {
        self.tally.suspended += 1;
        let outcome = Box::new(outcome);
        self.agenda.enter(self.now + delay, Happening::Decided { id, outcome });
    }
}

fn no_sink() -> Arc<dyn OutcomeSink> {
    struct Nowhere;
    impl OutcomeSink for Nowhere {
        fn deliver(&self, _: EventId, _: Outcome) {}
    }
    Arc::new(Nowhere)
}
