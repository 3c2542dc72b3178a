//! Lists: filters, sort keys and cursors are checked here once for all resources.

use crate::answer::Answer;
use crate::caller::{Call, Extracted, once_known};
use crate::cursor::Cursor;
use crate::error::ApiError;
use crate::parameters;
use crate::record::{Resource, expand};
use crate::v1::records;
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest};
use ratchet_domain::access::{Actor, Cell};
use ratchet_domain::change::Record;
use ratchet_domain::delegations::is_personal;
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::{Locator, Prefix, Reference};
use ratchet_domain::refusal::Refusal;
use ratchet_domain::search;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::search::{Question, find};
use ratchet_persistence::settings;
use ratchet_persistence::table::{Listed, Order, Own, Scope};
use ratchet_persistence::tags::carrying;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::str::FromStr;
use uuid::Uuid;

/// Records per page, unless asked otherwise; at most [`LIMIT`].
const DEFAULT: i64 = 50;
/// Records per page at most.
const LIMIT: i64 = 200;

/// Parameters of every list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParameters {
    /// Records per page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before; opaque.
    pub cursor: Option<String>,
    /// Sort keys separated by commas, each with `-` for downwards: `-due_on,reference`. Newest first without it.
    pub sort: Option<String>,
    /// Only records that hold words beginning with each of these: letters and digits, whatever their case or accents.
    /// A record is found a moment after it was written; at most the 1,000 that the words say most about are listed.
    #[param(example = "laptop patch")]
    pub q: Option<String>,
    /// Only records that carry one of these tags, at most 20, separated by commas; at most the 1,000 that were tagged last are listed.
    #[serde(default, deserialize_with = "parameters::listed_labels")]
    #[param(inline, value_type = Option<Vec<String>>, example = "supplier")]
    pub tag: Option<Vec<String>>,
    /// Count all pages into `total`.
    #[serde(default)]
    #[param(required = false)]
    pub count: bool,
    /// Names of what to write out beside its id.
    pub expand: Option<String>,
}

const COMMON: [&str; 7] = ["limit", "cursor", "sort", "q", "tag", "count", "expand"];
/// Records that words or tags can find for one list.
const FOUND: usize = 1_000;

/// A list's parameters: the common ones, and the resource's own.
pub(crate) struct List<Q> {
    pub page: PageParameters,
    pub query: Q,
    /// What is asked, without where to go on: a cursor is good for this alone.
    asked: String,
}

impl<Q: DeserializeOwned + 'static> FromRequest for List<Q> {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        once_known(request, Self::read(request.path(), request.query_string()))
    }
}

impl<Q: DeserializeOwned> List<Q> {
    fn read(path: &str, query: &str) -> Result<Self, ApiError> {
        let pairs = || form_urlencoded::parse(query.as_bytes());
        let part = |keep: &dyn Fn(&str) -> bool| {
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs().filter(|(name, _)| keep(name)))
                .finish()
        };
        let page: PageParameters = parameters::parse(&part(&|name| COMMON.contains(&name)))?;
        let own = parameters::parse(&part(&|name| !COMMON.contains(&name))).map_err(with_the_common_ones)?;
        let asked = part(&|name| !matches!(name, "limit" | "cursor" | "count" | "expand"));
        if page.limit.is_some_and(|limit| !(1..=LIMIT).contains(&limit)) {
            return Err(ApiError::parameter("limit", "out_of_range", format!("must lie between 1 and {LIMIT}")));
        }
        Ok(Self { page, query: own, asked: format!("{path}?{asked}") })
    }
}

/// Whoever is told which parameters there are is told of all.
fn with_the_common_ones(mut error: ApiError) -> ApiError {
    if let ApiError::Parameters(faults) = &mut error {
        for fault in faults.iter_mut().filter(|fault| fault.code == "unknown_parameter") {
            fault.detail = format!("{}; every list takes {}", fault.detail, COMMON.join(", "));
        }
    }
    error
}

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next page begins; `null` on the last one.
    pub next_cursor: Option<String>,
    /// How many there are on all pages; only with `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

/// A record that a filter names, by id or reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named(Locator);

impl Named {
    /// The record's id; of a reference that was not looked up, nobody's.
    pub(crate) fn id(self) -> Uuid {
        match self.0 {
            Locator::Id(id) => id,
            Locator::Reference(_) => Uuid::nil(),
        }
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = String::deserialize(deserializer)?.parse::<Locator>().map_err(|_| "must be an id or a reference");
        named.map(Self).map_err(serde::de::Error::custom)
    }
}

/// What a filter may name by a reference.
pub(crate) trait ByReference {
    fn reference(&self) -> Option<Reference>;
    fn id(&self) -> Option<Uuid>;
    fn of(id: Uuid) -> Self;
}

