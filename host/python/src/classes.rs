//! The objects that handlers are given and that verbs return: each a thin shell over a value of siphon-script. The
//! namespaces of verbs are in [`crate::namespaces`].

mod absent;
mod awaitable;
mod contact;
mod flow;
mod reply;
mod request;
mod uri;

pub(crate) use awaitable::{Completed, DigestResult};
pub(crate) use contact::Contact;
pub(crate) use flow::Flow;
pub(crate) use reply::Reply;
pub(crate) use request::Request;
pub(crate) use uri::SipUri;
