//! A body as a door takes it: bytes, and what is wrong with them kept until the caller is known to be allowed to ask.

use crate::body;
use crate::error::ApiError;
use crate::v1::measurements::intake::BYTES;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use ratchet_ingest::remote_write;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::pin::Pin;

/// Blocks of snappy, which only one of the doors takes.
const SNAPPY: &str = "snappy";

/// Parameters of a door.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DoorParameters {
    /// Run the same job and keep nothing: answers what would become of each point, whatever the protocol answers otherwise.
    #[serde(default)]
    #[param(required = false)]
    pub dry_run: bool,
}

/// A body.
pub(super) struct Delivery {
    bytes: Result<Vec<u8>, ApiError>,
    is_snappy: bool,
    pub digest: [u8; 32],
}

impl FromRequest for Delivery {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let is_snappy = body::encoding(&request).is_ok_and(|encoding| encoding.eq_ignore_ascii_case(SNAPPY));
            let bytes = if is_snappy {
                body::read_encoded(&request, payload, "identity", BYTES).await
            } else {
                body::read(&request, payload, BYTES).await
            };
            // Senders give up what is answered with 408, and come again after 503.
            let bytes = bytes.map_err(|error| if matches!(error, ApiError::TooSlow) { ApiError::Busy } else { error });
            let digest = Sha256::digest(bytes.as_deref().unwrap_or_default()).into();
            Ok(Self { bytes, is_snappy, digest })
        })
    }
}

impl Delivery {
    /// The body, as blocks of snappy.
    pub(super) fn in_blocks(self) -> Result<Vec<u8>, ApiError> {
        if !self.is_snappy {
            return Err(ApiError::MediaType("Content-Encoding must be snappy."));
        }
        Ok(remote_write::inflate(&self.bytes?, BYTES)?)
    }

    /// The body, inflated.
    pub(super) fn inflated(self) -> Result<Vec<u8>, ApiError> {
        if self.is_snappy {
            return Err(ApiError::MediaType("Content-Encoding must be gzip, zstd or absent."));
        }
        self.bytes
    }
}
