//! What a load gives, and why it fails.

use std::path::PathBuf;

use siphon_python::PythonConfig;
use siphon_script::{HandlerKind, Interface};
use siphon_sip::Method;

use crate::support::{Bench, Directory, python};

#[test]
fn handlers_are_listed_in_the_order_of_registration() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy, registrar, timer

@proxy.on_reply
def replies(request, reply): pass

@proxy.on_request('INVITE|SUBSCRIBE')
async def calls(request): pass

@proxy.on_request()
def rest(request): pass

@proxy.on_failure
def failures(request, reply): pass

@proxy.on_cancel()
def cancels(request): pass

@proxy.on_register_reply
def registers(request, reply): pass

@registrar.on_change
def changes(aor, event, contacts): pass

@timer.every(1.5, name='sweep', jitter=0.25)
def ticks(): pass
",
    );
    let handlers = &script.generation.handlers;
    let found: Vec<_> = handlers.iter().map(|(_, info)| (info.kind, info.name.clone(), info.is_async)).collect();
    let expected = [
        (HandlerKind::Reply, "replies", false),
        (HandlerKind::Request, "calls", true),
        (HandlerKind::Request, "rest", false),
        (HandlerKind::Failure, "failures", false),
        (HandlerKind::Cancel, "cancels", false),
        (HandlerKind::RegisterReply, "registers", false),
        (HandlerKind::RegistrarChange, "changes", false),
        (HandlerKind::Every, "sweep", false),
    ];
    assert_eq!(found, expected.map(|(kind, name, is_async)| (kind, name.to_owned(), is_async)));
    let first = handlers.iter().find(|(_, info)| info.name == "calls").unwrap().1;
    assert_eq!(first.source, "route.py:6");
    assert_eq!(first.filter.as_ref().unwrap().methods(), [Method::Invite, Method::Subscribe]);
    let every = handlers.iter().find(|(_, info)| info.name == "sweep").unwrap().1.schedule.unwrap();
    assert_eq!((every.interval.as_millis(), every.jitter.as_millis()), (1500, 250));
}

#[test]
fn the_script_knows_its_name_and_its_file() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy
assert __name__ == 'siphon_user_script' and __file__.endswith('/route.py')
if __name__ == '__main__':
    raise SystemExit

@proxy.on_request
def route(request):
    request.reply(200, str({'siphon_user_script': 1}[__name__]))
",
    );
    assert_eq!(script.answer(), "1");
}

#[test]
fn a_syntax_error_is_told_with_its_line() {
    let bench = Bench::new();
    let error = bench.try_script("x = 1\ndef broken(:\n    pass\n").err().unwrap();
    assert!(error.message.contains("SyntaxError"), "{}", error.message);
    let traceback = error.traceback.unwrap();
    assert!(traceback.contains("route.py\", line 2") && traceback.contains("def broken(:"), "{traceback}");
    assert!(!traceback.contains("<siphon>"), "{traceback}");
}

#[test]
fn an_exception_at_load_is_told_with_the_scripts_own_frames() {
    let bench = Bench::new();
    bench.directory.write("helper.py", "def fail():\n    raise ValueError('at load')\n");
    let error = bench.try_script("import helper\nhelper.fail()\n").err().unwrap();
    assert_eq!(error.message, "ValueError: at load");
    let traceback = error.traceback.unwrap();
    assert!(traceback.contains("route.py\", line 2, in <module>\n    helper.fail()"), "{traceback}");
    assert!(traceback.contains("helper.py\", line 2, in fail\n    raise ValueError('at load')"), "{traceback}");
    assert!(!traceback.contains("<siphon>") && !traceback.contains("importlib"), "{traceback}");
}

#[test]
fn a_missing_module_is_told_by_its_name() {
    let bench = Bench::new();
    bench.directory.write("pkg/__init__.py", "");
    for (script, name) in [("import nowhere_at_all\n", "nowhere_at_all"), ("import pkg.leaf\n", "pkg.leaf")] {
        let error = bench.try_script(script).err().unwrap();
        assert_eq!(error.message, format!("ModuleNotFoundError: No module named '{name}'"));
        let traceback = error.traceback.unwrap();
        assert!(traceback.contains("route.py\", line 1") && !traceback.contains("<siphon>"), "{traceback}");
    }
}