impl ByReference for Named {
    fn reference(&self) -> Option<Reference> {
        match self.0 {
            Locator::Id(_) => None,
            Locator::Reference(reference) => Some(reference),
        }
    }

    fn id(&self) -> Option<Uuid> {
        match self.0 {
            Locator::Id(id) => Some(id),
            Locator::Reference(_) => None,
        }
    }

    fn of(id: Uuid) -> Self {
        Self(Locator::Id(id))
    }
}

impl ByReference for Who {
    fn reference(&self) -> Option<Reference> {
        match self {
            Self::Me | Self::Member(_) => None,
            Self::Reference(reference) => Some(*reference),
        }
    }

    fn id(&self) -> Option<Uuid> {
        match self {
            Self::Member(member) => Some(member.0),
            Self::Me | Self::Reference(_) => None,
        }
    }

    fn of(id: Uuid) -> Self {
        Self::Member(MemberId(id))
    }
}

/// Looks up what filters name: a statement for each reference.
pub(crate) struct LookUp<'a> {
    by: &'a Actor,
    connection: &'a mut AnyConnection,
}

impl LookUp<'_> {
    /// Puts the id in the place of a reference to a record of one of these kinds; of any, where none is named.
    pub(crate) fn up<N: ByReference>(
        &mut self,
        parameter: &str,
        kinds: &[Prefix],
        named: &mut Option<N>,
    ) -> Result<(), ApiError> {
        let Some(reference) = named.as_ref().and_then(ByReference::reference) else {
            // What is restricted to others is answered like what is not there.
            if named.as_ref().and_then(ByReference::id).is_some_and(|id| self.by.is_kept_from(id)) {
                *named = Some(N::of(Uuid::nil()));
            }
            return Ok(());
        };
        let unknown = || ApiError::parameter(parameter, "unknown_record", "names no record that it can name");
        if !kinds.is_empty() && !kinds.contains(&reference.prefix) {
            return Err(unknown());
        }
        let found = records::find(reference.prefix, Locator::Reference(reference), self.by, self.connection);
        *named = Some(N::of(found.map_err(|error| error.or_unknown(unknown))?.id));
        Ok(())
    }
}

/// A member, or whoever calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Me,
    Member(MemberId),
    Reference(Reference),
}

impl Who {
    /// The member who is meant: of a call on somebody's behalf that one. A machine asking for `me` means nobody.
    pub(crate) fn resolve(self, by: &Actor) -> MemberId {
        match self {
            Self::Me => by.principal().unwrap_or(MemberId(Uuid::nil())),
            Self::Member(id) => id,
            // Looked up before anything is filtered by it.
            Self::Reference(_) => MemberId(Uuid::nil()),
        }
    }
}

