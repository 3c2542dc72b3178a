//! What is true of every record over HTTP: made, shown, amended and moved by verbs in the same way.

pub(crate) mod acceptances;
pub(crate) mod annotations;
pub(crate) mod approval;
pub(crate) mod discredit;
pub(crate) mod effect;
pub(crate) mod expand;
pub(crate) mod mistakes;
pub(crate) mod verbs;

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::{Call, caller_id};
use crate::error::ApiError;
use crate::listing::LookUp;
use crate::parameters::{Query, Target, WriteParameters};
use crate::record::expand::MemberName;
use crate::v1::records;
use actix_web::http::{StatusCode, header};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Birth, Change, Head};
use ratchet_domain::id::{MemberId, RecordId};
use ratchet_domain::reference::{self, Prefix, Reference};
use ratchet_domain::refusal::{Fault, Reason, Refusal};
use ratchet_domain::separation::{Rule, SeparationException};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error as StoreError;
use ratchet_persistence::idempotency::{self, Retry};
use ratchet_persistence::journal::{Receipt, reading};
use ratchet_persistence::members;
use ratchet_persistence::table::{Guarded, Listed};
use ratchet_persistence::tx::Tx;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use uuid::Uuid;

/// A record as the API shows it.
pub(crate) trait Resource: Listed + Guarded {
    /// Its form on the wire.
    type View: Serialize;
    /// The parameters that narrow its list.
    type Query: DeserializeOwned + Send + 'static;
    /// Its place under `/v1`: the plural stem in kebab-case.
    const PATH: &'static str;
    /// What can be written out beside its id, but for whoever made it: the name, and the field that holds the member's id.
    const EXPANDS: &'static [(&'static str, &'static str)] = &[];
    /// The records that can be: the name, the field that holds the id, and of which kind it is.
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] = &[];

    /// The record on the wire, with what can be done to it where it stands alone.
    fn view(&self, transitions: Option<Vec<Transition>>) -> Self::View;
    /// The same where it stands alone, with what its facts say beside it.
    fn view_alone(&self, _: &Self::Facts, transitions: Vec<Transition>) -> Self::View {
        self.view(Some(transitions))
    }
    /// Writes into views what only other tables know, in the same number of statements however many views there are.
    /// Not asked for what was true at another time.
    ///
    /// # Errors
    /// The database's.
    fn fill(_: &mut [Self::View], _: &Actor, _: &mut AnyConnection) -> Result<(), ApiError> {
        Ok(())
    }
    /// The record as a list shows it.
    fn listed(&self) -> Self::View {
        self.view(None)
    }
    /// The record that it is about: who may see that one may see this one, too.
    fn target(&self) -> Option<reference::Target> {
        None
    }
    /// The record whose annotations a list is narrowed to.
    fn about(_: &Self::Query) -> Option<Reference> {
        None
    }
    /// Narrows a filter to what is about this record.
    fn narrow(_: &mut Self::Filter, _: Uuid) {}
    /// Whether the list's parameters are read by what day it is where the organisation is.
    fn asks_for_today(_: &Self::Query) -> bool {
        false
    }
    /// Looks up what the list's parameters name by references.
    ///
    /// # Errors
    /// When one names no record that the caller may see.
    fn settle(_: &mut Self::Query, _: &mut LookUp<'_>) -> Result<(), ApiError> {
        Ok(())
    }
    /// The list's parameters as the table's filter.
    fn filter(query: Self::Query, by: &Actor, today: NaiveDate) -> Self::Filter;
}

/// Which record, of which kind.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub(crate) struct TargetView {
    /// What it is.
    pub kind: Prefix,
    /// Its id.
    pub id: RecordId,
}

impl From<reference::Target> for TargetView {
    fn from(target: reference::Target) -> Self {
        let reference::Target { kind, id } = target;
        Self { kind, id }
    }
}

/// A duty that was not kept apart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExceptionView {
    /// Which duties.
    pub rule: Rule,
    /// Why.
    pub reason: String,
    /// What made up for it.
    pub compensating_control: String,
    /// Who did both.
    pub by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<&SeparationException> for ExceptionView {
    fn from(exception: &SeparationException) -> Self {
        let SeparationException { rule, reason, compensating_control, by, at } = exception.clone();
        Self { rule, reason, compensating_control, by, at }
    }
}

