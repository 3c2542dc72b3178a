use super::*;
use crate::access::{Identity, Role};
use crate::fixtures::refusals::{Refusals, published};
use crate::fixtures::{at, birth, machine, person, program};
use crate::working_days::Weekday;
use strum::VariantArray;

fn settings() -> Settings {
    let admin = person(1, &[Role::Admin]);
    Settings::establish(&admin, birth(Prefix::Settings)).unwrap().into_after()
}

fn relax(until: NaiveDate) -> Relax {
    Relax { rule: Rule::CaseVerifier, compensating_control: "the board reads it".into(), until }
}

#[test]
fn who_may() {
    let relaxed = {
        let day = at().date_naive();
        let open = settings().open_report_link([1; 16], &person(1, &[Role::Admin]), at()).unwrap().into_after();
        open.relax_separation(relax(day), &person(2, &[Role::Management]), at()).unwrap().into_after()
    };
    let mut table = String::new();
    for role in Role::VARIANTS {
        for verb in Verb::VARIANTS {
            let allowed = relaxed.may(*verb, &Facts::default(), &person(3, &[*role])).is_ok();
            table.push_str(&format!("{role:?} {verb:?} {allowed}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn only_a_person_relaxes_and_for_a_year_at_most() {
    let (management, today) = (person(2, &[Role::Management]), at().date_naive());
    for (until, good) in [
        (today, true),
        (today + LONGEST_RELAXATION, true),
        (today - Days::new(1), false),
        (today + LONGEST_RELAXATION + Days::new(1), false),
    ] {
        assert_eq!(settings().relax_separation(relax(until), &management, at()).is_ok(), good, "{until}");
    }
    let blank = Relax { compensating_control: " ".into(), ..relax(today) };
    let refusal = settings().relax_separation(blank, &management, at()).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid(faults) if faults[0].pointer == "/compensating_control"));
    let system = Actor { identity: Identity::System { worker: "schedule" }, ..management.clone() };
    assert!(settings().relax_separation(relax(today), &system, at()).is_err());
    let key = machine(&[Permission::ReadRecords]);
    assert_eq!(settings().relax_separation(relax(today), &key, at()), Err(Refusal::Forbidden));
}

#[test]
fn a_rule_is_put_back_in_force_once() {
    let management = person(2, &[Role::Management]);
    let relaxed = settings().relax_separation(relax(at().date_naive()), &management, at()).unwrap().into_after();
    assert!(relaxed.clone().enforce_separation(Rule::ActionVerifier, &management, at()).is_err());
    let enforced = relaxed.enforce_separation(Rule::CaseVerifier, &management, at()).unwrap().into_after();
    assert_eq!(enforced.rules.separation, Separation::default());
    assert!(enforced.enforce_separation(Rule::CaseVerifier, &management, at()).is_err());
}

#[test]
fn the_report_link_is_opened_anew_and_closed() {
    let admin = person(1, &[Role::Admin]);
    assert!(matches!(settings().close_report_link(&admin, at()), Err(Refusal::State(_))));
    let open = settings().open_report_link([1; 16], &admin, at()).unwrap().into_after();
    assert_eq!(open.rules.report_link.as_deref(), Some("01".repeat(16).as_str()));
    let again = open.open_report_link([2; 16], &admin, at()).unwrap().into_after();
    assert_eq!(again.rules.report_link.as_deref(), Some("02".repeat(16).as_str()));
    assert_eq!(again.close_report_link(&admin, at()).unwrap().after().rules, Rules::default());
    let manager = person(2, &[Role::IsmsManager]);
    assert_eq!(settings().open_report_link([1; 16], &manager, at()), Err(Refusal::Forbidden));
}

#[test]
fn working_days_are_kept_and_the_default_is_not_written() {
    let admin = person(1, &[Role::Admin]);
    let holiday: NaiveDate = "2026-12-25".parse().unwrap();
    let calendar = Calendar { weekdays: [Weekday::Sunday].into(), holidays: [holiday].into() };
    let set = settings().set_working_days(calendar.clone(), &admin, at()).unwrap().into_after();
    assert_eq!(set.rules.calendar, calendar);
    let stored = serde_json::to_value(&set).unwrap();
    assert_eq!(serde_json::from_value::<Settings>(stored).unwrap(), set);
    let stored = serde_json::to_value(settings()).unwrap();
    assert!(stored.get("calendar").is_none(), "an organisation that never said so keeps its state's hash");
    let never = Calendar { weekdays: [].into(), holidays: (0..401).map(|n| holiday + Days::new(n)).collect() };
    let refusal = settings().set_working_days(never, &admin, at()).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid(faults)
        if faults.iter().map(|fault| fault.pointer.as_str()).eq(["/weekdays", "/holidays"])));
}

