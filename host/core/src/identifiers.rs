//! Tags and branches: what must be unique in space and time (RFC 3261 19.3, 8.1.1.7), from a seed. Nothing here is a
//! secret by itself, but nobody without the seed can guess the next value.

use siphasher::sip::SipHasher13;
use siphon_sip::{ByteStr, HeaderName, Request};
use smallvec::SmallVec;

/// What every branch of RFC 3261 begins with (8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
const WORD: usize = 13;
/// Before the loop hash in a branch of ours; a character that base 32 does not have.
const LOOP_MARK: u8 = b'.';

/// The second part of a branch: equal when nothing that routes the request has changed (RFC 5393 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoopHash(u64);

/// A generator of identifiers; one belongs to each shard.
#[derive(Debug, Clone)]
pub struct Identifiers {
    seed: [u64; 2],
    counter: u64,
}

impl Identifiers {
    /// A generator whose values depend on `seed` alone, in the order they are asked for.
    #[must_use]
    pub const fn new(seed: [u64; 2]) -> Self {
        Self { seed, counter: 0 }
    }

    /// 64 bits that were not given out before.
    pub fn next_word(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(1);
        let mut fields = Fields::of(Purpose::Sequence);
        fields.push(&self.counter.to_be_bytes());
        self.hash(&fields)
    }

    /// A new tag.
    pub fn tag(&mut self) -> ByteStr {
        let mut text = String::with_capacity(WORD);
        push_word(&mut text, self.next_word());
        ByteStr::from(text)
    }

    /// The tag of a stateless answer: the same for each retransmission of the request (RFC 3261 8.2.7).
    #[must_use]
    pub fn stateless_tag(&self, request: &Request) -> ByteStr {
        let mut text = String::with_capacity(WORD);
        push_word(&mut text, self.transaction_word(request, Purpose::Tag));
        ByteStr::from(text)
    }

    /// Whether `tag` is the [`stateless_tag`](Self::stateless_tag) of this request.
    #[must_use]
    pub fn is_stateless_tag(&self, tag: &[u8], request: &Request) -> bool {
        tag.len() == WORD && self.stateless_tag(request) == *tag
    }

    /// A new branch. `owner` comes back from [`owner`](Self::owner).
    pub fn branch(&mut self, owner: u64, loop_hash: LoopHash) -> ByteStr {
        let unique = self.next_word();
        self.compose(owner, unique, loop_hash)
    }

    /// The branch of a request that is forwarded without state: the same for each retransmission (RFC 3261 16.11).
    #[must_use]
    pub fn stateless_branch(&self, request: &Request, loop_hash: LoopHash) -> ByteStr {
        self.compose(0, self.transaction_word(request, Purpose::Branch), loop_hash)
    }

    /// What `branch` was made for, if it is one of this generator's. Whoever uses it compares the whole branch too.
    #[must_use]
    pub fn owner(&self, branch: &[u8]) -> Option<u64> {
        let rest = branch.strip_prefix(MAGIC_COOKIE.as_bytes())?;
        let masked = parse_word(rest.get(..WORD)?)?;
        Some(masked ^ self.mask()).filter(|owner| *owner != 0)
    }

    /// The loop hash of a request as it was received: Request-URI, Route, and what tells its transaction from others.
    #[must_use]
    pub fn loop_hash(&self, request: &Request) -> LoopHash {
        let mut fields = Fields::of(Purpose::Loop);
        fields.push(request.uri());
        let headers = request.headers();
        for route in headers.values(&HeaderName::Route) {
            fields.push(route);
        }
        for name in [HeaderName::CallId, HeaderName::From, HeaderName::To] {
            fields.push(headers.first(&name).unwrap_or_default());
        }
        fields.push(cseq_number(request));
        LoopHash(self.hash(&fields))
    }

    /// The loop hash that a branch of ours carries.
    #[must_use]
    pub fn loop_hash_of(branch: &[u8]) -> Option<LoopHash> {
        let mark = branch.iter().rposition(|byte| *byte == LOOP_MARK)?;
        let word = branch.get(mark.checked_add(1)?..)?;
        (word.len() == WORD).then(|| parse_word(word).map(LoopHash)).flatten()
    }

