//! What happened and which handlers shall hear of it: the core makes events, an engine runs them. What a handler
//! decided comes back as an [`Outcome`](crate::Outcome).

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::contact::Contact;
use crate::context::Context;
use crate::engine::HandlerIndex;
use crate::reply::Reply;
use crate::request::Request;

/// One event of one transaction. The core ignores an outcome whose id it no longer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The shard that made the event.
    pub shard: u16,
    /// The core's own key of the transaction.
    pub transaction: u64,
    /// Counts the events of that transaction.
    pub sequence: u32,
}

/// Something that handlers are asked about. At most one outcome answers it.
#[derive(Debug)]
pub struct Event {
    /// Whom the outcome is for.
    pub id: EventId,
    /// What the verbs of this event act for; the same one that its objects carry.
    pub context: Arc<Context>,
    /// What happened.
    pub kind: EventKind,
}

/// The events of a proxied transaction.
#[derive(Debug)]
pub enum EventKind {
    /// A new request: every matching `on_request` handler, in order, on this one object.
    Request(Arc<Request>),
    /// A response on one branch, never a 100: `on_register_reply` (REGISTER only), then `on_reply` handlers, then the
    /// relay's own callback.
    Reply {
        /// The request as it was received.
        request: Arc<Request>,
        /// The response, without our Via.
        reply: Arc<Reply>,
        /// The `on_reply=` of the relay.
        callback: Option<Callback>,
    },
    /// The final failure of a relay, or of a fork when all of its branches have failed; never a 487. First the relay's
    /// own callback, then `on_failure` handlers.
    Failure {
        /// The request as it was received.
        request: Arc<Request>,
        /// The response that goes upstream unless a handler decides otherwise.
        reply: Arc<Reply>,
        /// The `on_failure=` of the relay.
        callback: Option<Callback>,
    },
    /// A relayed INVITE without a final response was cancelled. Nothing that its handlers arm is carried out.
    Cancel {
        /// The INVITE as it was received.
        request: Arc<Request>,
    },
}

/// A function that the script handed over (`on_reply=`), as its engine keeps it. Dropping the last clone frees it.
#[derive(Clone)]
pub struct Callback(pub Arc<dyn Any + Send + Sync>);

impl Callback {
    /// The function, when it is of the engine that asks.
    #[must_use]
    pub fn downcast<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

/// How the bindings of an address of record changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingChange {
    /// It has its first binding, or one more.
    Registered,
    /// A binding was prolonged.
    Refreshed,
    /// A binding was removed on request.
    Deregistered,
    /// A binding was not refreshed in time.
    Expired,
}

impl BindingChange {
    /// As `on_change` handlers see it: `registered`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Refreshed => "refreshed",
            Self::Deregistered => "deregistered",
            Self::Expired => "expired",
        }
    }
}

/// What happens outside any transaction. It does not pass through the core: the server hands it to
/// [`Script::run_background`](crate::Script::run_background), and no outcome answers it.
#[derive(Debug)]
pub enum BackgroundEvent {
    /// Bindings changed: every `registrar.on_change` handler.
    RegistrarChange {
        /// The address of record, normalised.
        aor: String,
        /// What happened to it.
        change: BindingChange,
        /// The bindings that it has now.
        contacts: Vec<Contact>,
    },
    /// A `timer.set` is due. The callback gets the key.
    Timer {
        /// The key that the script gave it.
        key: String,
        /// The script's function.
        callback: Callback,
    },
    /// A `timer.every` handler is due.
    Every {
        /// Which one.
        handler: HandlerIndex,
    },
}
