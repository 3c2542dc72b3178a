//! Files on their way: received by the chunk, so that none is held in memory; sent so that no browser runs them.

use crate::app::App;
use crate::caller::Call;
use crate::error::ApiError;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use futures_util::StreamExt;
use ratchet_domain::evidence::File;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::reference::Reference;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::files::{Content, Files, Incoming};
use std::io::{self, ErrorKind, Read};
use uuid::Uuid;

/// Bytes sent at once.
const CHUNK: usize = 64 << 10;
/// Types that are sent as they were declared; all others as plain bytes.
pub(crate) const HARMLESS: [&str; 13] = [
    "application/gzip",
    "application/json",
    "application/pdf",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/zip",
    "image/gif",
    "image/jpeg",
    "image/png",
    "text/csv",
    "text/plain",
];

/// The body's type without parameters; plain bytes where none is declared.
pub(super) fn declared_type(call: &Call) -> Result<String, ApiError> {
    if call.header("content-encoding")?.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(ApiError::MediaType("Send the file as it is, without Content-Encoding."));
    }
    let declared = crate::body::media_type(&call.request);
    Ok(if declared.is_empty() { "application/octet-stream".to_owned() } else { declared })
}

/// The hash's bytes.
pub(super) fn digest_of(sha256: &str) -> [u8; 32] {
    hex::decode(sha256).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}

/// Receives the body into a file that is whole and safe on disk when this ends, and kept nowhere yet.
pub(super) async fn receive(call: &Call, mut payload: web::Payload) -> Result<(Content, Incoming), ApiError> {
    let (limit, patience) = (call.app.settings.evidence_limit, call.app.settings.body_patience);
    let too_large = || ApiError::TooLarge(usize::try_from(limit).unwrap_or(usize::MAX));
    let declared = call.header("content-length")?.and_then(|length| length.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let (files, id) = (call.app.files.clone(), (call.app.source.id)());
    let mut incoming = on_disk(move || files.receive(id)).await?;
    let mut received = 0;
    loop {
        let chunk = match tokio::time::timeout(patience, payload.next()).await {
            Err(_) => return Err(ApiError::TooSlow),
            Ok(None) => break,
            Ok(Some(chunk)) => chunk.map_err(|_| ApiError::Malformed("the body ended early".to_owned()))?,
        };
        (incoming, received) = on_disk(move || {
            let size = incoming.take(&chunk)?;
            Ok((incoming, size))
        })
        .await?;
        if received > limit {
            return Err(too_large());
        }
    }
    // Before it is kept: what is refused leaves nothing behind.
    if received == 0 {
        return Err(Refusal::invalid("", "empty", "must be a file with content: an empty one shows nothing").into());
    }
    on_disk(move || Ok((incoming.end()?, incoming))).await
}

/// Keeps what was received, for whoever holds its content.
pub(super) fn keep(files: &Files, organisation: Uuid, incoming: Incoming) -> Result<(), ApiError> {
    files.keep(organisation, incoming).map(drop).map_err(unkept)
}

/// Runs what may wait for the disk where waiting harms nobody.
async fn on_disk<T: Send + 'static>(job: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, ApiError> {
    let done = web::block(job).await.map_err(|error| ApiError::Internal(error.to_string()))?;
    done.map_err(unkept)
}

fn unkept(error: io::Error) -> ApiError {
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        tracing::error!(%error, "no room for evidence");
        return ApiError::Busy;
    }
    ApiError::Internal(format!("evidence: {error}"))
}

/// Sends a file's content, and nothing when it is not the one that was received.
pub(super) async fn send(
    app: &App,
    (organisation, reference): (OrganisationId, Reference),
    kept: File,
) -> Result<HttpResponse, ApiError> {
    let content = Content { sha256: kept.sha256.clone(), size: kept.size };
    let files = app.files.clone();
    let open = move || Files::open(&files, organisation.0, &content);
    let opened = web::block(open).await.map_err(|error| ApiError::Internal(error.to_string()))?;
    let file = opened.map_err(|error| ApiError::Damaged(format!("{reference}: {error}")))?;
    let chunks = futures_util::stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let read = web::block(move || {
            let mut buffer = vec![0; CHUNK];
            let read = file.read(&mut buffer)?;
            buffer.truncate(read);
            Ok::<_, io::Error>((file, buffer))
        });
        match read.await {
            Ok(Ok((_, bytes))) if bytes.is_empty() => None,
            Ok(Ok((file, bytes))) => Some((Ok(web::Bytes::from(bytes)), Some(file))),
            Ok(Err(error)) => Some((Err(error), None)),
            Err(error) => Some((Err(io::Error::other(error)), None)),
        }
    });
    let mut answer = HttpResponse::Ok();
    // The bytes as they are: what they hash to is what the journal binds.
    answer.insert_header(header::ContentEncoding::Identity);
    answer.insert_header((header::CONTENT_TYPE, sent_type(&kept.media_type)));
    answer.insert_header((header::CONTENT_DISPOSITION, disposition(&kept.name)));
    answer.insert_header(("content-security-policy", "sandbox; default-src 'none'"));
    answer.insert_header(("cross-origin-resource-policy", "same-origin"));
    answer.insert_header((header::ETAG, tag_of(&kept)));
    Ok(answer.body(actix_web::body::SizedStream::new(kept.size, Box::pin(chunks))))
}

/// What its content hashes to never changes.
pub(super) fn tag_of(file: &File) -> String {
    format!("\"{}\"", file.sha256)
}

fn sent_type(declared: &str) -> &'static str {
    HARMLESS.into_iter().find(|harmless| *harmless == declared).unwrap_or("application/octet-stream")
}

/// `attachment` with the name as RFC 8187 writes it, and an ASCII one for those who cannot read that.
fn disposition(name: &str) -> HeaderValue {
    let safe: String =
        name.chars().map(|c| if matches!(c, '/' | '\\' | ':') || c.is_control() { '_' } else { c }).collect();
    let plain: String = safe
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in safe.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    HeaderValue::try_from(format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_header_or_its_directory() {
        for (name, expected) in [
            ("report.pdf", "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf"),
            ("../../x", "attachment; filename=\".._.._x\"; filename*=UTF-8''.._.._x"),
            ("C:\\x", "attachment; filename=\"C__x\"; filename*=UTF-8''C__x"),
            ("a\"\r\nb", "attachment; filename=\"a___b\"; filename*=UTF-8''a%22__b"),
            ("prüf.csv", "attachment; filename=\"pr_f.csv\"; filename*=UTF-8''pr%C3%BCf.csv"),
        ] {
            assert_eq!(disposition(name).to_str().unwrap(), expected);
        }
    }

    #[test]
    fn nothing_that_a_browser_runs_is_sent_as_declared() {
        for declared in ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript", "x/y"] {
            assert_eq!(sent_type(declared), "application/octet-stream");
        }
        assert_eq!(sent_type("image/png"), "image/png");
    }
}
