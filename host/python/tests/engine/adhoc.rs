use crate::support::*;
use siphon_python::PythonConfig;
#[test]
fn adhoc_redis() {
    let bench = Bench::with(&PythonConfig { async_pool_size: 4, virtual_env: Some("/tmp/pt/venv".into()) });
    let script = bench.script("
import asyncio, socketserver, threading
import redis.asyncio as redis
import asyncpg
from siphon import proxy, log

class H(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            line = self.rfile.readline()
            if not line: return
            n = int(line[1:]); args = []
            for _ in range(n):
                k = int(self.rfile.readline()[1:]); args.append(self.rfile.read(k + 2)[:-2])
            self.wfile.write(b'$5\\r\\nvalue\\r\\n' if args[0] == b'GET' else b'+OK\\r\\n')
class S(socketserver.ThreadingTCPServer):
    daemon_threads = True
server = S(('127.0.0.1', 0), H)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = redis.Redis(host='127.0.0.1', port=server.server_address[1], decode_responses=True)

@proxy.on_request
async def route(request):
    log.info('x')
    async with asyncio.timeout(5):
        v = await client.get('k')
        await client.set('k', 'v')
    try:
        await asyncpg.connect('postgres://x@127.0.0.1:1/x', timeout=2)
    except OSError as e:
        v += ' refused'
    request.reply(200, v)
");
    for _ in 0..3 { assert_eq!(script.answer(), "value refused"); }
    std::thread::scope(|s| {
        let t: Vec<_> = (0..8).map(|_| s.spawn(|| for _ in 0..50 { assert_eq!(script.answer(), "value refused"); })).collect();
        for t in t { t.join().unwrap(); }
    });
    println!("handovers {}", bench.engine.handovers());
}
