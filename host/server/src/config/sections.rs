//! The sections of siphon.yaml as values, each with its keys and defaults. What they mean to the server is decided elsewhere.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use siphon_core::security::Cidr;
use siphon_sip::{Host, SentBy, TransportProtocol};

use super::reader::{Node, Section};

/// One address to listen on.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The transport protocol.
    pub transport: TransportProtocol,
    /// The address to bind; port 0 takes a free one.
    pub address: SocketAddr,
    /// The address that peers are told instead.
    pub advertise: Option<(Host, Option<u16>)>,
    /// DSCP of what is sent, 0 to 63.
    pub dscp: Option<u8>,
    /// The line it stands on.
    pub line: Option<usize>,
}

/// `listen`.
#[derive(Clone, Debug)]
pub struct Listeners {
    /// Every address, in the order of the file, UDP first.
    pub addresses: Vec<Listen>,
    /// Path MTU in bytes; a larger UDP request less 200 bytes goes by TCP (RFC 3261 18.1.1).
    pub mtu: usize,
}

impl Listeners {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        if !section.is_present() {
            section.error("missing; at least one address to listen on is needed");
        }
        let dscp = section.node("dscp").and_then(|node| dscp(&node));
        let mtu = section.number("mtu", 1500, 576..=65_535);
        let mut addresses = Vec::new();
        for (key, transport) in [("udp", TransportProtocol::Udp), ("tcp", TransportProtocol::Tcp)] {
            addresses.extend(section.list(key).iter().filter_map(|node| listen(node, transport, dscp)));
        }
        section.not_yet(&["tls", "ws", "wss", "sctp"]);
        if section.is_present() && addresses.is_empty() {
            section.error("no address to listen on, such as `udp: [\"127.0.0.1:5060\"]`");
        }
        section.finish();
        Self { addresses, mtu }
    }
}

fn listen(node: &Node<'_>, transport: TransportProtocol, common_dscp: Option<u8>) -> Option<Listen> {
    let line = node.line();
    if !node.is_section() {
        let address = node.parse("an address such as 127.0.0.1:5060")?;
        return Some(Listen { transport, address, advertise: None, dscp: common_dscp, line });
    }
    let mut section = node.section();
    let address = section.parse("address", "an address such as 127.0.0.1:5060");
    let advertise = section.node("advertise").and_then(|node| advertised(&node));
    let dscp = section.node("dscp").map_or(common_dscp, |node| dscp(&node));
    if address.is_none() {
        section.error("`address` is missing");
    }
    section.finish();
    Some(Listen { transport, address: address?, advertise, dscp, line })
}

/// A host with or without a port, as it is to stand in Via.
pub(super) fn advertised(node: &Node<'_>) -> Option<(Host, Option<u16>)> {
    let text = node.text()?;
    match SentBy::parse(text.clone()) {
        Ok(sent_by) => Some((sent_by.host, sent_by.port)),
        Err(_) => {
            node.error(format_args!("a host with or without a port is wanted here, not `{text}`"));
            None
        }
    }
}

/// The classes of RFC 2474 and RFC 2597 by name, or the number itself.
fn dscp(node: &Node<'_>) -> Option<u8> {
    let text = node.text()?.to_ascii_uppercase();
    let digit = |text: &str| text.parse::<u8>().ok().filter(|digit| *digit <= 7);
    let value = match (text.as_str(), text.get(..2), text.get(2..)) {
        ("BE", ..) => Some(0),
        ("EF", ..) => Some(46),
        (_, Some("CS"), Some(class)) => digit(class).map(|class| class * 8),
        (_, Some("AF"), Some(class)) if class.len() == 2 => {
            let (class, drop) = class.split_at(1);
            digit(class).zip(digit(drop)).map(|(class, drop)| class * 8 + drop * 2)
        }
        _ => text.parse().ok().filter(|number| *number <= 63),
    };
    if value.is_none() {
        node.error("a DSCP is wanted here: 0 to 63, or a class such as CS3, AF31, EF, BE");
    }
    value
}

/// When a changed script is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// When a file changes, and on SIGHUP.
    Auto,
    /// On SIGHUP alone.
    Sighup,
}

