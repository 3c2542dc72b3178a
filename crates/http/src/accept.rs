//! Which of several forms an answer has (RFC 9110, section 12.5.1).

use crate::error::ApiError;
use actix_web::HttpRequest;
use actix_web::http::header;

/// The form that the caller prefers, of those that are offered; of several that are wanted alike the one that is offered first,
/// and that one, too, where nothing is said.
pub(crate) fn preferred(request: &HttpRequest, offered: &'static [&'static str]) -> Result<&'static str, ApiError> {
    let said = request.headers().get_all(header::ACCEPT).map(|value| value.to_str().unwrap_or_default());
    let ranges: Vec<Range> = said.flat_map(|line| line.split(',')).filter_map(Range::of).collect();
    if ranges.is_empty() && !request.headers().contains_key(header::ACCEPT) {
        return offered.first().copied().ok_or(ApiError::NotAcceptable(offered));
    }
    let mut best: Option<(u16, &'static str)> = None;
    for form in offered.iter().copied() {
        let quality = quality(form, &ranges);
        if quality > best.map_or(0, |(quality, _)| quality) {
            best = Some((quality, form));
        }
    }
    best.map(|(_, form)| form).ok_or(ApiError::NotAcceptable(offered))
}

/// A range of media types, and how much it is wanted, in thousandths.
struct Range {
    kind: String,
    subtype: String,
    quality: u16,
}

impl Range {
    /// `None` of what is no range; its other parameters are not looked at.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    fn of(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let quality = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("q"));
        let quality = quality.map_or(Some(1.0), |(_, value)| value.parse::<f32>().ok())?;
        if !(0.0..=1.0).contains(&quality) {
            return None;
        }
        let (kind, subtype) = (kind.to_ascii_lowercase(), subtype.to_ascii_lowercase());
        Some(Self { kind, subtype, quality: (quality * 1_000.0).round() as u16 })
    }

    /// How closely it names a media type; `None` where it does not.
    fn closeness(&self, form: &str) -> Option<u8> {
        let (kind, subtype) = form.split_once('/')?;
        match (self.kind.as_str(), self.subtype.as_str()) {
            (own, other) if own == kind && other == subtype => Some(2),
            (own, "*") if own == kind => Some(1),
            ("*", "*") => Some(0),
            _ => None,
        }
    }
}

/// How much a form is wanted: what names it most closely says it.
fn quality(form: &str, ranges: &[Range]) -> u16 {
    let naming = ranges.iter().filter_map(|range| Some((range.closeness(form)?, range.quality)));
    naming.max().map_or(0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    const OFFERED: &[&str] = &["application/json", "image/svg+xml", "image/png"];

    #[test]
    fn what_is_wanted_most_is_answered() {
        for (accept, expected) in [
            ("*/*", Some("application/json")),
            ("application/json", Some("application/json")),
            ("image/svg+xml", Some("image/svg+xml")),
            ("IMAGE/PNG", Some("image/png")),
            ("image/*", Some("image/svg+xml")),
            ("image/*, image/svg+xml;q=0", Some("image/png")),
            ("image/svg+xml;q=0.5, image/png;q=0.9", Some("image/png")),
            ("text/html, image/avif, image/webp, image/png, image/svg+xml, */*;q=0.8", Some("image/svg+xml")),
            ("application/json;q=0, */*", Some("image/svg+xml")),
            ("application/problem+json, application/json; charset=utf-8", Some("application/json")),
            ("text/html", None),
            ("*/*;q=0", None),
            ("nonsense", None),
            ("image/png;q=2", None),
        ] {
            let request = TestRequest::default().insert_header((header::ACCEPT, accept)).to_http_request();
            assert_eq!(preferred(&request, OFFERED).ok(), expected, "{accept}");
        }
        assert_eq!(preferred(&TestRequest::default().to_http_request(), OFFERED).ok(), Some("application/json"));
    }
}
