//! A flow as scripts see it: an opaque way back to a peer that can be compared and handed to `relay`. The plain value
//! is `siphon-sip`'s.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use siphon_sip::Flow;

use crate::context::Context;

/// A flow in a script's hands. Two are equal when they are the same flow.
#[derive(Clone, Debug)]
pub struct ScriptFlow {
    context: Arc<Context>,
    flow: Flow,
}

impl ScriptFlow {
    /// The flow for scripts of this context.
    #[must_use]
    pub const fn new(context: Arc<Context>, flow: Flow) -> Self {
        Self { context, flow }
    }

    /// The plain value.
    #[must_use]
    pub const fn flow(&self) -> Flow {
        self.flow
    }

    /// In lower case: `udp`.
    #[must_use]
    pub const fn transport(&self) -> &'static str {
        self.flow.transport.parameter()
    }

    /// The peer's `ip:port`.
    #[must_use]
    pub fn remote_addr(&self) -> String {
        self.flow.remote.to_string()
    }

    /// Our `ip:port`.
    #[must_use]
    pub fn local_addr(&self) -> String {
        self.flow.local.to_string()
    }

    /// The number of the connection; `None` on UDP.
    #[must_use]
    pub fn connection_id(&self) -> Option<u64> {
        self.flow.connection.map(|connection| connection.0)
    }

    /// Whether it can still be sent on. Always true for UDP.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.context.ports.identity.is_alive(&self.flow)
    }
}

impl PartialEq for ScriptFlow {
    fn eq(&self, other: &Self) -> bool {
        self.flow == other.flow
    }
}

impl Eq for ScriptFlow {}

impl Hash for ScriptFlow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.flow.hash(state);
    }
}
