//! How every record is written over HTTP: made, amended and moved by verbs, once for each key of a retry, and never over
//! what somebody else wrote.

use super::{Resource, shown};
use crate::answer::Answer;
use crate::body::Body;
use crate::caller::{Call, caller_id};
use crate::error::ApiError;
use crate::parameters::{Query, Target, WriteParameters};
use crate::v1::records;
use actix_web::http::{StatusCode, header};
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Birth, Change};
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::error::Error as StoreError;
use ratchet_persistence::idempotency::{self, Retry};
use ratchet_persistence::journal::Receipt;
use ratchet_persistence::tx::Tx;
use uuid::Uuid;

/// What is answered beside a record, by name.
pub(crate) type Told = Vec<(&'static str, serde_json::Value)>;

impl Call {
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
        let job = move |tx: &mut Tx<'_>| Ok::<_, ApiError>((job(tx)?, tx.has_restricted()));
        let (answer, has_restricted) = self.app.store.write(context, job).await?;
        if has_restricted {
            // Who reads what is known anew from here on.
            self.app.callers.forget_all();
        }
        Ok(answer)
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
pub(crate) fn check_version(if_match: Option<&str>, current: i64) -> Result<(), ApiError> {
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
