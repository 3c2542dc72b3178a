//! Actions and their tickets: each pair is compared off the request path, a few at a time for each connection, and both sides are
//! told what the other says.

use crate::commands::people;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use ratchet_domain::access::{Actor, Identity, Permission};
use ratchet_domain::actions::{Action, News};
use ratchet_domain::change::Record;
use ratchet_domain::id::{ApiKeyId, OrganisationId};
use ratchet_domain::redactions::tombstone_of;
use ratchet_domain::reference::Locator;
use ratchet_domain::text::{NARRATIVE, TITLE};
use ratchet_domain::ticket_connections::{Terms, TicketConnection, again_after};
use ratchet_domain::tickets::{Category, Field, Remote, Said, Side, Step, Ticket, marker, said_of, steps};
use ratchet_http::app::Source;
use ratchet_http::dialling::Dialler;
use ratchet_http::{Seal, Unopened, credentials_of};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::restrictions;
use ratchet_persistence::store::Store;
use ratchet_persistence::table::Table;
use ratchet_persistence::tickets::{self, Claimed, Compared, Concern, Failed, Looked, Polled};
use ratchet_tickets::{Changed, Credentials, Failure, Issue, Setup, Wanted, connector};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// Pairs that are compared at once, at most.
const ROOM: usize = 64;
/// Characters of an address that are kept, at most.
const ADDRESS: usize = 2_000;
/// How often, and how long after one another, it is tried to write down what came of it.
const WRITES: (usize, Duration) = (10, Duration::from_millis(300));

/// Whoever compares them.
pub(crate) struct Comparer {
    dialler: Dialler,
    seal: Seal,
    under_way: AtomicUsize,
}

/// A pair, as it is to be compared.
struct Pair {
    action: Action,
    ticket: Ticket,
    terms: Terms,
    credentials: Option<Credentials>,
}

/// Why a pair is not compared.
enum Obstacle {
    /// It is a ticket no longer.
    Over,
    /// What must not leave the program.
    Restricted,
    /// Nobody can say any more by what the program says who it is.
    Sealed,
}

impl Comparer {
    /// Dials what is within reach, by credentials that the seal opens.
    pub(crate) fn new(dialler: Dialler, seal: Seal) -> Arc<Self> {
        Arc::new(Self { dialler, seal, under_way: AtomicUsize::new(0) })
    }

