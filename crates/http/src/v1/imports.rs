//! Bringing in the history of an organisation that comes from spreadsheets: one door for each register.
//!
//! A body is taken whole or not at all. Of measurements the good ones are kept, since each stands for itself; a register is
//! one account of what happened, its rows refer to each other, and half of it would look like all of it. Whoever mends a row
//! sends the whole again: what was taken before is recognised.

mod cases;
mod plan_of_action;
mod registers;
mod row;
mod sarif;
mod whole;
mod work;

pub(crate) use cases::NonconformityRow;

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, WriteParameters};
use crate::routing::Routes;
use crate::rows::{Read, Rows};
use actix_web::http::StatusCode;
use actix_web::post;
use cases::IncidentRow;
use chrono::NaiveDate;
use plan_of_action::import_plan_of_action;
use ratchet_domain::access::Actor;
use ratchet_domain::change::Record;
use ratchet_domain::imports::{Migrated, Terms, may_migrate};
use ratchet_domain::refusal::{Fault, Refusal};
use ratchet_domain::settings::Rules;
use ratchet_persistence::journal::Receipt;
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{imports, settings};
use registers::{ImprovementRow, RiskRow};
use row::{Around, People, Row, digest_of};
use sarif::import_sarif;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;
use work::ActionRow;

/// Where a record was brought in from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// From another register: no gate of this program was run for what had happened by then.
    Migrated,
}

/// What another register says of a record that was brought in. When it was recorded here is `created_at`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Migrated)]
pub(crate) struct MigratedView {
    /// Always `migrated`.
    pub origin: Origin,
    /// What that register calls it.
    #[schema(example = "CAPA-17")]
    pub external_reference: String,
    /// The day of the original event.
    pub raised_on: NaiveDate,
    /// The day on which it ended, when it had ended before go-live: then no verb moves it any more.
    pub ended_on: Option<NaiveDate>,
    /// How it ended, in that register's words.
    pub outcome: Option<String>,
    /// Why it happened, in that register's words, when it had ended.
    pub root_causes: Vec<String>,
}

impl From<&Migrated> for MigratedView {
    fn from(migrated: &Migrated) -> Self {
        let Migrated { external_reference, raised_on, ended_on, outcome, root_causes } = migrated.clone();
        Self { origin: Origin::Migrated, external_reference, raised_on, ended_on, outcome, root_causes }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RowOutcome {
    /// A record was made of it.
    Migrated,
    /// It was brought in before, with the same words.
    Known,
}

/// A row and its record.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportedRow {
    /// Its place among the rows, from 0; header and blank lines are not counted.
    pub index: usize,
    /// What became of it.
    pub outcome: RowOutcome,
    /// What the other register calls it.
    #[schema(example = "CAPA-17")]
    pub external_reference: String,
    /// The record's id.
    pub id: Uuid,
    /// The record's reference. Its year is the one in which it was recorded here: nothing pretends to have been here before.
    #[schema(example = "NC-2026-0007")]
    pub reference: String,
}

/// How many of each.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportCounts {
    /// Records that were made.
    pub migrated: usize,
    /// Rows that were brought in before.
    pub known: usize,
}

/// What became of all rows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportReceipt {
    /// How many of each.
    pub counts: ImportCounts,
    /// Row by row.
    pub rows: Vec<ImportedRow>,
}

