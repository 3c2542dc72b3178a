//! Failures in the forms of the protocols that are spoken at the doors under `/v1/ingest/`: the one place where a failure is
//! told otherwise than by a problem (RFC 9457), in code and in the contract. Status, headers and request id are the same.

use crate::body::media_type;
use crate::error::Problem;
use crate::v1::scim::{SCIM, SCIM_JSON};
use actix_web::HttpRequest;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use ratchet_ingest::otlp;
use serde::Serialize;
use serde_json::{Value, json};

/// Where measurements come in from elsewhere.
pub(crate) const DOORS: &str = "/v1/ingest/";
/// OTLP/HTTP.
pub(crate) const OTLP: &str = "/v1/ingest/otlp/v1/metrics";
/// Prometheus remote write.
pub(crate) const REMOTE_WRITE: &str = "/v1/ingest/prometheus/write";
/// InfluxDB, version 1.
pub(crate) const INFLUX_V1: &str = "/v1/ingest/influx/write";
/// Whether InfluxDB is there.
pub(crate) const INFLUX_PING: &str = "/v1/ingest/influx/ping";
/// The same in words.
pub(crate) const INFLUX_HEALTH: &str = "/v1/ingest/influx/health";
/// InfluxDB, version 2.
pub(crate) const INFLUX_V2: &str = "/v1/ingest/influx/api/v2/write";
/// The media type of Protocol Buffers.
pub(crate) const PROTOBUF: &str = "application/x-protobuf";
/// How much was written, as remote write 2.0 has it told: samples, histograms, exemplars.
pub(crate) const WRITTEN: [&str; 3] = [
    "x-prometheus-remote-write-samples-written",
    "x-prometheus-remote-write-histograms-written",
    "x-prometheus-remote-write-exemplars-written",
];

/// How a protocol wants failures told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `google.rpc.Status` in JSON.
    OtlpJson,
    /// The same in Protocol Buffers.
    OtlpProtobuf,
    /// A line of text, which Prometheus writes into its log.
    RemoteWrite,
    /// InfluxDB's own JSON.
    Influx,
    /// What directories read (RFC 7644, section 3.12).
    Scim,
}

/// Why a directory is refused (RFC 7644, section 3.12).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ScimFault {
    /// The schema of an error.
    schemas: [&'static str; 1],
    /// The HTTP status, as a text.
    #[schema(example = "400")]
    status: String,
    /// Of what kind it is, where the protocol has a word for it.
    #[serde(rename = "scimType", skip_serializing_if = "Option::is_none")]
    #[schema(example = "invalidFilter")]
    scim_type: Option<&'static str>,
    /// For people.
    #[schema(example = "The request cannot be read.")]
    detail: String,
}

/// The protocol's words for what is wrong, by ours.
const SCIM_TYPES: [(&str, &str); 7] = [
    ("invalid_filter", "invalidFilter"),
    ("invalid_path", "invalidPath"),
    ("invalid_syntax", "invalidSyntax"),
    ("invalid_value", "invalidValue"),
    ("mutability", "mutability"),
    ("no_target", "noTarget"),
    ("taken", "uniqueness"),
];

fn scim_fault(status: u16, codes: &[&str], detail: &str) -> Vec<u8> {
    let scim_type =
        codes.iter().find_map(|code| SCIM_TYPES.iter().find(|(ours, _)| ours == code).map(|(_, word)| *word));
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
    let fault = ScimFault { schemas, status: status.to_string(), scim_type, detail: detail.to_owned() };
    serde_json::to_vec(&fault).unwrap_or_default()
}

/// Why an export was not taken: `google.rpc.Status`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OtlpStatus {
    /// As `google.rpc.Code` numbers it.
    #[schema(example = 16)]
    code: u32,
    /// For people.
    #[schema(example = "No valid credentials.")]
    message: String,
}

/// Why lines were not written, in the forms of both versions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InfluxFault {
    /// As version 2 has it, for programs.
    #[schema(example = "invalid")]
    code: &'static str,
    /// As version 2 has it, for people.
    #[schema(example = "partial write: 1 line was not written: line 2: the line has no fields")]
    message: String,
    /// As version 1 has it: the same.
    error: String,
}

