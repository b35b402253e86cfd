//! A softphone as a peer: baresip without a screen. It says a tone, records what it hears, and is told by its control
//! connection what to do. It knows nothing of the server but its address.

use std::f64::consts::TAU;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports::Lease;
use crate::wait::{PATIENCE, until};

/// Where Debian has baresip's modules.
const MODULES: &str = "/usr/lib/baresip/modules";

/// Samples a second of what is said and recorded.
const RATE: u32 = 8000;

/// How long a phone can speak before it falls silent, in seconds.
const TONE_SECONDS: u32 = 60;

/// When a phone ends by itself, should the test be killed before it can end it.
const LIFETIME_SECONDS: &str = "300";

/// An account and how its calls go.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// The address of record without `sip:`, as in `alice@example.com`.
    pub aor: &'a str,
    /// What its digests are made with.
    pub password: &'a str,
    /// `udp` or `tcp`: how the phone speaks to the server.
    pub transport: &'a str,
    /// Where every request of its goes first, with a Route header that says so; otherwise to the host of its URIs.
    pub outbound: Option<SocketAddr>,
    /// Whether it takes a call by itself.
    pub answers: bool,
    /// The tone that it says, in Hz.
    pub tone: u32,
}

/// A running softphone.
pub struct Softphone {
    name: String,
    folder: TempDir,
    process: Child,
    control: TcpStream,
    unread: Vec<u8>,
    heard: Vec<String>,
    _lease: Lease,
}

impl Softphone {
    /// Starts a phone and lets it register; [`Self::wait_for`] `REGISTER_OK` says that it has.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(account: &Account<'_>) -> Self {
        let folder = tempfile::Builder::new().prefix("siphon-phone-").tempdir().unwrap();
        let lease = Lease::new();
        write_configuration(folder.path(), &lease, account.tone);
        let log = File::create(folder.path().join("phone.log")).unwrap();
        let mut process = Command::new("baresip")
            .args(["-t", LIFETIME_SECONDS, "-f"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("no `baresip`: install the Debian package baresip-core");
        let address = SocketAddr::new(lease.address().ip(), lease.port(CONTROL));
        let control = until("baresip to listen", || {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "baresip does not start: {ended:?}\n{}", log_of(folder.path()));
            TcpStream::connect(address).ok()
        });
        let name = account.aor.to_owned();
        let mut phone = Self { name, folder, process, control, unread: Vec::new(), heard: Vec::new(), _lease: lease };
        phone.command("uanew", &account_line(account));
        phone
    }

    /// Waits for an event, such as `REGISTER_OK`, `CALL_ESTABLISHED` or `CALL_CLOSED`, that was not waited for yet, and
    /// gives its JSON.
    ///
    /// # Panics
    /// When it does not come; the message holds everything that came instead.
    pub fn wait_for(&mut self, event: &str) -> String {
        let wanted = format!("\"type\":\"{event}\"");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(index) = self.heard.iter().position(|text| text.contains(&wanted)) {
                return self.heard.remove(index);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} does not say {event}:\n{}", self.name, self.heard.join("\n"));
            self.read_control(left);
        }
    }

    /// Calls somebody.
    pub fn dial(&mut self, uri: &str) {
        self.command("dial", uri);
    }

    /// Ends its call.
    pub fn hang_up(&mut self) {
        self.command("hangup", "");
    }

    /// Ends the phone, which takes its registration back first.
    pub fn quit(mut self) -> ExitStatus {
        self.command("quit", "");
        until("baresip to end", || self.process.try_wait().unwrap())
    }

    /// What it has heard in its last call so far; `None` as long as there is nothing.
    #[must_use]
    pub fn recording(&self) -> Option<Recording> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|path| path.to_string_lossy().ends_with("-dec.wav"));
        Recording::of_wav(&fs::read(files.into_iter().max()?).unwrap())
    }

    /// Waits until it has heard that much of its call.
    pub fn listen_for(&self, duration: Duration) {
        let is_enough = |recording: &Recording| recording.duration() >= duration;
        until("the softphone to hear", || self.recording().filter(is_enough));
    }

    /// A command of baresip's menu, as a netstring of JSON.
    fn command(&mut self, command: &str, parameters: &str) {
        let parameters = parameters.replace('\\', "\\\\").replace('"', "\\\"");
        let json = format!("{{\"command\":\"{command}\",\"params\":\"{parameters}\"}}");
        self.control.write_all(format!("{}:{json},", json.len()).as_bytes()).unwrap();
    }

    /// Takes in what the phone says, for at most `patience`.
    fn read_control(&mut self, patience: Duration) {
        let mut buffer = [0; 4096];
        self.control.set_read_timeout(Some(patience)).unwrap();
        match self.control.read(&mut buffer) {
            Ok(0) => panic!("the softphone of {} has ended", self.name),
            Ok(length) => self.unread.extend_from_slice(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => panic!("{error}"),
        }
        while let Some((text, rest)) = split_netstring(&self.unread) {
            self.heard.push(text);
            self.unread = rest;
        }
    }
}

