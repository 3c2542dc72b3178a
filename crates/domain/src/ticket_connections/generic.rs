//! How a system is spoken to for which there is no connector: addresses with gaps, and JSON Pointers (RFC 6901) to what is
//! read and written.

use crate::refusal::{Fault, Faults};
use crate::text;
use serde::{Deserialize, Serialize};

/// What stands in gaps, such as `{title}`.
pub const PLACEHOLDERS: [&str; 9] =
    ["project", "key", "title", "text", "due_on", "assignee", "status", "marker", "since"];
/// Characters of a path, a pointer, a value or a header, at most.
const LENGTH: usize = 2_000;
/// Members of a body and headers, at most.
const MEMBERS: usize = 50;
/// Tickets of a page, at most.
const PAGE: i64 = 1_000;
/// Headers that the program writes itself, or that would change whom it speaks to.
const RESERVED: [&str; 8] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "authorization",
    "proxy-authorization",
    "upgrade",
    "te",
];

/// How the program says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketAuthScheme))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AuthScheme {
    /// User and password (RFC 7617).
    Basic,
    /// A token in `Authorization` (RFC 6750).
    Bearer,
    /// A token in a header of its own: `auth_header`.
    Header,
}

/// A method of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketRequestMethod))]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are called as they are")]
pub enum RequestMethod {
    Get,
    Post,
    Put,
    Patch,
}

/// A name and what stands beside it: a header, or a member of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketRequestMember))]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The header's name, or the JSON Pointer of the member.
    #[cfg_attr(feature = "openapi", schema(example = "/summary", max_length = 2_000))]
    pub name: String,
    /// What is written there, with gaps; left out where a gap has nothing to be filled with.
    #[cfg_attr(feature = "openapi", schema(example = "{title}", max_length = 2_000))]
    pub value: String,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketRequest))]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// By which method.
    pub method: RequestMethod,
    /// Behind the connection's address, with gaps: `{key}`, `{project}`, `{marker}`, `{since}` (RFC 3339).
    #[cfg_attr(feature = "openapi", schema(example = "/issues/{key}", max_length = 2_000))]
    pub path: String,
    /// The members of the body; none has no body.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub body: Vec<Member>,
}

/// Where an answer says what: each a JSON Pointer into one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketReading))]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Where the ticket lies in the answer to one; empty: the answer is the ticket.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "/data", max_length = 2_000))]
    pub ticket: String,
    /// Where the list lies in the answer to a search; empty: the answer is the list.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "/data", max_length = 2_000))]
    pub list: String,
    /// The ticket's key.
    #[cfg_attr(feature = "openapi", schema(example = "/id", max_length = 2_000))]
    pub key: String,
    /// Its status.
    #[cfg_attr(feature = "openapi", schema(example = "/status/name", max_length = 2_000))]
    pub status: String,
    /// Its one line.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "/title", max_length = 2_000))]
    pub title: Option<String>,
    /// What is to be done.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "/description", max_length = 2_000))]
    pub text: Option<String>,
    /// The day by which it is to be done: what begins as `YYYY-MM-DD`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "/due", max_length = 2_000))]
    pub due_on: Option<String>,
    /// Who does it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "/assignee/name", max_length = 2_000))]
    pub assignee: Option<String>,
    /// When it was changed last (RFC 3339).
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "/updated_at", max_length = 2_000))]
    pub updated_at: Option<String>,
    /// Where people read it: an address with `{key}` and `{project}`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "https://tickets.example.org/issues/{key}", max_length = 2_000))]
    pub address: Option<String>,
}