/// `script`.
#[derive(Clone, Debug)]
pub struct ScriptSection {
    /// The script; `None`: the residential proxy that the server brings along.
    pub path: Option<PathBuf>,
    /// Folders whose files scripts may import, besides the script's own.
    pub include_paths: Vec<PathBuf>,
    /// When a changed script is taken.
    pub reload: Reload,
    /// Event loops for asynchronous handlers that wait.
    pub async_pool_size: usize,
    /// Threads for handlers.
    pub sync_pool_max: usize,
    /// Events that wait for a thread.
    pub executor_queue_capacity: usize,
    /// Asynchronous handlers that may wait at once.
    pub async_pending_max: usize,
    /// How long one event's handlers may take.
    pub handler_timeout: Duration,
    /// How long events may wait without any handler ending; `None`: for ever.
    pub stall_abort: Option<Duration>,
    /// The line of `path`.
    pub line: Option<usize>,
}

impl ScriptSection {
    pub(super) fn read(mut section: Section<'_>, cores: usize) -> Self {
        let path = section.node("path");
        let line = path.as_ref().and_then(Node::line);
        let stall = section.seconds("handler_stall_abort_secs", Duration::from_secs(30));
        let read = Self {
            path: path.and_then(|node| node.text()).filter(|path| !path.is_empty()).map(PathBuf::from),
            include_paths: section.texts("include_paths").into_iter().map(PathBuf::from).collect(),
            reload: section.choice("reload", Reload::Auto, &[("auto", Reload::Auto), ("sighup", Reload::Sighup)]),
            async_pool_size: section.number("async_pool_size", cores.max(2), 1..=1024),
            sync_pool_max: section.number("sync_pool_max", (4 * cores).max(32), 2..=10_000),
            executor_queue_capacity: section.number("executor_queue_capacity", 1024, 0..=1_000_000),
            async_pending_max: section.number("async_pending_max", 10_000, 1..=1_000_000),
            handler_timeout: section.seconds("handler_timeout_secs", Duration::from_secs(10)),
            stall_abort: (!stall.is_zero()).then_some(stall),
            line,
        };
        section.not_yet(&["sync_pool_size"]);
        section.finish();
        read
    }
}

/// `registrar`.
#[derive(Clone, Debug)]
pub struct RegistrarSection {
    /// Seconds granted when a contact asks for none.
    pub default_expires: u32,
    /// The most seconds granted.
    pub max_expires: u32,
    /// Fewer seconds than these are refused with 423.
    pub min_expires: u32,
    /// Contacts an AoR may have.
    pub max_contacts: usize,
    /// AoRs that may be registered at once.
    pub max_aors: usize,
    /// Whether a digest user may register only the AoR of that name.
    pub enforce_auth_aor_match: bool,
}

impl RegistrarSection {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        section.choice("backend", (), &[("memory", ()), ("python", ())]);
        let read = Self {
            default_expires: section.number("default_expires", 3600, 1..=u32::MAX),
            max_expires: section.number("max_expires", 7200, 1..=u32::MAX),
            min_expires: section.number("min_expires", 60, 0..=u32::MAX),
            max_contacts: section.number("max_contacts", 10, 1..=1000),
            max_aors: section.number("max_aors", 1_000_000, 1..=1_000_000_000),
            enforce_auth_aor_match: section.flag("enforce_auth_aor_match", true),
        };
        if read.min_expires > read.max_expires {
            section.error("min_expires is larger than max_expires");
        }
        section.not_yet(&["redis", "postgres", "liveness"]);
        section.finish();
        read
    }
}

/// `auth`.
#[derive(Clone, Debug)]
pub struct AuthSection {
    /// The realm of challenges for which the script names none.
    pub realm: String,
    /// Passwords by user name.
    pub users: BTreeMap<String, String>,
    /// What nonces are signed with; `None`: a secret of this process.
    pub nonce_secret: Option<String>,
    /// How long a nonce may be used.
    pub nonce_ttl: Duration,
    /// Nonces whose counters are remembered against replay.
    pub max_nonces: usize,
}