    /// Notes what has changed here, takes what is due, and begins with it; whether there was anything.
    pub(crate) async fn step(self: &Arc<Self>, store: &Store, source: &Source) -> Result<bool, Error> {
        let now = micros((source.now)());
        let room = ROOM.saturating_sub(self.under_way.load(Ordering::Relaxed));
        if room == 0 || !store.read(move |connection| tickets::has_work(now, connection)).await? {
            return Ok(false);
        }
        let looked = store.read(tickets::look_through).await?;
        self.rule(&looked, store, source).await?;
        let lease = (source.id)();
        let taken = store.work(move |connection| {
            let followed = tickets::follow(&looked, now, connection)?;
            let polls = tickets::claim_polls(now, connection)?;
            Ok::<_, Error>((followed, polls, tickets::claim(room, lease, now, connection)?))
        });
        let (followed, polls, claimed) = taken.await?;
        let is_idle = followed == 0 && polls.is_empty() && claimed.is_empty();
        for poll in polls {
            let (own, store, source) = (self.clone(), store.clone(), source.clone());
            tokio::spawn(async move { own.poll(&poll, &store, &source).await });
        }
        for one in claimed {
            let (own, store, source) = (self.clone(), store.clone(), source.clone());
            self.under_way.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                own.compare(&one, &store, &source).await;
                own.under_way.fetch_sub(1, Ordering::Relaxed);
            });
        }
        Ok(!is_idle)
    }

    /// Makes actions tickets of which rules say so. What was looked through is not left behind before that is done.
    async fn rule(&self, looked: &[Looked], store: &Store, source: &Source) -> Result<(), Error> {
        let named = looked.to_vec();
        for (organisation, action) in store.read(move |connection| tickets::candidates(&named, connection)).await? {
            let context = || people::context(organisation, "tickets", source);
            let error = match store.write(context(), move |tx| tickets::take(action, tx)).await {
                Ok(_) => continue,
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => error,
            };
            tracing::error!(%error, %action, "an action does not become a ticket by a rule");
            let why = error.to_string();
            store.write(context(), move |tx| tickets::rule_failed(action, &why, tx)).await?;
        }
        Ok(())
    }

    /// Asks what has changed there.
    async fn poll(&self, poll: &Polled, store: &Store, source: &Source) {
        let asked_at = micros((source.now)());
        let (seal, named) = (self.seal.clone(), poll.clone());
        let read = store.read(move |connection| known(&seal, named.organisation, named.connection, connection)).await;
        let (terms, credentials) = match read {
            Ok(known) => known,
            Err(error) => return tracing::warn!(%error, "a ticketing system is asked later"),
        };
        let found = match credentials {
            Ok(credentials) => {
                let setup = Setup { terms: &terms, credentials: credentials.as_ref(), dial: &self.dialler };
                connector(terms.kind).changed_since(&setup, poll.since).await
            }
            Err(Unopened) => Err(Failure::Sealed),
        };
        let written = match found {
            Ok(Changed { keys, is_whole }) => {
                let (poll, context) = (poll.clone(), people::context(poll.organisation, "tickets", source));
                store.write(context, move |tx| tickets::polled(&poll, (&keys, is_whole), asked_at, tx)).await
            }
            Err(failure) => poll_failed(poll, &failure, store, source).await,
        };
        if let Err(error) = written {
            tracing::warn!(%error, "what a ticketing system has said is lost, and asked again");
        }
    }

    async fn compare(&self, claimed: &Claimed, store: &Store, source: &Source) {
        let (times, pause) = WRITES;
        let (seal, named) = (self.seal.clone(), claimed.clone());
        let pair = match store.read(move |connection| pair(&seal, &named, connection)).await {
            Ok(Ok(pair)) => pair,
            Ok(Err(Obstacle::Over)) => return,
            Ok(Err(Obstacle::Restricted)) => {
                let failure = Failure::Refused("what is restricted does not leave the program".to_owned());
                return told(failed(claimed, &failure, store, source).await);
            }
            Ok(Err(Obstacle::Sealed)) => return told(failed(claimed, &Failure::Sealed, store, source).await),
            // Taken again when the lease has ended.
            Err(error) => return tracing::warn!(%error, action = %claimed.action, "a ticket waits"),
        };
        let compared = match self.compared(&pair).await {
            Ok(compared) => compared,
            Err(failure) => return told(failed(claimed, &failure, store, source).await),
        };
        for _ in 0..times {
            let (claimed, compared) = (claimed.clone(), compared.clone());
            let context = people::context(claimed.organisation, "tickets", source);
            match store.write(context, move |tx| tickets::conclude(&claimed, &compared, tx)).await {
                Ok(_) => return,
                Err(error) if error.is_transient() => tokio::time::sleep(pause).await,
                Err(error) => return tracing::error!(%error, "what came of a ticket cannot be written down"),
            }
        }
        tracing::warn!(action = %claimed.action, "a ticket is compared once more");
    }

    /// What both say, after the ticket was told.
    async fn compared(&self, pair: &Pair) -> Result<Compared, Failure> {
        let Pair { action, ticket, terms, credentials } = pair;
        let setup = Setup { terms, credentials: credentials.as_ref(), dial: &self.dialler };
        let connector = connector(terms.kind);
        let ours = said_of(action, terms);
        let (key, news) = match (&ticket.remote, &ticket.adopts) {
            (Some(remote), _) => (remote.key.clone(), None),
            (None, Some(key)) => (key.clone(), Some(News::Adopted)),
            (None, None) => (self.made(&setup, action, &ours).await?, Some(News::Created)),
        };
        let mut issue = connector.fetch(&setup, &key).await?;
        // Of what was made here nothing there is older.
        let is_ours = news == Some(News::Created) || issue.updated_at.is_none_or(|at| action.head.updated_at >= at);
        let mut steps = steps(ticket, (&ours, &said(&issue, terms)), terms, is_ours);
        if news == Some(News::Created) {
            steps.values_mut().filter(|step| **step != Step::Agree).for_each(|step| *step = Step::Out);
        }
        // What is gone here by law goes there as it stands here, and is not learnt from there again.
        let is_gone =
            |field: &Field| ours.get(field).cloned().flatten().is_some_and(|said| tombstone_of(&said).is_some());
        steps
            .iter_mut()
            .filter(|(field, step)| is_gone(field) && **step != Step::Agree)
            .for_each(|(_, step)| *step = Step::Out);
        // What the ticket's status means nobody knows: what was decided, or has changed here, is told all the same.
        let state = ours.get(&Field::State).cloned().flatten();
        let is_decided = ticket.settled.get(&Field::State) == Some(&Side::Ours)
            || ticket.seen.get(&Field::State).is_some_and(|seen| seen.ours != state);
        if terms.category_of(&issue.status).is_none() && is_decided {
            steps.insert(Field::State, Step::Out);
        }
        let wanted = wanted(&ours, &steps, terms);
        if wanted != Wanted::default() {
            connector.update(&setup, &issue, &wanted).await?;
            issue = connector.fetch(&setup, &key).await?;
        }
        let mut theirs = said(&issue, terms);
        theirs.retain(|field, said| !is_gone(field) || ours.get(field) == Some(&*said));
        let category = terms.category_of(&issue.status);
        let (url, status) = (issue.url.map(|url| cut(&url, ADDRESS)), cut(&issue.status, TITLE));
        let remote = Remote { key: issue.key, url, status, category };
        let version = action.head.version;
        Ok(Compared { version, terms: terms.clone(), remote, news, ours, theirs, steps, is_known: category.is_some() })
    }

    /// The key of the ticket that was made, be it by an attempt of which no answer came.
    async fn made(&self, setup: &Setup<'_>, action: &Action, ours: &Said) -> Result<String, Failure> {
        let (connector, marker) = (connector(setup.terms.kind), marker(action));
        if let Some(key) = connector.find(setup, &marker).await? {
            return Ok(key);
        }
        let all: BTreeMap<Field, Step> = ours.keys().map(|field| (*field, Step::Out)).collect();
        connector.create(setup, &marker, &wanted(ours, &all, setup.terms)).await
    }
}

