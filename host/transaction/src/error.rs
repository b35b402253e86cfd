//! Why the layer refuses something. It is always the caller who reads this; a peer sees what the caller makes of it.

/// As many transactions exist as the configuration allows. To be answered 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transaction table is full")]
pub struct TableFull;

/// The transaction is over, or never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such transaction")]
pub struct UnknownTransaction;
