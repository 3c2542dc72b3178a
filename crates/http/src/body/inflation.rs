//! Decompression that stops at the limit: what few bytes claim to be is never held whole.

use crate::error::ApiError;
use flate2::write::MultiGzDecoder;
use std::io::{self, ErrorKind, Write};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// Any other encoding.
pub(super) const UNKNOWN: ApiError = ApiError::MediaType("Content-Encoding must be gzip, zstd or absent.");
/// The window that a sender may ask for: 8 MiB, which every sender may count on (RFC 8878, section 3.1.1.1.2).
const WINDOW_LOG: u32 = 23;
/// Bytes inflated at once.
const CHUNK: usize = 32 << 10;

/// A body on its way.
pub(super) enum Inflation {
    Plain(Bounded),
    /// One member or several, as RFC 1952 (section 2.2) has them.
    Gzip(Box<MultiGzDecoder<Bounded>>),
    Zstd(Box<Zstd>),
}

/// Bytes up to a limit.
pub(super) struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.limit - self.bytes.len() {
            return Err(ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Frames of zstd.
pub(super) struct Zstd {
    decoder: Decoder<'static>,
    inflated: Bounded,
    /// Whether the last frame has come to its end.
    is_whole: bool,
}

impl Zstd {
    fn new(inflated: Bounded) -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Self { decoder, inflated, is_whole: false })
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut input, mut buffer) = (InBuffer::around(bytes), [0; CHUNK]);
        loop {
            let mut output = OutBuffer::around(&mut buffer[..]);
            self.is_whole = self.decoder.run(&mut input, &mut output)? == 0;
            let inflated = output.as_slice().len();
            self.inflated.write_all(output.as_slice())?;
            // A buffer that was filled to the brim may have more behind it.
            if input.pos() == bytes.len() && (inflated < CHUNK || self.is_whole) {
                return Ok(());
            }
        }
    }
}

impl Inflation {
    /// Of a body that is encoded so, in letters of either case, and that has at most `limit` bytes when it is not. `x-gzip`
    /// is `gzip` (RFC 9110, section 8.4.1.3).
    pub(super) fn of(encoding: &str, limit: usize) -> Result<Self, ApiError> {
        let inflated = Bounded { bytes: Vec::new(), limit };
        match encoding.to_ascii_lowercase().as_str() {
            "identity" => Ok(Self::Plain(inflated)),
            "gzip" | "x-gzip" => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(inflated)))),
            "zstd" => Zstd::new(inflated)
                .map(|zstd| Self::Zstd(Box::new(zstd)))
                .map_err(|e| ApiError::Internal(e.to_string())),
            _ => Err(UNKNOWN),
        }
    }

    fn limit(&self) -> usize {
        match self {
            Self::Plain(inflated) => inflated.limit,
            Self::Gzip(gzip) => gzip.get_ref().limit,
            Self::Zstd(zstd) => zstd.inflated.limit,
        }
    }

    /// Takes the next bytes as they were sent.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), ApiError> {
        let taken = match self {
            Self::Plain(inflated) => inflated.write_all(bytes),
            Self::Gzip(gzip) => gzip.write_all(bytes),
            Self::Zstd(_) if bytes.is_empty() => Ok(()),
            Self::Zstd(zstd) => zstd.take(bytes),
        };
        taken.map_err(|error| self.fault(&error))
    }

    /// The whole body.
    pub(super) fn finish(self) -> Result<Vec<u8>, ApiError> {
        let limit = self.limit();
        match self {
            Self::Plain(inflated) => Ok(inflated.bytes),
            Self::Gzip(gzip) => gzip.finish().map(|inflated| inflated.bytes).map_err(|error| fault(&error, limit)),
            Self::Zstd(zstd) if zstd.is_whole => Ok(zstd.inflated.bytes),
            Self::Zstd(_) => Err(fault(&ErrorKind::UnexpectedEof.into(), limit)),
        }
    }

    fn fault(&self, error: &io::Error) -> ApiError {
        fault(error, self.limit())
    }
}

