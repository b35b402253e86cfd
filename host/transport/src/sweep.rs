//! Looks at every connection now and then: what has lasted too long is closed, what is idle is known when its place is
//! needed. It measures nothing finer than its turns; the readers' path sets flags and no times.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use siphon_sip::{ConnectionId, Time};

use crate::connections::{Connections, STRIPES};
use crate::incoming::Incoming;
use crate::stats::Counters;
use crate::streams::{Ending, StreamLimits, Streams};
use crate::tcp::{Ages, Connection};

/// A turn through the whole table takes an eighth of the shortest limit. So a limit is found passed at most a quarter
/// late: one turn until a span begins to be measured, and one until its end is seen.
const TURNS_PER_LIMIT: u32 = 8;

/// The steps of a turn, so that a large table does not hold up its seat.
const STEPS: usize = 8;

/// Walks through the table in steps, as long as there is a connection in it.
#[derive(Debug)]
pub(crate) struct Sweeper {
    step: Duration,
    /// Whether the first seat knows that there are connections.
    started: AtomicBool,
    /// Used by the first seat alone.
    position: Mutex<Position>,
}

#[derive(Debug, Default)]
struct Position {
    next_step: Option<Time>,
    next_stripe: usize,
}

impl Sweeper {
    pub(crate) fn new(limits: &StreamLimits) -> Self {
        let shortest = limits.idle.min(limits.incomplete_message).min(limits.connect_timeout);
        let step = shortest / TURNS_PER_LIMIT / u32::try_from(STEPS).unwrap_or(u32::MAX);
        Self { step: step.max(Duration::from_millis(1)), started: AtomicBool::new(false), position: Mutex::default() }
    }

    /// Notes that there is a connection; whether the first seat has to be told.
    pub(crate) fn start(&self) -> bool {
        !self.started.swap(true, Ordering::AcqRel)
    }

    /// Whether the last connection is gone. A connection that comes at this moment is not overlooked: it was counted
    /// in the table before it called [`Sweeper::start`].
    fn stop(&self, table: &Connections) -> bool {
        if table.len() > 0 {
            return false;
        }
        // Exchanged and not just stored: it has to come before the second look at the table for other threads too.
        self.started.swap(false, Ordering::AcqRel);
        table.len() == 0
    }
}

impl Streams {
    /// Takes the steps that are due and says when the next one is. For the first seat alone.
    pub(crate) fn sweep(&self, now: Time, counters: &Counters, incoming: &mut Vec<Incoming>) -> Option<Time> {
        let mut position = self.sweeper.position.lock();
        if self.sweeper.stop(&self.table) {
            position.next_step = None;
            return None;
        }
        let step = self.sweeper.step;
        let next_step = position.next_step.unwrap_or(now);
        if now < next_step {
            return Some(next_step);
        }
        let missed = (now - next_step).as_micros() / step.as_micros().max(1);
        let steps = usize::try_from(missed).unwrap_or(STEPS).saturating_add(1).min(STEPS);
        for _ in 0..steps * (STRIPES / STEPS) {
            for connection in self.table.stripe(position.next_stripe) {
                if let Some(ending) = judge(connection.ages(now), &self.limits) {
                    self.close(&connection, ending, counters, incoming);
                }
            }
            position.next_stripe = (position.next_stripe + 1) % STRIPES;
        }
        self.idle.outdate();
        position.next_step = Some(now + step);
        position.next_step
    }
}

/// Whether a connection has outlived one of its limits.
fn judge(ages: Ages, limits: &StreamLimits) -> Option<Ending> {
    if ages.connecting {
        return (ages.waiting >= limits.connect_timeout).then_some(Ending::ConnectTimeout);
    }
    if ages.half_read.max(ages.waiting) >= limits.incomplete_message {
        return Some(Ending::Stalled);
    }
    (ages.quiet >= limits.idle).then_some(Ending::Idle)
}

/// The idle connections, found by one look through the table and good until the next sweep.
#[derive(Debug, Default)]
pub(crate) struct IdleConnections(Mutex<Idle>);

#[derive(Debug, Default)]
struct Idle {
    /// The one that has been idle longest is the last.
    found: Vec<(Time, ConnectionId)>,
    /// No connection has turned idle since they were looked for: only a sweep finds that.
    current: bool,
}

impl IdleConnections {
    /// The connection that has been idle longest; `None` when none is.
    pub(crate) fn longest(&self, table: &Connections) -> Option<Arc<Connection>> {
        let mut idle = self.0.lock();
        if !idle.current {
            idle.current = true;
            idle.found = (0..STRIPES)
                .flat_map(|stripe| table.stripe(stripe))
                .filter_map(|connection| Some((connection.idle_since()?, connection.id)))
                .collect();
            idle.found.sort_unstable_by(|one, other| other.cmp(one));
        }
        while let Some((since, id)) = idle.found.pop() {
            if let Some(connection) = table.get(id)
                && connection.idle_since() == Some(since)
            {
                return Some(connection);
            }
        }
        None
    }

    fn outdate(&self) {
        self.0.lock().current = false;
    }
}
