//! The Prometheus page: one path, GET only.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Makes the text of the page.
pub(crate) type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// Connections to the page at once; the next one waits for its turn.
const CONNECTIONS: usize = 32;

/// How long a connection may last. It makes room for the next one, whatever its peer does.
const LIFETIME: Duration = Duration::from_secs(5);

/// Serves the page until the runtime ends.
pub(crate) async fn serve(listener: TcpListener, path: String, render: Render) {
    let path: Arc<str> = path.into();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the metrics page cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (path, render) = (Arc::clone(&path), Arc::clone(&render));
        tokio::spawn(async move {
            let answer = service_fn(|request| {
                let response = respond(&request, &path, &render);
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            // A peer that breaks off, or stays too long, is its own affair.
            let _ = tokio::time::timeout(LIFETIME, connection).await;
            drop(place);
        });
    }
}

/// Binds the page's address.
///
/// # Errors
/// When the address cannot be bound.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn respond(request: &Request<Incoming>, path: &str, render: &Render) -> Response<Full<Bytes>> {
    let (status, body) = match (request.method(), request.uri().path() == path) {
        (&Method::GET | &Method::HEAD, true) => (StatusCode::OK, render()),
        (_, true) => (StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned()),
        (_, false) => (StatusCode::NOT_FOUND, format!("the metrics are at {path}\n")),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(
        hyper::header::CONTENT_TYPE,
        hyper::header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}