impl FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "me" {
            return Ok(Self::Me);
        }
        match text.parse::<Locator>() {
            Ok(Locator::Id(id)) => Ok(Self::Member(MemberId(id))),
            Ok(Locator::Reference(reference)) => Ok(Self::Reference(reference)),
            Err(_) => Err("must be `me`, or a member's id or reference".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Which records the caller may list: all, or only its own.
pub(crate) fn scope_of<T: Record>(by: &Actor) -> Result<Option<Own>, ApiError> {
    // What is for a member alone is not lent, and of what an engagement does not name there is nothing to list.
    if !by.reaches(T::PREFIX) || (by.on_behalf_of().is_some() && is_personal(T::PREFIX)) {
        return Err(Refusal::Forbidden.into());
    }
    let own = |member| Own { member, audits: by.engaged_for().map(<[_]>::to_vec) };
    match by.cell(T::READING) {
        Cell::Yes => Ok(None),
        Cell::Own => by.principal().map(|member| Some(own(member))).ok_or(ApiError::Refused(Refusal::Forbidden)),
        Cell::No => Err(ApiError::Refused(Refusal::Forbidden)),
    }
}

fn order_of<T: Listed>(sort: Option<&str>) -> Result<Vec<(&'static str, bool)>, ApiError> {
    let keys = sort.into_iter().flat_map(|sort| sort.split(','));
    let known = |key: &str| {
        let (name, down) = key.strip_prefix('-').map_or((key, false), |name| (name, true));
        let name = T::SORTS.iter().find(|sort| **sort == name).copied();
        name.map(|name| (name, down)).ok_or_else(|| {
            ApiError::parameter("sort", "unknown_value", format!("must name some of {}", T::SORTS.join(", ")))
        })
    };
    let keys: Vec<_> = keys.map(known).collect::<Result<_, _>>()?;
    if keys.len() > T::SORTS.len() {
        return Err(ApiError::parameter("sort", "length", "must name each key once"));
    }
    Ok(keys)
}

/// What both found, where both were asked.
fn both(found: Option<Vec<Uuid>>, tagged: Option<Vec<Uuid>>) -> Option<Vec<Uuid>> {
    match (found, tagged) {
        (Some(found), Some(tagged)) => {
            let tagged: HashSet<Uuid> = tagged.into_iter().collect();
            Some(found.into_iter().filter(|id| tagged.contains(id)).collect())
        }
        (found, tagged) => found.or(tagged),
    }
}

impl Call {
    /// Answers one page: at most a statement for the records, one to count, one to expand, one for each word that is
    /// asked for, one for tags, and what [`Resource::fill`] needs.
    pub(crate) async fn list<T: Resource>(self, list: List<T::Query>) -> Result<Answer, ApiError> {
        let List { page, mut query, asked } = list;
        let (app, organisation) = (self.app.clone(), self.actor.organisation);
        let mut own = scope_of::<T>(&self.actor)?;
        let keys = order_of::<T>(page.sort.as_deref())?;
        let wanted = expand::wanted::<T>(page.expand.as_deref())?;
        let after = match page.cursor.as_deref() {
            None => None,
            Some(text) => {
                let cursor = app.unseal(text, organisation, &asked).filter(|cursor| cursor.values.len() == keys.len());
                let cursor = cursor.ok_or_else(|| {
                    ApiError::parameter("cursor", "malformed", "must be a next_cursor of this very list")
                })?;
                Some((cursor.values, cursor.id))
            }
        };
        let order = Order { keys, after };
        let (limit, count) = (page.limit.unwrap_or(DEFAULT), page.count);
        let words = page.q.as_deref().map(search::asked).transpose();
        let words = words.map_err(|fault| ApiError::Parameters(vec![fault]))?;
        let tags = page.tag;
        let about = T::about(&query);
        let (by, now) = (self.actor.clone(), self.app.now());
        let path = self.request.path().to_owned();
        let original = self.request.query_string().to_owned();
        let job = move |connection: &mut _| -> Result<Answer, ApiError> {
            let today = if T::asks_for_today(&query) {
                settings::rules(organisation, connection)?.today(now)
            } else {
                now.date_naive()
            };
            T::settle(&mut query, &mut LookUp { by: &by, connection: &mut *connection })?;
            let mut filter = T::filter(query, &by, today);
            if let Some(reference) = about {
                let found = records::find(reference.prefix, Locator::Reference(reference), &by, connection);
                let unknown = || ApiError::parameter("record", "unknown_record", "names no record");
                T::narrow(&mut filter, found.map_err(|error| error.or_unknown(unknown))?.id);
                // Who sees a record sees what is said about it.
                own = None;
            }
            let question = words.map(|words| Question { words, kind: Some(T::PREFIX) });
            let found = question.map(|question| find(organisation, &question, FOUND, connection)).transpose()?;
            let found = found.map(|found| found.records.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
            let tagged = tags.map(|tags| carrying(organisation, T::PREFIX, &tags, FOUND, connection)).transpose()?;
            let only = both(found, tagged);
            let withheld = by.withheld().map(|withheld| withheld.of_kind(T::PREFIX)).unwrap_or_default();
            let scope = Scope { organisation, own, only, withheld, filter };
            let mut records = T::page(&scope, &order, limit + 1, connection)?;
            let more = records.len() > usize::try_from(limit).unwrap_or(usize::MAX);
            records.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let last = records.last().filter(|_| more);
            let next_cursor = last.map(|record| {
                let cursor = Cursor { values: record.sort_values(&order), id: record.head().id };
                app.seal(&cursor, organisation, &asked)
            });
            // Written since the caller was looked up, a moment ago, about what is restricted to others.
            records.retain(|record| !record.is_withheld(&by));
            let total = if count { Some(T::count(&scope, connection)?) } else { None };
            let link = next_cursor.as_deref().map(|cursor| link_to(&path, &original, cursor));
            let mut items: Vec<T::View> = records.iter().map(|record| record.listed()).collect();
            T::fill(&mut items, &by, connection)?;
            let answer = if wanted.is_empty() {
                Answer::json(StatusCode::OK, &Page { items, next_cursor, total })?
            } else {
                let items = expand::many(items, &wanted, &by, connection)?;
                Answer::json(StatusCode::OK, &Page { items, next_cursor, total })?
            };
            Ok(match link {
                Some(link) => answer.with(&header::LINK, link),
                None => answer,
            })
        };
        self.app.store.read(job).await
    }
}

/// RFC 8288: the same question, one page on.
pub(crate) fn link_to(path: &str, query: &str, cursor: &str) -> String {
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
    let next =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).append_pair("cursor", cursor).finish();
    format!("<{path}?{next}>; rel=\"next\"")
}