impl AuthSection {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        section.choice("backend", (), &[("static", ())]);
        let users = section.names("users");
        let read = Self {
            realm: section.text("realm").unwrap_or_else(|| "localhost".to_owned()),
            users: users.into_iter().filter_map(|(name, node)| Some((name, node.text()?))).collect(),
            nonce_secret: section.text("nonce_secret").filter(|secret| !secret.is_empty()),
            nonce_ttl: section.seconds("nonce_ttl_secs", Duration::from_secs(3600)),
            max_nonces: section.number("max_nonces", 100_000, 1..=100_000_000),
        };
        section.not_yet(&["http", "aka_credentials", "diameter"]);
        section.finish();
        read
    }
}

/// `security.rate_limit`.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// Length of the window.
    pub window: Duration,
    /// Requests that one source may send in it.
    pub max_requests: u32,
    /// How long a source that sent more is ignored.
    pub ban: Duration,
}

/// `security`.
#[derive(Clone, Debug)]
pub struct SecuritySection {
    /// A limit on the requests of one source.
    pub rate_limit: Option<RateLimit>,
    /// User-Agent parts whose requests are dropped, in lower case.
    pub scanner_agents: Vec<String>,
    /// Sources that no rule of this section concerns.
    pub trusted_cidrs: Vec<Cidr>,
    /// Sources that are remembered at once.
    pub max_sources: usize,
}

impl SecuritySection {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let mut limit = section.section("rate_limit");
        let rate_limit = limit.is_present().then(|| RateLimit {
            window: limit.seconds("window_secs", Duration::from_secs(10)),
            max_requests: limit.number("max_requests", 1000, 1..=u32::MAX),
            ban: limit.seconds("ban_duration_secs", Duration::from_secs(3600)),
        });
        limit.finish();
        let mut scanner = section.section("scanner_block");
        let agents = scanner.texts("user_agents");
        scanner.finish();
        let trusted = section.list("trusted_cidrs");
        let read = Self {
            rate_limit,
            scanner_agents: agents.into_iter().map(|agent| agent.to_ascii_lowercase()).collect(),
            trusted_cidrs: trusted.iter().filter_map(|node| node.parse("a CIDR block such as 10.0.0.0/8")).collect(),
            max_sources: section.number("max_sources", 100_000, 1..=100_000_000),
        };
        section.not_yet(&["failed_auth_ban", "apiban", "firewall"]);
        section.finish();
        read
    }
}

/// `transaction`.
#[derive(Clone, Debug)]
pub struct TransactionSection {
    /// How long an INVITE may ring without a final response (RFC 3261 Timer C).
    pub timer_c: Duration,
    /// When an INVITE whose script let every final response fall is answered 408.
    pub invite_timeout: Duration,
    /// How long a handler may think before a 100 Trying leaves.
    pub trying_delay: Duration,
    /// Transactions at once, all shards together.
    pub max_transactions: usize,
}

impl TransactionSection {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let millis = section.number("auto_emit_100_trying_delay_ms", 200_u64, 0..=10_000);
        let read = Self {
            timer_c: section.seconds("timer_c_secs", Duration::from_secs(185)),
            invite_timeout: section.seconds("invite_timeout_secs", Duration::from_secs(30)),
            trying_delay: Duration::from_millis(millis),
            max_transactions: section.number("max_transactions", 1_000_000, 64..=100_000_000),
        };
        if read.timer_c <= Duration::from_secs(180) {
            section.error("timer_c_secs must be more than 180 (RFC 3261 16.6)");
        }
        section.not_yet(&["timeout_secs", "auto_emit_100_trying"]);
        section.finish();
        read
    }
}

/// One of `cache`.
#[derive(Clone, Debug)]
pub struct CacheSection {
    /// The name that scripts use.
    pub name: String,
    /// Entries at once; the least recently used goes.
    pub max_entries: usize,
    /// How long an entry without a time of its own lives.
    pub ttl: Option<Duration>,
}

impl CacheSection {
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        let mut section = node.section();
        let name = section.text("name");
        let ttl = section.seconds("local_ttl_secs", Duration::ZERO);
        let max_entries = section.number("local_max_entries", 10_000, 1..=100_000_000);
        section.not_yet(&["url"]);
        if name.is_none() {
            section.error("`name` is missing");
        }
        section.finish();
        Some(Self { name: name?, max_entries, ttl: (!ttl.is_zero()).then_some(ttl) })
    }
}