/// What every record's view begins with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct HeadView {
    /// UUID v7.
    pub id: Uuid,
    /// Accepted wherever an id is.
    #[schema(example = "NC-2026-0007")]
    pub reference: String,
    /// Starts at 1, plus 1 per write; the ETag's first part.
    #[schema(example = 1)]
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The member who made it; `null` for a machine.
    pub created_by: Option<MemberId>,
    /// The name of that member; only with `expand=created_by_member`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by_member: Option<MemberName>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl From<&Head> for HeadView {
    fn from(head: &Head) -> Self {
        let Head { id, organisation: _, reference, version, created_at, created_by, updated_at } = head;
        Self {
            id: *id,
            reference: reference.to_string(),
            version: *version,
            created_at: *created_at,
            created_by: *created_by,
            created_by_member: None,
            updated_at: *updated_at,
        }
    }
}

/// What is answered beside a record, by name.
pub(crate) type Told = Vec<(&'static str, serde_json::Value)>;

/// A verb that the record's state knows, and whether this caller may use it now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Transition {
    /// The verb, as in the address.
    #[schema(example = "confirm")]
    pub verb: &'static str,
    /// Where to POST it.
    #[schema(example = "/v1/nonconformities/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d/confirm")]
    pub href: String,
    /// Whether this caller may use it now.
    pub allowed: bool,
    /// Why not.
    pub reasons: Vec<Reason>,
}

/// Parameters of reading one record.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowParameters {
    /// What to write out beside its id: `owner`.
    pub expand: Option<String>,
    /// As it was at this moment, out of the journal; without transitions, whose guards speak of now.
    #[serde(default, deserialize_with = "bounded")]
    pub as_of: Option<DateTime<Utc>>,
}

fn transitions<T: Resource>(record: &T, facts: &T::Facts, by: &Actor) -> Vec<Transition> {
    let known = T::Verb::VARIANTS.iter().copied().filter(|verb| record.knows(*verb));
    known
        .map(|verb| {
            let name: &'static str = verb.into();
            let verdict = record.may(verb, facts, by);
            let allowed = verdict.is_ok();
            let reasons = match verdict {
                Ok(()) => Vec::new(),
                Err(Refusal::Forbidden) => {
                    vec![Reason::new("forbidden", "no role of this caller allows it")]
                }
                Err(Refusal::State(reasons)) => reasons,
                Err(Refusal::Invalid(faults)) => {
                    faults.into_iter().map(|Fault { code, detail, .. }| Reason { code, detail }).collect()
                }
            };
            let href = format!("/v1/{}/{}/{name}", T::PATH, record.head().id);
            Transition { verb: name, href, allowed, reasons }
        })
        .collect()
}

