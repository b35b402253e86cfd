//! Runs a Python handler again and again, eight verb calls each: `handler_cost 10000`. Meant to be counted by valgrind:
//! the difference of two counts, divided by the difference of the numbers, is what one run costs.

use std::path::PathBuf;
use std::sync::Arc;

use siphon_python::{PythonConfig, PythonEngine};
use siphon_script::kit::{Kit, event};
use siphon_script::{EventId, EventKind, Generation, Outcome, OutcomeSink, ScriptEngine, ScriptSource};
use siphon_sip::{ByteStr, TenantId};

const SCRIPT: &str = "
from siphon import proxy

@proxy.on_request
def route(request):
    if request.method == 'INVITE' and not request.in_dialog:
        user = request.ruri.user
        host = request.ruri.host
        if request.get_header('X-Trunk') is None and request.max_forwards > 1:
            request.record_route()
            request.relay('sip:127.0.0.1:5070')
";

const INVITE: &str = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5090;branch=z9hG4bK1\r\n\
From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\
Contact: <sip:alice@127.0.0.1:5090>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

struct NoSink;

impl OutcomeSink for NoSink {
    fn deliver(&self, _: EventId, _: Outcome) {}
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runs: usize = std::env::args().nth(1).ok_or("how many runs?")?.parse()?;
    let path: PathBuf = std::env::temp_dir().join(format!("handler-cost-{}.py", std::process::id()));
    std::fs::write(&path, SCRIPT)?;
    let kit = Kit::new();
    let engine = PythonEngine::start(&PythonConfig::default())?;
    let source = ScriptSource {
        tenant: TenantId::DEFAULT,
        path: path.clone(),
        include_paths: Vec::new(),
        generation: 1,
        ports: kit.ports(),
    };
    let generation = engine.load(&source)?;
    std::fs::remove_file(path)?;
    let mut result = Ok(());
    engine.thread_scope(&mut || result = (0..runs).try_for_each(|_| run(&kit, &generation)));
    Ok(result?)
}

fn run(kit: &Kit, generation: &Arc<Generation>) -> Result<(), String> {
    let call_id = ByteStr::from_static("1");
    let context = Arc::new(siphon_script::Context::new(TenantId::DEFAULT, 1, call_id, kit.ports()));
    let request = kit.request_in(&context, INVITE).map_err(|error| error.to_string())?;
    let sink: Arc<dyn OutcomeSink> = Arc::new(NoSink);
    match generation.script.run(event(&context, EventKind::Request(request)), &sink) {
        Some((_, Outcome::Decided(_))) => Ok(()),
        _ => Err("the handler did not decide".to_owned()),
    }
}
