//! SIPp as a peer: one scenario, one call, exit code 0 or the test fails. What is right is for the scenario to say.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports::{Lease, is_listening};
use crate::wait::until;

/// How long a scenario may take unless it says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Beyond SIPp's own timeout, before it is taken for hung.
const GRACE: Duration = Duration::from_secs(20);

/// A scenario that comes with the test: `scenario!("call")` is `scenarios/call.xml` beside the calling file.
#[macro_export]
macro_rules! scenario {
    ($name:literal) => {
        $crate::sipp::Scenario::new($name, include_str!(concat!("scenarios/", $name, ".xml")))
    };
}

/// A scenario and how it is to be run.
pub struct Scenario {
    name: String,
    text: String,
    is_tcp: bool,
    retransmits: bool,
    timeout: Duration,
    lease: Option<Lease>,
}

impl Scenario {
    /// A scenario's name, for messages, and its XML.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        let (name, text) = (name.to_owned(), text.to_owned());
        Self { name, text, is_tcp: false, retransmits: true, timeout: TIMEOUT, lease: None }
    }

    /// Puts `value` wherever the scenario says `{key}`.
    ///
    /// # Panics
    /// When it nowhere does.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        let place = format!("{{{key}}}");
        assert!(self.text.contains(&place), "{} has no {place}", self.name);
        self.text = self.text.replace(&place, &value.to_string());
        self
    }

    /// Over TCP, on one connection.
    #[must_use]
    pub const fn tcp(mut self) -> Self {
        self.is_tcp = true;
        self
    }

    /// SIPp neither sends anything again by itself nor takes a repeated message for known: each counts.
    #[must_use]
    pub const fn counting_every_message(mut self) -> Self {
        self.retransmits = false;
        self
    }

    /// It may take that long.
    #[must_use]
    pub const fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// On the ports of a scenario that has ended.
    #[must_use]
    pub fn on(mut self, lease: Lease) -> Self {
        self.lease = Some(lease);
        self
    }

    /// Starts one that waits for a request, and waits until it listens.
    #[must_use]
    pub fn listen(self) -> Sipp {
        let transport = if self.is_tcp { "tcp" } else { "udp" };
        let mut sipp = self.spawn(None);
        until("SIPp to listen", || {
            let ended = sipp.process.try_wait().unwrap();
            assert!(ended.is_none(), "SIPp does not start: {ended:?}\n{}", sipp.report());
            is_listening(transport, sipp.address().port()).then_some(())
        });
        sipp
    }

    /// Starts one that begins with a request to `server`.
    #[must_use]
    pub fn start(self, server: SocketAddr) -> Sipp {
        self.spawn(Some(server))
    }

    /// Runs one that begins with a request to `server`, to its end.
    ///
    /// # Panics
    /// When it does not succeed.
    pub fn run(self, server: SocketAddr) -> Finished {
        self.start(server).succeed()
    }

    fn spawn(self, server: Option<SocketAddr>) -> Sipp {
        let place = self.text.split('{').skip(1).filter_map(|text| text.split_once('}')).map(|(name, _)| name);
        let unset: Vec<_> = place.filter(|name| name.chars().all(char::is_alphabetic)).collect();
        assert!(unset.is_empty(), "{} is not told {unset:?}", self.name);
        let folder = tempfile::Builder::new().prefix("siphon-sipp-").tempdir().unwrap();
        fs::write(folder.path().join("scenario.xml"), &self.text).unwrap();
        let lease = self.lease.unwrap_or_default();
        let screen = File::create(folder.path().join("screen.log")).unwrap();
        let mut command = Command::new("sipp");
        command.current_dir(&folder).args(server.map(|server| server.to_string()));
        command.args(["-sf", "scenario.xml", "-m", "1", "-l", "1", "-nostdin", "-timeout_error"]);
        command.args(["-timeout", &format!("{}s", self.timeout.as_secs())]);
        command.args(["-t", if self.is_tcp { "t1" } else { "u1" }]);
        command.args(if self.retransmits { None } else { Some("-nr") });
        command.args(["-i", "127.0.0.1", "-p", &lease.port(0).to_string()]);
        command.args(["-ci", "127.0.0.1", "-cp", &lease.port(1).to_string()]);
        command.args(["-mi", "127.0.0.1", "-mp", &lease.port(2).to_string()]);
        command.args(["-trace_err", "-error_file", "errors.log", "-trace_msg", "-message_file", "messages.log"]);
        let process = command
            .stdin(Stdio::null())
            .stdout(screen.try_clone().unwrap())
            .stderr(screen)
            .spawn()
            .expect("no `sipp`: install the Debian package sip-tester");
        let deadline = Instant::now() + self.timeout + GRACE;
        Sipp { name: self.name, folder, process, lease: Some(lease), deadline }
    }
}

/// A SIPp that runs.
pub struct Sipp {
    name: String,
    folder: TempDir,
    process: Child,
    lease: Option<Lease>,
    deadline: Instant,
}

impl Sipp {
    /// Its own address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.lease.as_ref().expect("a running SIPp has its ports").address()
    }

    /// Waits until it ends.
    ///
    /// # Panics
    /// When its call failed: the message holds what SIPp found wrong and every message that it sent and received.
    pub fn succeed(mut self) -> Finished {
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < self.deadline, "the SIPp scenario {} hangs\n{}", self.name, self.report());
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(status.success(), "the SIPp scenario {} failed: {status}\n{}", self.name, self.report());
        let messages = read(self.folder.path(), "messages.log");
        Finished { messages, lease: self.lease.take().expect("a running SIPp has its ports") }
    }

    fn report(&self) -> String {
        let file = |name| format!("---- {name} of {} ----\n{}\n", self.name, read(self.folder.path(), name));
        ["errors.log", "messages.log", "screen.log"].map(file).concat()
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let is_running = self.process.try_wait().is_ok_and(|status| status.is_none());
        let _ = self.process.kill();
        let _ = self.process.wait();
        if is_running && std::thread::panicking() {
            eprintln!("the SIPp scenario {} had not ended\n{}", self.name, self.report());
        }
    }
}

/// What a SIPp that succeeded leaves.
pub struct Finished {
    /// Every message that it sent and received.
    pub messages: String,
    /// Its ports, for another one.
    pub lease: Lease,
}

impl Finished {
    /// The value of the first header of this name, in any message.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        self.messages.lines().find_map(|line| line.strip_prefix(&start)).expect("no such header").trim_end()
    }
}

fn read(folder: &Path, name: &str) -> String {
    let bytes = fs::read(folder.join(name)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
