//! What a reader does: takes what came in, runs the shards that it concerns, calls the handlers that they ask for.

use std::sync::Arc;
use std::time::Duration;

use siphon_core::{Input, Output, ResolveQuery, ResolveTicket};
use siphon_script::{Event, Fault, FaultKind, Generation, Outcome};
use siphon_transport::Incoming;

use super::Runtime;
use super::admission::Admitted;
use super::lease::Tenure;
use super::seat::{SeatSlot, Task};

/// Timers that are due within one of these are served by one wake-up.
const TIMER_GRAIN: Duration = Duration::from_millis(10);

/// What a thread that works on shards carries along: buffers that are empty between steps.
#[derive(Default)]
struct Scratch {
    outputs: Vec<Output>,
    events: Vec<(Event, Arc<Generation>)>,
    queries: Vec<(ResolveTicket, ResolveQuery)>,
    incoming: Vec<Incoming>,
}

impl Runtime {
    /// Reads a seat until its lease is lost or the server stops.
    pub(super) fn read(self: &Arc<Self>, number: usize, mut tenure: Tenure) {
        let Some(seat) = self.seats().get(number) else { return };
        let mut scratch = Scratch::default();
        seat.awake();
        while !self.is_stopping() {
            while let Some(task) = seat.next() {
                let kept = match task {
                    Task::Incoming(incoming) => {
                        self.take_in(seat, incoming, &mut scratch);
                        Some(tenure)
                    }
                    Task::Run(event, generation) => self.run_handler(seat, tenure, event, generation, &mut scratch),
                };
                let Some(kept) = kept else { return };
                tenure = kept;
            }
            self.run_due(number, seat, &mut scratch);
            if seat.backlog() == 0 {
                self.wait(number, seat, &mut scratch);
            }
        }
    }

    fn take_in(self: &Arc<Self>, seat: &SeatSlot, incoming: Incoming, scratch: &mut Scratch) {
        if let Some(shard) = self.ingest(incoming) {
            self.run_shard(shard, scratch);
            seat.put_first(&mut scratch.events);
        }
    }

    fn run_due(self: &Arc<Self>, number: usize, seat: &SeatSlot, scratch: &mut Scratch) {
        let now = self.clock.time();
        for shard in self.shards.due(number, self.seats().len(), now) {
            self.run_shard(shard, scratch);
        }
        seat.put_first(&mut scratch.events);
    }

    /// Sleeps until something comes in or a timer is due.
    fn wait(&self, number: usize, seat: &SeatSlot, scratch: &mut Scratch) {
        let seats = self.seats().len();
        let mut until = self.shards.next_deadline(number, seats);
        loop {
            seat.fall_asleep(until);
            // A timer that was armed in between would not have woken us: look again now that we are seen to sleep.
            let again = self.shards.next_deadline(number, seats);
            if again == until {
                break;
            }
            until = again;
        }
        let now = self.clock.time();
        let timeout = until.map(|until| round_up(until.since(now)));
        if let Err(error) = seat.io.wait(timeout, now, &mut scratch.incoming) {
            tracing::error!(%error, "waiting for the sockets failed");
        }
        seat.awake();
        seat.append(&mut scratch.incoming);
    }

    /// Runs one event here. `None`: the handler overstayed, and the seat is another thread's now.
    fn run_handler(
        self: &Arc<Self>,
        seat: &SeatSlot,
        mut tenure: Tenure,
        event: Event,
        generation: Arc<Generation>,
        scratch: &mut Scratch,
    ) -> Option<Tenure> {
        let (event, generation) = match self.admission().admit(event, generation) {
            Admitted::Run(event, generation) => (event, generation),
            Admitted::Waits => return Some(tenure),
            Admitted::Shed(event) => {
                let shard = event.id.shard;
                self.shards.answer(shard, Input::Outcome { id: event.id, outcome: overloaded() });
                self.run_shard(shard, scratch);
                seat.put_first(&mut scratch.events);
                return Some(tenure);
            }
        };
        let shard = event.id.shard;
        tenure.enter_handler(&seat.lease);
        self.monitor().notice();
        self.call(event, &generation);
        drop(generation);
        match tenure.leave_handler(&seat.lease) {
            Some(tenure) => {
                self.run_shard(shard, scratch);
                seat.put_first(&mut scratch.events);
                Some(tenure)
            }
            None => {
                self.run_from_elsewhere(shard);
                None
            }
        }
    }

    /// Calls a handler; its outcome is in its shard's inbox afterwards, unless the engine goes on with it elsewhere.
    fn call(self: &Arc<Self>, event: Event, generation: &Generation) {
        let Some(sink) = self.sink() else { return };
        match generation.script.run(event, sink) {
            Some((id, outcome)) => self.shards.answer(id.shard, Input::Outcome { id, outcome }),
            None => self.admission().parked(),
        }
        self.handler_ended();
    }

    /// A thread is free of its handler: starts the event that has waited longest for one.
    fn handler_ended(self: &Arc<Self>) {
        if let Some((event, generation)) = self.admission().completed() {
            let runtime = Arc::clone(self);
            self.threads().spawn(Box::new(move || {
                let shard = event.id.shard;
                runtime.call(event, &generation);
                runtime.run_from_elsewhere(shard);
            }));
        }
    }

    /// Runs a shard on a thread that has no seat; the events it asks for go to a reader.
    pub(super) fn run_from_elsewhere(self: &Arc<Self>, shard: u16) {
        let mut scratch = Scratch::default();
        self.run_shard(shard, &mut scratch);
        if let Some(seat) = self.owner(shard) {
            seat.hand_over(&mut scratch.events);
        }
    }

    /// Runs a shard: its sends leave while it is held, its events are left in `scratch`, its look-ups start afterwards.
    fn run_shard(self: &Arc<Self>, shard: u16, scratch: &mut Scratch) {
        let Scratch { outputs, events, queries, .. } = scratch;
        self.shards.run(shard, self.clock.time(), outputs, |output| match output {
            Output::Send { bytes, to, tag } => self.send(shard, bytes, to, tag),
            Output::Run { event, generation } => events.push((event, generation)),
            Output::Resolve { ticket, query } => queries.push((ticket, query)),
        });
        if let (Some(deadline), Some(owner)) = (self.shards.deadline_of(shard), self.owner(shard)) {
            owner.wake_before(deadline);
        }
        for (ticket, query) in queries.drain(..) {
            self.resolve(ticket, &query);
        }
    }

    fn owner(&self, shard: u16) -> Option<&SeatSlot> {
        self.seats().get(usize::from(shard) % self.seats().len().max(1))
    }
}

/// What a request gets that no thread is free for.
fn overloaded() -> Outcome {
    let message = "too many script events wait for a thread".to_owned();
    Outcome::Failed(Fault { kind: FaultKind::Limit, message, traceback: None })
}

/// A sleep that ends on a whole grain at or after `span`.
fn round_up(span: Duration) -> Duration {
    let grain = TIMER_GRAIN.as_micros();
    let grains = span.as_micros().div_ceil(grain);
    Duration::from_micros(u64::try_from(grains.saturating_mul(grain)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_never_shorter_than_asked_and_ends_on_a_grain() {
        assert_eq!(round_up(Duration::ZERO), Duration::ZERO);
        assert_eq!(round_up(Duration::from_micros(1)), TIMER_GRAIN);
        assert_eq!(round_up(TIMER_GRAIN), TIMER_GRAIN);
        assert_eq!(round_up(Duration::from_micros(10_001)), 2 * TIMER_GRAIN);
    }
}
