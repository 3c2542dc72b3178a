//! Any system with an HTTP API of JSON, as the connection describes it.

use crate::answers::{base, day_at, escaped, is_key, moment_at, text_at};
use crate::http::{Doing, Failure, Request, Response};
use crate::{CHANGED, Changed, Connector, Finding, Issue, Setup, Wanted};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use ratchet_domain::ticket_connections::{self as domain, AuthScheme, Member, Reading, Terms};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The connector.
pub(crate) struct Generic;

/// What fills the gaps.
type Gaps = BTreeMap<&'static str, String>;

/// How the connection describes its system; its terms are refused without.
fn described<'a>(setup: &'a Setup<'a>) -> Result<&'a domain::Generic, Failure> {
    let described = setup.terms.generic.as_ref();
    described.ok_or_else(|| Failure::Refused("the connection does not say how the system is spoken to".to_owned()))
}

fn gaps(setup: &Setup<'_>) -> Gaps {
    setup.terms.project.iter().map(|project| ("project", project.clone())).collect()
}

fn wanted_gaps(wanted: &Wanted) -> Gaps {
    let Wanted { title, text, due_on, assignee, status } = wanted.clone();
    let due_on = due_on.map(|day| day.to_string());
    let said = [("title", title), ("text", text), ("due_on", due_on), ("assignee", assignee), ("status", status)];
    said.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The text with its gaps filled; `None` where one has nothing to be filled with.
fn filled(text: &str, gaps: &Gaps, escape: bool) -> Option<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        let value = gaps.get(name)?;
        out.push_str(before);
        if escape {
            out.push_str(&escaped(value))
        } else {
            out.push_str(value)
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// Writes a value where a pointer leads, and the objects that lead there.
fn write(into: &mut Value, pointer: &str, value: Value) {
    let mut at = into;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(members) = at.as_object_mut() else { return };
        at = members.entry(name).or_insert(Value::Null);
    }
    *at = value;
}

/// The members whose gaps can be filled; `None` where there are none.
fn body(members: &[Member], gaps: &Gaps) -> Option<Value> {
    let mut body = Value::Null;
    for Member { name, value } in members {
        if let Some(value) = filled(value, gaps, false) {
            write(&mut body, name, Value::String(value));
        }
    }
    (!body.is_null()).then_some(body)
}

/// Whether one of the gaps of the request is about what is wanted.
fn says_anything(request: &domain::Request, wanted: &Gaps) -> bool {
    let is_filled = |text: &str| wanted.keys().any(|name| text.contains(&format!("{{{name}}}")));
    is_filled(&request.path) || request.body.iter().any(|member| is_filled(&member.value))
}

fn authorised(request: Request, setup: &Setup<'_>, generic: &domain::Generic) -> Request {
    let Some(credentials) = setup.credentials else { return request };
    match (generic.auth, &generic.auth_header) {
        (AuthScheme::Basic, _) => {
            let user = credentials.user.as_deref().unwrap_or_default();
            let pair = STANDARD.encode(format!("{user}:{}", credentials.secret));
            request.with("authorization", format!("Basic {pair}"))
        }
        (AuthScheme::Header, Some(name)) => request.with(name, credentials.secret.as_str()),
        (AuthScheme::Bearer | AuthScheme::Header, _) => {
            request.with("authorization", format!("Bearer {}", credentials.secret))
        }
    }
}

/// Sends a request as it is described.
async fn ask(
    setup: &Setup<'_>,
    described: &domain::Request,
    gaps: &Gaps,
    etag: Option<&str>,
) -> Result<Response, Failure> {
    let generic = self::described(setup)?;
    let missing = || Failure::Refused(format!("a gap of {} cannot be filled", described.path));
    let path = filled(&described.path, gaps, true).ok_or_else(missing)?;
    let url = format!("{}{path}", base(&setup.terms.base_url));
    let mut request = match body(&described.body, gaps) {
        Some(body) => Request::json(described.method, url, &body),
        None => Request { method: described.method, ..Request::get(url) },
    };
    request = request.with("accept", "application/json");
    let etag: Gaps = etag.iter().map(|etag| ("etag", (*etag).to_owned())).collect();
    for Member { name, value } in &generic.headers {
        if let Some(value) = filled(value, &etag, false) {
            request = request.with(name, value);
        }
    }
    setup.dial.dial(authorised(request, setup, generic)).await?.well()
}

fn parsed(response: &Response) -> Result<Value, Failure> {
    serde_json::from_slice(&response.body).map_err(|_| Failure::Unreachable("the answer is no JSON".to_owned()))
}

/// What a ticket is called; where only an address of it is answered, its last part.
fn key_in(ticket: &Value, reading: &Reading) -> Result<String, Failure> {
    let key = text_at(ticket, &reading.key).filter(|key| is_key(key));
    key.ok_or_else(|| Failure::Refused(format!("the answer has no key at {:?}", reading.key)))
}

fn issue(ticket: &Value, setup: &Setup<'_>, etag: Option<String>) -> Result<Issue, Failure> {
    let reading = &described(setup)?.reading;
    let key = key_in(ticket, reading)?;
    let status = text_at(ticket, &reading.status)
        .ok_or_else(|| Failure::Refused(format!("the answer has no status at {:?}", reading.status)))?;
    let said = |pointer: &Option<String>| pointer.as_ref().map(|pointer| text_at(ticket, pointer));
    let gaps: Gaps = gaps(setup).into_iter().chain([("key", key.clone())]).collect();
    Ok(Issue {
        url: reading.address.as_ref().and_then(|address| filled(address, &gaps, true)),
        key,
        status,
        title: said(&reading.title).map(Option::unwrap_or_default),
        text: said(&reading.text).map(Option::unwrap_or_default),
        due_on: reading.due_on.as_ref().map(|pointer| day_at(ticket, pointer)),
        assignee: said(&reading.assignee),
        updated_at: reading.updated_at.as_ref().and_then(|pointer| moment_at(ticket, pointer)),
        etag,
    })
}

/// The list in an answer, and whether it says that it goes on elsewhere (RFC 8288).
async fn listed(setup: &Setup<'_>, request: &domain::Request, gaps: &Gaps) -> Result<(Vec<String>, bool), Failure> {
    let reading = &described(setup)?.reading;
    let answer = ask(setup, request, gaps, None).await?;
    let is_more =
        answer.header("link").is_some_and(|links| links.contains("rel=\"next\"") || links.contains("rel=next"));
    let answer = parsed(&answer)?;
    let list = answer.pointer(&reading.list).and_then(Value::as_array);
    let list = list.ok_or_else(|| Failure::Unreachable(format!("the answer has no list at {:?}", reading.list)))?;
    // One that has no key does not hold up the others.
    let keys = list.iter().filter_map(|ticket| key_in(ticket, reading).ok()).take(CHANGED).collect();
    Ok((keys, is_more || list.len() > CHANGED))
}

impl Connector for Generic {
    fn check<'a>(&'a self, setup: &'a Setup<'a>) -> Doing<'a, Vec<Finding>> {
        Box::pin(async move {
            let Ok(generic) = described(setup) else { return Vec::new() };
            let mut findings = Vec::new();
            if setup.credentials.is_none() {
                findings.push(Finding::missing("credentials", "there are no credentials: the system is asked without"));
            }
            let looked = [("find", &generic.find, "{marker}"), ("changed", &generic.changed, "{since}")];
            for (code, request, gap) in looked {
                let Some(request) = request else {
                    findings.push(Finding::missing(code, format!("no request is described that has {gap} in it")));
                    continue;
                };
                let mut gaps = gaps(setup);
                gaps.insert("marker", NOWHERE.to_owned());
                gaps.insert("since", FAR_AHEAD.to_owned());
                findings.push(match listed(setup, request, &gaps).await {
                    Ok((found, _)) if found.is_empty() => Finding::sound(code, "nothing is listed that is not there"),
                    Ok((found, _)) => {
                        let listed = found.len();
                        let detail =
                            format!("{listed} tickets are listed although none can be: the filter is not understood");
                        Finding::missing(code, detail)
                    }
                    Err(failure) => Finding::missing(code, failure.words()),
                });
            }
            if generic.inbound.is_none() {
                findings
                    .push(Finding::missing("inbound", "what the system sends is refused: `inbound` is not described"));
            }
            findings
        })
    }

    fn create<'a>(
        &'a self,
        setup: &'a Setup<'a>,
        marker: &'a str,
        wanted: &'a Wanted,
    ) -> Doing<'a, Result<String, Failure>> {
        Box::pin(async move {
            let generic = described(setup)?;
            let mut gaps: Gaps = gaps(setup).into_iter().chain(wanted_gaps(wanted)).collect();
            gaps.insert("marker", marker.to_owned());
            let answer = parsed(&ask(setup, &generic.create, &gaps, None).await?)?;
            let ticket = answer.pointer(&generic.reading.ticket).unwrap_or(&answer);
            key_in(ticket, &generic.reading)
        })
    }

    fn find<'a>(&'a self, setup: &'a Setup<'a>, marker: &'a str) -> Doing<'a, Result<Option<String>, Failure>> {
        Box::pin(async move {
            let Some(find) = &described(setup)?.find else { return Ok(None) };
            let mut gaps = gaps(setup);
            gaps.insert("marker", marker.to_owned());
            let (found, _) = listed(setup, find, &gaps).await?;
            if found.is_empty() {
                return Ok(None);
            }
            // Many leave out of a filter what they do not know: one that finds what is nowhere finds anything.
            gaps.insert("marker", NOWHERE.to_owned());
            if found.len() > 1 || !listed(setup, find, &gaps).await?.0.is_empty() {
                return Err(Failure::Refused("`find` lists tickets without the marker".to_owned()));
            }
            Ok(found.into_iter().next())
        })
    }

    fn fetch<'a>(&'a self, setup: &'a Setup<'a>, key: &'a str) -> Doing<'a, Result<Issue, Failure>> {
        Box::pin(async move {
            let generic = described(setup)?;
            let mut gaps = gaps(setup);
            gaps.insert("key", key.to_owned());
            let answer = ask(setup, &generic.fetch, &gaps, None).await?;
            let whole = parsed(&answer)?;
            let ticket = whole.pointer(&generic.reading.ticket).unwrap_or(&whole);
            issue(ticket, setup, answer.header("etag").map(str::to_owned))
        })
    }

    fn update<'a>(
        &'a self,
        setup: &'a Setup<'a>,
        issue: &'a Issue,
        wanted: &'a Wanted,
    ) -> Doing<'a, Result<(), Failure>> {
        Box::pin(async move {
            let generic = described(setup)?;
            let said = wanted_gaps(wanted);
            let gaps: Gaps = gaps(setup).into_iter().chain(said.clone()).chain([("key", issue.key.clone())]).collect();
            let mut etag = issue.etag.clone();
            for request in [Some(&generic.update), generic.set_status.as_ref()].into_iter().flatten() {
                if says_anything(request, &said) {
                    let answer = ask(setup, request, &gaps, etag.as_deref()).await?;
                    // Of what was changed just now another version holds.
                    etag = answer.header("etag").map(str::to_owned);
                }
            }
            Ok(())
        })
    }

    fn changed_since<'a>(&'a self, setup: &'a Setup<'a>, since: DateTime<Utc>) -> Doing<'a, Result<Changed, Failure>> {
        Box::pin(async move {
            let generic = described(setup)?;
            let Some(changed) = &generic.changed else { return Ok(Changed { keys: Vec::new(), is_whole: true }) };
            let mut gaps = gaps(setup);
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            gaps.insert("since", since);
            let (keys, is_more) = listed(setup, changed, &gaps).await?;
            let is_full =
                generic.page_size.and_then(|size| usize::try_from(size).ok()).is_some_and(|size| keys.len() >= size);
            Ok(Changed { keys, is_whole: !is_more && !is_full })
        })
    }

    fn key_of(&self, terms: &Terms, body: &Value) -> Option<String> {
        let inbound = terms.generic.as_ref()?.inbound.as_ref()?;
        text_at(body, &inbound.key).filter(|key| is_key(key))
    }
}

/// A marker that no ticket has.
const NOWHERE: &str = "ratchet-nowhere";
/// A moment since which nothing has changed: a check asks, and wants nothing.
const FAR_AHEAD: &str = "2100-01-01T00:00:00Z";
