//! Running events: handlers in order, on the thread that has the event for as long as none of them waits. Which handler
//! is next is [`Dispatch`]'s business, and what they decided is that of the verbs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use parking_lot::Mutex;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;
use siphon_script::dispatch::{Arguments, Function as Callee, Step};
use siphon_script::{
    BackgroundEvent, Context, Dispatch, Event, EventId, Fault, HandlerIndex, HandlerKind, Handlers, Outcome,
    OutcomeSink, Script, ScriptSource,
};

use crate::classes;
use crate::convert::Function;
use crate::engine::Modules;
use crate::fault;
use crate::handler::Handler;
use crate::interpreter::Interpreter;
use crate::scope::{EventScope, within};

/// A loaded script.
pub(crate) struct PythonScript(Arc<Loaded>);

/// What a script's running handlers share.
struct Loaded {
    interpreter: Arc<Interpreter>,
    handlers: Vec<Handler>,
    infos: Handlers,
    background: Arc<Context>,
    /// Which event loop its handlers prefer: always the same one for a tenant, across reloads.
    home: usize,
    waiting: Waiting,
    // Last: the functions go before the modules.
    modules: Modules,
}

impl PythonScript {
    pub(crate) fn new(
        interpreter: Arc<Interpreter>,
        source: &ScriptSource,
        modules: Modules,
        handlers: Vec<Handler>,
        infos: Handlers,
        background: Arc<Context>,
    ) -> Self {
        let home = usize::try_from(source.tenant.0).unwrap_or_default();
        Self(Arc::new(Loaded { interpreter, handlers, infos, background, home, waiting: Waiting::default(), modules }))
    }
}

impl Script for PythonScript {
    fn run(&self, event: Event, sink: &Arc<dyn OutcomeSink>) -> Option<(EventId, Outcome)> {
        let run =
            Run { dispatch: Dispatch::new(event, &self.0.infos), sink: Arc::clone(sink), objects: Objects::default() };
        Python::attach(|py| self.0.drive(py, run, None))
    }

    fn run_background(&self, event: BackgroundEvent) {
        Python::attach(|py| self.0.run_background(py, event));
    }
}

/// An event on its way over its handlers.
struct Run {
    dispatch: Dispatch,
    sink: Arc<dyn OutcomeSink>,
    objects: Objects,
}

/// The objects of an event: every handler gets the same ones.
#[derive(Default)]
struct Objects {
    request: Option<Py<classes::Request>>,
    reply: Option<Py<classes::Reply>>,
}

impl Objects {
    fn request(&mut self, py: Python<'_>, request: Arc<siphon_script::Request>) -> PyResult<Py<classes::Request>> {
        if let Some(object) = &self.request {
            return Ok(object.clone_ref(py));
        }
        let object = Py::new(py, classes::Request::new(request))?;
        Ok(self.request.insert(object).clone_ref(py))
    }

    fn reply(&mut self, py: Python<'_>, reply: Arc<siphon_script::Reply>) -> PyResult<Py<classes::Reply>> {
        if let Some(object) = &self.reply {
            return Ok(object.clone_ref(py));
        }
        let object = Py::new(py, classes::Reply::new(reply))?;
        Ok(self.reply.insert(object).clone_ref(py))
    }
}

/// Whether the coroutines of a script wait for anything. Clients of databases and the like belong to the loop that they
/// were made on; so a script that waits, or that is not known well enough, stays on its one loop. The handlers of a
/// script that never waits may run on any loop, several at once.
#[derive(Default)]
struct Waiting {
    did: AtomicBool,
    /// How many coroutines have ended without it.
    without: AtomicU32,
}

impl Waiting {
    /// So many coroutines say that a script never waits.
    const ENOUGH: u32 = 100;

    fn is_possible(&self) -> bool {
        self.did.load(Ordering::Relaxed) || self.without.load(Ordering::Relaxed) < Self::ENOUGH
    }

    fn did(&self) {
        self.did.store(true, Ordering::Relaxed);
    }

