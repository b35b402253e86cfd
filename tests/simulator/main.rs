//! Days of SIP on a bad network, from many seeds: nothing may be lost in the proxy, nothing may be left in it. The
//! mutants at the end show that the oracle would see it.
#![allow(clippy::print_stdout, clippy::panic)]

mod days;
mod mutants;