/// What is to be told there.
fn wanted(ours: &Said, steps: &BTreeMap<Field, Step>, terms: &Terms) -> Wanted {
    let told = |field| ours.get(&field).filter(|_| steps.get(&field) == Some(&Step::Out)).cloned().flatten();
    let category = told(Field::State).and_then(|category| category.parse::<Category>().ok());
    Wanted {
        title: told(Field::Title),
        text: told(Field::Text).filter(|text| !text.is_empty()),
        due_on: told(Field::DueOn).and_then(|day| day.parse().ok()),
        assignee: told(Field::Assignee),
        status: category.and_then(|category| terms.status_of(category)).map(str::to_owned),
    }
}

/// What the ticket says, as far as its system and the connection tell.
fn said(issue: &Issue, terms: &Terms) -> Said {
    let mut said = Said::new();
    if let Some(title) = &issue.title {
        said.insert(Field::Title, Some(cut(title, TITLE)));
    }
    if let Some(text) = &issue.text {
        said.insert(Field::Text, Some(cut(text, NARRATIVE)));
    }
    if let Some(due_on) = issue.due_on {
        said.insert(Field::DueOn, due_on.map(|day| day.to_string()));
    }
    if let Some(assignee) = &issue.assignee {
        said.insert(Field::Assignee, assignee.as_ref().map(|name| cut(name, TITLE)));
    }
    if let Some(category) = terms.category_of(&issue.status) {
        said.insert(Field::State, Some(<&str>::from(category).to_owned()));
    }
    said
}