/// How what the other system sends is known to come from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketSignature))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Signature {
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature` (Standard Webhooks).
    StandardWebhooks,
    /// The header holds the HMAC-SHA256 of the body in hexadecimal, with or without `sha256=` before it.
    HmacSha256,
    /// The header holds the secret itself.
    Token,
}

/// What the other system sends when a ticket has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketInbound))]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// How it is known to come from there.
    pub signature: Signature,
    /// The header with the signature or the token; not asked for by Standard Webhooks.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "x-signature", max_length = 2_000))]
    pub header: Option<String>,
    /// Where the body says the ticket's key: a JSON Pointer.
    #[cfg_attr(feature = "openapi", schema(example = "/issue/id", max_length = 2_000))]
    pub key: String,
}

/// How a system is spoken to for which there is no connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = GenericTicketSystem))]
#[serde(deny_unknown_fields)]
pub struct Generic {
    /// How the program says who it is.
    pub auth: AuthScheme,
    /// The header of a token, where `auth` is `header`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "x-api-key", max_length = 2_000))]
    pub auth_header: Option<String>,
    /// Headers of every request; `{etag}` is what the ticket's last answer had as `ETag`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub headers: Vec<Member>,
    /// Makes a ticket. `{marker}` must be in it, so that what was made is found again.
    pub create: Request,
    /// Reads one.
    pub fetch: Request,
    /// Changes one: only what has changed fills its gaps.
    pub update: Request,
    /// Moves one to another status, where `update` does not.
    #[serde(default)]
    pub set_status: Option<Request>,
    /// Finds the one with the `{marker}`; without it one that was made, of which no answer came, is made again.
    #[serde(default)]
    pub find: Option<Request>,
    /// Lists those that have changed `{since}` then; without it each is asked after once a day, and when something arrives.
    #[serde(default)]
    pub changed: Option<Request>,
    /// Tickets that `changed` lists at most, where it lists a page alone: where there are as many, each ticket is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = 100, minimum = 1, maximum = 1_000))]
    pub page_size: Option<i64>,
    /// Where answers say what.
    pub reading: Reading,
    /// What the other system sends; without it what arrives is refused.
    #[serde(default)]
    pub inbound: Option<Inbound>,
}

impl Generic {
    pub(super) fn note_faults(&self, faults: &mut Faults) {
        let Self { auth, auth_header, headers, create, fetch, update, set_status, .. } = self;
        let Self { find, changed, page_size, reading, inbound, .. } = self;
        match (auth, auth_header) {
            (AuthScheme::Header, Some(name)) => note_header("/generic/auth_header", name, faults),
            (AuthScheme::Header, None) => {
                faults.push(Fault::new("/generic/auth_header", "required", "must name the header of the token"));
            }
            (AuthScheme::Basic | AuthScheme::Bearer, Some(_)) => {
                faults.push(Fault::new("/generic/auth_header", "not_allowed", "is for `header` alone"));
            }
            (AuthScheme::Basic | AuthScheme::Bearer, None) => {}
        }
        if headers.len() > MEMBERS {
            faults.push(Fault::new("/generic/headers", "length", format!("must be at most {MEMBERS}")));
        }
        for (index, Member { name, value }) in headers.iter().enumerate().take(MEMBERS) {
            note_header(&format!("/generic/headers/{index}/name"), name, faults);
            note_text(&format!("/generic/headers/{index}/value"), value, faults);
        }
        let requests = [("fetch", Some(fetch)), ("update", Some(update)), ("set_status", set_status.as_ref())];
        for (name, request) in requests {
            let Some(request) = request else { continue };
            let pointer = format!("/generic/{name}");
            request.note_faults(&pointer, faults);
            if !request.path.contains("{key}") {
                faults.push(Fault::new(format!("{pointer}/path"), "incomplete", "must have {key} in it"));
            }
        }
        create.note_faults("/generic/create", faults);
        for (name, gap, request) in [("find", "{marker}", find), ("changed", "{since}", changed)] {
            let Some(request) = request else { continue };
            request.note_faults(&format!("/generic/{name}"), faults);
            let is_in = |text: &str| text.contains(gap);
            if !is_in(&request.path) && !request.body.iter().any(|member| is_in(&member.value)) {
                faults.push(Fault::new(format!("/generic/{name}"), "incomplete", format!("must have {gap} in it")));
            }
        }
        if let Some(size) = page_size {
            faults.keep(text::graded("/generic/page_size", *size, 1..=PAGE));
        }
        reading.note_faults(faults);
        if let Some(Inbound { signature, header, key }) = inbound {
            note_pointer("/generic/inbound/key", key, faults);
            match (signature, header) {
                (Signature::HmacSha256 | Signature::Token, None) => {
                    faults.push(Fault::new("/generic/inbound/header", "required", "must name the header"));
                }
                (_, Some(name)) => note_name("/generic/inbound/header", name, faults),
                (Signature::StandardWebhooks, None) => {}
            }
        }
    }
}

impl Request {
    fn note_faults(&self, pointer: &str, faults: &mut Faults) {
        let Self { method, path, body } = self;
        let at = format!("{pointer}/path");
        if !path.starts_with('/') || path.starts_with("//") || path.contains(['#', '\\']) {
            faults.push(Fault::new(at.as_str(), "malformed", "must be a path, such as /issues/{key}"));
        }
        note_text(&at, path, faults);
        note_gaps(&at, path, faults);
        if body.len() > MEMBERS || (*method == RequestMethod::Get && !body.is_empty()) {
            let detail = format!("must have at most {MEMBERS} members, and none for GET");
            faults.push(Fault::new(format!("{pointer}/body"), "length", detail));
        }
        for (index, Member { name, value }) in body.iter().enumerate().take(MEMBERS) {
            note_pointer(&format!("{pointer}/body/{index}/name"), name, faults);
            note_text(&format!("{pointer}/body/{index}/value"), value, faults);
            note_gaps(&format!("{pointer}/body/{index}/value"), value, faults);
        }
    }
}

impl Reading {
    fn note_faults(&self, faults: &mut Faults) {
        let Self { ticket, list, key, status, title, text, due_on, assignee, updated_at, address } = self;
        let given = [("ticket", ticket), ("list", list), ("key", key), ("status", status)];
        let maybe =
            [("title", title), ("text", text), ("due_on", due_on), ("assignee", assignee), ("updated_at", updated_at)];
        let maybe = maybe.into_iter().filter_map(|(name, pointer)| pointer.as_ref().map(|pointer| (name, pointer)));
        for (name, pointer) in given.into_iter().chain(maybe) {
            note_pointer(&format!("/generic/reading/{name}"), pointer, faults);
        }
        if let Some(address) = address {
            note_text("/generic/reading/address", address, faults);
            if !address.starts_with("https://") && !address.starts_with("http://") {
                let detail = "must be an address, such as https://tickets.example.org/issues/{key}";
                faults.push(Fault::new("/generic/reading/address", "malformed", detail));
            }
        }
    }
}

fn note_text(pointer: &str, text: &str, faults: &mut Faults) {
    if text.chars().count() > LENGTH || text.chars().any(char::is_control) {
        let detail = format!("must be one line of at most {LENGTH} characters");
        faults.push(Fault::new(pointer, "length", detail));
    }
}

fn note_pointer(pointer: &str, value: &str, faults: &mut Faults) {
    note_text(pointer, value, faults);
    if !value.is_empty() && !value.starts_with('/') {
        faults.push(Fault::new(pointer, "malformed", "must be a JSON Pointer, such as /fields/summary"));
    }
}

fn note_header(pointer: &str, name: &str, faults: &mut Faults) {
    note_name(pointer, name, faults);
    if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        faults.push(Fault::new(pointer, "reserved", "must be no header that the program writes itself"));
    }
}

fn note_name(pointer: &str, name: &str, faults: &mut Faults) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || name.len() > 100 || !name.chars().all(is_token) {
        faults.push(Fault::new(pointer, "malformed", "must be the name of a header"));
    }
}

/// Every gap has a name that something is known by.
fn note_gaps(pointer: &str, text: &str, faults: &mut Faults) {
    let names = text.split('{').skip(1).map(|rest| rest.split_once('}').map(|(name, _)| name));
    if names.into_iter().any(|name| name.is_none_or(|name| !PLACEHOLDERS.contains(&name))) {
        let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(", ");
        faults.push(Fault::new(pointer, "unknown_gap", format!("must have no gaps but {known}")));
    }
}