#[test]
fn the_management_says_what_an_unapproved_emergency_is() {
    let management = person(2, &[Role::Management]);
    assert!(!settings().rules.unapproved_emergency_is_nonconformity);
    let set = settings().set_emergency_changes(true, &management, at()).unwrap();
    assert_eq!(set.verb(), "emergency_changes_set");
    assert!(set.after().rules.unapproved_emergency_is_nonconformity);
}

#[test]
fn management_says_when_it_reviews_the_system() {
    assert_eq!(settings().rules.reviews, ReviewRules { interval_months: 12, quorum_percent: 50 });
    let management = person(2, &[Role::Management]);
    let yearly = ReviewRules { interval_months: 6, quorum_percent: 67 };
    let set = settings().set_review_rules(yearly, &management, at()).unwrap();
    assert_eq!((set.verb(), set.after().rules.reviews), ("review_rules_set", yearly));
    for (invited, needed) in [(1, 1), (2, 2), (3, 3), (4, 3), (6, 5)] {
        assert_eq!(yearly.quorum(invited), needed, "{invited}");
    }
    let wrong = ReviewRules { interval_months: 37, quorum_percent: 0 };
    let refusal = settings().set_review_rules(wrong, &management, at()).unwrap_err();
    let Refusal::Invalid(faults) = refusal else { panic!("{refusal:?}") };
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/interval_months", "/quorum_percent"]);
    let admin = person(1, &[Role::Admin]);
    assert_eq!(settings().set_review_rules(yearly, &admin, at()), Err(Refusal::Forbidden));
}

#[test]
fn digests_have_an_hour_or_none() {
    let admin = person(1, &[Role::Admin]);
    for (hour, good) in [(Some(0), true), (Some(23), true), (None, true), (Some(24), false)] {
        let set = settings().set_digest_hour(hour, &admin, at());
        assert_eq!(set.is_ok(), good, "{hour:?}");
        if let Ok(set) = set {
            assert_eq!((set.verb(), set.after().rules.digest_hour), ("digest_hour_set", DigestHour(hour)));
            let stored = serde_json::to_string(set.after()).unwrap();
            assert_eq!(serde_json::from_str::<Settings>(&stored).unwrap(), *set.after());
        }
    }
    let manager = person(2, &[Role::IsmsManager]);
    assert_eq!(settings().set_digest_hour(None, &manager, at()), Err(Refusal::Forbidden));
    // What was stored before there were digests is what it was.
    assert!(!serde_json::to_string(&settings()).unwrap().contains("digest"));
}

#[test]
fn management_says_when_the_program_is_used_until_history_is_there() {
    let (management, today) = (person(2, &[Role::Management]), at().date_naive());
    let free = Facts::default();
    let set = settings().set_go_live(today, &free, &management, at()).unwrap();
    assert_eq!((set.verb(), set.after().rules.go_live), ("go_live_set", Some(today)));
    let set = set.into_after();
    let stored = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<Settings>(&stored).unwrap(), set);
    assert!(!serde_json::to_string(&settings()).unwrap().contains("go_live"), "an old record keeps its hash");
    let again = today - Days::new(9);
    assert!(set.clone().set_go_live(again, &free, &management, at()).is_ok());
    let late = today + Days::new(367);
    assert!(matches!(set.clone().set_go_live(late, &free, &management, at()), Err(Refusal::Invalid(_))));
    let refusal = set.clone().set_go_live(again, &Facts { has_history: true }, &management, at()).unwrap_err();
    assert!(matches!(refusal, Refusal::State(reasons) if reasons[0].code == "history_migrated"));
    for role in [Role::Admin, Role::IsmsManager] {
        assert_eq!(set.clone().set_go_live(again, &free, &person(3, &[role]), at()), Err(Refusal::Forbidden));
    }
    let system = Actor { identity: Identity::System { worker: "schedule" }, ..management };
    assert!(matches!(set.set_go_live(again, &free, &system, at()), Err(Refusal::State(_))));
}