/// `connections`: bounds on streams.
#[derive(Clone, Debug)]
pub struct ConnectionsSection {
    /// Connections at once.
    pub max: usize,
    /// How long a connection may be silent.
    pub idle: Duration,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
    /// How long an incomplete message may take.
    pub message_timeout: Duration,
    /// Bytes that may wait for a peer that does not read.
    pub send_queue_bytes: usize,
}

impl ConnectionsSection {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let read = Self {
            max: section.number("max", 10_000, 1..=1_000_000),
            idle: section.seconds("idle_secs", Duration::from_secs(300)),
            connect_timeout: section.seconds("connect_timeout_secs", Duration::from_secs(5)),
            message_timeout: section.seconds("message_timeout_secs", Duration::from_secs(30)),
            send_queue_bytes: section.number("send_queue_bytes", 1 << 20, 1 << 12..=1 << 30),
        };
        section.finish();
        read
    }
}

/// `server`.
#[derive(Clone, Debug)]
pub struct ServerSection {
    /// `Server` of the responses made here.
    pub server_header: String,
    /// How long a drain may take.
    pub drain: Duration,
    /// What Record-Route parameters are signed with; `None`: a secret of this process, so that calls do not outlive it.
    pub secret: Option<String>,
    /// Parts that the per-call state is cut into.
    pub shards: u16,
    /// Threads that read sockets; `None`: one for each core.
    pub readers: Option<usize>,
    /// Receive buffer asked for each UDP socket, in bytes.
    pub udp_receive_buffer: usize,
    /// Bytes of headers that a message may have.
    pub max_header_bytes: usize,
    /// Bytes of body that a message may have.
    pub max_body_bytes: usize,
}

impl ServerSection {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let read = Self {
            server_header: section
                .text("server_header")
                .unwrap_or_else(|| concat!("SIPhon/", env!("CARGO_PKG_VERSION")).to_owned()),
            drain: section.seconds("drain_secs", Duration::from_secs(30)),
            secret: section.text("secret").filter(|secret| !secret.is_empty()),
            shards: section.number("shards", 64, 1..=256),
            readers: section.parse("readers", "a whole number"),
            udp_receive_buffer: section.number("udp_receive_buffer", 4 << 20, 1 << 12..=1 << 30),
            max_header_bytes: section.number("max_header_bytes", 64 << 10, 1 << 10..=1 << 20),
            max_body_bytes: section.number("max_body_bytes", 1 << 20, 1 << 10..=1 << 26),
        };
        section.not_yet(&["user_agent_header", "instance_id"]);
        section.finish();
        read
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// `log`.
#[derive(Clone, Debug)]
pub struct LogSection {
    /// The least severe level that is written.
    pub level: tracing::Level,
    /// How lines look.
    pub format: LogFormat,
    /// The file to append to; `None`: standard error.
    pub file: Option<PathBuf>,
}

impl LogSection {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        use tracing::Level;
        let levels = [("debug", Level::DEBUG), ("info", Level::INFO), ("warn", Level::WARN), ("error", Level::ERROR)];
        let read = Self {
            level: section.choice("level", Level::INFO, &levels),
            format: section.choice(
                "format",
                LogFormat::Pretty,
                &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)],
            ),
            file: section.text("file").map(PathBuf::from),
        };
        section.finish();
        read
    }
}

/// `metrics.prometheus`.
#[derive(Clone, Debug)]
pub struct PrometheusSection {
    /// The address of the page; `None`: no page.
    pub listen: Option<SocketAddr>,
    /// Its path.
    pub path: String,
}

impl PrometheusSection {
    pub(super) fn read(mut metrics: Section<'_>) -> Self {
        let mut section = metrics.section("prometheus");
        let read = Self {
            listen: section.parse("listen", "an address such as 127.0.0.1:9090"),
            path: section.text("path").unwrap_or_else(|| "/metrics".to_owned()),
        };
        section.not_yet(&["cors"]);
        section.finish();
        metrics.finish();
        read
    }
}
