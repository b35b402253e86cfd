//! What an async handler may use before it has awaited anything: a running loop, its tasks, and clients of databases.

use siphon_tests::peers::{Postgres, Redis};
use siphon_tests::{Phone, ServerProcess};

use crate::setup;

/// The virtual environment that `make test` makes, with asyncpg and redis in it.
const VIRTUAL_ENV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.venv");

/// One handler, which replies with what it found: `value` of these statements.
fn server(imports: &str, statements: &str, environment: &[(&str, &str)]) -> ServerProcess {
    let body: String = statements.trim().lines().map(|line| format!("    {line}\n")).collect();
    let script = format!(
        "
import asyncio
import os
{imports}
from siphon import proxy


@proxy.on_request(\"OPTIONS\")
async def answer(request):
{body}
    request.reply(200, str(value))
"
    );
    let path = format!("{VIRTUAL_ENV}/bin:{}", std::env::var("PATH").unwrap_or_default());
    let setup = setup(&script).env("PATH", &path).env("VIRTUAL_ENV", VIRTUAL_ENV);
    environment.iter().fold(setup, |setup, (name, value)| setup.env(name, value)).start()
}

/// What the handler found, each time it is asked: the first time, and when its loop and its connections are used again.
fn assert_answers(server: &ServerProcess, expected: &str) {
    let mut phone = Phone::udp(server.udp());
    for number in 0..10 {
        phone.send(&phone.request("OPTIONS", "sip:example.com", &format!("ask{number}"), ""));
        let response = phone.receive_response();
        let found = (response.status().as_u16(), response.reason().to_string_lossy().into_owned());
        assert_eq!(found, (200, expected.to_owned()), "{}", server.log());
    }
}

#[test]
fn asyncio_timeout_works_before_the_first_await() {
    let statements = "
value = \"no timeout\"
try:
    async with asyncio.timeout(0.01):
        await asyncio.Event().wait()
except TimeoutError:
    value = \"timeout\"";
    assert_answers(&server("", statements, &[]), "timeout");
}

#[test]
fn create_task_works_before_the_first_await() {
    let statements = "
async def seven():
    await asyncio.sleep(0)
    return 7
task = asyncio.create_task(seven())
value = await task";
    assert_answers(&server("", statements, &[]), "7");
}

#[test]
fn a_task_group_works_before_the_first_await() {
    let statements = "
async def double(number):
    await asyncio.sleep(0.001)
    return 2 * number
async with asyncio.TaskGroup() as group:
    tasks = [group.create_task(double(number)) for number in range(4)]
value = sum(task.result() for task in tasks)";
    assert_answers(&server("", statements, &[]), "12");
}

#[test]
fn gather_works_before_the_first_await() {
    let statements = "
async def late(value):
    await asyncio.sleep(0.001)
    return value
value = \"\".join(await asyncio.gather(late(\"a\"), late(\"b\"), late(\"c\")))";
    assert_answers(&server("", statements, &[]), "abc");
}

#[test]
fn to_thread_works_before_the_first_await() {
    let statements = "
here = threading.get_ident()
there = await asyncio.to_thread(threading.get_ident)
value = here != there";
    assert_answers(&server("import threading", statements, &[]), "True");
}

#[test]
fn a_pool_of_asyncpg_works_before_the_first_await() {
    let postgres = Postgres::start();
    let statements = "
global pool
if pool is None:
    pool = await asyncpg.create_pool(host=os.environ[\"PGHOST\"], user=\"postgres\", database=\"postgres\", min_size=1, max_size=2)
value = await pool.fetchval(\"select 6 * 7\")";
    let host = postgres.host().display().to_string();
    assert_answers(&server("import asyncpg\n\npool = None", statements, &[("PGHOST", &host)]), "42");
}

#[test]
fn a_client_of_redis_works_before_the_first_await() {
    let redis = Redis::start();
    let statements = "
global client
if client is None:
    client = redis.asyncio.Redis(unix_socket_path=os.environ[\"REDIS\"], decode_responses=True)
await client.set(\"key\", \"stored\")
value = await client.get(\"key\")";
    let socket = redis.socket().display().to_string();
    assert_answers(&server("import redis.asyncio\n\nclient = None", statements, &[("REDIS", &socket)]), "stored");
}