/// Declares the doors: what is true of one is true of all.
macro_rules! doors {
    ($($(#[doc = $doc:literal])+ $name:ident $path:literal $row:ident;)+) => {
        $(
            $(#[doc = $doc])+
            #[utoipa::path(
                tag = "imports",
                params(WriteParameters),
                request_body(content(
                    (Vec<$row> = "application/json"),
                    (String = "application/x-ndjson"),
                    (String = "text/csv")
                )),
                responses(
                    (status = 201, description = "Records were made", body = ImportReceipt),
                    (status = 200, description = "Everything was known, or a dry run", body = ImportReceipt),
                )
            )]
            #[post($path)]
            pub(crate) async fn $name(
                call: Call,
                parameters: Query<WriteParameters>,
                rows: Rows<$row>,
            ) -> Result<Answer, ApiError> {
                import(call, parameters, rows).await
            }
        )+

        pub(crate) fn configure(routes: &mut Routes) {
            routes$(.service($name))+.service(import_sarif).service(import_plan_of_action);
        }
    };
}

doors! {
    /// Bring in nonconformities of another register, from before go-live.
    ///
    /// At most 1,000 rows in at most 8 MiB after decompression, as a JSON array, as JSON lines, or as CSV with a header of
    /// the same names. All of them are taken or none: every fault is told by the row's index, and a row that was brought in
    /// before is recognised. Gates are not run; what had ended stays as it is, what had not goes on here.
    import_nonconformities "/imports/nonconformities" NonconformityRow;

    /// Bring in actions of another register, from before go-live.
    ///
    /// Each serves a record that is here or was brought in before. Limits and habits are those of nonconformities.
    import_actions "/imports/actions" ActionRow;

    /// Bring in improvements of another register, from before go-live.
    ///
    /// One that had not ended is proposed, and decided here. Limits and habits are those of nonconformities.
    import_improvements "/imports/improvements" ImprovementRow;

    /// Bring in incidents of another register, from before go-live.
    ///
    /// One that had not ended is reported, and triaged here; a clock of personal data is started here, too. Limits and
    /// habits are those of nonconformities.
    import_incidents "/imports/incidents" IncidentRow;

    /// Bring in risks of another register, from before go-live.
    ///
    /// One that was accepted there is assessed or treated here until management accepts it here. Limits and habits are those
    /// of nonconformities.
    import_risks "/imports/risks" RiskRow;
}

async fn import<T: Row>(
    call: Call,
    Query(parameters): Query<WriteParameters>,
    Rows { items, digest }: Rows<T>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let dry_run = parameters.dry_run;
    call.write(&parameters, &digest, move |tx| {
        may_migrate(&by)?;
        let rules = fixed_rules(tx)?;
        let terms = Terms::of(&rules, tx.now())?;
        let (receipt, last) = land(items?, &terms, &by, tx)?;
        let status = if last.is_some() && !dry_run { StatusCode::CREATED } else { StatusCode::OK };
        let answer = Answer::json(status, &receipt)?;
        Ok(last.filter(|_| !dry_run).into_iter().fold(answer, Answer::with_receipt))
    })
    .await
}

/// The rules under which history comes in. Nobody says another day of go-live until this transaction ends, and nobody else
/// brings the same row in.
fn fixed_rules(tx: &mut Tx<'_>) -> Result<Rules, ApiError> {
    let organisation = tx.actor().organisation;
    match settings::find(organisation, tx.connection())? {
        Some(settings) => tx.enter(settings.head.id)?,
        None => return Ok(Rules::default()),
    }
    Ok(settings::rules(organisation, tx.connection())?)
}

/// A fault at its row.
fn at(index: usize, fault: Fault) -> Fault {
    Fault { pointer: format!("/{index}{}", fault.pointer), ..fault }
}

/// Rows on their way to become records.
struct Landing {
    known: HashMap<String, imports::Known>,
    seen: BTreeSet<String>,
    faults: Vec<Fault>,
    rows: Vec<(usize, RowOutcome, String, Uuid)>,
    last: Option<Receipt>,
}

fn land<T: Row>(
    items: Vec<Read<T>>,
    terms: &Terms<'_>,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<(ImportReceipt, Option<Receipt>), ApiError> {
    let named = |of: fn(&T) -> Vec<&str>| -> BTreeSet<String> {
        items.iter().flatten().flat_map(|row| of(row).into_iter().map(str::to_owned)).collect()
    };
    let references = named(|row| vec![row.external_reference()]);
    let known = imports::known(by.organisation, <T::Record as Record>::PREFIX, &references, tx.connection())?;
    let people = People(imports::people(by.organisation, &named(T::people), tx.connection())?);
    let around = Around { terms, people: &people, surroundings: T::surroundings(&items, by, tx)? };
    let mut landing = Landing { known, seen: BTreeSet::new(), faults: Vec::new(), rows: Vec::new(), last: None };
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Ok(row) => landing.take(index, row, &around, by, tx)?,
            Err(fault) => landing.faults.push(at(index, fault)),
        }
    }
    if !landing.faults.is_empty() {
        return Err(Refusal::Invalid(landing.faults).into());
    }
    let last = landing.last.take();
    Ok((landing.receipt::<T>(by, tx)?, last))
}

impl Landing {
    fn take<T: Row>(
        &mut self,
        index: usize,
        row: T,
        around: &Around<'_, T::Surroundings>,
        by: &Actor,
        tx: &mut Tx<'_>,
    ) -> Result<(), ApiError> {
        let (reference, digest) = (row.external_reference().to_owned(), digest_of(&row)?);
        let mut refuse = |code, detail: &str| {
            self.faults.push(at(index, Fault::new("/external_reference", code, detail)));
            Ok(())
        };
        if !self.seen.insert(reference.clone()) {
            return refuse("duplicate", "must be that of one row alone");
        }
        match self.known.get(&reference) {
            Some(known) if known.digest == digest => {
                self.rows.push((index, RowOutcome::Known, reference, known.record));
                return Ok(());
            }
            Some(_) => {
                return refuse(
                    "taken",
                    "was brought in before, with other words: what it says is amended in its record",
                );
            }
            None => {}
        }
        let birth = tx.birth(<T::Record as Record>::PREFIX)?;
        let change = match row.migrate(around, by, birth) {
            Ok(change) => change,
            Err(ApiError::Refused(Refusal::Invalid(faults))) => {
                self.faults.extend(faults.into_iter().map(|fault| at(index, fault)));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        // Nothing is kept any more: what is left is to find every fault.
        if !self.faults.is_empty() {
            return Ok(());
        }
        let (record, receipt) = tx.save(change)?;
        if let Some(migrated) = T::migrated(&record) {
            let made = (<T::Record as Record>::PREFIX, record.head().id);
            imports::keep(by.organisation, made, migrated, &digest, tx.connection())?;
        }
        self.rows.push((index, RowOutcome::Migrated, reference, record.head().id));
        self.last = Some(receipt);
        Ok(())
    }

    fn receipt<T: Row>(self, by: &Actor, tx: &mut Tx<'_>) -> Result<ImportReceipt, ApiError> {
        let ids: Vec<Uuid> = self.rows.iter().map(|(_, _, _, id)| *id).collect();
        let records = <T::Record as Table>::many(by.organisation, &ids, tx.connection())?;
        let references: HashMap<Uuid, String> =
            records.iter().map(|record| (record.head().id, record.head().reference.to_string())).collect();
        let row = |(index, outcome, external_reference, id)| {
            let reference = references.get(&id).cloned().unwrap_or_default();
            ImportedRow { index, outcome, external_reference, id, reference }
        };
        let rows: Vec<ImportedRow> = self.rows.into_iter().map(row).collect();
        let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
        let counts = ImportCounts { migrated: count(RowOutcome::Migrated), known: count(RowOutcome::Known) };
        Ok(ImportReceipt { counts, rows })
    }
}
