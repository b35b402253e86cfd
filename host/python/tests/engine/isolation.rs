//! Each generation has its own modules.

use crate::support::{Bench, python};

const LAZY: &str = "
from siphon import proxy

@proxy.on_request
def route(request):
    import utils
    request.reply(200, utils.WORD)
";

#[test]
fn two_generations_with_a_module_of_one_name_each_see_their_own() {
    let bench = Bench::new();
    let script = "import utils\nfrom siphon import proxy\n\n@proxy.on_request\ndef route(request):\n    request.reply(200, utils.WORD)\n";
    bench.directory.write("utils.py", "WORD = 'one'\n");
    let first = bench.script(script);
    bench.directory.write("utils.py", "WORD = 'two'\n");
    let second = bench.script(script);
    assert_eq!([first.answer(), second.answer(), first.answer()], ["one", "two", "one"]);
}

#[test]
fn an_import_inside_a_function_meets_the_files_as_they_were_at_the_load() {
    let bench = Bench::new();
    bench.directory.write("utils.py", "WORD = 'one'\n");
    let first = bench.script(LAZY);
    bench.directory.write("utils.py", "WORD = 'two'\n");
    let second = bench.script(LAZY);
    std::fs::remove_file(bench.directory.path("utils.py")).unwrap();
    assert_eq!([second.answer(), first.answer(), second.answer()], ["two", "one", "two"]);
}

#[test]
fn state_of_a_module_is_not_shared_between_generations() {
    let bench = Bench::new();
    let script = "
from siphon import proxy
import counter

@proxy.on_request
def route(request):
    counter.calls += 1
    request.reply(200, str(counter.calls))
";
    bench.directory.write("counter.py", "calls = 0\n");
    let (first, second) = (bench.script(script), bench.script(script));
    assert_eq!([first.answer(), first.answer(), second.answer()], ["1", "2", "1"]);
}

#[test]
fn packages_relative_imports_and_import_module_stay_within_the_generation() {
    let bench = Bench::new();
    bench.directory.write("pkg/__init__.py", "from .deep import leaf\nfrom . import deep\n");
    bench.directory.write("pkg/deep/__init__.py", "from ..words import WORD\n");
    bench
        .directory
        .write("pkg/deep/leaf.py", "from ...pkg import words\nWORD = words.WORD\n".replace("...pkg", "..").as_str());
    bench.directory.write("pkg/words.py", "WORD = 'one'\n");
    let script = "
import importlib.util
from importlib import import_module
from siphon import proxy
import pkg.deep.leaf as leaf

@proxy.on_request
def route(request):
    assert importlib.import_module('pkg.words') is import_module('.words', 'pkg')
    assert importlib.import_module('pkg.words').WORD == leaf.WORD == pkg_word()
    assert importlib.util.find_spec('json') and importlib.import_module('json').dumps([]) == '[]'
    request.reply(200, leaf.WORD)

def pkg_word():
    from pkg.deep import WORD
    return WORD
";
    let first = bench.script(script);
    bench.directory.write("pkg/words.py", "WORD = 'two'\n");
    let second = bench.script(script);
    assert_eq!([first.answer(), second.answer()], ["one", "two"]);
}

#[test]
fn include_paths_belong_to_the_generation_too() {
    let mut bench = Bench::new();
    let shared = crate::support::Directory::new();
    shared.write("utils.py", "WORD = 'shared'\n");
    bench.include_paths.push(shared.path(""));
    let first = bench.script(LAZY);
    assert_eq!(first.answer(), "shared");
    assert!(!python::<bool>("'utils' in __import__('sys').modules"));
}

#[test]
fn the_standard_library_is_shared() {
    let bench = Bench::new();
    let script = "
import json
from siphon import proxy

@proxy.on_request
def route(request):
    import json as again
    assert again is json
    request.reply(200, str(id(json)))
";
    let (first, second) = (bench.script(script), bench.script(script));
    assert_eq!(first.answer(), second.answer());
    assert_eq!(first.answer(), python::<usize>("id(__import__('json'))").to_string());
}

#[test]
fn a_file_of_the_script_goes_before_the_standard_library_and_only_there() {
    let bench = Bench::new();
    bench.directory.write("colorsys.py", "WORD = 'mine'\n");
    let script = bench.script("import colorsys\nfrom siphon import proxy\n\n@proxy.on_request\ndef route(request):\n    request.reply(200, colorsys.WORD)\n");
    assert_eq!(script.answer(), "mine");
    assert!(python::<bool>("hasattr(__import__('colorsys'), 'rgb_to_hsv')"));
}

#[test]
fn what_looks_its_module_up_in_sys_modules_finds_that_of_its_generation() {
    let bench = Bench::new();
    let module = "
from __future__ import annotations
import dataclasses, sys, typing

@dataclasses.dataclass
class Call:
    other: typing.ClassVar[int] = 1
    legs: list[Leg] = dataclasses.field(default_factory=list)

class Leg:
    pass

me = sys.modules[__name__]
";
    bench.directory.write("calls.py", module);
    let script = "
from siphon import proxy
import calls, typing, pickle, copy

@proxy.on_request
def route(request):
    assert calls.me is calls
    assert typing.get_type_hints(calls.Call)['legs'] == list[calls.Leg]
    assert copy.deepcopy(calls.Call()) == calls.Call()
    assert [field.name for field in __import__('dataclasses').fields(calls.Call)] == ['legs']
    request.reply(200, calls.Call.__module__)
";
    let (first, second) = (bench.script(script), bench.script(script));
    assert_eq!([first.answer(), second.answer()], ["calls", "calls"]);
}

#[test]
fn a_module_may_put_something_else_in_its_own_place() {
    let bench = Bench::new();
    bench
        .directory
        .write("settings.py", "import sys, types\nsys.modules[__name__] = types.SimpleNamespace(WORD='replaced')\n");
    let script = bench.script("import settings\nfrom siphon import proxy\n\n@proxy.on_request\ndef route(request):\n    import settings as again\n    assert again is settings\n    request.reply(200, settings.WORD)\n");
    assert_eq!(script.answer(), "replaced");
}

#[test]
fn modules_that_import_each_other_load() {
    let bench = Bench::new();
    bench.directory.write("one.py", "import two\nWORD = 'one'\n\ndef both():\n    return WORD + two.WORD\n");
    bench.directory.write("two.py", "import one\nWORD = 'two'\n");
    let script = bench.script("import one\nfrom siphon import proxy\n\n@proxy.on_request\ndef route(request):\n    request.reply(200, one.both())\n");
    assert_eq!(script.answer(), "onetwo");
}

#[test]
fn threads_that_meet_one_late_import_execute_the_module_once() {
    let bench = Bench::new();
    bench.directory.write("heavy.py", "import tally, time\ntally.loads.append(1)\ntime.sleep(0)\nDONE = True\n");
    bench.directory.write("tally.py", "loads = []\n");
    let script = bench.script(
        "
import tally
from siphon import proxy

@proxy.on_request
def route(request):
    import heavy
    assert heavy.DONE
    request.reply(200, str(len(tally.loads)))
",
    );
    let answers: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| script.answer())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers, ["1"; 8]);
}
