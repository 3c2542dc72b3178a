//! What an auditor asks of clauses 4 to 10, in our own words.

use super::Question;

pub(super) const CLAUSES: &[Question] = &[
    Question::new(
        "4.1",
        "Which issues inside and outside were found to matter to information security, climate change among them, and what followed from each?",
        "The register of context with its last review; ask two managers what changed for the organisation this year and look for it there",
    ),
    Question::new(
        "4.2",
        "Whose requirements does the system answer, and which of them does it meet by which control, process or contract?",
        "Take three interested parties and follow one requirement of each to where it is met",
    ),
    Question::new(
        "4.3",
        "Does the scope say what is in and what is out, and are the interfaces to what is out looked after?",
        "The documented scope beside the organisation chart, the list of sites and the contracts; ask for something near its edge",
    ),
    Question::new(
        "4.4",
        "Do the processes of the system work together, so that what one finds reaches the one that acts on it?",
        "Follow one signal from its detection to the verified effect of what was done",
    ),
    Question::new(
        "5.1",
        "What has top management itself done for the system since the last audit: money, people, decisions, questions asked?",
        "Minutes, budgets, decisions of the last review; ask management what worries them and where it is dealt with",
    ),
    Question::new(
        "5.2",
        "Is the policy fit for what the organisation does, in force, known to those whom it binds, and available to outsiders who need it?",
        "The version in force with its approval; acknowledgements; ask three people what it means for their work",
    ),
    Question::new(
        "5.3",
        "Does everybody who has a role in security know it, and is somebody named who reports on the system to top management?",
        "Role descriptions beside those who hold them; ask a holder and a colleague of theirs",
    ),
    Question::new(
        "6.1.1",
        "Which risks and opportunities for the system itself were seen, and what was planned to act on them?",
        "Plans beside the issues of 4.1 and the parties of 4.2; look for one that led to nothing and ask why",
    ),
    Question::new(
        "6.1.2",
        "Are criteria for risks laid down, and would two assessors come to comparable results with them?",
        "The method; let two people assess the same risk apart; owners, likelihood and consequence of five entries",
    ),
    Question::new(
        "6.1.3",
        "Does each risk above the accepted level have a treatment that its owner approved, and do chosen controls and Annex A agree with the statement of applicability?",
        "Five risks, their plans and approvals; five controls of the statement, in and out, with their reasons",
    ),
    Question::new(
        "6.2",
        "Are objectives measurable where they can be, consistent with the policy, communicated, and is it planned who does what by when and how it is judged?",
        "Each objective with its answers; the figures of its indicator beside what its owner says",
    ),
    Question::new(
        "6.3",
        "Was what changed in the system itself planned, with its purpose, its consequences, its resources and who is responsible?",
        "Changes of this year, and one change of the system that nobody recorded as such",
    ),
    Question::new(
        "7.1",
        "Are there people, time and means enough for what was planned?",
        "Objectives and actions that are late; ask what they lack",
    ),
    Question::new(
        "7.2",
        "For each role that bears on security, what must its holder be able to do, how is that known, and what was done about gaps?",
        "Competences beside certificates and training; take one person who joined and one who changed roles",
    ),
    Question::new(
        "7.3",
        "Do people know the policy, what they contribute, and what happens when they do not keep to it?",
        "Ask people who were not chosen by the auditee; acknowledgements and training that are overdue",
    ),
    Question::new(
        "7.4",
        "Is it laid down who tells whom what, when and how, inside and outside, and was it done?",
        "The plan of communication; the last message to a customer or authority, and the last one inside",
    ),
    Question::new(
        "7.5.1",
        "Is everything documented that the standard and the organisation itself ask for?",
        "The list of what is required beside what exists; three records of processes that ran this month",
    ),
    Question::new(
        "7.5.2",
        "Are documents named, dated, in a useful form, reviewed and approved before they hold?",
        "Three documents with their versions, authors and approvers; one that was made outside",
    ),
    Question::new(
        "7.5.3",
        "Is the right version where it is needed, protected, kept as long as it must be, and disposed of after that?",
        "Ask somebody at work to open the rule they work by; a superseded version; one whose retention is over",
    ),
    Question::new(
        "8.1",
        "Are security processes run by criteria that were laid down, changes and suppliers' processes included?",
        "Follow two processes on the day; an unplanned change and what was done about its consequences",
    ),
    Question::new(
        "8.2",
        "Are risks assessed again at planned intervals and when something significant changes?",
        "The dates; the last significant change and the assessment that followed it",
    ),
    Question::new(
        "8.3",
        "Is the plan for treating risks carried out, and are its results kept?",
        "Actions of the plan that are late; a treated risk and what shows that the treatment works",
    ),
    Question::new(
        "9.1",
        "Is it laid down what is measured, how, when and by whom, who analyses it when, and do the figures tell what they claim?",
        "Five indicators with their six answers; take one figure back to its source; the last analysis and what followed",
    ),
    Question::new(
        "9.2.1",
        "Are audits held at planned intervals, against the organisation's own requirements and the standard, and do they say whether the system works?",
        "Reports of the last turn; findings that were raised and what became of them",
    ),
    Question::new(
        "9.2.2",
        "Does the programme consider what processes matter most and what earlier audits found, and does nobody audit their own work?",
        "The programme with its coverage; auditors beside owners; a finding of last year in this year's plan",
    ),
    Question::new(
        "9.3.1",
        "Does top management itself review the system at planned intervals?",
        "Who was present; the dates of the last reviews beside the plan",
    ),
    Question::new(
        "9.3.2",
        "Was everything considered that the clause names, from live data and not from memory?",
        "The inputs one by one; an input that was empty, and why",
    ),
    Question::new(
        "9.3.3",
        "Do decisions on improvement and change come out, with somebody responsible, and are they done?",
        "Decisions of the last two reviews and what became of each",
    ),
    Question::new(
        "10.1",
        "What became better since the last audit, and how is that known?",
        "Improvements with their measured benefit; indicators of this turn beside the one before",
    ),
    Question::new(
        "10.2",
        "Is each nonconformity dealt with, its cause found, others like it looked for, and the effect of what was done verified?",
        "Three closed cases from end to end, one that came again, one that is late",
    ),
];
