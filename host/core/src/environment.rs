//! What all shards share: configuration, identity, ports, generations, counters. Nothing in it belongs to one call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use siphon_script::{Generation, Ports};
use siphon_sip::{ByteStr, Flow, TenantId};
use siphon_transaction::TransactionConfig;

use crate::counters::Counters;
use crate::identity::ServerIdentity;

/// Where the generation comes from that a new request is given to.
pub trait Generations: Send + Sync {
    /// The tenant's current generation; `None` when nothing was loaded yet.
    fn current(&self, tenant: TenantId) -> Option<Arc<Generation>>;
}

/// What every shard of a server is given.
pub struct Environment {
    /// Timers and switches.
    pub config: CoreConfig,
    /// How much may be held at once.
    pub limits: Limits,
    /// Who we are.
    pub identity: Arc<ServerIdentity>,
    /// What verbs, and the core where it applies their outcome, need from the rest.
    pub ports: Arc<Ports>,
    /// Where scripts come from.
    pub generations: Arc<dyn Generations>,
    /// What happened so far.
    pub counters: Counters,
    draining: AtomicBool,
}

impl Environment {
    /// An environment that is not draining, with all counters at zero.
    #[must_use]
    pub fn new(
        config: CoreConfig,
        limits: Limits,
        identity: Arc<ServerIdentity>,
        ports: Arc<Ports>,
        generations: Arc<dyn Generations>,
    ) -> Self {
        Self {
            config,
            limits,
            identity,
            ports,
            generations,
            counters: Counters::default(),
            draining: AtomicBool::new(false),
        }
    }

    /// From now on out-of-dialog INVITEs are refused; what is in progress goes on.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether [`start_draining`](Self::start_draining) was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whose message it is that came in on `flow`.
    #[must_use]
    pub const fn tenant_of(&self, _flow: &Flow) -> TenantId {
        TenantId::DEFAULT
    }
}

/// Timers and switches of the proxy. The default of each is what the standards or `siphon.yaml` say.
#[derive(Debug, Clone)]
pub struct CoreConfig {
    /// RFC 3261 section 17.
    pub transaction: TransactionConfig,
    /// How long an INVITE without a branch and without a final response is kept before it is answered 408.
    pub invite_timeout: Duration,
    /// Whether an INVITE is answered 100 when it is relayed or forked.
    pub auto_trying: bool,
    /// How long an INVITE may be undecided before it is answered 100; `None`: for ever.
    pub trying_delay: Option<Duration>,
    /// Timer C (RFC 3261 16.6 step 11): more than three minutes.
    pub timer_c: Duration,
    /// How long the handlers of one event may take before the failure policy is applied.
    pub handler_deadline: Duration,
    /// Max-Forwards of a request that has none.
    pub max_forwards: u32,
    /// Max-Breadth of a request that has none, and the most that is accepted (RFC 5393 5.3.3).
    pub max_breadth: u32,
    /// The path MTU in bytes: a request that leaves less than 200 of it free goes over TCP instead of UDP
    /// (RFC 3261 18.1.1). `None`: never.
    pub mtu: Option<usize>,
    /// Whether a response over UDP goes to the source port even when the Via has no `rport`.
    pub force_rport: bool,
    /// Whether the Contact of a 1xx or 2xx, but for those to REGISTER, gets the address that the response came from.
    pub fix_contact: bool,
    /// The Server header of our own responses.
    pub server_header: Option<ByteStr>,
    /// Option tags that a Proxy-Require may ask for.
    pub proxy_extensions: Vec<String>,
    /// Retry-After of a 503 that says that we are full or going down, in seconds.
    pub retry_after: u32,
}

impl Default for CoreConfig {
    fn default() -> Self {
        Self {
            transaction: TransactionConfig::default(),
            invite_timeout: Duration::from_secs(30),
            auto_trying: true,
            trying_delay: Some(Duration::from_millis(200)),
            timer_c: Duration::from_secs(185),
            handler_deadline: Duration::from_secs(30),
            max_forwards: 70,
            max_breadth: 60,
            mtu: None,
            force_rport: true,
            fix_contact: false,
            server_header: None,
            proxy_extensions: Vec::new(),
            retry_after: 5,
        }
    }
}

/// How much one shard may hold. What does not fit is refused with 503 and Retry-After, or shed and counted.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests being proxied, and INVITEs that wait for late 2xx. At most 2^20.
    pub contexts: usize,
    /// Branches of one request, over all its forks and retargets.
    pub branches: usize,
    /// Script events of one request that wait for their turn.
    pub queued_events: usize,
    /// Questions to the resolver for requests that are forwarded without state (ACK to a 2xx).
    pub stateless_resolves: usize,
    /// How often failure handlers may retarget one request.
    pub retargets: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { contexts: 1 << 16, branches: 64, queued_events: 32, stateless_resolves: 1024, retargets: 8 }
    }
}
