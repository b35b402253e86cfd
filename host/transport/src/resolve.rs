//! Resolution of host names to addresses, off the message path. It asks the system's resolver, which knows A and
//! AAAA, the hosts file and the search list; NAPTR and SRV (RFC 3263 4.1, 4.2) are not known here.
//!
//! This is the seam where they come in: a next hop is resolved by [`Resolver::resolve`] alone, and what it answers is a
//! list to be tried in order, as RFC 3263 4.3 wants it.

mod cache;
mod queue;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache::Cache;
use parking_lot::Mutex;
use queue::{Enqueued, Lookups};

/// The limits of a [`Resolver`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolverConfig {
    /// Look-ups that can be under way at the same time, each on a thread of its own.
    pub threads: usize,
    /// Names that may wait for a thread. What comes on top is refused.
    pub queue: usize,
    /// Names that are remembered.
    pub cache: usize,
    /// How long the addresses of a name are remembered. The system's resolver does not tell the TTL of the records.
    pub positive_ttl: Duration,
    /// How long a failure is remembered.
    pub negative_ttl: Duration,
}

impl Default for ResolverConfig {
    fn default() -> Self {
        Self {
            threads: 4,
            queue: 1024,
            cache: 4096,
            positive_ttl: Duration::from_secs(30),
            negative_ttl: Duration::from_secs(5),
        }
    }
}

/// A host name that has no address, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The text cannot be a host name.
    #[error("not a host name")]
    NotAName,
    /// The name has no address, or nobody could be asked; the system's resolver does not say which.
    #[error("no address: {0}")]
    NoAddress(Arc<str>),
    /// Too many names wait to be looked up.
    #[error("too many names are being resolved")]
    Overloaded,
    /// The resolver was dropped before it came to the name.
    #[error("the resolver has ended")]
    Ended,
}

/// What is called with the addresses, in the order in which they shall be tried.
pub type Answer = Box<dyn FnOnce(Result<Vec<SocketAddr>, ResolveError>) + Send>;

/// What is known of a name.
type Known = Result<Arc<[IpAddr]>, ResolveError>;

/// Who is asked when a name is not in the cache. May block.
type Source = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// What time it is, for the cache.
type Clock = dyn Fn() -> Instant + Send + Sync;

/// Resolves host names on threads of its own, remembers the answers and asks once for what many want to know.
pub struct Resolver(Arc<Inner>);

struct Inner {
    config: ResolverConfig,
    source: Box<Source>,
    clock: Box<Clock>,
    cache: Mutex<Cache>,
    lookups: Lookups,
}

impl Resolver {
    /// A resolver that asks the system.
    #[must_use]
    pub fn new(config: ResolverConfig) -> Self {
        Self::with(config, Box::new(ask_the_system), Box::new(Instant::now))
    }

    fn with(config: ResolverConfig, source: Box<Source>, clock: Box<Clock>) -> Self {
        let cache = Mutex::new(Cache::new(config.cache));
        Self(Arc::new(Inner { config, source, clock, cache, lookups: Lookups::new(config.queue) }))
    }

    /// Finds the addresses of `host` and gives them, with `port`, to `answer`.
    ///
    /// Never blocks. An address, and a name that is in the cache, are answered on the calling thread before this
    /// returns; any other name later on a thread of the resolver, which `answer` must not hold up.
    pub fn resolve(&self, host: &str, port: u16, answer: Answer) {
        if let Some(address) = literal(host) {
            return answer(Ok(vec![SocketAddr::new(address, port)]));
        }
        let Some(name) = normal(host) else { return answer(Err(ResolveError::NotAName)) };
        let known = self.0.cache.lock().get(&name, (self.0.clock)());
        if let Some(known) = known {
            return answer(with_port(known, port));
        }
        match self.0.lookups.add(name, port, answer) {
            Enqueued::Waiting => {}
            Enqueued::Full(answer) => answer(Err(ResolveError::Overloaded)),
        }
        self.start_thread();
    }

    /// How many names are waited for.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.0.lookups.len()
    }

    /// Starts one more thread if names wait and not all threads are there.
    fn start_thread(&self) {
        if !self.0.lookups.wants_thread(self.0.config.threads.max(1)) {
            return;
        }
        let inner = Arc::clone(&self.0);
        if let Err(error) = std::thread::Builder::new().name("resolver".into()).spawn(move || inner.run()) {
            tracing::warn!(%error, "a resolver thread could not be started");
            let stranded = self.0.lookups.thread_not_started();
            stranded.into_iter().for_each(|waiting| waiting.answer(Err(ResolveError::Overloaded)));
        }
    }
}

impl Inner {
    /// Looks up one name after the other until the resolver is dropped.
    fn run(&self) {
        while let Some(name) = self.lookups.next() {
            let known = (self.source)(&name)
                .and_then(|addresses| if addresses.is_empty() { Err(no_records()) } else { Ok(addresses) })
                .map(Arc::from)
                .map_err(|error| ResolveError::NoAddress(error.to_string().into()));
            let ttl = if known.is_ok() { self.config.positive_ttl } else { self.config.negative_ttl };
            let now = (self.clock)();
            self.cache.lock().insert(&name, known.clone(), now, ttl);
            for waiting in self.lookups.finish(&name) {
                waiting.answer(known.clone());
            }
        }
    }
}

impl Drop for Resolver {
    /// Answers what no thread has begun with [`ResolveError::Ended`]. Threads end after the look-up they are at.
    fn drop(&mut self) {
        for waiting in self.0.lookups.end() {
            waiting.answer(Err(ResolveError::Ended));
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("config", &self.0.config).field("pending", &self.pending()).finish()
    }
}

fn ask_the_system(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

fn no_records() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the name has no records")
}

/// The address, when the host is one, with or without the brackets of a URI.
fn literal(host: &str) -> Option<IpAddr> {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.map_or_else(|| host.parse().ok(), |inner| inner.parse().ok().filter(IpAddr::is_ipv6))
}

/// The name as it is looked up: lower case, so that one name has one entry, and no longer than a name can be (RFC 1035
/// 2.3.4). Only letters, digits, `-`, `_` and `.` reach the system.
fn normal(host: &str) -> Option<Box<str>> {
    let fits = (1..=254).contains(&host.len()) && !host.starts_with('.') && !host.contains("..");
    let spelt = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    (fits && spelt).then(|| host.to_ascii_lowercase().into_boxed_str())
}

fn with_port(known: Known, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
    known.map(|addresses| addresses.iter().map(|address| SocketAddr::new(*address, port)).collect())
}
