//! How transactions and their user name each other. An identifier names one transaction for ever: it is never used
//! again.

use std::num::NonZeroU32;

use crate::slab::{Address, GENERATIONS};

/// What the user of a transaction chose to know it by; every event gives it back. The layer gives it no meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct User(pub u64);

/// One client transaction of a layer. Once it has ended, the layer knows it no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub(crate) Address);

/// One server transaction of a layer. Once it has ended, the layer knows it no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub(crate) Address);

/// Who is told when bytes cannot be sent: the argument of
/// [`transport_failed`](crate::TransactionLayer::transport_failed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    /// A client transaction.
    Client(ClientId),
    /// A server transaction.
    Server(ServerId),
    /// Nobody: the bytes belong to no transaction.
    Stateless,
}

const INDEX_BITS: u32 = 24;
const KIND_BITS: u32 = 2;

impl Sender {
    /// The sender as a number below 2^56, for a transport's tag; 0 is [`Sender::Stateless`].
    #[must_use]
    pub fn to_bits(self) -> u64 {
        let (kind, address) = match self {
            Self::Stateless => return 0,
            Self::Client(ClientId(address)) => (1, address),
            Self::Server(ServerId(address)) => (2, address),
        };
        let index = u64::from(address.index) & ((1 << INDEX_BITS) - 1);
        u64::from(address.generation.get()) << (INDEX_BITS + KIND_BITS) | index << KIND_BITS | kind
    }

    /// The sender that [`Sender::to_bits`] made the number of; the upper eight bits do not count. A number that it
    /// never made is nobody.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        let index = (bits >> KIND_BITS & ((1 << INDEX_BITS) - 1)) as u32;
        let generation = (bits >> (INDEX_BITS + KIND_BITS)) as u32 & GENERATIONS;
        match (NonZeroU32::new(generation), bits & ((1 << KIND_BITS) - 1)) {
            (Some(generation), 1) => Self::Client(ClientId(Address { index, generation })),
            (Some(generation), 2) => Self::Server(ServerId(Address { index, generation })),
            _ => Self::Stateless,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_survives_the_way_through_a_transport_tag() {
        let address = Address { index: (1 << INDEX_BITS) - 1, generation: NonZeroU32::new(GENERATIONS).unwrap() };
        for sender in [Sender::Client(ClientId(address)), Sender::Server(ServerId(address)), Sender::Stateless] {
            assert_eq!(Sender::from_bits(sender.to_bits()), sender);
            assert!(sender.to_bits() < 1 << 56);
            assert_eq!(Sender::from_bits(sender.to_bits() | 63 << 56), sender, "the shard's number may lie above");
        }
    }
}
