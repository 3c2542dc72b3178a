//! The settings of an organisation over HTTP: each organisation has one, from its founding.

use crate::answer::Answer;
use crate::app::first;
use crate::body::{Body, said};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, Transition};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::MemberId;
use ratchet_domain::report_intakes::ReportLink;
use ratchet_domain::separation::{Relaxation, Rule};
use ratchet_domain::settings::{Relax, ReviewRules, Rules, Settings, Verb};
use ratchet_domain::working_days::{Calendar, Weekday};
use serde::{Deserialize, Serialize};

/// What decisions of the organisation depend on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SettingsView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Minutes east of Greenwich; days of guards and due dates begin and end by it.
    pub utc_offset_minutes: i32,
    /// Where everybody can report without a name; `null` while that is closed.
    #[schema(example = "/v1/report-intakes/0197a3c27c517d388f0e0d4f3a1b2c3d_5f0c1b7e9a2d4c8f8e6b3a1d7c9e2f40")]
    pub report_link: Option<String>,
    /// The days of the week on which the organisation works; short deadlines are counted in working days.
    pub weekdays: Vec<Weekday>,
    /// The days on which it does not work nevertheless, in order.
    pub holidays: Vec<NaiveDate>,
    /// Whether an emergency change that nobody approved within three working days becomes a nonconformity.
    pub unapproved_emergency_is_nonconformity: bool,
    /// The rules of separation from which exceptions are documented; all others are in force.
    pub relaxations: Vec<RelaxationView>,
    /// When top management reviews the system.
    pub reviews: ReviewRulesView,
    /// The hour of the day from which the daily digests go out, 0 to 23, in the organisation's time zone; `null` where none
    /// do.
    #[schema(example = 7)]
    pub digest_hour: Option<u32>,
    /// The day from which on the program is used: what happened before can be brought in as history. `null` until management
    /// has said so.
    #[schema(example = "2026-01-01")]
    pub go_live: Option<NaiveDate>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// When top management reviews the system, and with how many.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReviewRulesView {
    /// Months from one meeting to the next.
    #[schema(example = 12)]
    pub interval_months: u32,
    /// How many of the invited must come, in per cent.
    #[schema(example = 50)]
    pub quorum_percent: u8,
}

impl From<ReviewRules> for ReviewRulesView {
    fn from(rules: ReviewRules) -> Self {
        let ReviewRules { interval_months, quorum_percent } = rules;
        Self { interval_months, quorum_percent }
    }
}

/// A rule from which exceptions are documented.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RelaxationView {
    /// Which one.
    pub rule: Rule,
    /// What makes up for it.
    pub compensating_control: String,
    /// The last day on which an exception passes.
    pub until: NaiveDate,
    /// Who of the management decided it.
    pub by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<&Relaxation> for RelaxationView {
    fn from(relaxation: &Relaxation) -> Self {
        let Relaxation { rule, compensating_control, until, by, at } = relaxation.clone();
        Self { rule, compensating_control, until, by, at }
    }
}

impl Resource for Settings {
    type View = SettingsView;
    type Query = Nothing;
    const PATH: &'static str = "settings";

    fn view(&self, transitions: Option<Vec<Transition>>) -> SettingsView {
        let Self { head, rules } = self;
        let Rules {
            utc_offset_minutes,
            separation,
            report_link,
            calendar,
            unapproved_emergency_is_nonconformity,
            reviews,
            digest_hour,
            go_live,
        } = rules;
        let Calendar { weekdays, holidays } = calendar;
        let link = |secret: &String| {
            let link = ReportLink { organisation: head.organisation, secret: secret.clone() };
            format!("/v1/report-intakes/{link}")
        };
        SettingsView {
            head: head.into(),
            utc_offset_minutes: *utc_offset_minutes,
            report_link: report_link.as_ref().map(link),
            weekdays: weekdays.iter().copied().collect(),
            holidays: holidays.iter().copied().collect(),
            unapproved_emergency_is_nonconformity: *unapproved_emergency_is_nonconformity,
            relaxations: separation.relaxations().iter().map(Into::into).collect(),
            reviews: (*reviews).into(),
            digest_hour: digest_hour.0,
            go_live: *go_live,
            transitions,
        }
    }

