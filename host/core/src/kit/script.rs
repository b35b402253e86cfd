//! A script made of closures. It runs on the calling thread, through the same dispatcher as every engine.

use std::fmt;
use std::sync::Arc;

use siphon_script::dispatch::{Arguments, Call, Function, Step};
use siphon_script::{
    ApiError, BackgroundEvent, Callback, Dispatch, Event, EventId, Fault, FaultKind, Generation, HandlerIndex,
    HandlerInfo, HandlerKind, Handlers, MethodFilter, Outcome, OutcomeSink, Reply, Request,
};
use siphon_sip::TenantId;

type Result = std::result::Result<(), ApiError>;
type RequestHandler = dyn Fn(&Arc<Request>) -> Result + Send + Sync;
type ReplyHandler = dyn Fn(&Arc<Request>, &Arc<Reply>) -> Result + Send + Sync;
type FailureHandler = dyn Fn(&Arc<Request>, u16, &str) -> Result + Send + Sync;

enum Handler {
    Request(Box<RequestHandler>),
    Reply(Box<ReplyHandler>),
}

struct ReplyFunction(Box<ReplyHandler>);

struct FailureFunction(Box<FailureHandler>);

/// A closure for [`RelayOptions::on_reply`](siphon_script::request::RelayOptions).
pub fn reply_callback(function: impl Fn(&Arc<Request>, &Arc<Reply>) -> Result + Send + Sync + 'static) -> Callback {
    Callback(Arc::new(ReplyFunction(Box::new(function))))
}

/// A closure for [`RelayOptions::on_failure`](siphon_script::request::RelayOptions).
pub fn failure_callback(function: impl Fn(&Arc<Request>, u16, &str) -> Result + Send + Sync + 'static) -> Callback {
    Callback(Arc::new(FailureFunction(Box::new(function))))
}

/// Handlers, in the order in which they are registered. An error that one returns is a raise.
#[derive(Default)]
pub struct Script {
    handlers: Vec<Handler>,
    infos: Vec<HandlerInfo>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.infos).finish()
    }
}

impl Script {
    /// No handlers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `@proxy.on_request(methods)`; an empty text is all methods.
    #[must_use]
    pub fn on_request(self, methods: &str, handler: impl Fn(&Arc<Request>) -> Result + Send + Sync + 'static) -> Self {
        let filter = (!methods.is_empty()).then(|| MethodFilter::parse(methods).ok()).flatten();
        self.with(HandlerKind::Request, filter, Handler::Request(Box::new(handler)))
    }

    /// `@proxy.on_reply`.
    #[must_use]
    pub fn on_reply(self, handler: impl Fn(&Arc<Request>, &Arc<Reply>) -> Result + Send + Sync + 'static) -> Self {
        self.with(HandlerKind::Reply, None, Handler::Reply(Box::new(handler)))
    }

    /// `@proxy.on_register_reply`.
    #[must_use]
    pub fn on_register_reply(
        self,
        handler: impl Fn(&Arc<Request>, &Arc<Reply>) -> Result + Send + Sync + 'static,
    ) -> Self {
        self.with(HandlerKind::RegisterReply, None, Handler::Reply(Box::new(handler)))
    }

    /// `@proxy.on_failure`.
    #[must_use]
    pub fn on_failure(self, handler: impl Fn(&Arc<Request>, &Arc<Reply>) -> Result + Send + Sync + 'static) -> Self {
        self.with(HandlerKind::Failure, None, Handler::Reply(Box::new(handler)))
    }

    /// `@proxy.on_cancel`.
    #[must_use]
    pub fn on_cancel(self, handler: impl Fn(&Arc<Request>) -> Result + Send + Sync + 'static) -> Self {
        self.with(HandlerKind::Cancel, None, Handler::Request(Box::new(handler)))
    }

    fn with(mut self, kind: HandlerKind, filter: Option<MethodFilter>, handler: Handler) -> Self {
        self.infos.push(HandlerInfo {
            kind,
            filter,
            name: format!("{kind:?}"),
            source: format!("kit:{}", self.infos.len() + 1),
            is_async: false,
            schedule: None,
        });
        self.handlers.push(handler);
        self
    }

    /// The generation of that number.
    #[must_use]
    pub fn load(self, number: u64) -> Arc<Generation> {
        let handlers = Handlers::new(self.infos.clone());
        let script = Box::new(Loaded { script: self, handlers: handlers.clone() });
        Arc::new(Generation { number, tenant: TenantId::DEFAULT, handlers, script })
    }
}

struct Loaded {
    script: Script,
    handlers: Handlers,
}

impl siphon_script::Script for Loaded {
    fn run(&self, event: Event, _sink: &Arc<dyn OutcomeSink>) -> Option<(EventId, Outcome)> {
        Some(Dispatch::new(event, &self.handlers).run(&mut Caller(&self.script)))
    }

    fn run_background(&self, _event: BackgroundEvent) {}
}

struct Caller<'a>(&'a Script);

impl Call for Caller<'_> {
    fn call(&mut self, step: Step) -> std::result::Result<(), Fault> {
        let result = match (&step.function, &step.arguments) {
            (Function::Handler(index), Arguments::Request(request)) => self.0.call_request(*index, request),
            (Function::Handler(index), Arguments::Reply(request, reply)) => self.0.call_reply(*index, request, reply),
            (Function::Callback(callback), Arguments::Reply(request, reply)) => {
                callback.downcast::<ReplyFunction>().map_or(Ok(()), |function| (function.0)(request, reply))
            }
            (Function::Callback(callback), Arguments::Failure(request, code, reason)) => {
                callback.downcast::<FailureFunction>().map_or(Ok(()), |function| (function.0)(request, *code, reason))
            }
            (Function::Handler(_), Arguments::Failure(..)) | (Function::Callback(_), Arguments::Request(_)) => Ok(()),
        };
        result.map_err(|error| Fault { kind: FaultKind::Raised, message: error.to_string(), traceback: None })
    }
}

impl Script {
    fn call_request(&self, index: HandlerIndex, request: &Arc<Request>) -> Result {
        match self.handlers.get(index.0) {
            Some(Handler::Request(handler)) => handler(request),
            Some(Handler::Reply(_)) | None => Ok(()),
        }
    }

    fn call_reply(&self, index: HandlerIndex, request: &Arc<Request>, reply: &Arc<Reply>) -> Result {
        match self.handlers.get(index.0) {
            Some(Handler::Reply(handler)) => handler(request, reply),
            Some(Handler::Request(_)) | None => Ok(()),
        }
    }
}
