//! A server process of its own for a test: free ports, a temporary folder, ended with the value.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::wait::until;

/// What a server is started with.
pub struct Setup {
    binary: PathBuf,
    script: String,
    config: String,
    files: Vec<(String, String)>,
    environment: Vec<(String, String)>,
}

impl Setup {
    /// The executable, usually `env!("CARGO_BIN_EXE_siphon")`, and the text of `route.py`.
    #[must_use]
    pub fn new(binary: &str, script: &str) -> Self {
        Self {
            binary: PathBuf::from(binary),
            script: script.to_owned(),
            config: String::new(),
            files: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// More sections of siphon.yaml. `listen`, `domain`, `script.path`, `log` and `metrics` are set already; `script:` must
    /// be written as `script_more:` lines through [`Self::script_keys`].
    #[must_use]
    pub fn config(mut self, yaml: &str) -> Self {
        self.config.push_str(yaml);
        self.config.push('\n');
        self
    }

    /// Another file beside the script.
    #[must_use]
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// A variable of the server's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the server and waits until it listens.
    ///
    /// # Panics
    /// When it does not start; the message holds its log.
    #[must_use]
    pub fn start(self) -> ServerProcess {
        let folder = tempfile::Builder::new().prefix("siphon-test-").tempdir().unwrap();
        let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
        write("route.py", &self.script);
        self.files.iter().for_each(|(name, content)| write(name, content));
        let mut config = self.config;
        for (section, default) in DEFAULTS {
            if !config.lines().any(|line| line.starts_with(&format!("{section}:"))) {
                config.push_str(default);
            }
        }
        write("siphon.yaml", &config);
        let log = File::create(folder.path().join("server.log")).unwrap();
        let process = Command::new(&self.binary)
            .args(["run", "-c", "siphon.yaml"])
            .current_dir(folder.path())
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = ServerProcess { folder, process, udp: None, tcp: None, metrics: None };
        until("the server to listen", || server.read_addresses());
        server
    }
}

/// The sections that a setup which does not write them gets.
const DEFAULTS: [(&str, &str); 5] = [
    ("listen", "listen: { udp: [\"127.0.0.1:0\"], tcp: [\"127.0.0.1:0\"] }\n"),
    ("domain", "domain: { local: [example.com, 127.0.0.1] }\n"),
    ("script", "script: { path: route.py }\n"),
    ("log", "log: { level: info, format: json }\n"),
    ("metrics", "metrics: { prometheus: { listen: \"127.0.0.1:0\" } }\n"),
];

/// A running server.
pub struct ServerProcess {
    folder: TempDir,
    process: Child,
    udp: Option<SocketAddr>,
    tcp: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
}

impl ServerProcess {
    /// Its first UDP address.
    #[must_use]
    pub fn udp(&self) -> SocketAddr {
        self.udp.expect("the server has no UDP listener")
    }

    /// Its first TCP address.
    #[must_use]
    pub fn tcp(&self) -> SocketAddr {
        self.tcp.expect("the server has no TCP listener")
    }

    /// The folder of its configuration and script.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Everything it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder().join("server.log")).unwrap_or_default()
    }

    /// Saves a file as an editor does: a new file renamed into place.
    pub fn save(&self, name: &str, content: &str) {
        let new = self.folder().join(format!(".{name}.new"));
        fs::write(&new, content).unwrap();
        fs::rename(new, self.folder().join(name)).unwrap();
    }

    /// Saves the script and waits until it is the current generation, or was refused.
    pub fn reload(&self, script: &str) {
        let before = self.loads();
        self.save("route.py", script);
        until("the saved script to be taken or refused", || (self.loads() > before).then_some(()));
    }

    fn loads(&self) -> u64 {
        self.metric("siphon_script_swaps_total") + self.metric("siphon_script_refusals_total")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.pid()).unwrap()), signal).unwrap();
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let process = &mut self.process;
        until("the server to end", || process.try_wait().unwrap())
    }

    /// The text of its metrics page.
    #[must_use]
    pub fn metrics(&self) -> String {
        let address = self.metrics.expect("the server has no metrics page");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        text
    }

    /// One sample of the page, such as `siphon_requests_total{method="INVITE"}`; zero when it is not there.
    #[must_use]
    pub fn metric(&self, sample: &str) -> u64 {
        let page = self.metrics();
        let line = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        line.map_or(0, |value| value.trim().parse().unwrap())
    }

    /// Reads from the log where it listens; `None` as long as it does not.
    fn read_addresses(&mut self) -> Option<()> {
        if let Some(status) = self.process.try_wait().unwrap() {
            panic!("the server ended with {status}:\n{}", self.log());
        }
        let log = self.log();
        if !log.contains("\"ready\"") {
            return None;
        }
        for line in log.lines() {
            let address = || field(line, "address")?.parse().ok();
            match (field(line, "message")?, field(line, "transport")) {
                ("listening", Some("udp")) => self.udp = self.udp.or_else(address),
                ("listening", Some("tcp")) => self.tcp = self.tcp.or_else(address),
                ("metrics page", _) => self.metrics = address(),
                _ => {}
            }
        }
        Some(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("---- the server's log ----\n{}", self.log());
        }
    }
}

/// The text of a field of a JSON log line. Enough for values without escapes.
fn field<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (_, after) = line.split_once(&format!("\"{name}\":\""))?;
    after.split_once('"').map(|(value, _)| value)
}
