//! The namespaces that scripts import, one object each a generation: shells over the verbs of siphon-script. Decorators
//! are Python: `siphon/_namespaces.py`.

mod auth;
mod cache;
mod log;
mod metrics;
mod proxy;
mod registrar;
mod sdp;
mod timer;

pub(crate) use auth::AuthNamespace;
pub(crate) use cache::CacheNamespace;
pub(crate) use log::LogNamespace;
pub(crate) use metrics::MetricsNamespace;
pub(crate) use proxy::ProxyNamespace;
pub(crate) use registrar::RegistrarNamespace;
pub(crate) use sdp::SdpNamespace;
pub(crate) use timer::TimerNamespace;
