//! `metrics.prometheus`: The metrics page.

use std::net::SocketAddr;

use crate::config::reader::Section;

/// `metrics.prometheus`.
#[derive(Clone, Debug)]
pub struct PrometheusSection {
    /// The address of the page; `None`: no page.
    pub listen: Option<SocketAddr>,
    /// Its path.
    pub path: String,
}

impl PrometheusSection {
    pub(in crate::config) fn read(mut metrics: Section<'_>) -> Self {
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