    fn filter(_: Nothing, _: &Actor, _: NaiveDate) {}
}

/// When days begin and end.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetTimeZone {
    /// Minutes east of Greenwich.
    #[schema(minimum = -720, maximum = 840, example = 60)]
    utc_offset_minutes: i32,
}

/// When the daily digests go out.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetDigestHour {
    /// The hour of the day, in the organisation's time zone; with `null` none go out.
    #[serde(deserialize_with = "said")]
    #[schema(required = true, minimum = 0, maximum = 23, example = 7)]
    hour: Option<u32>,
}

/// On which days the organisation works.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetWorkingDays {
    /// The days of the week, at least one.
    #[schema(example = json!(["monday", "tuesday", "wednesday", "thursday", "friday"]))]
    weekdays: Vec<Weekday>,
    /// The days on which it does not work nevertheless; at most 400. They replace those said before.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(example = json!(["2026-12-25", "2027-01-01"]))]
    holidays: Vec<NaiveDate>,
}

/// What follows from an emergency change that nobody approved in time.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetEmergencyChanges {
    /// A nonconformity; an event follows anyway.
    unapproved_is_nonconformity: bool,
}

/// Exceptions from a rule of separation.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelaxSeparation {
    /// From which rule.
    rule: Rule,
    /// What makes up for it.
    #[schema(example = "The board reads every verdict in its quarterly meeting", max_length = 10_000)]
    compensating_control: String,
    /// The last day on which an exception passes; at most 366 days ahead.
    #[serde(deserialize_with = "bounded")]
    until: NaiveDate,
}

/// A rule of separation to be in force again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnforceSeparation {
    /// Which rule.
    rule: Rule,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveReportLink {}

/// When top management reviews the system, and with how many.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetReviewRules {
    /// Months from one meeting to the next.
    #[schema(minimum = 1, maximum = 36, example = 6)]
    interval_months: u32,
    /// How many of the invited must come, in per cent; the number is rounded up.
    #[schema(minimum = 1, maximum = 100, example = 50)]
    quorum_percent: u8,
}

/// From which day on the program is used.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetGoLive {
    /// The first day on which records are made here; at most 366 days ahead.
    #[serde(deserialize_with = "bounded")]
    #[schema(example = "2026-01-01")]
    go_live: NaiveDate,
}

/// List the settings: there is one record.
#[utoipa::path(tag = "settings", params(PageParameters), responses((status = 200, body = Page<SettingsView>)))]
#[get("/settings")]
pub(crate) async fn list_settings(call: Call, list: List<Nothing>) -> Result<Answer, ApiError> {
    call.list::<Settings>(list).await
}

/// Read the settings.
#[utoipa::path(
    tag = "settings",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = SettingsView))
)]
#[get("/settings/{id}")]
pub(crate) async fn get_settings(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Settings>(target, parameters).await
}