/// So much of it that it is seen to be too long: whoever writes there does not fill the journal here.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most + 1).collect()
}

/// A connection's terms, and its credentials where they can be opened.
fn known(
    seal: &Seal,
    organisation: OrganisationId,
    id: Uuid,
    connection: &mut AnyConnection,
) -> Result<(Terms, Result<Option<Credentials>, Unopened>), Error> {
    let found = TicketConnection::find(organisation, Locator::Id(id), connection)?;
    let (record, _) = found.ok_or(Error::NotFound)?;
    let credentials = credentials_of(&record, seal, connection)?;
    Ok((record.terms, credentials))
}

fn pair(seal: &Seal, claimed: &Claimed, connection: &mut AnyConnection) -> Result<Result<Pair, Obstacle>, Error> {
    let Claimed { organisation, action, connection: of, .. } = *claimed;
    let found = Action::find(organisation, Locator::Id(action), connection)?;
    let Some((action, _)) = found else { return Ok(Err(Obstacle::Over)) };
    let Some(ticket) = action.ticket.clone().filter(|ticket| ticket.connection.0 == of) else {
        return Ok(Err(Obstacle::Over));
    };
    let outside = Identity::ApiKey {
        id: ApiKeyId(of),
        scopes: vec![Permission::ReadRecords],
        withheld: restrictions::withheld(organisation, None, connection)?,
    };
    if action.is_withheld(&Actor { organisation, identity: outside }) {
        return Ok(Err(Obstacle::Restricted));
    }
    let (terms, credentials) = known(seal, organisation, of, connection)?;
    let Ok(credentials) = credentials else { return Ok(Err(Obstacle::Sealed)) };
    Ok(Ok(Pair { action, ticket, terms, credentials }))
}

/// Writes down that it failed.
async fn failed(claimed: &Claimed, failure: &Failure, store: &Store, source: &Source) -> Result<(), Error> {
    let context = people::context(claimed.organisation, "tickets", source);
    let (claimed, failed, again) = (claimed.clone(), described(failure), again(failure));
    store.write(context, move |tx| tickets::fail(&claimed, &failed, again, tx)).await
}

/// Writes down that it could not be asked what has changed there.
async fn poll_failed(poll: &Polled, failure: &Failure, store: &Store, source: &Source) -> Result<(), Error> {
    let context = people::context(poll.organisation, "tickets", source);
    let (poll, failed, again) = (poll.clone(), described(failure), again(failure));
    store.write(context, move |tx| tickets::fail_poll(&poll, &failed, again, tx)).await
}

fn described(failure: &Failure) -> Failed {
    let concerns = match failure {
        Failure::Sealed => Concern::ConnectionAtOnce,
        failure if failure.is_of_connection() => Concern::Connection,
        Failure::Unreachable(_) | Failure::Throttled(_) | Failure::Denied(_) | Failure::Gone | Failure::Refused(_) => {
            Concern::Ticket
        }
    };
    Failed { error: failure.words(), concerns }
}

/// When it is tried again, by how often it has failed.
fn again(failure: &Failure) -> impl FnOnce(i64) -> TimeDelta + Send + 'static {
    let (asked, chance) = (failure.retry_after(), rand::random::<f64>());
    move |failures| again_after(failures, asked, chance)
}

fn told(written: Result<(), Error>) {
    if let Err(error) = written {
        tracing::warn!(%error, "that a ticket failed cannot be written down");
    }
}

/// What both databases keep.
fn micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}