#[test]
fn days_follow_the_offset() {
    let admin = person(1, &[Role::Admin]);
    let midnight: DateTime<Utc> = "2026-03-01T00:30:00Z".parse().unwrap();
    for (minutes, day) in [(0, "2026-03-01"), (-60, "2026-02-28"), (840, "2026-03-01")] {
        let set = settings().set_time_zone(minutes, &admin, at()).unwrap().into_after();
        assert_eq!(set.rules.today(midnight).to_string(), day);
        let start = set.rules.start_of(day.parse().unwrap());
        assert_eq!(set.rules.today(start).to_string(), day);
        assert_ne!(set.rules.today(start - TimeDelta::microseconds(1)).to_string(), day);
    }
    assert!(settings().set_time_zone(841, &admin, at()).is_err());
}

/// With everything there is to take back.
fn open() -> Settings {
    let open = settings().open_report_link([1; 16], &person(1, &[Role::Admin]), at()).unwrap().into_after();
    let relaxed = relax(at().date_naive());
    open.relax_separation(relaxed, &person(2, &[Role::Management]), at()).unwrap().into_after()
}

fn apply(settings: Settings, verb: Verb) -> Result<Change<Settings>, Refusal> {
    let (by, today) = (person(1, Role::VARIANTS), at().date_naive());
    match verb {
        Verb::SetTimeZone => settings.set_time_zone(60, &by, at()),
        Verb::SetDigestHour => settings.set_digest_hour(None, &by, at()),
        Verb::OpenReportLink => settings.open_report_link([2; 16], &by, at()),
        Verb::CloseReportLink => settings.close_report_link(&by, at()),
        Verb::SetWorkingDays => settings.set_working_days(Calendar::default(), &by, at()),
        Verb::SetEmergencyChanges => settings.set_emergency_changes(true, &by, at()),
        Verb::RelaxSeparation => settings.relax_separation(relax(today), &by, at()),
        Verb::EnforceSeparation => settings.enforce_separation(Rule::CaseVerifier, &by, at()),
        Verb::SetReviewRules => settings.set_review_rules(ReviewRules::default(), &by, at()),
        Verb::SetGoLive => settings.set_go_live(today, &Facts::default(), &by, at()),
    }
}

/// Every verb, with and without what some of them take back: what is said, and where that ends is what is published.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for (named, of) in [("established", settings()), ("open", open())] {
        for verb in Verb::VARIANTS {
            let said: Vec<_> =
                apply(of.clone(), *verb).iter().map(|said| (said.verb(), said.after().stage_name())).collect();
            let ends: Vec<_> = said.iter().map(|(_, stage)| *stage).collect();
            let knows = of.knows(*verb);
            let published = if knows { published("settings", of.stage_name(), (*verb).into()) } else { Vec::new() };
            assert_eq!(ends, published, "{named} {verb:?}");
            table.push_str(&format!("{named} {verb:?} -> {said:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let facts = [Facts::default(), Facts { has_history: true }];
    let today = at().date_naive();
    Refusals::of([settings(), open()], &facts)
        .and("relax-separation", settings().relax_separation(relax(today), &program(), at()))
        .and("set-go-live", settings().set_go_live(today, &Facts::default(), &program(), at()))
        .and(
            "enforce-separation",
            open().enforce_separation(Rule::ActionVerifier, &person(2, &[Role::Management]), at()),
        )
}
