//! What is a change and what is none, and what outlives it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::signal::Signal;
use siphon_tests::wait::until;
use siphon_tests::{Phone, ServerProcess};

use crate::{ask, header, loads, save, setup, version, wait_for_loads};

/// Requests that take far longer than a change needs to be seen: whatever was to happen has happened when they are over.
fn let_requests_pass(server: &ServerProcess, version: &str) {
    let mut phone = Phone::udp(server.udp());
    for number in 0..1000 {
        assert_eq!(header(&ask(&mut phone, &format!("{version}{number}")), "X-Version"), version);
    }
}

#[test]
fn a_saved_script_answers_the_next_request() {
    let server = setup(&version("one")).start();
    let mut phone = Phone::udp(server.udp());
    assert_eq!(header(&ask(&mut phone, "before"), "X-Version"), "one");
    save(&server, "route.py", &version("two"));
    assert_eq!(header(&ask(&mut phone, "after"), "X-Version"), "two");
}

#[test]
fn a_script_that_is_written_over_in_pieces_is_taken_when_it_is_whole() {
    let server = setup(&version("one")).start();
    let two = version("two");
    let mut file = fs::File::create(server.folder().join("route.py")).unwrap();
    for piece in two.as_bytes().chunks(40) {
        file.write_all(piece).unwrap();
    }
    drop(file);
    let mut phone = Phone::udp(server.udp());
    let mut number = 0;
    until("the new version to answer", || {
        number += 1;
        (header(&ask(&mut phone, &format!("whole{number}")), "X-Version") == "two").then_some(())
    });
}

#[test]
fn a_script_with_a_mistake_changes_nothing_and_the_log_says_the_line() {
    let server = setup(&version("one")).start();
    save(&server, "route.py", "from siphon import proxy\n\nraise ValueError(\"not yet\")\n");
    let mut phone = Phone::udp(server.udp());
    assert_eq!(header(&ask(&mut phone, "old"), "X-Version"), "one");
    assert_eq!(loads(&server), (1, 1));
    assert_eq!(server.metric("siphon_script_last_load_ok"), 0);
    assert!(server.log().contains("line 3"), "{}", server.log());
    assert!(server.log().contains("ValueError: not yet"), "{}", server.log());
    save(&server, "route.py", &version("two"));
    assert_eq!(header(&ask(&mut phone, "new"), "X-Version"), "two");
    assert_eq!(server.metric("siphon_script_last_load_ok"), 1);
}