#[test]
fn sys_exit_at_load_is_an_error_and_not_the_end_of_the_server() {
    let bench = Bench::new();
    assert!(bench.try_script("import sys\nsys.exit(3)\n").err().unwrap().message.contains("SystemExit: 3"));
}

#[test]
fn a_script_that_is_not_there_is_an_error() {
    let bench = Bench::new();
    assert!(bench.load().err().unwrap().message.contains("route.py"));
}

#[test]
fn a_failed_load_leaves_nothing_behind_and_changes_nothing() {
    let bench = Bench::new();
    bench.directory.write("utils.py", "WORD = 'one'\n");
    let script = "import utils\nfrom siphon import proxy\n\n@proxy.on_request\ndef route(request):\n    request.reply(200, utils.WORD)\n";
    let first = bench.script(script);
    bench.directory.write("utils.py", "WORD = 'two'\n");
    assert!(bench.try_script(&format!("{script}\n1 / 0\n")).is_err());
    assert_eq!(first.answer(), "one");
}

#[test]
fn no_bytecode_is_written() {
    let bench = Bench::new();
    bench.directory.write("utils.py", "");
    bench.directory.write("pkg/__init__.py", "");
    bench.script("import utils, pkg\n");
    let names: Vec<PathBuf> = bench.directory.files();
    assert!(names.iter().all(|path| path.extension().is_some_and(|extension| extension == "py")), "{names:?}");
}

#[test]
fn packages_of_a_virtual_environment_are_found() {
    let environment = Directory::new();
    let version: String = {
        let _ = Bench::new();
        python("'{}.{}'.format(*__import__('sys').version_info)")
    };
    environment.write(&format!("lib/python{version}/site-packages/inventory.py"), "WORD = 'from the environment'\n");
    environment.write(&format!("lib/python{version}/site-packages/more.pth"), "extra\n");
    environment.write(&format!("lib/python{version}/site-packages/extra/added.py"), "WORD = 'by a .pth'\n");
    let config = PythonConfig { virtual_env: Some(environment.path("")), ..PythonConfig::default() };
    let bench = Bench::with(&config);
    let script = bench.script(
        "import inventory, added
from siphon import proxy

@proxy.on_request
def route(request):
    request.reply(200, inventory.WORD + ' and ' + added.WORD)
",
    );
    assert_eq!(script.answer(), "from the environment and by a .pth");
    assert!(python::<bool>("'inventory' in __import__('sys').modules"));
}

#[test]
fn handlers_cannot_be_registered_after_the_load() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy

@proxy.on_request
def route(request):
    try:
        proxy.on_request(route)
    except RuntimeError as error:
        request.reply(200, str(error))
",
    );
    assert_eq!(script.answer(), "proxy.on_request: handlers are registered while the script loads, not later");
}

#[test]
fn a_wrong_filter_is_an_error_at_its_line() {
    let bench = Bench::new();
    for (filter, error) in
        [("'INV ITE'", "ValueError"), ("''", "ValueError"), ("7", "TypeError"), ("['BYE']", "TypeError")]
    {
        let script = format!("from siphon import proxy\n@proxy.on_request({filter})\ndef route(request): pass\n");
        let failure = bench.try_script(&script).err().unwrap_or_else(|| panic!("{filter}"));
        assert!(failure.message.starts_with(error), "{}", failure.message);
        assert!(failure.traceback.unwrap().contains("route.py\", line 2"));
    }
}

#[test]
fn extensions_may_put_kinds_of_their_own_into_the_registry() {
    let bench = Bench::new();
    let script = bench.script(
        "import _siphon_registry
from siphon import proxy

@proxy.on_request
def route(request):
    kinds = [entry[0] for entry in _siphon_registry.entries()]
    request.reply(200, ' '.join(kinds))

_siphon_registry.register('smpp.on_bind', None, route, False, {'anything': 1})
",
    );
    assert_eq!(script.answer(), "proxy.on_request smpp.on_bind");
}

#[test]
fn every_interface_has_a_namespace() {
    // A new interface in siphon-script shall not be forgotten here.
    let interfaces = [
        Interface::Proxy,
        Interface::Registrar,
        Interface::Auth,
        Interface::Cache,
        Interface::Metrics,
        Interface::Timer,
        Interface::Log,
    ];
    let names: Vec<&str> = interfaces.iter().map(|interface| interface.name()).collect();
    Bench::new().script(&format!("from siphon import {}\n", names.join(", ")));
}