impl Dialect {
    /// Of the door that was asked for; `None` where failures are problems. A body of a type that OTLP does not have is
    /// answered by a problem: there is no encoding to answer in.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        match request.path() {
            OTLP => match media_type(request).as_str() {
                PROTOBUF => Some(Self::OtlpProtobuf),
                "application/json" => Some(Self::OtlpJson),
                _ => None,
            },
            REMOTE_WRITE => Some(Self::RemoteWrite),
            INFLUX_V1 | INFLUX_V2 | INFLUX_PING | INFLUX_HEALTH => Some(Self::Influx),
            path if path.starts_with(SCIM) => Some(Self::Scim),
            _ => None,
        }
    }

    /// The media type, and the body.
    pub(crate) fn body(self, status: u16, message: &str) -> (&'static str, Vec<u8>) {
        let message = || message.to_owned();
        match self {
            Self::OtlpJson => {
                let status = OtlpStatus { code: code_of(status), message: message() };
                ("application/json", serde_json::to_vec(&status).unwrap_or_default())
            }
            Self::OtlpProtobuf => (PROTOBUF, otlp::status(code_of(status), &message())),
            Self::RemoteWrite => ("text/plain; charset=utf-8", format!("{}\n", message()).into_bytes()),
            Self::Influx => {
                let fault = InfluxFault { code: word_of(status), message: message(), error: message() };
                ("application/json", serde_json::to_vec(&fault).unwrap_or_default())
            }
            Self::Scim => (SCIM_JSON, scim_fault(status, &[], &message())),
        }
    }

    /// The problem in this form.
    pub(crate) fn told(self, mut response: ServiceResponse<BoxBody>, problem: &Problem) -> ServiceResponse<BoxBody> {
        let (media_type, mut body) = self.body(problem.status, &problem.line());
        if self == Self::Scim {
            let codes: Vec<&str> = problem.errors.iter().map(|fault| fault.code.as_str()).collect();
            body = scim_fault(problem.status, &codes, &problem.line());
        }
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if self == Self::RemoteWrite {
            for name in WRITTEN {
                response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static("0"));
            }
        }
        response.map_body(|_, _| BoxBody::new(body))
    }
}

/// `google.rpc.Code`.
fn code_of(status: u16) -> u32 {
    match StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR) {
        StatusCode::UNAUTHORIZED => 16,
        StatusCode::FORBIDDEN => 7,
        StatusCode::NOT_FOUND => 5,
        StatusCode::METHOD_NOT_ALLOWED => 12,
        StatusCode::TOO_MANY_REQUESTS => 8,
        StatusCode::SERVICE_UNAVAILABLE => 14,
        status if status.is_client_error() => 3,
        _ => 13,
    }
}

/// The words of InfluxDB 2.
fn word_of(status: u16) -> &'static str {
    match StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR) {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not found",
        StatusCode::METHOD_NOT_ALLOWED => "method not allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "request too large",
        StatusCode::TOO_MANY_REQUESTS => "too many requests",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_client_error() => "invalid",
        _ => "internal error",
    }
}

/// What the contract says of failures at this path, by media type; `None` where they are problems.
pub(crate) fn documented(path: &str) -> Option<Value> {
    let schema = |name: &str| json!({ "schema": { "$ref": format!("#/components/schemas/{name}") } });
    let bytes = json!({ "schema": { "type": "string", "format": "binary" } });
    match path {
        OTLP => Some(json!({
            "application/json": schema("OtlpStatus"),
            PROTOBUF: bytes,
            "application/problem+json": schema("Problem"),
        })),
        REMOTE_WRITE => Some(json!({ "text/plain": { "schema": { "type": "string" } } })),
        INFLUX_V1 | INFLUX_V2 | INFLUX_PING | INFLUX_HEALTH => {
            Some(json!({ "application/json": schema("InfluxFault") }))
        }
        path if path.starts_with(SCIM) => Some(json!({ SCIM_JSON: schema("ScimFault") })),
        _ => None,
    }
}
