//! The Prometheus page: one path, GET only.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Makes the text of the page.
pub(crate) type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// Serves the page until the runtime ends.
pub(crate) async fn serve(listener: TcpListener, path: String, render: Render) {
    let path: Arc<str> = path.into();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the metrics page cannot accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let (path, render) = (Arc::clone(&path), Arc::clone(&render));
        tokio::spawn(async move {
            let answer = service_fn(|request| {
                let response = respond(&request, &path, &render);
                async move { Ok::<_, Infallible>(response) }
            });
            // A peer that breaks off is its own affair.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
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