/// Open the public link for anonymous reports, or replace its address: the old one is dead at once.
///
/// Whoever knows the address can report without a name; members find it here. Codes of earlier reporters stay good.
#[utoipa::path(
    tag = "settings",
    params(("id" = String, Path), WriteParameters),
    request_body = MoveReportLink,
    responses((status = 200, body = SettingsView))
)]
#[post("/settings/{id}/open-report-link")]
pub(crate) async fn open_report_link_settings(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<MoveReportLink>,
) -> Result<Answer, ApiError> {
    let secret = first(&(call.app.source.random)());
    call.verb(target, Verb::OpenReportLink, parameters, body, move |settings: Settings, _, _, by, tx| {
        Ok(settings.open_report_link(secret, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "settings", record Settings, view SettingsView;

    /// Say when days begin and end.
    set_time_zone_settings "/settings/{id}/set-time-zone" SetTimeZone SetTimeZone
    |settings, input, _facts, by, tx| settings.set_time_zone(input.utc_offset_minutes, by, tx.now());

    /// Close the public link for anonymous reports.
    close_report_link_settings "/settings/{id}/close-report-link" CloseReportLink MoveReportLink
    |settings, MoveReportLink {}, _facts, by, tx| settings.close_report_link(by, tx.now());

    /// Say from which hour the daily digests go out, or that none do.
    ///
    /// A digest is an e-mail that says what waits for a member: what is overdue, due within a week, or new. Nobody gets one
    /// without any of that, and a member can do without (`PATCH /v1/members/{id}`).
    set_digest_hour_settings "/settings/{id}/set-digest-hour" SetDigestHour SetDigestHour
    |settings, input, _facts, by, tx| settings.set_digest_hour(input.hour, by, tx.now());

    /// Say on which days the organisation works: what deadlines of a few days are counted in.
    set_working_days_settings "/settings/{id}/set-working-days" SetWorkingDays SetWorkingDays
    |settings, input, _facts, by, tx| settings.set_working_days(input.into(), by, tx.now());

    /// Say whether an emergency change that nobody approved within three working days becomes a nonconformity.
    ///
    /// Management alone decides it; the journal has an event of it anyway.
    set_emergency_changes_settings "/settings/{id}/set-emergency-changes" SetEmergencyChanges SetEmergencyChanges
    |settings, input, _facts, by, tx|
        settings.set_emergency_changes(input.unapproved_is_nonconformity, by, tx.now());

    /// Let exceptions from a rule of separation be documented, for organisations too small for it.
    ///
    /// Management alone decides it [5.3]. Whoever then does both gives `exception_reason`; the exception stays on the
    /// record.
    relax_separation_settings "/settings/{id}/relax-separation" RelaxSeparation RelaxSeparation
    |settings, input, _facts, by, tx| settings.relax_separation(input.into(), by, tx.now());

    /// Put a rule of separation back in force.
    enforce_separation_settings "/settings/{id}/enforce-separation" EnforceSeparation EnforceSeparation
    |settings, input, _facts, by, tx| settings.enforce_separation(input.rule, by, tx.now());

    /// Say how often management reviews are held, and with how many; management alone decides it [9.3.1].
    set_review_rules_settings "/settings/{id}/set-review-rules" SetReviewRules SetReviewRules
    |settings, SetReviewRules { interval_months, quorum_percent }, _facts, by, tx|
        settings.set_review_rules(ReviewRules { interval_months, quorum_percent }, by, tx.now());

    /// Say from which day on the program is used: what happened before can be brought in as history, without gates.
    ///
    /// Management alone decides it, so that whoever brings history in does not say for which time the gates need not have been
    /// kept. It can be said anew until the first record is brought in, and is fixed from then on: moved ahead, it would let in
    /// what was recorded here past the gates; moved back, what was let in would claim to have passed them.
    set_go_live_settings "/settings/{id}/set-go-live" SetGoLive SetGoLive
    |settings, input, facts, by, tx| settings.set_go_live(input.go_live, facts, by, tx.now());
}

impl From<SetWorkingDays> for Calendar {
    fn from(body: SetWorkingDays) -> Self {
        let SetWorkingDays { weekdays, holidays } = body;
        Self { weekdays: weekdays.into_iter().collect(), holidays: holidays.into_iter().collect() }
    }
}

impl From<RelaxSeparation> for Relax {
    fn from(body: RelaxSeparation) -> Self {
        let RelaxSeparation { rule, compensating_control, until } = body;
        Self { rule, compensating_control, until }
    }
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_settings)
        .service(get_settings)
        .service(set_time_zone_settings)
        .service(set_digest_hour_settings)
        .service(open_report_link_settings)
        .service(close_report_link_settings)
        .service(set_working_days_settings)
        .service(set_emergency_changes_settings)
        .service(relax_separation_settings)
        .service(enforce_separation_settings)
        .service(set_review_rules_settings)
        .service(set_go_live_settings);
}
