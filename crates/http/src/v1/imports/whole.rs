//! Bodies that are one document of another tool's, read as a whole.

use crate::body;
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use sha2::{Digest, Sha256};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

/// A form of documents.
pub(crate) trait Form: 'static {
    /// Its media type.
    const TYPE: &'static str;
    /// What is said to whoever names another.
    const REFUSAL: &'static str;
    /// Bytes at most, after decompression.
    const BYTES: usize;
}

/// A document's bytes, and what is wrong with them kept until the caller is known to be allowed to ask.
pub(crate) struct Whole<F> {
    pub bytes: Result<Vec<u8>, ApiError>,
    pub digest: [u8; 32],
    form: PhantomData<F>,
}

impl<F: Form> FromRequest for Whole<F> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            if body::media_type(&request) != F::TYPE {
                let bytes = Err(ApiError::MediaType(F::REFUSAL));
                return Ok(Self { bytes, digest: [0; 32], form: PhantomData });
            }
            let bytes = body::read(&request, payload, F::BYTES).await;
            let digest = Sha256::digest(bytes.as_deref().unwrap_or_default()).into();
            Ok(Self { bytes, digest, form: PhantomData })
        })
    }
}
