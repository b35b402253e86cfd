//! A directory with scripts, an engine, and a server in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::prelude::*;
use siphon_python::{PythonConfig, PythonEngine};
use siphon_script::kit::{Kit, event};
use siphon_script::{
    Action, Context, Decision, Event, EventId, EventKind, Fault, Generation, LoadError, Outcome, OutcomeSink, Reply,
    ReplyDecision, Request, ScriptEngine, ScriptSource,
};
use siphon_sip::{ByteStr, TenantId};

/// How long a test waits for something that always comes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) kit: Kit,
    pub(crate) engine: PythonEngine,
    pub(crate) directory: Directory,
    pub(crate) include_paths: Vec<PathBuf>,
    next: AtomicU32,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(&PythonConfig::default())
    }

    pub(crate) fn with(config: &PythonConfig) -> Self {
        Self {
            kit: Kit::new(),
            engine: PythonEngine::start(config).unwrap(),
            directory: Directory::new(),
            include_paths: Vec::new(),
            next: AtomicU32::new(1),
        }
    }

    /// Writes the script and loads it.
    pub(crate) fn script(&self, text: &str) -> Loaded<'_> {
        self.try_script(text).unwrap_or_else(|error| panic!("{error}\n{:?}", error.traceback))
    }

    pub(crate) fn try_script(&self, text: &str) -> Result<Loaded<'_>, LoadError> {
        self.directory.write("route.py", text);
        self.load()
    }

    pub(crate) fn load(&self) -> Result<Loaded<'_>, LoadError> {
        let number = u64::from(self.next.fetch_add(1, Ordering::Relaxed));
        let source = ScriptSource {
            tenant: TenantId::DEFAULT,
            path: self.directory.path("route.py"),
            include_paths: self.include_paths.clone(),
            generation: number,
            ports: self.kit.ports(),
        };
        Ok(Loaded { bench: self, generation: self.engine.load(&source)? })
    }
}

/// A generation and the bench that it runs on.
pub(crate) struct Loaded<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) generation: Arc<Generation>,
}

impl Loaded<'_> {
    pub(crate) fn context(&self) -> Arc<Context> {
        let call_id = ByteStr::from_static("call-1");
        Arc::new(Context::new(TenantId::DEFAULT, self.generation.number, call_id, self.bench.kit.ports()))
    }

    /// Runs `on_request` handlers for an OPTIONS.
    pub(crate) fn options(&self) -> Outcome {
        self.request(&message("OPTIONS", ""))
    }

    /// The reason phrase that the handlers of an OPTIONS answered with.
    pub(crate) fn answer(&self) -> String {
        reason(self.options())
    }

    pub(crate) fn request(&self, text: &str) -> Outcome {
        let context = self.context();
        let request = self.bench.kit.request_in(&context, text).unwrap();
        self.event(event(&context, EventKind::Request(request)))
    }

    /// A request and a response to it, of one new event.
    pub(crate) fn exchange(&self, method: &str, status: &str) -> (Arc<Context>, Arc<Request>, Arc<Reply>) {
        let context = self.context();
        let request = self.bench.kit.request_in(&context, &message(method, "")).unwrap();
        let response = message(method, "").replacen(&format!("{method} sip:bob@example.com SIP/2.0"), status, 1);
        let reply = self.bench.kit.reply_in(&context, &response).unwrap();
        (context, request, reply)
    }

    /// Runs an event to its end, wherever that is.
    pub(crate) fn event(&self, event: Event) -> Outcome {
        let (sink, outcomes) = sink();
        match self.generation.script.run(event, &sink) {
            Some((_, outcome)) => outcome,
            None => outcomes.recv_timeout(PATIENCE).unwrap().1,
        }
    }

    /// Starts an event. Its outcome when it ended on this thread, else where it will come.
    pub(crate) fn start(&self, method: &str) -> (Option<Outcome>, Outcomes) {
        let context = self.context();
        let request = self.bench.kit.request_in(&context, &message(method, "")).unwrap();
        let (sink, outcomes) = sink();
        let now = self.generation.script.run(event(&context, EventKind::Request(request)), &sink);
        (now.map(|(_, outcome)| outcome), Outcomes(outcomes))
    }
}

/// An outcome and the thread that brought it.
type Delivered = (EventId, Outcome, String);

pub(crate) struct Outcomes(Receiver<Delivered>);

impl Outcomes {
    /// The outcome that came later, and the thread that brought it.
    pub(crate) fn next(&self) -> (Outcome, String) {
        let (_, outcome, thread) = self.0.recv_timeout(PATIENCE).unwrap();
        (outcome, thread)
    }
}

struct Sink(Mutex<Sender<Delivered>>);

pub(crate) fn sink() -> (Arc<dyn OutcomeSink>, Receiver<Delivered>) {
    let (sender, receiver) = channel();
    (Arc::new(Sink(Mutex::new(sender))), receiver)
}

impl OutcomeSink for Sink {
    fn deliver(&self, id: EventId, outcome: Outcome) {
        let thread = format!("{:?}", std::thread::current().id());
        self.0.lock().send((id, outcome, thread)).unwrap();
    }
}

pub(crate) fn message(method: &str, headers: &str) -> String {
    format!(
        "{method} sip:bob@example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1;rport\r\n\
         From: \"Alice\" <sip:alice@example.com>;tag=a1\r\n\
         To: <sip:bob@example.com>\r\n\
         Call-ID: call-1\r\n\
         CSeq: 7 {method}\r\n\
         Max-Forwards: 70\r\n\
         {headers}Content-Length: 0\r\n\r\n"
    )
}

pub(crate) fn decided(outcome: Outcome) -> Decision {
    match outcome {
        Outcome::Decided(decision) => *decision,
        Outcome::Failed(fault) => panic!("{fault:?}"),
    }
}

pub(crate) fn failed(outcome: Outcome) -> Fault {
    match outcome {
        Outcome::Failed(fault) => fault,
        Outcome::Decided(decision) => panic!("{decision:?}"),
    }
}

/// The reason phrase of an armed response.
pub(crate) fn reason(outcome: Outcome) -> String {
    match decided(outcome).action {
        Action::Reply(reply) => reply.response.reason().to_string(),
        other => panic!("no reply: {other:?}"),
    }
}

pub(crate) fn is_forwarded(outcome: Outcome) -> bool {
    matches!(decided(outcome).reply, Some(ReplyDecision::Forward(_)))
}

/// Evaluates an expression in a module of its own.
pub(crate) fn python<T: for<'a, 'py> FromPyObject<'a, 'py>>(expression: &str) -> T {
    Python::attach(|py| {
        let expression = std::ffi::CString::new(expression).unwrap();
        let value = py.eval(&expression, None, None).unwrap();
        value.extract::<T>().map_err(|_| "not of that type").unwrap()
    })
}

/// A directory of one test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("siphon-python-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Every file below it.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        walk(&self.0, &mut found);
        found
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
