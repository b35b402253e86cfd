//! Fuzzing without a nightly compiler: mutates the corpus by a small deterministic generator and hands each input to one
//! of the functions in `siphon_sip::fuzz`. It is blind to coverage; `fuzz/` is the same by libFuzzer, which sees it.
//!
//! ```text
//! cargo run -p siphon-sip --example mutate -- TARGET SECONDS SEED
//! ```
//!
//! A panic, or an input that takes longer than a second, ends the run: the input is written to `mutate-TARGET-SEED.bin`
//! in the working directory. The same target, seed and corpus give the same inputs in the same order.

use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use siphon_sip::fuzz;

/// What the mutations make of an input is cut here: long inputs find little that short ones do not.
const MAX_LENGTH: usize = 8192;

/// One input that takes longer than this is a finding: nothing in the crate may be worse than linear by much.
const SLOW: Duration = Duration::from_secs(1);

/// What SIP and SDP are made of, put in whole so that the generator need not find it by letters.
const DICTIONARY: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b" ",
    b"\t",
    b",",
    b";",
    b":",
    b"=",
    b"<",
    b">",
    b"\"",
    b"\\",
    b"\\\"",
    b"%",
    b"%00",
    b"%41",
    b"@",
    b"?",
    b"[",
    b"]",
    b"[::1]",
    b"[2001:db8:::192.0.2.1]",
    b"*",
    b"/",
    b"sip:",
    b"sips:",
    b"tel:",
    b"SIP/2.0",
    b"SIP / 2.0 / UDP",
    b"z9hG4bK",
    b";branch=",
    b";tag=",
    b";lr",
    b";rport",
    b";received=",
    b";transport=tcp",
    b";expires=",
    b";q=0.5",
    b";maddr=",
    b"Via: ",
    b"v: ",
    b"\r\nv:",
    b"From: ",
    b"f: ",
    b"To: ",
    b"t: ",
    b"Call-ID: ",
    b"i: ",
    b"CSeq: ",
    b"Contact: ",
    b"m: *",
    b"Route: ",
    b"Record-Route: ",
    b"Max-Forwards: 0",
    b"Content-Length: ",
    b"\r\nl: ",
    b"Expires: ",
    b"Require: ",
    b"Date: ",
    b"INVITE ",
    b"REGISTER ",
    b"ACK ",
    b"CANCEL ",
    b"OPTIONS ",
    b"200 OK",
    b"v=0\r\n",
    b"m=audio ",
    b"a=rtpmap:",
    b"a=fmtp:",
    b"c=IN IP4 ",
    b"o=",
    b"RTP/AVP",
    b"0",
    b"-1",
    b"255",
    b"256",
    b"65535",
    b"65536",
    b"2147483648",
    b"4294967295",
    b"4294967296",
    b"18446744073709551616",
    b"1e9",
];

fn main() -> ExitCode {
    match run() {
        Ok(executions) => {
            let _ = writeln!(io::stdout(), "{executions} executions, no panic");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            let _ = writeln!(io::stderr(), "{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<u64, String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, seconds, seed] = arguments.as_slice() else {
        let names: Vec<&str> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
        return Err(format!("usage: mutate TARGET SECONDS SEED; the targets are {}", names.join(", ")));
    };
    let (_, target) = fuzz::TARGETS.iter().find(|(known, _)| known == name).ok_or(format!("no target {name}"))?;
    let seconds: u64 = seconds.parse().map_err(|_| format!("{seconds} is no number of seconds"))?;
    let seed: u64 = seed.parse().map_err(|_| format!("{seed} is no seed: a number"))?;
    let corpus = corpus(name).map_err(|error| format!("the corpus cannot be read: {error}"))?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut generator = Generator::new(seed);
    let mut executions = 0;
    while Instant::now() < end {
        let input = generator.input(&corpus);
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
        executions += 1;
        let problem = match outcome {
            Err(_) => "a panic",
            Ok(()) if started.elapsed() > SLOW => "more than a second",
            Ok(()) => continue,
        };
        let path = PathBuf::from(format!("mutate-{name}-{seed}.bin"));
        fs::write(&path, &input).map_err(|error| format!("{}: {error}", path.display()))?;
        return Err(format!("{problem} after {executions} executions: the input is {}", path.display()));
    }
    Ok(executions)
}

/// The target's seeds, and the torture messages, which are good for every target. In the order of their names.
fn corpus(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in [&format!("fuzz/corpus/{target}"), "tests/torture/rfc4475", "tests/torture/rfc5118"] {
        for entry in fs::read_dir(root.join(folder))? {
            paths.push(entry?.path());
        }
    }
    paths.sort();
    paths.iter().map(fs::read).collect()
}

/// SplitMix64 and what is made of it.
struct Generator {
    state: u64,
}

impl Generator {
    fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0 when there is none.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> Option<&'a T> {
        items.get(self.below(items.len())).copied()
    }

    /// A place in the input, and one up to `longest` bytes behind it.
    fn range(&mut self, length: usize, longest: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let end = (start + self.below(longest + 1)).min(length);
        start..end
    }

    /// One of the corpus with one to eight mutations.
    fn input(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let seeds: Vec<&[u8]> = corpus.iter().map(Vec::as_slice).collect();
        let mut input = self.pick(&seeds).unwrap_or_default().to_vec();
        for _ in 0..=self.below(8) {
            self.mutate(&mut input, &seeds);
        }
        input.truncate(MAX_LENGTH);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>, seeds: &[&[u8]]) {
        let place = self.below(input.len());
        match self.below(9) {
            0 => {
                let bit = 1 << self.below(8);
                input.get_mut(place).map(|byte| *byte ^= bit).unwrap_or_default();
            }
            1 => {
                let value = self.next().to_le_bytes()[0];
                input.get_mut(place).map(|byte| *byte = value).unwrap_or_default();
            }
            2 | 3 => {
                let word = self.pick(DICTIONARY).unwrap_or_default();
                let longest = 12 * self.below(2);
                let range = self.range(input.len(), longest);
                input.splice(range, word.iter().copied());
            }
            4 => {
                let range = self.range(input.len(), 64);
                input.drain(range);
            }
            5 => {
                let range = self.range(input.len(), 64);
                let copy = input.get(range.clone()).unwrap_or_default().repeat(1 + self.below(20));
                input.splice(range.end..range.end, copy);
            }
            6 => input.truncate(place),
            7 => {
                let other = self.pick(seeds).unwrap_or_default();
                let piece = other.get(self.range(other.len(), 512)).unwrap_or_default();
                let range = self.range(input.len(), 64);
                input.splice(range, piece.iter().copied());
            }
            _ => self.change_number(input, place),
        }
    }

    /// Gives the first number behind a place another value.
    fn change_number(&mut self, input: &mut Vec<u8>, place: usize) {
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let Some(start) = input.iter().skip(place).position(is_digit).map(|offset| offset + place) else { return };
        let length = input.iter().skip(start).take_while(|byte| is_digit(byte)).count();
        let number = match self.below(4) {
            0 => self.below(10).to_string(),
            1 => (self.next() >> self.below(64)).to_string(),
            2 => (1_u128 << (8 * (1 + self.below(9)))).to_string(),
            _ => "9".repeat(self.below(120)),
        };
        input.splice(start..start + length, number.into_bytes());
    }
}