    fn did_not(&self) {
        if self.without.load(Ordering::Relaxed) < Self::ENOUGH {
            self.without.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// How far a call came on this thread.
enum Called<'py> {
    /// It returned.
    Returned,
    /// It is a coroutine, of which nothing has run.
    Coroutine(Bound<'py, PyAny>),
}

impl Loaded {
    /// Runs the handlers from `step` on, or from the next one. `None` when one of them waits: then its end continues
    /// here on another thread.
    fn drive(self: &Arc<Self>, py: Python<'_>, mut run: Run, step: Option<Step>) -> Option<(EventId, Outcome)> {
        let mut next = step.or_else(|| run.dispatch.next());
        while let Some(step) = next {
            match self.call(py, &mut run.objects, &step) {
                Ok(Called::Returned) => run.dispatch.ended(Ok(())),
                Ok(Called::Coroutine(coroutine)) => run = self.start(py, run, &step, &coroutine)?,
                Err(error) => {
                    let fault = self.fault(py, &step, &error);
                    run.dispatch.ended(Err(fault));
                }
            }
            next = run.dispatch.next();
        }
        Some(run.dispatch.outcome())
    }

    fn call<'py>(&self, py: Python<'py>, objects: &mut Objects, step: &Step) -> PyResult<Called<'py>> {
        let (function, may_wait) = match &step.function {
            Callee::Handler(index) => match self.handler(*index) {
                Some(handler) => (&handler.function, handler.info.is_async),
                None => return Ok(Called::Returned),
            },
            Callee::Callback(callback) => match callback.downcast::<Function>() {
                Some(function) => (&function.0, true),
                None => return Ok(Called::Returned),
            },
        };
        let function = function.bind(py);
        let event = Arc::clone(request_of(&step.arguments).context());
        let returned = within(&event, || match &step.arguments {
            Arguments::Request(request) => function.call1((objects.request(py, Arc::clone(request))?,)),
            Arguments::Reply(request, reply) => {
                let request = objects.request(py, Arc::clone(request))?;
                function.call1((request, objects.reply(py, Arc::clone(reply))?))
            }
            Arguments::Failure(request, code, reason) => {
                function.call1((objects.request(py, Arc::clone(request))?, *code, reason))
            }
        })?;
        if may_wait { self.interpreter.awaited(returned) } else { Ok(Called::Returned) }
    }

    /// Starts a coroutine on this thread. Gives the run back when it has ended already.
    fn start<'py>(
        self: &Arc<Self>,
        py: Python<'py>,
        run: Run,
        step: &Step,
        coroutine: &Bound<'py, PyAny>,
    ) -> Option<Run> {
        let then = Then::Continue { run: Box::new(run), step: step.clone() };
        let resume = Resume { script: Arc::clone(self), then: Mutex::new(Some(then)) };
        let resume = match Bound::new(py, resume) {
            Ok(resume) => resume,
            Err(error) => {
                // Out of memory: the run went with it, and the deadline answers the event.
                tracing::error!(%error, "an async handler could not be started");
                return None;
            }
        };
        let event = Bound::new(py, EventScope(Arc::clone(request_of(&step.arguments).context())));
        let begun = event.and_then(|event| self.begin(coroutine, &resume, Some(event)));
        let result = match begun {
            Ok(None) => return None,
            Ok(Some(task)) => task.call_method0(intern!(py, "result")),
            Err(error) => Err(error),
        };
        let Some(Then::Continue { mut run, .. }) = resume.get().then.lock().take() else { return None };
        run.dispatch.ended(result.map(drop).map_err(|error| self.fault(py, step, &error)));
        Some(*run)
    }