fn fault(error: &io::Error, limit: usize) -> ApiError {
    if error.kind() == ErrorKind::FileTooLarge {
        return ApiError::TooLarge(limit);
    }
    ApiError::Malformed("the body ended early or is not compressed as said".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(encoding: &str, sent: &[u8], limit: usize, step: usize) -> Result<Vec<u8>, ApiError> {
        let mut body = Inflation::of(encoding, limit)?;
        sent.chunks(step).try_for_each(|chunk| body.take(chunk))?;
        body.finish()
    }

    #[test]
    fn the_limit_is_that_of_the_inflated_body() {
        let bytes = vec![b'x'; 100_000];
        for (encoding, sent) in [
            ("identity", bytes.clone()),
            ("gzip", gzip(&bytes)),
            ("GZIP", gzip(&bytes)),
            ("x-gzip", gzip(&bytes)),
            ("zstd", zstd::encode_all(&bytes[..], 3).unwrap()),
            // Two members are one body.
            ("gzip", [gzip(&bytes[..40_000]), gzip(&bytes[..60_000])].concat()),
            // Two frames are one body.
            (
                "zstd",
                zstd::encode_all(&bytes[..40_000], 3)
                    .unwrap()
                    .into_iter()
                    .chain(zstd::encode_all(&bytes[..60_000], 3).unwrap())
                    .collect(),
            ),
        ] {
            assert_eq!(inflate(encoding, &sent, 100_000, 7).unwrap(), bytes, "{encoding}");
            assert!(
                matches!(inflate(encoding, &sent, 99_999, sent.len()), Err(ApiError::TooLarge(99_999))),
                "{encoding}"
            );
        }
    }

    #[test]
    fn a_bomb_is_not_held() {
        let mut bomb = vec![0; 1 << 30];
        bomb = zstd::encode_all(&bomb[..], 1).unwrap();
        assert!(bomb.len() < 64 << 10);
        let mut body = Inflation::of("zstd", 1 << 20).unwrap();
        assert!(matches!(body.take(&bomb), Err(ApiError::TooLarge(_))));
        let Inflation::Zstd(zstd) = body else { panic!() };
        assert!(zstd.inflated.bytes.capacity() <= 2 << 20);
        // A frame that claims a window of 1 GiB, which would have to be allocated first.
        let claims = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 0x01, 0x00, 0x00];
        assert!(matches!(inflate("zstd", &claims, 1 << 20, 9), Err(ApiError::Malformed(_))));
    }

    #[test]
    fn what_is_cut_off_or_not_compressed_is_malformed() {
        let whole = vec![7; 5_000];
        for (encoding, sent) in [("gzip", gzip(&whole)), ("zstd", zstd::encode_all(&whole[..], 3).unwrap())] {
            for end in 0..sent.len() {
                let cut = inflate(encoding, &sent[..end], 1 << 20, 1_000);
                assert!(matches!(cut, Err(ApiError::Malformed(_))), "{encoding} {end}");
            }
            assert!(matches!(inflate(encoding, b"{}", 1 << 20, 9), Err(ApiError::Malformed(_))));
        }
        assert!(matches!(inflate("br", b"", 1, 1), Err(ApiError::MediaType(_))));
        assert!(matches!(inflate("gzip, gzip", b"", 1, 1), Err(ApiError::MediaType(_))));
    }

    proptest! {
        #[test]
        fn reads_what_was_compressed(bytes in proptest::collection::vec(any::<u8>(), 0..5_000), step in 1..999_usize) {
            prop_assert_eq!(&inflate("gzip", &gzip(&bytes), 5_000, step).unwrap(), &bytes);
            prop_assert_eq!(&inflate("zstd", &zstd::encode_all(&bytes[..], 1).unwrap(), 5_000, step).unwrap(), &bytes);
        }

        #[test]
        fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let _ = (inflate("gzip", &bytes, 99, 50), inflate("zstd", &bytes, 99, 50));
        }
    }
}
