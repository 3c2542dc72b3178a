//! What is true of every record over HTTP: made, shown, amended and moved by verbs in the same way.

pub(crate) mod acceptances;
pub(crate) mod annotations;
pub(crate) mod approval;
pub(crate) mod discredit;
pub(crate) mod effect;
pub(crate) mod expand;
pub(crate) mod mistakes;
pub(crate) mod party;
pub(crate) mod verbs;
mod writing;

pub(crate) use writing::{Told, check_version, written};

use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::LookUp;
use crate::parameters::{Query, Target};
use crate::record::expand::MemberName;
use crate::v1::records;
use actix_web::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::Head;
use ratchet_domain::id::{MemberId, RecordId};
use ratchet_domain::reference::{self, Prefix, Reference};
use ratchet_domain::refusal::{Fault, Reason, Refusal};
use ratchet_domain::separation::{Rule, SeparationException};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::journal::reading;
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
    /// Names of what to write out beside its id.
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
            let mut record: T = records::get(locator, &by, connection)?;
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
