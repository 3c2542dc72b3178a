use super::*;
use crate::actions::StageName;
use strum::VariantArray;

fn seen(ours: &str, theirs: &str) -> Seen {
    Seen { ours: Some(ours.to_owned()), theirs: Some(theirs.to_owned()) }
}

fn asked(field: Field, now: (&str, &str), then: Option<Seen>, wins: Winner, ours_is_newer: bool) -> Step {
    step(field, (Some(now.0), Some(now.1)), then.as_ref(), None, (wins, ours_is_newer))
}

#[test]
fn what_one_side_changes_goes_to_the_other() {
    let then = || Some(seen("a", "a"));
    for wins in Winner::VARIANTS {
        for field in Field::VARIANTS {
            assert_eq!(asked(*field, ("b", "b"), then(), *wins, true), Step::Agree);
            assert_eq!(asked(*field, ("a", "b"), Some(seen("a", "b")), *wins, true), Step::Keep, "known to differ");
            assert_eq!(asked(*field, ("b", "a"), then(), *wins, false), Step::Out);
        }
        for field in [Field::DueOn, Field::Assignee, Field::State] {
            assert_eq!(asked(field, ("a", "b"), then(), *wins, true), Step::In);
        }
        for field in [Field::Title, Field::Text] {
            assert_eq!(asked(field, ("a", "b"), then(), *wins, true), Step::Differ(Why::ChangedThere));
        }
    }
}

/// Our own write coming back is what was seen already, however the other system spells it.
#[test]
fn an_echo_is_nothing() {
    assert_eq!(asked(Field::Text, ("a\nb", "a\r\nb"), Some(seen("a\nb", "a\r\nb")), Winner::Newest, false), Step::Keep);
}

#[test]
fn where_both_changed_it_is_said_who_wins() {
    for then in [Some(seen("a", "a")), None] {
        let both = |wins, newer| asked(Field::DueOn, ("b", "c"), then.clone(), wins, newer);
        assert_eq!(both(Winner::Ours, false), Step::Out);
        assert_eq!(both(Winner::Theirs, true), Step::In);
        assert_eq!((both(Winner::Newest, true), both(Winner::Newest, false)), (Step::Out, Step::In));
        assert_eq!(both(Winner::Neither, true), Step::Differ(Why::BothChanged));
    }
    for (side, expected) in [(Side::Ours, Step::Out), (Side::Theirs, Step::In)] {
        let told =
            step(Field::Title, (Some("b"), Some("c")), Some(&seen("b", "c")), Some(side), (Winner::Neither, true));
        assert_eq!(told, expected, "somebody has decided");
    }
}

/// An action is never without a day and somebody who does it: what was taken away there is seen, and nothing is taken away here.
#[test]
fn what_was_cleared_there_is_seen() {
    for field in [Field::DueOn, Field::Assignee] {
        let asked = |ours: &str, then: Option<Seen>, wins, newer| {
            step(field, (Some(ours), None), then.as_ref(), None, (wins, newer))
        };
        for wins in Winner::VARIANTS {
            let cleared = Step::Differ(Why::ClearedThere);
            assert_eq!(asked("a", Some(seen("a", "a")), *wins, false), cleared, "{wins:?}");
            let known = Some(Seen { ours: Some("a".into()), theirs: None });
            assert_eq!(asked("a", known.clone(), *wins, false), Step::Keep);
            assert_eq!(asked("b", known, *wins, false), Step::Out);
        }
        let both = |wins, newer| asked("b", Some(seen("a", "a")), wins, newer);
        assert_eq!((both(Winner::Ours, false), both(Winner::Newest, true)), (Step::Out, Step::Out));
        assert_eq!(both(Winner::Theirs, true), Step::Differ(Why::ClearedThere));
        assert_eq!(both(Winner::Newest, false), Step::Differ(Why::ClearedThere));
        assert_eq!(both(Winner::Neither, true), Step::Differ(Why::BothChanged));
        // A ticket that is taken over, and has none, is told.
        assert_eq!(asked("a", None, Winner::Theirs, false), Step::Out);
    }
}

/// The whole table: a ticket starts an action, may complete it where the connection says so, and does nothing else to it.
#[test]
fn stage_by_category() {
    let mut table = String::new();
    for here in StageName::VARIANTS {
        for there in Category::VARIANTS {
            let [propose, set] = OnDone::VARIANTS.iter().map(|on| moved(*here, *there, *on)).collect::<Vec<_>>()[..]
            else {
                panic!("two ways")
            };
            table.push_str(&format!("{here:?} {there:?}: {propose:?}, {set:?}\n"));
        }
    }
    insta::assert_snapshot!(table, @r"
    Open ToDo: Nothing, Nothing
    Open InProgress: Start, Start
    Open Done: Propose, Complete
    Open Cancelled: Propose, Propose
    InProgress ToDo: Nothing, Nothing
    InProgress InProgress: Nothing, Nothing
    InProgress Done: Propose, Complete
    InProgress Cancelled: Propose, Propose
    Blocked ToDo: Nothing, Nothing
    Blocked InProgress: Nothing, Nothing
    Blocked Done: Propose, Propose
    Blocked Cancelled: Propose, Propose
    Done ToDo: Propose, Propose
    Done InProgress: Propose, Propose
    Done Done: Nothing, Nothing
    Done Cancelled: Propose, Propose
    Verified ToDo: Propose, Propose
    Verified InProgress: Propose, Propose
    Verified Done: Nothing, Nothing
    Verified Cancelled: Propose, Propose
    Cancelled ToDo: Propose, Propose
    Cancelled InProgress: Propose, Propose
    Cancelled Done: Nothing, Nothing
    Cancelled Cancelled: Nothing, Nothing
    ");
}
