//! What scripts, and their failures, write into the log.

use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::{Bench, failed};

/// Keeps the lines of `siphon::script`: `level field=value ...`.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "siphon::script" && *metadata.level() <= tracing::Level::INFO
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = event.metadata().level().to_string();
        event.record(&mut Fields(&mut line));
        self.0.lock().push(line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Lines {
    fn listen() -> Self {
        let lines = Self::default();
        // Each test is a process of its own.
        tracing::subscriber::set_global_default(lines.clone()).unwrap();
        lines
    }

    fn with(&self, text: &str) -> Option<String> {
        self.0.lock().iter().find(|line| line.contains(text)).cloned()
    }
}

#[test]
fn a_failing_handler_is_logged_with_call_generation_and_tenant() {
    let lines = Lines::listen();
    let bench = Bench::new();
    let script = bench
        .script("from siphon import proxy\n\n@proxy.on_request\ndef route(request):\n    raise ValueError('why')\n");
    failed(script.options());
    let line = lines.with("ValueError: why").unwrap();
    for part in [
        "ERROR",
        "call_id=call-1",
        "generation=1",
        "tenant=default",
        "handler=\"route\"",
        "route.py\", line 5, in route",
    ] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn a_line_of_a_handler_names_its_call_and_one_outside_none() {
    let lines = Lines::listen();
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio
from siphon import proxy, log
log.info('loading')

@proxy.on_request
def plain(request):
    log.warning('plain %s %d', request.method, 7)
    log.debug('nobody listens')

@proxy.on_request
async def waiting(request):
    await asyncio.sleep(0.001)
    log.error('waited')
    await asyncio.to_thread(log.info, 'in a thread')
    request.reply(200, 'OK')
",
    );
    script.answer();
    assert!(lines.with("message=loading").unwrap().ends_with("call_id="), "{:?}", lines.0.lock());
    for (text, level) in
        [("message=plain OPTIONS 7", "WARN"), ("message=waited", "ERROR"), ("message=in a thread", "INFO")]
    {
        let line = lines.with(text).unwrap_or_else(|| panic!("{text}: {:?}", lines.0.lock()));
        assert!(line.starts_with(level) && line.contains("call_id=call-1"), "{line}");
    }
    assert!(lines.with("nobody listens").is_none());
}

#[test]
fn the_exception_of_a_task_that_nobody_awaits_is_logged() {
    let lines = Lines::listen();
    let bench = Bench::new();
    let script = bench.script(
        "import asyncio, gc
from siphon import proxy

async def breaks():
    raise ValueError('in the background')

@proxy.on_request
async def route(request):
    asyncio.create_task(breaks())
    await asyncio.sleep(0.001)
    gc.collect()
    request.reply(200, 'OK')
",
    );
    script.answer();
    let line = lines.with("ValueError: in the background").unwrap();
    assert!(line.contains("Task exception was never retrieved") && line.contains("route.py\", line 5"), "{line}");
}
