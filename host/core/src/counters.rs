//! What happened so far, for the metrics page. Every number only grows; gauges are with the shards.

use std::sync::atomic::{AtomicU64, Ordering};

use siphon_sip::{Method, StatusCode};

/// A number that only grows; any thread may add to it.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The number.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Requests by their method; methods that are not known share one counter.
#[derive(Debug, Default)]
pub struct MethodCounters([Counter; 15]);

/// The methods of [`MethodCounters`], in its order; the last stands for all others.
const METHODS: [&str; 15] = [
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "OPTIONS",
    "REGISTER",
    "INFO",
    "UPDATE",
    "PRACK",
    "SUBSCRIBE",
    "NOTIFY",
    "REFER",
    "MESSAGE",
    "PUBLISH",
    "other",
];

impl MethodCounters {
    /// One more of this method.
    pub fn increment(&self, method: &Method) {
        let index = match method {
            Method::Invite => 0,
            Method::Ack => 1,
            Method::Cancel => 2,
            Method::Bye => 3,
            Method::Options => 4,
            Method::Register => 5,
            Method::Info => 6,
            Method::Update => 7,
            Method::Prack => 8,
            Method::Subscribe => 9,
            Method::Notify => 10,
            Method::Refer => 11,
            Method::Message => 12,
            Method::Publish => 13,
            Method::Other(_) => 14,
        };
        if let Some(counter) = self.0.get(index) {
            counter.increment();
        }
    }

    /// Every method with its number.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        METHODS.into_iter().zip(self.0.iter().map(Counter::value))
    }
}

/// Responses by their status code.
#[derive(Debug)]
pub struct StatusCounters(Box<[Counter]>);

const FIRST_STATUS: u16 = 100;
const STATUS_COUNT: usize = 600;

impl Default for StatusCounters {
    fn default() -> Self {
        Self((0..STATUS_COUNT).map(|_| Counter::default()).collect())
    }
}

impl StatusCounters {
    /// One more of this code.
    pub fn increment(&self, status: StatusCode) {
        let index = usize::from(status.as_u16().saturating_sub(FIRST_STATUS));
        if let Some(counter) = self.0.get(index) {
            counter.increment();
        }
    }

    /// The number of responses with this code.
    #[must_use]
    pub fn value(&self, status: StatusCode) -> u64 {
        self.0.get(usize::from(status.as_u16().saturating_sub(FIRST_STATUS))).map_or(0, Counter::value)
    }

    /// Every code that was sent, with its number.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        (FIRST_STATUS..).zip(self.0.iter().map(Counter::value)).filter(|(_, value)| *value > 0)
    }
}

/// All counters of a server, shared by its shards.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests received, retransmissions and refused ones included.
    pub requests: MethodCounters,
    /// Responses sent upstream, retransmissions not included.
    pub responses: StatusCounters,
    /// Requests that were retransmissions.
    pub retransmissions: Counter,
    /// Requests refused because they break the syntax or the rules of RFC 3261 8.2 and 16.3.
    pub invalid_requests: Counter,
    /// Responses discarded because they are malformed.
    pub invalid_responses: Counter,
    /// Responses that belong to no transaction of ours.
    pub stray_responses: Counter,
    /// ACKs that belong to nothing and lead nowhere.
    pub stray_acks: Counter,
    /// Requests answered 482.
    pub loops: Counter,
    /// Requests answered 503 because a table was full.
    pub overload: Counter,
    /// Requests answered 503 because the server is going down.
    pub draining: Counter,
    /// Script events that were started.
    pub script_runs: Counter,
    /// Script events whose handlers raised, trapped or went over a limit.
    pub script_errors: Counter,
    /// Script events whose handlers overstayed.
    pub script_timeouts: Counter,
    /// Outcomes that came too late or named nothing.
    pub late_outcomes: Counter,
    /// Script events shed because a transaction's queue was full.
    pub shed_events: Counter,
    /// Requests that the script let fall.
    pub silent_drops: Counter,
    /// Names that could not be resolved.
    pub resolve_failures: Counter,
    /// Branches that ended with a transport error.
    pub transport_failures: Counter,
    /// 2xx to an INVITE that no handler relayed: the dialog was ended by us.
    pub abandoned_dialogs: Counter,
}
