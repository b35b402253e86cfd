//! The resolver against a directory that the tests hold: when it is asked, how often, and what everybody is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

type Answers = Receiver<Result<Vec<SocketAddr>, ResolveError>>;

/// A resolver whose look-ups end when the test says so, and whose clock the test moves.
struct Desk {
    resolver: Resolver,
    asked: Arc<AtomicUsize>,
    release: Sender<io::Result<Vec<IpAddr>>>,
    now: Arc<Mutex<Instant>>,
}

impl Desk {
    fn new(config: ResolverConfig) -> Self {
        let (release, released) = channel::<io::Result<Vec<IpAddr>>>();
        let (asked, now) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Instant::now())));
        let (released, counter, clock) = (Mutex::new(released), Arc::clone(&asked), Arc::clone(&now));
        let source = move |_: &str| {
            counter.fetch_add(1, Ordering::SeqCst);
            released.lock().recv().unwrap_or_else(|_| Ok(Vec::new()))
        };
        let resolver = Resolver::with(config, Box::new(source), Box::new(move || *clock.lock()));
        Self { resolver, asked, release, now }
    }

    fn ask(&self, host: &str) -> Answers {
        ask(&self.resolver, host)
    }

    fn release(&self, address: [u8; 4]) {
        self.release.send(Ok(vec![IpAddr::from(address)])).unwrap();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn ask(resolver: &Resolver, host: &str) -> Answers {
    let (answered, answers) = channel();
    resolver.resolve(host, 5060, Box::new(move |answer| answered.send(answer).unwrap()));
    answers
}

fn addresses(answers: &Answers) -> Vec<String> {
    answers.recv_timeout(PATIENCE).unwrap().unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn an_address_is_answered_at_once_and_nobody_is_asked() {
    let desk = Desk::new(ResolverConfig::default());
    for (host, expected) in [
        ("192.0.2.1", "192.0.2.1:5060"),
        ("2001:db8::1", "[2001:db8::1]:5060"),
        ("[2001:db8::1]", "[2001:db8::1]:5060"),
    ] {
        assert_eq!(desk.ask(host).try_recv().unwrap().unwrap(), [expected.parse().unwrap()]);
    }
    assert_eq!(desk.asked(), 0);
}

#[test]
fn a_name_is_looked_up_once_and_then_answered_at_once() {
    let desk = Desk::new(ResolverConfig::default());
    let first = desk.ask("sip.example.com");
    desk.release([192, 0, 2, 1]);
    assert_eq!(addresses(&first), ["192.0.2.1:5060"]);
    assert_eq!(desk.ask("SIP.example.com").try_recv().unwrap().unwrap(), ["192.0.2.1:5060".parse().unwrap()]);
    assert_eq!(desk.asked(), 1);
}

#[test]
fn those_who_ask_at_the_same_time_share_one_lookup() {
    let desk = Desk::new(ResolverConfig::default());
    let all: Vec<Answers> = (0..5).map(|_| desk.ask("sip.example.com")).collect();
    assert_eq!(desk.resolver.pending(), 5);
    desk.release([192, 0, 2, 1]);
    for answers in &all {
        assert_eq!(addresses(answers), ["192.0.2.1:5060"]);
    }
    assert_eq!(desk.asked(), 1);
    assert_eq!(desk.resolver.pending(), 0);
}

#[test]
fn addresses_are_asked_for_again_when_their_time_is_over() {
    let desk = Desk::new(ResolverConfig::default());
    let first = desk.ask("sip.example.com");
    desk.release([192, 0, 2, 1]);
    assert_eq!(addresses(&first), ["192.0.2.1:5060"]);
    *desk.now.lock() += Duration::from_secs(30);
    let second = desk.ask("sip.example.com");
    desk.release([192, 0, 2, 2]);
    assert_eq!(addresses(&second), ["192.0.2.2:5060"]);
}

#[test]
fn a_failure_is_remembered_for_a_shorter_time() {
    let desk = Desk::new(ResolverConfig::default());
    let first = desk.ask("sip.example.com");
    desk.release.send(Err(io::Error::other("no such name"))).unwrap();
    let failure = Err(ResolveError::NoAddress("no such name".into()));
    assert_eq!(first.recv_timeout(PATIENCE).unwrap(), failure);
    *desk.now.lock() += Duration::from_secs(4);
    assert_eq!(desk.ask("sip.example.com").try_recv().unwrap(), failure);
    *desk.now.lock() += Duration::from_secs(1);
    let second = desk.ask("sip.example.com");
    desk.release([192, 0, 2, 1]);
    assert_eq!(addresses(&second), ["192.0.2.1:5060"]);
}

#[test]
fn a_name_without_addresses_is_a_failure() {
    let desk = Desk::new(ResolverConfig::default());
    let answers = desk.ask("sip.example.com");
    desk.release.send(Ok(Vec::new())).unwrap();
    assert!(matches!(answers.recv_timeout(PATIENCE).unwrap(), Err(ResolveError::NoAddress(_))));
}

#[test]
fn what_cannot_be_a_name_never_reaches_the_system() {
    let desk = Desk::new(ResolverConfig::default());
    for host in ["", ".", "a..b", "a b", "a/b", "a\0b", "[192.0.2.1]", &"a".repeat(255)] {
        assert_eq!(desk.ask(host).try_recv().unwrap(), Err(ResolveError::NotAName), "{host:?}");
    }
    assert_eq!(desk.asked(), 0);
}

#[test]
fn what_exceeds_the_queue_is_refused_at_once() {
    let desk = Desk::new(ResolverConfig { queue: 2, threads: 1, ..ResolverConfig::default() });
    let waiting = [desk.ask("a.example.com"), desk.ask("b.example.com")];
    assert_eq!(desk.ask("c.example.com").try_recv().unwrap(), Err(ResolveError::Overloaded));
    for answers in &waiting {
        desk.release([192, 0, 2, 1]);
        assert_eq!(addresses(answers), ["192.0.2.1:5060"]);
    }
}

#[test]
fn a_slow_name_does_not_hold_up_another_one() {
    let (slow, slow_ends) = channel::<()>();
    let slow_ends = Mutex::new(slow_ends);
    let source = move |name: &str| {
        if name.starts_with("slow") {
            let _ = slow_ends.lock().recv();
        }
        Ok(vec![IpAddr::from([192, 0, 2, 1])])
    };
    let resolver = Resolver::with(ResolverConfig::default(), Box::new(source), Box::new(Instant::now));
    let waiting = ask(&resolver, "slow.example.com");
    assert_eq!(addresses(&ask(&resolver, "fast.example.com")), ["192.0.2.1:5060"]);
    assert!(waiting.try_recv().is_err());
    slow.send(()).unwrap();
    assert_eq!(addresses(&waiting), ["192.0.2.1:5060"]);
}

#[test]
fn who_still_waits_when_the_resolver_ends_is_told() {
    let Desk { resolver, asked, release, .. } = Desk::new(ResolverConfig { threads: 1, ..ResolverConfig::default() });
    let answers = [ask(&resolver, "a.example.com"), ask(&resolver, "b.example.com")];
    drop(resolver);
    for answers in &answers {
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), Err(ResolveError::Ended));
    }
    drop(release);
    assert!(asked.load(Ordering::SeqCst) <= 1);
}

#[test]
fn the_system_knows_localhost() {
    let resolver = Resolver::new(ResolverConfig::default());
    let answer = ask(&resolver, "localhost").recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(answer.iter().all(|address| address.ip().is_loopback() && address.port() == 5060));
}