    /// The task, when it is done already; else `resume` is called when it is.
    fn begin<'py>(
        &self,
        coroutine: &Bound<'py, PyAny>,
        resume: &Bound<'py, Resume>,
        event: Option<Bound<'py, EventScope>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let stays = self.waiting.is_possible();
        let started = self.interpreter.run(coroutine, resume.as_any(), event, self.home, stays)?;
        match started.extract::<bool>() {
            Err(_) => {
                self.waiting.did_not();
                Ok(Some(started))
            }
            Ok(has_waited) => {
                if has_waited {
                    self.waiting.did();
                }
                Ok(None)
            }
        }
    }

    /// Goes on with an event whose coroutine has ended on the loop of this thread.
    fn resume(self: &Arc<Self>, py: Python<'_>, mut run: Run, step: &Step, result: PyResult<()>) -> PyResult<()> {
        run.dispatch.ended(result.map_err(|error| self.fault(py, step, &error)));
        match run.dispatch.next() {
            None => self.deliver(py, run),
            // The next function may block, and others wait on this loop: it runs on a thread of the loop's executor.
            Some(step) => {
                let rest = Rest { script: Arc::clone(self), run: Mutex::new(Some((run, step))) };
                self.interpreter.run_aside(Bound::new(py, rest)?.as_any())
            }
        }
    }

    fn deliver(&self, py: Python<'_>, run: Run) -> PyResult<()> {
        let sink = run.sink;
        let (id, outcome) = run.dispatch.outcome();
        self.interpreter.without_loop(py, || py.detach(move || sink.deliver(id, outcome)))
    }

    fn handler(&self, index: HandlerIndex) -> Option<&Handler> {
        self.handlers.get(index.0)
    }

    fn fault(&self, py: Python<'_>, step: &Step, error: &PyErr) -> Fault {
        let name = match &step.function {
            Callee::Handler(index) => self.handler(*index).map_or("", |handler| handler.info.name.as_str()),
            Callee::Callback(_) => "the relay's callback",
        };
        fault::raised(self.modules.bind(py), error, name, request_of(&step.arguments).context())
    }

    fn run_background(self: &Arc<Self>, py: Python<'_>, event: BackgroundEvent) {
        match event {
            BackgroundEvent::RegistrarChange { aor, change, contacts } => {
                let arguments = || -> PyResult<_> {
                    let contacts = contacts
                        .iter()
                        .map(|contact| classes::Contact::new(contact.clone(), Arc::clone(&self.background)));
                    let contacts: Vec<Bound<'_, classes::Contact>> =
                        contacts.map(|contact| Bound::new(py, contact)).collect::<PyResult<_>>()?;
                    Ok((aor.as_str(), change.as_str(), PyList::new(py, contacts)?))
                };
                for handler in self.handlers.iter().filter(|handler| handler.info.kind == HandlerKind::RegistrarChange)
                {
                    let called = arguments().and_then(|arguments| handler.function.bind(py).call1(arguments));
                    self.finish_background(py, called, &handler.info.name);
                }
            }
            BackgroundEvent::Timer { key, callback } => {
                if let Some(function) = callback.downcast::<Function>() {
                    let called = function.0.bind(py).call1((key.as_str(),));
                    self.finish_background(py, called, &key);
                }
            }
            BackgroundEvent::Every { handler } => {
                if let Some(handler) = self.handler(handler) {
                    let called = handler.function.bind(py).call0();
                    self.finish_background(py, called, &handler.info.name);
                }
            }
        }
    }

    /// Waits for the end of a call that nobody's transaction waits for, and logs what it raised.
    fn finish_background(self: &Arc<Self>, py: Python<'_>, called: PyResult<Bound<'_, PyAny>>, name: &str) {
        let result = called.and_then(|returned| self.interpreter.awaited(returned)).and_then(|called| match called {
            Called::Returned => Ok(()),
            Called::Coroutine(coroutine) => self.wait_for(py, &coroutine),
        });
        if let Err(error) = result {
            fault::raised(self.modules.bind(py), &error, name, &self.background);
        }
    }

    fn wait_for(self: &Arc<Self>, py: Python<'_>, coroutine: &Bound<'_, PyAny>) -> PyResult<()> {
        let (sender, receiver) = sync_channel(1);
        let resume = Resume { script: Arc::clone(self), then: Mutex::new(Some(Then::Tell(sender))) };
        match self.begin(coroutine, &Bound::new(py, resume)?, None)? {
            Some(task) => task.call_method0(intern!(py, "result")).map(drop),
            // A loop that was closed under its task drops the sender: then there is no end to wait for.
            None => py.detach(move || receiver.recv()).unwrap_or(Ok(())),
        }
    }
}

const fn request_of(arguments: &Arguments) -> &Arc<siphon_script::Request> {
    match arguments {
        Arguments::Request(request) | Arguments::Reply(request, _) | Arguments::Failure(request, ..) => request,
    }
}

/// What happens when a coroutine has ended on a loop.
enum Then {
    /// The next handler of its event runs.
    Continue { run: Box<Run>, step: Step },
    /// Somebody is told.
    Tell(SyncSender<PyResult<()>>),
}

/// The done callback of a task that did not end where it was started.
#[pyclass(frozen, module = "siphon")]
struct Resume {
    script: Arc<Loaded>,
    then: Mutex<Option<Then>>,
}

#[pymethods]
impl Resume {
    fn __call__(&self, task: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = task.py();
        let result = task.call_method0(intern!(py, "result")).map(drop);
        let then = self.then.lock().take();
        match then {
            None => Ok(()),
            Some(Then::Continue { run, step }) => self.script.resume(py, *run, &step, result),
            Some(Then::Tell(sender)) => {
                // Nobody listens any more when the process ends.
                let _ = sender.send(result);
                Ok(())
            }
        }
    }
}

/// The rest of an event's handlers, for a thread that may block.
#[pyclass(frozen, module = "siphon")]
struct Rest {
    script: Arc<Loaded>,
    run: Mutex<Option<(Run, Step)>>,
}

#[pymethods]
impl Rest {
    fn __call__(&self, py: Python<'_>) {
        let Some((run, step)) = self.run.lock().take() else { return };
        let sink = Arc::clone(&run.sink);
        if let Some((id, outcome)) = self.script.drive(py, run, Some(step)) {
            py.detach(move || sink.deliver(id, outcome));
        }
    }
}

impl Interpreter {
    /// Whether what a function returned is to be run.
    fn awaited<'py>(&self, returned: Bound<'py, PyAny>) -> PyResult<Called<'py>> {
        if returned.is_none() {
            return Ok(Called::Returned);
        }
        Ok(self.coroutine(returned)?.map_or(Called::Returned, Called::Coroutine))
    }
}