#[test]
fn a_change_of_a_file_beside_the_script_is_a_change() {
    let route = "
import helper
from siphon import proxy


@proxy.on_request(\"OPTIONS\")
def answer(request):
    request.set_reply_header(\"X-Version\", helper.VERSION)
    request.reply(200, \"OK\")
";
    let server = setup(route).file("helper.py", "VERSION = \"one\"\n").start();
    save(&server, "helper.py", "VERSION = \"two\"\n");
    assert_eq!(header(&ask(&mut Phone::udp(server.udp()), "helper"), "X-Version"), "two");
}

#[test]
fn a_file_saved_with_the_content_that_it_has_is_no_change() {
    let server = setup(&version("one")).start();
    server.save("route.py", &version("one"));
    let_requests_pass(&server, "one");
    save(&server, "route.py", &version("two"));
    assert_eq!(loads(&server), (2, 0));
}

#[test]
fn a_file_that_is_no_python_is_no_change() {
    let server = setup(&version("one")).start();
    server.save("notes.txt", "nothing");
    let_requests_pass(&server, "one");
    save(&server, "route.py", &version("two"));
    assert_eq!(loads(&server), (2, 0));
}

#[test]
fn sighup_loads_the_script_where_files_are_not_watched() {
    let server = setup(&version("one")).config("script: { path: route.py, reload: sighup }").start();
    server.save("route.py", &version("two"));
    let_requests_pass(&server, "one");
    assert_eq!(loads(&server), (1, 0));
    server.signal(Signal::SIGHUP);
    wait_for_loads(&server, 2);
    let_requests_pass(&server, "two");
    assert_eq!(loads(&server), (2, 0));
}

#[test]
fn sighup_loads_the_script_where_files_are_watched_too() {
    let server = setup(&version("one")).start();
    server.signal(Signal::SIGHUP);
    wait_for_loads(&server, 2);
    assert_eq!(loads(&server), (2, 0));
}

/// A folder as Kubernetes mounts a ConfigMap: each file a link into `..data`, which is a link to a folder of a version.
struct ConfigMap(tempfile::TempDir);

impl ConfigMap {
    fn new(route: &str, helper: &str) -> Self {
        let map = Self(tempfile::tempdir().unwrap());
        map.fill("..1", route, helper);
        symlink("..1", map.path().join("..data")).unwrap();
        for name in ["route.py", "helper.py"] {
            symlink(Path::new("..data").join(name), map.path().join(name)).unwrap();
        }
        map
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self, folder: &str, route: &str, helper: &str) {
        let folder = self.path().join(folder);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("route.py"), route).unwrap();
        fs::write(folder.join("helper.py"), helper).unwrap();
    }

    /// Puts another folder in the place of the one before, in one step, and removes that.
    fn swap(&self, before: &str, after: &str, route: &str, helper: &str) {
        self.fill(after, route, helper);
        symlink(after, self.path().join("..data_tmp")).unwrap();
        fs::rename(self.path().join("..data_tmp"), self.path().join("..data")).unwrap();
        fs::remove_dir_all(self.path().join(before)).unwrap();
    }
}

#[test]
fn a_config_map_that_kubernetes_swaps_is_one_change_each_time() {
    let route = "
import helper
from siphon import proxy


@proxy.on_request(\"OPTIONS\")
def answer(request):
    request.set_reply_header(\"X-Version\", \"one\" + helper.VERSION)
    request.reply(200, \"OK\")
";
    let map = ConfigMap::new(route, "VERSION = \"one\"\n");
    let path = map.path().join("route.py");
    let server = setup("").config(&format!("script: {{ path: {} }}", path.display())).start();
    let mut phone = Phone::udp(server.udp());
    assert_eq!(header(&ask(&mut phone, "one"), "X-Version"), "oneone");
    for (number, version) in (2..).zip(["two", "three", "four"]) {
        let helper = format!("VERSION = \"{version}\"\n");
        map.swap(&format!("..{}", number - 1), &format!("..{number}"), route, &helper);
        wait_for_loads(&server, number);
        assert_eq!(header(&ask(&mut phone, version), "X-Version"), format!("one{version}"));
    }
    assert_eq!(loads(&server), (4, 0));
}

const STATE: &str = "
from siphon import cache, metrics, proxy

ASKED = metrics.counter(\"route_asked_total\", \"requests that asked\", labels=[\"who\"])
LENGTHS = metrics.histogram(\"route_lengths\", \"lengths\", buckets=[1, 10])


@proxy.on_request(\"OPTIONS\")
async def answer(request):
    ASKED.labels(who=\"phone\").inc()
    LENGTHS.observe(5)
    before = await cache.fetch(\"default\", \"who\")
    await cache.store(\"default\", \"who\", \"VERSION\")
    request.set_reply_header(\"X-Before\", before or \"nobody\")
    request.reply(200, \"OK\")
";

#[test]
fn metrics_and_caches_outlive_a_save_and_a_metric_that_is_declared_again_is_the_same() {
    let server = setup(&STATE.replace("VERSION", "one")).config("cache: [{ name: default }]").start();
    let mut phone = Phone::udp(server.udp());
    assert_eq!(header(&ask(&mut phone, "one"), "X-Before"), "nobody");
    save(&server, "route.py", &STATE.replace("VERSION", "two"));
    assert_eq!(loads(&server), (2, 0), "{}", server.log());
    assert_eq!(header(&ask(&mut phone, "two"), "X-Before"), "one");
    assert_eq!(server.metric("route_asked_total{who=\"phone\"}"), 2);
    assert_eq!(server.metric("route_lengths_count"), 2);
}

#[test]
fn a_save_leaves_no_bytecode_behind() {
    let server = setup("import helper\n").file("helper.py", "VERSION = 1\n").start();
    save(&server, "helper.py", "VERSION = 2\n");
    let names = fs::read_dir(server.folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let bytecode: Vec<_> = names.filter(|name| name == "__pycache__" || name.ends_with(".pyc")).collect();
    assert!(bytecode.is_empty(), "{bytecode:?}");
}
