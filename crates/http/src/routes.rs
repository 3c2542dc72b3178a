//! The routes, and what wraps them.

use crate::app::App;
use crate::body::shape::Shapes;
use crate::document::document;
use crate::error::ApiError;
use crate::observe::observe;
use crate::routing::{self, Routes};
use crate::{health, problems, v1};
use actix_cors::Cors;
use actix_web::dev::{ResourceDef, Server};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpRequest, HttpResponse, HttpServer, Responder, get, web};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::idempotency;
use serde_json::Value;
use std::net::TcpListener;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Every documented operation, by prefix.
pub(crate) const DECLARED: [(&str, fn(&mut Routes)); 2] = [("/v1", v1::configure), ("", configure)];

fn configure(routes: &mut Routes) {
    routes
        .service(health::get_health)
        .service(health::get_readiness)
        .service(health::get_metrics)
        .service(health::get_jwks)
        .service(problems::get_problem);
}

/// What the contract's own routes answer.
struct Contract {
    json: String,
    /// Each documented path with the methods it knows.
    paths: Vec<(ResourceDef, String)>,
    shapes: Arc<Shapes>,
}

impl Contract {
    fn new(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten().map(|(path, item)| {
            let documented = item.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase());
            let mut known: Vec<String> = documented.collect();
            if known.iter().any(|method| method == "GET") {
                known.push("HEAD".to_owned());
            }
            known.push("OPTIONS".to_owned());
            (ResourceDef::new(path.as_str()), known.join(", "))
        });
        Self { paths: paths.collect(), shapes: Arc::new(Shapes::of(document)), json: document.to_string() }
    }
}

/// The contract, put together once for all servers of the process.
fn contract() -> Option<Arc<Contract>> {
    static CONTRACT: OnceLock<Option<Arc<Contract>>> = OnceLock::new();
    // On a thread that ends: what the document takes while it is put together goes back with it.
    let made = || std::thread::spawn(|| Arc::new(Contract::new(&document()))).join().ok();
    CONTRACT.get_or_init(made).clone()
}

/// The contract: OpenAPI 3.1.
#[get("/openapi.json")]
async fn get_contract(contract: web::Data<Contract>) -> impl Responder {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(contract.json.clone())
}

/// What no operation answers: a path that is documented says which methods it knows, any other does not exist.
async fn answer_the_rest(request: HttpRequest, contract: web::Data<Contract>) -> Result<HttpResponse, ApiError> {
    let found = contract.paths.iter().find(|(pattern, _)| pattern.is_match(request.path()));
    let (_, methods) = found.ok_or(ApiError::NotFound)?;
    if *request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, methods.as_str())).finish());
    }
    Err(ApiError::MethodNotAllowed(methods.clone()))
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
            HeaderName::from_static("on-behalf-of"),
            HeaderName::from_static("x-request-id"),
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
    let contract = contract().ok_or_else(|| std::io::Error::other("the contract cannot be written"))?;
    let shapes = web::Data::from(contract.shapes.clone());
    let contract = web::Data::from(contract);
    let sweeping = app.clone();
    // Without the badge, which would be fetched from elsewhere: the page works offline.
    let docs =
        Config::from("/openapi.json").validator_url("none").try_it_out_enabled(true).persist_authorization(false);
    let server = HttpServer::new(move || {
        let origins = &app.settings.cors_origins;
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(contract.clone())
            .app_data(shapes.clone())
            .configure(|config| routing::serve(&DECLARED, config))
            .service(get_contract)
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
    tokio::spawn(sweep(sweeping));
    Ok(server)
}

/// Forgets idle callers and old answers, every few minutes.
async fn sweep(app: web::Data<App>) {
    let (mut turns, store) = (tokio::time::interval(Duration::from_secs(300)), app.store.in_background());
    loop {
        turns.tick().await;
        app.limits.forget_idle();
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
