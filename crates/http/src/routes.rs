//! The routes, and what wraps them.

use crate::app::App;
use crate::contract;
use crate::error::ApiError;
use crate::listeners;
use crate::observe::observe;
use crate::routing::{self, Declared, Routes};
use crate::{health, problems, v1};
use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpRequest, HttpResponse, HttpServer, Responder, get, web};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::{erased_files, idempotency};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Every documented operation, by prefix.
pub(crate) const DECLARED: [Declared; 2] = [("/v1", v1::configure), ("", configure)];

fn configure(routes: &mut Routes) {
    routes
        .service(health::get_health)
        .service(health::get_readiness)
        .service(health::get_metrics)
        .service(health::get_jwks)
        .service(health::get_security_contact)
        .service(problems::get_problem);
}

/// The contract: OpenAPI 3.1.
#[get("/openapi.json")]
async fn get_contract() -> impl Responder {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(contract::COMMITTED)
}

/// What is told as it happens: AsyncAPI 3.
#[get("/asyncapi.json")]
async fn get_events() -> impl Responder {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(contract::EVENTS)
}

/// What no operation answers: a path that is documented says which methods it knows, any other does not exist.
async fn answer_the_rest(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let methods = contract::methods(request.path()).ok_or(ApiError::NotFound)?;
    if *request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, methods)).finish());
    }
    Err(ApiError::MethodNotAllowed(methods.to_owned()))
}

fn cors(origins: &[String]) -> Cors {
    let base = Cors::default()
        .allowed_methods(["GET", "POST", "PATCH", "PUT", "DELETE"])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("on-behalf-of"),
            HeaderName::from_static("x-request-id"),
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("tracestate"),
        ])
        .expose_headers([
            "etag",
            "link",
            "location",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "x-request-id",
            "journal-entry",
            "journal-leaf",
            "idempotency-replayed",
        ])
        .max_age(3600);
    origins.iter().fold(base, |cors, origin| cors.allowed_origin(origin))
}

/// Serves on a listener that is bound already, with `workers` threads.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(app: Arc<App>, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    let app = web::Data::from(app);
    let sweeping = app.clone();
    // Without the badge, which would be fetched from elsewhere: the page works offline.
    let docs =
        Config::from("/openapi.json").validator_url("none").try_it_out_enabled(true).persist_authorization(false);
    let server = HttpServer::new(move || {
        let origins = &app.settings.cors_origins;
        actix_web::App::new()
            .app_data(app.clone())
            .configure(|config| routing::serve(&DECLARED, config))
            .service(get_contract)
            .service(get_events)
            .service(web::redirect("/docs", "/docs/"))
            .service(SwaggerUi::new("/docs/{_:.*}").config(docs.clone()))
            .default_service(web::to(answer_the_rest))
            .wrap(cors(origins))
            .wrap(from_fn(observe))
            .wrap(Compress::default())
    })
    .workers(workers)
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(25)
    .listen(listener)?;
    let server = server.run();
    tokio::spawn(listeners::watch_journals(sweeping.clone()));
    tokio::spawn(end_streams(sweeping.clone()));
    tokio::spawn(sweep(sweeping));
    Ok(server)
}

/// Ends the streams when the server is told to stop: it waits for answers under way, and these would never end.
async fn end_streams(app: web::Data<App>) {
    let mut told = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(told) => told,
        Err(error) => return tracing::warn!(%error, "whoever listens to events is not told of a stop"),
    };
    told.recv().await;
    app.listeners.end();
}

/// Forgets idle callers and old answers, and removes files that had to go by law, every few minutes.
async fn sweep(app: web::Data<App>) {
    let (mut turns, store) = (tokio::time::interval(Duration::from_secs(300)), app.store.in_background());
    loop {
        turns.tick().await;
        app.limits.forget_idle();
        if let Err(error) = erased_files::catch_up(&store, &app.files).await {
            tracing::error!(%error, "redacted files are still there");
        }
        let now = app.now();
        loop {
            let prune = move |connection: &mut AnyConnection| Ok::<_, ApiError>(idempotency::prune(now, connection)?);
            match store.work(prune).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "old idempotency keys are still there");
                    break;
                }
            }
        }
    }
}
