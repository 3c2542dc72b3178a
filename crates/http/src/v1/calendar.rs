//! What is due as a calendar (RFC 5545), for programs that have no login: a secret link opens it.

use crate::answer::Answer;
use crate::app::App;
use crate::error::ApiError;
use crate::icalendar::Writer;
use crate::limits::Remaining;
use crate::routing::Routes;
use crate::v1::auth::{Open, client_address};
use crate::v1::records;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage, HttpRequest, get, web};
use chrono::NaiveDate;
use ratchet_domain::calendar::CalendarLink;
use ratchet_domain::kinds::line_outside;
use ratchet_persistence::calendar::{self, Calendar};
use ratchet_persistence::work_items::WorkItem;
use serde::Deserialize;
use subtle::ConstantTimeEq;

/// Where calendar programs ask.
pub(crate) const PATH: &str = "/v1/calendar.ics";

/// Items at most.
const LIMIT: i64 = 1000;

/// Which link.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CalendarParameters {
    /// The secret part of a member's calendar link.
    token: String,
}

/// Read what is due for a member as a calendar: an event for each item of `/v1/me/work` that has a day, on that day.
///
/// The link is made by `POST /v1/members/{id}/open-calendar-link`; no other credentials are looked at. Titles of records
/// that not everybody may read are left out: a calendar is kept by others. A link that was replaced or closed, or whose
/// member was deactivated, is answered like one that never was.
#[utoipa::path(
    tag = "me",
    params(CalendarParameters),
    responses((status = 200, body = String, content_type = "text/calendar")),
    security(())
)]
#[get("/calendar.ics")]
pub(crate) async fn get_calendar(
    app: web::Data<App>,
    request: HttpRequest,
    Open(CalendarParameters { token }): Open<CalendarParameters>,
) -> Result<Answer, ApiError> {
    app.limits.admit_calendar(client_address(&app, &request))?;
    let link: CalendarLink = token.parse().map_err(|_| ApiError::NotFound)?;
    let (member, hash, now) = (link.member, link.hash(), app.now());
    let holder =
        app.store.read(move |connection| Ok::<_, ApiError>(calendar::holder(member, now, connection)?)).await?;
    let holder = holder.filter(|holder| bool::from(holder.hash.as_bytes().ct_eq(hash.as_bytes())));
    let actor = holder.ok_or(ApiError::NotFound)?.actor;
    request.extensions_mut().insert::<Remaining>(app.limits.admit(member.0)?);
    let calendar =
        app.store.read(move |connection| Ok::<_, ApiError>(calendar::of(&actor, LIMIT, connection)?)).await?;
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let answer =
        Answer::text(StatusCode::OK, "text/calendar; charset=utf-8", written(&calendar, &app.settings.public_url));
    Ok(answer.with_hash_as_etag().unless_known(known))
}

/// The calendar in RFC 5545: the same bytes as long as nothing is different.
fn written(calendar: &Calendar, public_url: &str) -> String {
    let base = public_url.trim_end_matches('/');
    let mut all = Writer::default();
    all.component("VCALENDAR", |all| {
        all.put("VERSION", "2.0");
        all.put("PRODID", "-//Ratchet//ISMS work//EN");
        all.text("X-WR-CALNAME", &format!("Ratchet: {}", calendar.organisation));
        all.put("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
        all.put("X-PUBLISHED-TTL", "PT1H");
        for item in &calendar.items {
            if let Some((day, next)) = item.due_on.and_then(|day| Some((day, day.succ_opt()?))) {
                write_event(item, (day, next), base, all);
            }
        }
    });
    all.finish()
}

/// An event that takes the whole day and keeps nobody busy. Events, not to-dos: those are left out by most programs that
/// read a calendar of somebody else.
fn write_event(item: &WorkItem, (day, next): (NaiveDate, NaiveDate), base: &str, all: &mut Writer) {
    let WorkItem { kind, id, reference, title, state, member, due_on: _, number, since: _, changed_at } = item;
    let host = base.split_once("://").map_or(base, |(_, rest)| rest);
    let waits = if member.is_some() { "Waits for you" } else { "Waits for whoever may" };
    let what = kind.kind().replace('_', " ");
    all.component("VEVENT", |event| {
        event.text("UID", &format!("{id}-{number}@{host}"));
        event.moment("DTSTAMP", *changed_at);
        event.day("DTSTART", day);
        event.day("DTEND", next);
        event.text("SUMMARY", &line_outside(*kind, *reference, title.as_deref()));
        event.text("DESCRIPTION", &format!("{waits}: {what} {reference}, {}", state.replace('_', " ")));
        event.put("URL", &format!("{base}{}", records::href(*kind, *id)));
        event.put("TRANSP", "TRANSPARENT");
    });
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(get_calendar);
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use ratchet_domain::reference::{Prefix, Reference};
    use uuid::Uuid;

    fn item(due_on: Option<&str>) -> WorkItem {
        WorkItem {
            kind: Prefix::Action,
            id: Uuid::from_u128(7),
            reference: Reference { prefix: Prefix::Action, year: 2026, number: 3 },
            title: Some("Export from a replica".to_owned()),
            state: "in_progress".to_owned(),
            member: None,
            due_on: due_on.map(|day| day.parse().unwrap()),
            number: 1,
            since: DateTime::UNIX_EPOCH,
            changed_at: "2026-03-01T10:20:30.5Z".parse().unwrap(),
        }
    }

    #[test]
    fn an_item_is_a_day_where_it_has_one() {
        let items = vec![item(Some("2026-03-31")), item(None)];
        let calendar = Calendar { organisation: "Harbour; Robotics, Ltd".to_owned(), items };
        insta::assert_snapshot!(written(&calendar, "https://isms.example/").replace("\r\n", "\n"));
    }
}
