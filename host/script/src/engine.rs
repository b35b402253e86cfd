//! All that the server knows of a scripting engine: which handlers a script has, and how to run an event. It names no
//! engine; `siphon-python` implements these traits.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use siphon_sip::{Method, TenantId};

use crate::error::ApiError;
use crate::event::{BackgroundEvent, Event, EventId};
use crate::outcome::Outcome;
use crate::ports::Ports;

/// A handler by its place in the order of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HandlerIndex(pub usize);

/// What a handler wants to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandlerKind {
    /// `@proxy.on_request`.
    Request,
    /// `@proxy.on_reply`.
    Reply,
    /// `@proxy.on_register_reply`.
    RegisterReply,
    /// `@proxy.on_failure`.
    Failure,
    /// `@proxy.on_cancel`.
    Cancel,
    /// `@registrar.on_change`.
    RegistrarChange,
    /// `@timer.every`.
    Every,
}

/// The methods that an `on_request` handler was registered for: exact, case-sensitive tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodFilter(Vec<Method>);

impl MethodFilter {
    /// Reads `INVITE|SUBSCRIBE`.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        text.split('|')
            .map(|name| name.trim().parse::<Method>())
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(|_| ApiError::Value(format!("not a list of methods: {text:?}")))
    }

    /// Whether `method` is one of them.
    #[must_use]
    pub fn matches(&self, method: &Method) -> bool {
        self.0.contains(method)
    }

    /// The methods, in the order of the script.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.0
    }
}

/// How often a `timer.every` handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From one run's end to the next, and before the first.
    pub interval: Duration,
    /// Up to so much is added to each interval.
    pub jitter: Duration,
}

/// One registered handler.
#[derive(Clone, Debug)]
pub struct HandlerInfo {
    /// What it wants to hear of.
    pub kind: HandlerKind,
    /// The methods of an `on_request` handler; without one it is asked about all.
    pub filter: Option<MethodFilter>,
    /// The function's name.
    pub name: String,
    /// Where it stands: `route.py:12`.
    pub source: String,
    /// Whether it is an `async def`.
    pub is_async: bool,
    /// How often an [`HandlerKind::Every`] runs.
    pub schedule: Option<Schedule>,
}

impl HandlerInfo {
    /// Whether the handler is of `kind` and was not registered for other methods than `method`.
    #[must_use]
    pub fn matches(&self, kind: HandlerKind, method: &Method) -> bool {
        self.kind == kind && self.filter.as_ref().is_none_or(|filter| filter.matches(method))
    }
}

/// The handlers of a script in the order of registration, so that no event is made that nobody handles.
#[derive(Clone, Debug, Default)]
pub struct Handlers(Vec<HandlerInfo>);

impl Handlers {
    /// Takes them in the order of registration.
    #[must_use]
    pub const fn new(handlers: Vec<HandlerInfo>) -> Self {
        Self(handlers)
    }

    /// Whether there is a handler of that kind.
    #[must_use]
    pub fn has(&self, kind: HandlerKind) -> bool {
        self.0.iter().any(|handler| handler.kind == kind)
    }

    /// Whether an `on_request` handler wants requests of that method. Never for ACK and CANCEL.
    #[must_use]
    pub fn matches_request(&self, method: &Method) -> bool {
        !matches!(method, Method::Ack | Method::Cancel) && self.matching(HandlerKind::Request, method).next().is_some()
    }

    /// Whether a global handler wants the responses of requests of that method.
    #[must_use]
    pub fn matches_reply(&self, method: &Method) -> bool {
        self.has(HandlerKind::Reply) || (*method == Method::Register && self.has(HandlerKind::RegisterReply))
    }

    /// The handlers of that kind that want that method, in order.
    pub fn matching(&self, kind: HandlerKind, method: &Method) -> impl Iterator<Item = (HandlerIndex, &HandlerInfo)> {
        self.iter().filter(move |(_, handler)| handler.matches(kind, method))
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, index: HandlerIndex) -> Option<&HandlerInfo> {
        self.0.get(index.0)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (HandlerIndex, &HandlerInfo)> {
        self.0.iter().enumerate().map(|(index, handler)| (HandlerIndex(index), handler))
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One loaded version of a tenant's script. A transaction keeps the one that it began with.
pub struct Generation {
    /// Counts the loads of this tenant.
    pub number: u64,
    /// Whose it is.
    pub tenant: TenantId,
    /// What it listens to.
    pub handlers: Handlers,
    /// What runs it.
    pub script: Box<dyn Script>,
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("number", &self.number)
            .field("tenant", &self.tenant)
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}

/// A loaded script.
pub trait Script: Send + Sync {
    /// Runs every handler that the event is for ([`Dispatch`](crate::Dispatch) knows which). Returns the outcome when
    /// they ended on this thread; `None` when they go on, and then `sink` gets the outcome, exactly once. It may block
    /// for as long as a handler does: call it with no shard held.
    fn run(&self, event: Event, sink: &Arc<dyn OutcomeSink>) -> Option<(EventId, Outcome)>;

    /// Runs what belongs to no transaction. May block, like [`run`](Self::run). Failures are the engine's to log.
    fn run_background(&self, event: BackgroundEvent);
}

/// Takes outcomes that come later, on any thread.
pub trait OutcomeSink: Send + Sync {
    /// Delivers the outcome of an event whose [`Script::run`] returned `None`.
    fn deliver(&self, id: EventId, outcome: Outcome);
}

/// What to load.
#[derive(Clone)]
pub struct ScriptSource {
    /// Whose script it is.
    pub tenant: TenantId,
    /// The file.
    pub path: PathBuf,
    /// More directories that the script imports from.
    pub include_paths: Vec<PathBuf>,
    /// The number that the generation shall have.
    pub generation: u64,
    /// What the verbs of this generation reach the server through.
    pub ports: Arc<Ports>,
}

impl fmt::Debug for ScriptSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptSource")
            .field("tenant", &self.tenant)
            .field("path", &self.path)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Why a script did not load. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LoadError {
    /// One line.
    pub message: String,
    /// The engine's own account with file and line, when it has one.
    pub traceback: Option<String>,
}

/// A scripting engine.
pub trait ScriptEngine: Send + Sync {
    /// Wraps the life of a thread that will run handlers, so that the engine can keep a state for it. Calls `life`
    /// once.
    fn thread_scope(&self, life: &mut (dyn FnMut() + Send));

    /// Loads a script aside, without touching those that run. May block.
    fn load(&self, source: &ScriptSource) -> Result<Arc<Generation>, LoadError>;
}
