//! The daily digests: each is composed, claimed, and sent once at most.

use crate::mail::{Letter, Mail, Undelivered};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use ratchet_domain::digests::{About, Line, digest};
use ratchet_domain::kinds::line_outside;
use ratchet_http::app::Source;
use ratchet_http::{DigestFigures, path_of};
use ratchet_persistence::digests::{self, Content, Due, Outcome};
use ratchet_persistence::error::Error;
use ratchet_persistence::store::Store;
use ratchet_persistence::work_items::WorkItem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// Items of a member's work that a digest looks at.
const LIMIT: i64 = 1000;

/// Whoever sends them.
pub(crate) struct Sender {
    mail: Mail,
    /// The address under which clients see the server, without a slash at its end.
    base: String,
    figures: DigestFigures,
    is_away: AtomicBool,
}

/// How far one came.
enum Step {
    /// It needs nothing more.
    Done,
    /// The mail server has put it off.
    Later,
    /// The mail server is away.
    Away,
}

impl Sender {
    /// Through this mail server.
    pub(crate) fn new(mail: Mail, public_url: &str, figures: DigestFigures) -> Self {
        let base = public_url.trim_end_matches('/').to_owned();
        Self { mail, base, figures, is_away: AtomicBool::new(false) }
    }

    /// Sends what is due, and says whether all of it went. It stops where the mail server is away: then nothing is claimed.
    pub(crate) async fn catch_up(&self, store: &Store, source: &Source) -> Result<bool, Error> {
        let now = micros((source.now)());
        let due = store.read(move |connection| digests::due(now, connection)).await?;
        let (mut left, mut went_well) = (due.len(), true);
        self.figures.wait(left);
        for one in due {
            match self.take_in_hand(one, micros((source.now)()), store).await? {
                Step::Done => left -= 1,
                Step::Later => went_well = false,
                Step::Away => return Ok(false),
            }
            self.figures.wait(left);
        }
        Ok(went_well)
    }

    async fn take_in_hand(&self, due: Due, now: DateTime<Utc>, store: &Store) -> Result<Step, Error> {
        let content = store.read(move |connection| digests::content(due, LIMIT, now, connection)).await?;
        let Some(content) = content else { return Ok(Step::Done) };
        let letter = self.letter(content, due, now);
        let outcome = if letter.is_some() { Outcome::Claimed } else { Outcome::Empty };
        if letter.is_some() && !self.is_reachable().await {
            return Ok(Step::Away);
        }
        let is_ours = store.work(move |connection| digests::claim(due, outcome, now, connection)).await?;
        match letter.filter(|_| is_ours) {
            Some(letter) => self.send(letter, due, store).await,
            None => {
                if is_ours {
                    self.figures.count("empty");
                }
                Ok(Step::Done)
            }
        }
    }

    async fn send(&self, letter: Letter, due: Due, store: &Store) -> Result<Step, Error> {
        let member = due.member.0;
        match self.mail.send(letter).await {
            Ok(()) => {
                self.figures.count("sent");
                store.work(move |connection| digests::conclude(due, Outcome::Sent, connection)).await?;
                Ok(Step::Done)
            }
            Err(Undelivered::Later(why)) => {
                tracing::warn!(why, %member, "a digest is sent later");
                self.figures.count("postponed");
                store.work(move |connection| digests::release(due, connection)).await?;
                Ok(Step::Later)
            }
            Err(Undelivered::Never(why)) => {
                tracing::warn!(why, %member, "a digest cannot be sent");
                self.figures.count("refused");
                store.work(move |connection| digests::conclude(due, Outcome::Refused, connection)).await?;
                Ok(Step::Done)
            }
            // Its claim stands, so that it is not sent twice.
            Err(Undelivered::Unknown(why)) => {
                tracing::warn!(why, %member, "whether a digest was sent cannot be told");
                self.figures.count("unknown");
                Ok(Step::Done)
            }
        }
    }

    /// Said once when it goes, and once when it is back.
    async fn is_reachable(&self) -> bool {
        let reached = self.mail.reach().await;
        let was_away = self.is_away.swap(reached.is_err(), Ordering::Relaxed);
        match (&reached, was_away) {
            (Err(why), false) => tracing::warn!(why, "the mail server is away: digests wait"),
            (Ok(()), true) => tracing::info!("the mail server is back"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        reached.is_ok()
    }

    fn letter(&self, content: Content, due: Due, now: DateTime<Utc>) -> Option<Letter> {
        let Content { address, name, organisation, since, items } = content;
        let lines: Vec<Line> = items.iter().map(|item| self.line(item)).collect();
        let (base, member, day) = (&self.base, due.member.0, due.day);
        let (list, profile) = (format!("{base}/v1/me/work"), format!("{base}/v1/members/{member}"));
        let about = About { name: name.clone(), organisation, day, since, list, member: profile };
        let said = digest(&lines, &about)?;
        let host = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or_default();
        let id = format!("<digest.{member}.{day}@{host}>");
        Some(Letter { id, address, name, subject: said.subject, text: said.text, at: SystemTime::from(now) })
    }

    fn line(&self, item: &WorkItem) -> Line {
        Line {
            heading: line_outside(item.kind, item.reference, item.title.as_deref()),
            url: format!("{}{}", self.base, path_of(item.kind, item.id)),
            due_on: item.due_on,
            since: item.since,
        }
    }
}

/// What both databases keep.
fn micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}
