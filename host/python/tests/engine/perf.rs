use crate::support::*;
use siphon_script::EventKind;
use siphon_script::ScriptEngine;
use siphon_script::kit::event;
use std::time::Instant;

#[test]
fn perf() {
    let bench = Bench::new();
    let empty = bench.script("from siphon import proxy\n@proxy.on_request\ndef route(request): pass\n");
    let script = bench.script(
        "from siphon import proxy
@proxy.on_request
def route(request):
    m = request.method
    u = request.ruri.user
    h = request.ruri.host
    a = request.get_header('Call-ID')
    b = request.get_header('X-None')
    d = request.in_dialog
    request.record_route()
    request.relay()
",
    );
    let asy = bench.script(
        "from siphon import proxy
@proxy.on_request
async def route(request): pass
",
    );
    let pure = bench.script("from siphon import proxy
import time
class R:
    pass
@proxy.on_request
def route(request):
    n = 20000
    import timeit
    g = dict(request=request)
    out = []
    for s in ('request.method','request.ruri','request.ruri.user','request.ruri.host','request.get_header(\"Call-ID\")','request.get_header(\"X-None\")','request.in_dialog','request.record_route()','request.relay()', 'request.transport', 'request.source_ip'):
        out.append(s + ' %.0f ns' % (min(timeit.repeat(s, globals=g, number=n, repeat=5))/n*1e9))
    print('\\n'.join(out), flush=True)
");
    bench.engine.thread_scope(&mut || {
        pure.options();
        for (name, s) in [("empty", &empty), ("8 verbs", &script), ("async", &asy)] {
            let n = 20000;
            let mut best = f64::MAX;
            for _ in 0..5 {
                let events: Vec<_> = (0..n)
                    .map(|_| {
                        let c = s.context();
                        let r = bench.kit.request_in(&c, &message("INVITE", "")).unwrap();
                        event(&c, EventKind::Request(r))
                    })
                    .collect();
                let (sink, _o) = sink();
                let t = Instant::now();
                for e in events {
                    drop(s.generation.script.run(e, &sink));
                }
                best = best.min(t.elapsed().as_secs_f64() / n as f64 * 1e6);
            }
            println!("{name}: {best:.2} us");
        }
    });
}