impl Drop for Softphone {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("---- softphone of {} ----\n{}", self.name, log_of(self.folder.path()));
        }
    }
}

/// What a phone heard.
#[derive(Debug)]
pub struct Recording {
    samples: Vec<i16>,
}

impl Recording {
    /// A WAV file as baresip writes it: one channel, 16 bits; its header may still be without lengths.
    fn of_wav(bytes: &[u8]) -> Option<Self> {
        const HEADER: usize = 44;
        let samples = bytes.get(HEADER..)?.chunks_exact(2);
        Some(Self { samples: samples.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect() })
    }

    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(RATE))
    }

    /// How loud it is: the root of the mean square, 0 for silence and at most 32767.
    #[must_use]
    pub fn loudness(&self) -> f64 {
        let squares: f64 = self.samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        (squares / self.samples.len().max(1) as f64).sqrt()
    }

    /// How high its tone is, in Hz: half the zero crossings of a second.
    #[must_use]
    pub fn pitch(&self) -> f64 {
        let crossings = self.samples.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
        crossings as f64 / 2.0 / self.duration().as_secs_f64()
    }
}

/// The ports of a lease that serve the control connection and the media; the first two are SIP's.
const CONTROL: u16 = 2;
const MEDIA: [u16; 2] = [4, 7];

fn write_configuration(folder: &Path, lease: &Lease, tone: u32) {
    let (sip, control) = (lease.address(), lease.port(CONTROL));
    let [first, last] = MEDIA.map(|offset| lease.port(offset));
    let place = folder.display();
    let config = format!(
        "poll_method epoll\nsip_listen {sip}\nnet_interface 127.0.0.1\nrtp_ports {first}-{last}\n\
         audio_source aufile,{place}/tone.wav\naudio_alert none\nsnd_path {place}\n\
         module_path {MODULES}\nmodule g711.so\nmodule aufile.so\nmodule sndfile.so\n\
         module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n"
    );
    fs::write(folder.join("config"), config).unwrap();
    fs::write(folder.join("accounts"), "").unwrap();
    fs::write(folder.join("contacts"), "").unwrap();
    fs::write(folder.join("tone.wav"), wav_of_tone(tone)).unwrap();
}

fn account_line(account: &Account<'_>) -> String {
    let Account { aor, password, transport, outbound, answers, .. } = account;
    let user = aor.split('@').next().unwrap_or_default();
    let outbound = outbound.map_or_else(String::new, |to| format!(";outbound=\"sip:{to};transport={transport}\""));
    let mode = if *answers { "auto" } else { "manual" };
    format!(
        "<sip:{aor};transport={transport}>;auth_user={user};auth_pass={password};regint=60;answermode={mode}{outbound}"
    )
}

fn wav_of_tone(hertz: u32) -> Vec<u8> {
    const LOUDNESS: f64 = 8000.0;
    let sample = |n: u32| (LOUDNESS * (TAU * f64::from(hertz) * f64::from(n) / f64::from(RATE)).sin()) as i16;
    let data: Vec<u8> = (0..RATE * TONE_SECONDS).flat_map(|n| sample(n).to_le_bytes()).collect();
    let length = u32::try_from(data.len()).unwrap();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes()); // length of this chunk
    wav.extend([1, 0, 1, 0]); // PCM, one channel
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2).to_le_bytes()); // bytes a second
    wav.extend([2, 0, 16, 0]); // bytes and bits of a sample
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    wav.extend(data);
    wav
}

/// The first netstring, `length:text,`, and what comes after it; `None` as long as it is not whole.
fn split_netstring(bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = bytes.iter().position(|&byte| byte == b':')?;
    let length: usize = std::str::from_utf8(&bytes[..colon]).unwrap().parse().unwrap();
    let end = colon + 1 + length;
    let rest = bytes.get(end + 1..)?;
    Some((String::from_utf8_lossy(&bytes[colon + 1..end]).into_owned(), rest.to_vec()))
}

fn log_of(folder: &Path) -> String {
    let bytes = fs::read(folder.join("phone.log")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let is_meter = |line: &str| line.contains("(bit/s)");
    text.lines().filter(|line| !is_meter(line)).collect::<Vec<_>>().join("\n")
}
