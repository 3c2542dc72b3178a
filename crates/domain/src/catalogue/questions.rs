//! What an auditor asks of each clause and control, and what there is to look at: where a checklist begins. The words are our
//! own, and an auditor rewrites them as the audit needs.

mod clauses;
mod controls;

/// What is asked of a clause or control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Of which: one without sub-clauses.
    pub number: &'static str,
    /// What is asked.
    pub question: &'static str,
    /// What there is to look at.
    pub look_at: &'static str,
}

impl Question {
    const fn new(number: &'static str, question: &'static str, look_at: &'static str) -> Self {
        Self { number, question, look_at }
    }
}

/// What is asked of the clause or control of that number.
#[must_use]
pub fn question(number: &str) -> Option<&'static Question> {
    clauses::CLAUSES.iter().chain(controls::CONTROLS).find(|asked| asked.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::leaves;
    use std::collections::BTreeSet;

    #[test]
    fn each_clause_and_control_is_asked_about_once_and_in_words_of_its_own() {
        let asked: Vec<&Question> = clauses::CLAUSES.iter().chain(controls::CONTROLS).collect();
        let numbers: Vec<&str> = asked.iter().map(|question| question.number).collect();
        assert_eq!(numbers, leaves().map(|leaf| leaf.number).collect::<Vec<_>>());
        let words: BTreeSet<&str> = asked.iter().flat_map(|asked| [asked.question, asked.look_at]).collect();
        assert_eq!(words.len(), 2 * asked.len());
        assert!(asked.iter().all(|asked| asked.question.ends_with('?') && asked.look_at.len() > 20));
    }
}