/// The record as it is now, with its transitions.
fn whole<T: Resource>(
    record: &T,
    facts: &T::Facts,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<T::View, ApiError> {
    let mut view = record.view_alone(facts, transitions(record, facts, by));
    T::fill(std::slice::from_mut(&mut view), by, connection)?;
    Ok(view)
}

/// The record that was written, with its transitions and its ETag.
pub(crate) fn shown<T: Resource>(
    status: StatusCode,
    record: &T,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Answer, ApiError> {
    let facts = tx.facts(record)?;
    let view = whole(record, &facts, by, tx.connection())?;
    Ok(Answer::json(status, &view)?.with_etag(record.head().version).about(record.head().id))
}

impl Call {
    /// One record.
    pub(crate) async fn show<T: Resource>(
        self,
        Target(locator): Target,
        Query(parameters): Query<ShowParameters>,
    ) -> Result<Answer, ApiError> {
        let by = self.actor.clone();
        let wanted = expand::wanted::<T>(parameters.expand.as_deref())?;
        let known = self.header("if-none-match")?.map(str::to_owned);
        let now = self.app.now();
        if parameters.as_of.is_some_and(|at| at > now) {
            return Err(ApiError::parameter("as_of", "out_of_range", "must not lie in the future"));
        }
        let job = move |connection: &mut _| -> Result<Answer, ApiError> {
            let found = T::find(by.organisation, locator, connection)?;
            let (mut record, _) = found.ok_or(ApiError::NotFound)?;
            records::check_visible(&record, &by, connection)?;
            let view = match parameters.as_of {
                Some(at) => {
                    let then = reading::state_as_of(by.organisation, record.head().id, at, connection)?;
                    record = then.ok_or(ApiError::NotFound)?;
                    record.view(None)
                }
                None => {
                    let facts = record.facts(now, connection)?;
                    whole(&record, &facts, &by, connection)?
                }
            };
            if wanted.is_empty() {
                return Ok(Answer::json(StatusCode::OK, &view)?.with_etag(record.head().version));
            }
            let view = serde_json::to_value(view).map_err(|error| ApiError::Internal(error.to_string()))?;
            let mut views = [view];
            expand::fill(&mut views, &wanted, &by, connection)?;
            Ok(Answer::json(StatusCode::OK, &views[0])?.with_etag(record.head().version))
        };
        let answer: Answer = self.app.store.read(job).await?;
        Ok(answer.unless_known(known.as_deref()))
    }

    /// Makes a record.
    pub(crate) async fn create<T, I, F>(
        self,
        parameters: Query<WriteParameters>,
        body: Body<I>,
        make: F,
    ) -> Result<Answer, ApiError>
    where
        T: Resource,
        I: Send + 'static,
        F: FnOnce(I, &Actor, Birth, &mut Tx<'_>) -> Result<Change<T>, ApiError> + Send + 'static,
    {
        let make = |input: I, (): (), by: &Actor, birth: Birth, tx: &mut Tx<'_>| make(input, by, birth, tx);
        self.create_in(parameters, body, |_, _, _| Ok(()), make).await
    }

    /// Makes a record that depends on how another stands. `enter` finds that one and enters its circle: before a reference
    /// is drawn, because whoever is in a circle draws references, too, and two who did it in different orders would wait
    /// for each other.
    pub(crate) async fn create_in<T, I, C, E, F>(
        self,
        parameters: Query<WriteParameters>,
        body: Body<I>,
        enter: E,
        make: F,
    ) -> Result<Answer, ApiError>
    where
        T: Resource,
        I: Send + 'static,
        E: FnOnce(&I, &Actor, &mut Tx<'_>) -> Result<C, ApiError> + Send + 'static,
        F: FnOnce(I, C, &Actor, Birth, &mut Tx<'_>) -> Result<Change<T>, ApiError> + Send + 'static,
    {
        let by = self.actor.clone();
        let Body { parsed, digest } = body;
        let dry_run = parameters.0.dry_run;
        self.write(&parameters.0, &digest, move |tx| {
            T::may_make(&by)?;
            let input = parsed?;
            let entered = enter(&input, &by, tx)?;
            let birth = tx.birth(T::PREFIX)?;
            let change = make(input, entered, &by, birth, tx).map_err(unless_other_overtaken)?;
            let (record, receipt) = tx.save(change)?;
            let status = if dry_run { StatusCode::OK } else { StatusCode::CREATED };
            let place = format!("/v1/{}/{}", T::PATH, record.head().id);
            Ok(written(shown(status, &record, &by, tx)?, receipt, dry_run).with(&header::LOCATION, place))
        })
        .await
    }

    /// Uses a verb: 404, 403, 412, 409, 422, in this order.
    pub(crate) async fn verb<T, I, F>(
        self,
        Target(locator): Target,
        verb: T::Verb,
        parameters: Query<WriteParameters>,
        body: Body<I>,
        run: F,
    ) -> Result<Answer, ApiError>
    where
        T: Resource,
        I: Send + 'static,
        F: FnOnce(T, I, &T::Facts, &Actor, &mut Tx<'_>) -> Result<Change<T>, ApiError> + Send + 'static,
    {
        let run = |record: T, input: I, facts: &T::Facts, by: &Actor, tx: &mut Tx<'_>| {
            Ok((run(record, input, facts, by, tx)?, Told::new()))
        };
        self.verb_telling(Target(locator), verb, parameters, body, run).await
    }

    /// The same, where more is answered than the record: members beside its own.
    pub(crate) async fn verb_telling<T, I, F>(
        self,
        Target(locator): Target,
        verb: T::Verb,
        parameters: Query<WriteParameters>,
        body: Body<I>,
        run: F,
    ) -> Result<Answer, ApiError>
    where
        T: Resource,
        I: Send + 'static,
        F: FnOnce(T, I, &T::Facts, &Actor, &mut Tx<'_>) -> Result<(Change<T>, Told), ApiError> + Send + 'static,
    {
        let by = self.actor.clone();
        let expected = self.if_match()?;
        let Body { parsed, digest } = body;
        let dry_run = parameters.0.dry_run;
        self.write(&parameters.0, &digest, move |tx| {
            let record: T = tx.load(locator)?;
            records::check_visible(&record, &by, tx.connection())?;
            let facts = tx.facts(&record)?;
            let verdict = record.may(verb, &facts, &by);
            if verdict == Err(Refusal::Forbidden) {
                return Err(Refusal::Forbidden.into());
            }
            check_version(expected.as_deref(), record.head().version)?;
            // What the body names is not looked for when the stage does not know the verb at all.
            if !record.knows(verb) {
                verdict.clone()?;
            }
            // A body may hold the reason for an exception that the guard alone cannot know of: the command asks again.
            let input = parsed.or_else(|fault| verdict.map_or_else(|refusal| Err(refusal.into()), |()| Err(fault)))?;
            let (change, told) = run(record, input, &facts, &by, tx).map_err(unless_other_overtaken)?;
            let (record, receipt) = tx.save(change).map_err(|error| unless_overtaken(error, expected.as_deref()))?;
            let answer = shown(StatusCode::OK, &record, &by, tx)?;
            let answer = told.iter().try_fold(answer, |answer, (name, value)| answer.with_member(name, value))?;
            Ok(written(answer, receipt, dry_run))
        })
        .await
    }

    /// Changes plain fields. `If-Match` is needed.
    pub(crate) async fn amend<T, I, F>(
        self,
        Target(locator): Target,
        parameters: Query<WriteParameters>,
        body: Body<I>,
        run: F,
    ) -> Result<Answer, ApiError>
    where
        T: Resource,
        I: Send + 'static,
        F: FnOnce(T, I, &Actor, &mut Tx<'_>) -> Result<Change<T>, ApiError> + Send + 'static,
    {
        let by = self.actor.clone();
        let expected = self.if_match()?;
        let Body { parsed, digest } = body;
        let dry_run = parameters.0.dry_run;
        self.write(&parameters.0, &digest, move |tx| {
            let record: T = tx.load(locator)?;
            records::check_visible(&record, &by, tx.connection())?;
            let verdict = record.may_amend(&by);
            if verdict == Err(Refusal::Forbidden) {
                return Err(Refusal::Forbidden.into());
            }
            if expected.is_none() {
                return Err(ApiError::PreconditionRequired);
            }
            check_version(expected.as_deref(), record.head().version)?;
            verdict?;
            let change = run(record, parsed?, &by, tx).map_err(unless_other_overtaken)?;
            let (record, receipt) = tx.save(change).map_err(|error| unless_overtaken(error, expected.as_deref()))?;
            Ok(written(shown(StatusCode::OK, &record, &by, tx)?, receipt, dry_run))
        })
        .await
    }

    /// Runs a write once: a retry with the same `Idempotency-Key` gets the first answer, byte for byte, unless what that
    /// showed had to go by law.
    pub(crate) async fn write<F>(
        self,
        parameters: &WriteParameters,
        digest: &[u8; 32],
        job: F,
    ) -> Result<Answer, ApiError>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<Answer, ApiError> + Send + 'static,
    {
        let dry_run = parameters.dry_run;
        let retry = self.retry(digest)?;
        let context = self.app.context(self.actor.clone(), self.request_id(), dry_run);
        let job = move |tx: &mut Tx<'_>| -> Result<Answer, ApiError> {
            let Some(retry) = retry else { return job(tx) };
            let now = tx.now();
            match idempotency::find(&retry, now, tx.connection())? {
                // What would be is told again, unless the key is another request's.
                Some(stored) if dry_run && stored.fingerprint == retry.fingerprint => {}
                Some(stored) => return replayed(stored, &retry),
                None => {}
            }
            let answer = job(tx)?;
            if dry_run {
                return Ok(answer);
            }
            let headers = serde_json::to_string(&answer.headers).map_err(|e| ApiError::Internal(e.to_string()))?;
            let kept = (answer.status, headers.as_str(), answer.body.as_slice());
            idempotency::keep(&retry, kept, answer.record, now, tx.connection())?;
            Ok(answer)
        };
        self.app.store.write(context, job).await
    }

    fn retry(&self, digest: &[u8; 32]) -> Result<Option<Retry>, ApiError> {
        const NAME: &str = "idempotency-key";
        let Some(key) = self.header(NAME)? else { return Ok(None) };
        if key.is_empty() || key.len() > 255 || key.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(ApiError::parameter(NAME, "malformed", "must be 1 to 255 printable ASCII characters"));
        }
        // Under a key that no backup holds: a body may hold a new member's password.
        let request = &self.request;
        // A dry run is of the same request.
        let asked = request.query_string().split('&').filter(|pair| !pair.starts_with("dry_run="));
        let query = asked.collect::<Vec<_>>().join("&");
        let [method, path] = [request.method().as_str(), request.path()].map(str::as_bytes);
        let principal = self.actor.on_behalf_of().map_or_else(Uuid::nil, |member| member.0);
        let fingerprint = self.app.keyed_hash("retry", &[method, path, query.as_bytes(), principal.as_bytes(), digest]);
        Ok(Some(Retry {
            organisation: self.actor.organisation,
            caller: caller_id(&self.actor),
            key: key.to_owned(),
            fingerprint,
        }))
    }

    fn if_match(&self) -> Result<Option<String>, ApiError> {
        Ok(self.header("if-match")?.map(str::to_owned))
    }
}

/// Refuses a member that a body names and that is not active here; another organisation's is answered like a random
/// one.
pub(crate) fn existing_member(pointer: &str, member: MemberId, tx: &mut Tx<'_>) -> Result<(), ApiError> {
    let organisation = tx.actor().organisation;
    if members::active(organisation, &[member], tx.connection())?.is_empty() {
        return Err(Refusal::invalid(pointer, "unknown_member", "must be the id of an active member").into());
    }
    Ok(())
}

/// The same for several; each that is not there is named.
pub(crate) fn existing_members(pointer: &str, named: &[MemberId], tx: &mut Tx<'_>) -> Result<(), ApiError> {
    if named.is_empty() {
        return Ok(());
    }
    let organisation = tx.actor().organisation;
    let found = members::active(organisation, named, tx.connection())?;
    let missing = named.iter().enumerate().filter(|(_, member)| !found.contains(member));
    let faults: Vec<Fault> = missing
        .map(|(index, _)| {
            Fault::new(format!("{pointer}/{index}"), "unknown_member", "must be the id of an active member")
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Invalid(faults).into()) }
}

/// Whoever named no version is not told of one: somebody else moved the record in the same moment. `*` names none.
fn unless_overtaken(error: StoreError, if_match: Option<&str>) -> ApiError {
    let names_a_version = if_match.is_some_and(|tags| tags.split(',').all(|tag| tag.trim() != "*"));
    match (error, names_a_version) {
        (StoreError::Stale { current: _ }, false) => overtaken("the record"),
        (error, _) => error.into(),
    }
}

/// What a call writes beside its own record has a version that nobody named: `If-Match` is about its own.
fn unless_other_overtaken(error: ApiError) -> ApiError {
    if matches!(error, ApiError::Stale(_)) { overtaken("a record that this changes") } else { error }
}

fn overtaken(what: &str) -> ApiError {
    Refusal::state("overtaken", format!("somebody else wrote {what} in the same moment: read it again")).into()
}

pub(crate) fn written(answer: Answer, receipt: Receipt, dry_run: bool) -> Answer {
    if dry_run { answer } else { answer.with_receipt(receipt) }
}

fn replayed(stored: idempotency::Stored, retry: &Retry) -> Result<Answer, ApiError> {
    if stored.fingerprint != retry.fingerprint {
        return Err(ApiError::KeyReused);
    }
    if stored.is_forgotten {
        return Err(ApiError::Redacted);
    }
    let mut headers: Vec<(String, String)> =
        serde_json::from_str(&stored.headers).map_err(|error| ApiError::Internal(error.to_string()))?;
    headers.push(("idempotency-replayed".to_owned(), "true".to_owned()));
    Ok(Answer { status: stored.status, headers, body: stored.body, record: None })
}

/// Whether one of `If-Match`'s tags names the version; the part behind the hyphen is the body's and may differ.
fn check_version(if_match: Option<&str>, current: i64) -> Result<(), ApiError> {
    let Some(tags) = if_match else { return Ok(()) };
    let names = |tag: &str| {
        let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
        inner.split('-').next()?.parse::<i64>().ok()
    };
    let matches = tags.split(',').map(str::trim).any(|tag| tag == "*" || names(tag) == Some(current));
    if matches { Ok(()) } else { Err(ApiError::Stale(current)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn whoever_named_no_version_was_overtaken() {
        for (named, expected) in [(None, Kind::State), (Some("*"), Kind::State), (Some("\"3-aa\""), Kind::StaleVersion)]
        {
            assert_eq!(unless_overtaken(StoreError::Stale { current: 4 }, named).kind(), expected, "{named:?}");
        }
    }

    #[test]
    fn nobody_is_told_of_another_records_version() {
        assert_eq!(unless_other_overtaken(StoreError::Stale { current: 4 }.into()).kind(), Kind::State);
        assert_eq!(unless_other_overtaken(ApiError::NotFound).kind(), Kind::NotFound);
    }

    #[test]
    fn a_strong_tag_of_the_version_matches() {
        for good in ["\"3-aa\"", "\"3\"", "*", "\"1-x\", \"3-y\""] {
            assert!(check_version(Some(good), 3).is_ok(), "{good}");
        }
        for bad in ["\"2-aa\"", "W/\"3-aa\"", "3", "\"\"", ""] {
            assert!(matches!(check_version(Some(bad), 3), Err(ApiError::Stale(3))), "{bad}");
        }
    }
}