    fn compose(&self, owner: u64, unique: u64, loop_hash: LoopHash) -> ByteStr {
        let mut text = String::with_capacity(MAGIC_COOKIE.len() + 3 * WORD + 1);
        text.push_str(MAGIC_COOKIE);
        push_word(&mut text, owner ^ self.mask());
        push_word(&mut text, unique);
        text.push(char::from(LOOP_MARK));
        push_word(&mut text, loop_hash.0);
        ByteStr::from(text)
    }

    /// Hides table positions from the peers.
    const fn mask(&self) -> u64 {
        self.seed[0].rotate_left(17) ^ self.seed[1]
    }

    fn transaction_word(&self, request: &Request, purpose: Purpose) -> u64 {
        let mut fields = Fields::of(purpose);
        let headers = request.headers();
        fields.push(headers.first_value(&HeaderName::Via).unwrap_or_default());
        for name in [HeaderName::CallId, HeaderName::From] {
            fields.push(headers.first(&name).unwrap_or_default());
        }
        fields.push(cseq_number(request));
        self.hash(&fields)
    }

    fn hash(&self, fields: &Fields) -> u64 {
        SipHasher13::new_with_keys(self.seed[0], self.seed[1]).hash(&fields.0)
    }
}

/// Keeps the sequences apart that come from one seed.
#[derive(Clone, Copy)]
enum Purpose {
    Sequence,
    Tag,
    Branch,
    Loop,
}

/// The number only: an INVITE, its CANCEL and its ACK are one.
fn cseq_number(request: &Request) -> &[u8] {
    let cseq = request.headers().first(&HeaderName::CSeq).unwrap_or_default();
    cseq.split(u8::is_ascii_whitespace).next().unwrap_or_default()
}

/// What is hashed, in one piece: a hash of many small ones takes three times as long.
struct Fields(SmallVec<[u8; 512]>);

impl Fields {
    fn of(purpose: Purpose) -> Self {
        let mut bytes = SmallVec::new();
        bytes.push(purpose as u8);
        Self(bytes)
    }

    fn push(&mut self, field: &[u8]) {
        self.0.extend_from_slice(field);
        self.0.push(0);
    }
}

fn push_word(text: &mut String, word: u64) {
    for place in 0..WORD {
        let shift = 5 * (WORD - 1 - place);
        let digit = usize::try_from((word >> shift) & 31).unwrap_or_default();
        text.push(char::from(*ALPHABET.get(digit).unwrap_or(&b'0')));
    }
}

fn parse_word(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0_u64, |word, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'v' => byte - b'a' + 10,
            _ => return None,
        };
        Some(word.wrapping_shl(5) | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_gives_back_its_owner_and_its_loop_hash() {
        let mut identifiers = Identifiers::new([7, 9]);
        let branch = identifiers.branch(0x1234_5678_9abc_def0, LoopHash(u64::MAX));
        assert_eq!(identifiers.owner(branch.as_bytes()), Some(0x1234_5678_9abc_def0));
        assert_eq!(Identifiers::loop_hash_of(branch.as_bytes()), Some(LoopHash(u64::MAX)));
    }

    #[test]
    fn branches_of_others_have_neither_owner_nor_loop_hash() {
        let identifiers = Identifiers::new([7, 9]);
        for branch in [&b"z9hG4bK"[..], b"", b"z9hG4bKnashds8", b"1", b"z9hG4bK.XYZ", "z9hG4bK-ä.é".as_bytes()] {
            assert_eq!(identifiers.owner(branch), None);
            assert_eq!(Identifiers::loop_hash_of(branch), None);
        }
    }

    #[test]
    fn equal_seeds_give_equal_sequences_and_different_seeds_different_ones() {
        let (mut one, mut two, mut three) =
            (Identifiers::new([1, 2]), Identifiers::new([1, 2]), Identifiers::new([1, 3]));
        let tag = one.tag();
        assert_eq!(tag, two.tag());
        assert_ne!(tag, three.tag());
        assert_ne!(tag, one.tag());
    }
}
