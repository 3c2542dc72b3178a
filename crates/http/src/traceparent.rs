//! W3C Trace Context: which trace a request belongs to, by the header `traceparent`. It is told in the log, so that one
//! request is found among those of other programs; nothing else hangs on it.

use actix_web::http::header::HeaderMap;

/// Letters and digits of a trace's id.
const TRACE: usize = 32;
/// Those of the span above ours.
const PARENT: usize = 16;
/// A header of version 00 has exactly so many characters, one of a later version at least.
const LENGTH: usize = 55;

/// The trace's id; `None` where there is no header, several, or one that is malformed, which is as good as none.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all("traceparent");
    let (value, None) = (sent.next()?, sent.next()) else { return None };
    parse(value.to_str().ok()?)
}

fn parse(text: &str) -> Option<&str> {
    let mut fields = text.splitn(5, '-');
    let (version, trace) = (fields.next()?, fields.next()?);
    let (parent, flags) = (fields.next()?, fields.next()?);
    let is_known = match version {
        "00" => text.len() == LENGTH,
        // Of a later version the beginning is read as if it were this one (section 4.3).
        _ => is_hexadecimal(version, 2) && version != "ff" && text.len() >= LENGTH,
    };
    let is_named = |id: &str, length: usize| is_hexadecimal(id, length) && id.bytes().any(|byte| byte != b'0');
    (is_known && is_named(trace, TRACE) && is_named(parent, PARENT) && is_hexadecimal(flags, 2)).then_some(trace)
}

/// In lower case, as the recommendation has it.
fn is_hexadecimal(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn told(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HeaderName::from_static("traceparent"), HeaderValue::from_str(value).unwrap());
        }
        trace_id(&headers).map(str::to_owned)
    }

    #[test]
    fn a_well_formed_one_names_the_trace() {
        for value in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later",
        ] {
            assert_eq!(told(&[value]).as_deref(), Some(TRACE_ID), "{value}");
        }
    }

    #[test]
    fn a_malformed_one_is_as_good_as_none() {
        for value in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-001",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(told(&[value]), None, "{value}");
        }
        assert_eq!(told(&[]), None);
        let one = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(told(&[one, one]), None, "it is sent once");
    }
}
