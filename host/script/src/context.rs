//! What the verbs of an event act for: tenant, generation, ports, grants, and whether changes still count. The host
//! makes it; no argument of a verb can name another one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use parking_lot::Mutex;
use siphon_sip::{ByteStr, TenantId};

use crate::error::ApiError;
use crate::ports::Ports;
use crate::register::RegisterChange;

/// A namespace of the script API that a generation may or may not use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Interface {
    /// `proxy`: requests, replies and the utilities.
    Proxy,
    /// `registrar`.
    Registrar,
    /// `auth`.
    Auth,
    /// `cache`.
    Cache,
    /// `metrics`.
    Metrics,
    /// `timer`.
    Timer,
    /// `log`.
    Log,
}

impl Interface {
    /// The namespace as scripts import it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Registrar => "registrar",
            Self::Auth => "auth",
            Self::Cache => "cache",
            Self::Metrics => "metrics",
            Self::Timer => "timer",
            Self::Log => "log",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// Which interfaces a generation may use. The operator's own script has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grants(u16);

impl Grants {
    /// Everything: trusted code.
    pub const ALL: Self = Self(u16::MAX);

    /// These interfaces and no others.
    #[must_use]
    pub fn of(interfaces: &[Interface]) -> Self {
        Self(interfaces.iter().fold(0, |bits, interface| bits | interface.bit()))
    }

    /// Whether `interface` is granted.
    #[must_use]
    pub const fn allows(self, interface: Interface) -> bool {
        self.0 & interface.bit() != 0
    }
}

/// How far the handlers of an event are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// Handlers may run; what they change counts.
    Running,
    /// The deadline passed: the failure policy was applied and a late outcome is ignored.
    Overdue,
    /// The outcome was taken.
    Finished,
}

const RUNNING: u8 = 0;
const OVERDUE: u8 = 1;
const FINISHED: u8 = 2;

/// What an event's verbs act for. One for each event, shared by its request, its reply and the engine; besides one for
/// each generation ([`Context::background`]) for what runs outside an event.
pub struct Context {
    /// Whose script it is.
    pub tenant: TenantId,
    /// Which of the tenant's generations.
    pub generation: u64,
    /// The call that the event belongs to; empty in the background. It goes into log lines.
    pub call_id: ByteStr,
    /// What verbs need from the rest of the server.
    pub ports: Arc<Ports>,
    grants: Grants,
    background: bool,
    liveness: AtomicU8,
    decisions: AtomicU32,
    staged: Mutex<Vec<RegisterChange>>,
}

impl Context {
    /// The context of one event, with every grant.
    #[must_use]
    pub fn new(tenant: TenantId, generation: u64, call_id: ByteStr, ports: Arc<Ports>) -> Self {
        Self {
            tenant,
            generation,
            call_id,
            ports,
            grants: Grants::ALL,
            background: false,
            liveness: AtomicU8::new(RUNNING),
            decisions: AtomicU32::new(0),
            staged: Mutex::new(Vec::new()),
        }
    }

    /// The context of what runs outside an event: timers, `on_change`, tasks that outlive their handler. There is no
    /// outcome to wait for, so what `registrar` verbs change is applied at once.
    #[must_use]
    pub fn background(tenant: TenantId, generation: u64, ports: Arc<Ports>) -> Self {
        Self { background: true, ..Self::new(tenant, generation, ByteStr::new(), ports) }
    }

    /// The same with these grants instead of all.
    #[must_use]
    pub fn with_grants(self, grants: Grants) -> Self {
        Self { grants, ..self }
    }

    /// Whether there is no event, and so no outcome.
    #[must_use]
    pub const fn is_background(&self) -> bool {
        self.background
    }

    /// How far the handlers are.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        match self.liveness.load(Ordering::Acquire) {
            RUNNING => Liveness::Running,
            OVERDUE => Liveness::Overdue,
            _ => Liveness::Finished,
        }
    }

    /// The deadline passed. Later mutators raise and the outcome will be a timeout. Without effect on an event whose
    /// outcome was already taken. Returns whether the event was still running.
    pub fn expire(&self) -> bool {
        self.leave_running(OVERDUE)
    }

    /// The outcome is being taken. Returns false when the deadline was there first.
    pub(crate) fn finish(&self) -> bool {
        self.leave_running(FINISHED)
    }

    fn leave_running(&self, to: u8) -> bool {
        self.liveness.compare_exchange(RUNNING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether a mutator may still change something.
    pub fn check_writable(&self) -> Result<(), ApiError> {
        match self.liveness() {
            Liveness::Running => Ok(()),
            Liveness::Overdue => Err(ApiError::Overdue),
            Liveness::Finished => Err(ApiError::Finished),
        }
    }

    /// Whether the generation may use `interface`.
    pub const fn check_granted(&self, interface: Interface) -> Result<(), ApiError> {
        if self.grants.allows(interface) { Ok(()) } else { Err(ApiError::NotGranted(interface)) }
    }

    /// A number for a decision that was just made, higher than all before it in this event: the last one wins.
    pub(crate) fn next_decision(&self) -> u32 {
        self.decisions.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The registrations staged so far, in order.
    pub(crate) fn staged(&self) -> parking_lot::MutexGuard<'_, Vec<RegisterChange>> {
        self.staged.lock()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("tenant", &self.tenant)
            .field("generation", &self.generation)
            .field("call_id", &self.call_id)
            .field("liveness", &self.liveness())
            .finish_non_exhaustive()
    }
}
