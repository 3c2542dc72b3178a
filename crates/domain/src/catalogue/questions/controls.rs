//! What an auditor asks of the 93 controls, in our own words.

use super::Question;

pub(super) const CONTROLS: &[Question] = &[
    Question::new(
        "A.5.1",
        "Are the policy and the topics beneath it approved, published, acknowledged by those they bind, and reviewed in time?",
        "Versions in force, coverage of acknowledgements, review dates that have passed",
    ),
    Question::new(
        "A.5.2",
        "Is every role in security assigned, and does its holder know?",
        "Role descriptions beside the people; a role whose holder has left",
    ),
    Question::new(
        "A.5.3",
        "Which duties would let one person harm unseen, and how are they kept apart?",
        "Rights in two systems beside the list; documented exceptions and what makes up for them",
    ),
    Question::new(
        "A.5.4",
        "How do managers see to it that their people keep to the rules?",
        "Ask two managers what they did this quarter; training and acknowledgements of their teams",
    ),
    Question::new(
        "A.5.5",
        "Is it known which authority is told what, when and by whom?",
        "The list of contacts, tried; the last report to an authority",
    ),
    Question::new(
        "A.5.6",
        "From which expert groups does the organisation learn, and what came of it?",
        "Memberships; one warning and what was done about it",
    ),
    Question::new(
        "A.5.7",
        "How is knowledge of threats gathered, judged and used?",
        "Sources; the last item that changed a risk, a rule or a filter",
    ),
    Question::new(
        "A.5.8",
        "Where does security come into a project, and who says when it is enough?",
        "Two running projects and one that ended: risks, requirements, tests",
    ),
    Question::new(
        "A.5.9",
        "Is there an inventory of information and assets with an owner for each, and is it right?",
        "Five assets from the inventory to the place, five from the place to the inventory",
    ),
    Question::new(
        "A.5.10",
        "Do people know what they may do with information and assets?",
        "The rules; ask three users about cloud storage, private use and travel",
    ),
    Question::new(
        "A.5.11",
        "Is everything handed back by those who leave or change?",
        "Three leavers: what they had, what came back, when",
    ),
    Question::new(
        "A.5.12",
        "Is information classed by what its loss would mean, and do owners review the class?",
        "Five documents of different classes, judged anew",
    ),
    Question::new(
        "A.5.13",
        "Can one see the class of a document, a file, a medium, an e-mail?",
        "A sample of each; what happens to unmarked ones",
    ),
    Question::new(
        "A.5.14",
        "How is information passed on, by wire, by post and by word, so that it reaches those it is meant for alone?",
        "Rules and agreements; the last transfer of something confidential",
    ),
    Question::new(
        "A.5.15",
        "By which rules is access given, and do they follow from what people need?",
        "The rules beside the rights of three roles",
    ),
    Question::new(
        "A.5.16",
        "Has every person and every machine one identity, from joining to leaving?",
        "Accounts without a person, shared accounts, accounts of leavers",
    ),
    Question::new(
        "A.5.17",
        "How are passwords, keys and tokens given out, kept and changed?",
        "The first password of the last joiner; where keys of services lie; how a lost token is replaced",
    ),
    Question::new(
        "A.5.18",
        "Are rights granted by who may, reviewed, and withdrawn at once when they are not needed?",
        "Ten rights taken back to their approval; three leavers with the hour of withdrawal; the last review",
    ),
    Question::new(
        "A.5.19",
        "Which suppliers could harm security, and how is each dealt with?",
        "The list with its classes; two critical ones and their assessment",
    ),
    Question::new(
        "A.5.20",
        "Does each contract say what security the supplier owes, incidents and audits included?",
        "Three contracts beside the list of what they must say",
    ),
    Question::new(
        "A.5.21",
        "How far down the chain of technology does the organisation look?",
        "A product's components, its updates' origin, a sub-supplier's breach",
    ),
    Question::new(
        "A.5.22",
        "Are suppliers' services watched, reviewed, and their changes judged?",
        "Reports of two suppliers; the last change of a service",
    ),
    Question::new(
        "A.5.23",
        "Is it laid down how cloud services are chosen, used, watched and left?",
        "Services in use beside those approved; who is responsible for what; a plan to leave one",
    ),
    Question::new(
        "A.5.24",
        "Is the organisation ready for incidents: roles, ways, tools, exercises?",
        "The plan; the last exercise and what it changed; who is called at night",
    ),
    Question::new(
        "A.5.25",
        "Who judges whether an event is an incident, by which criteria, and how fast?",
        "Ten events with their decisions and times",
    ),
    Question::new(
        "A.5.26",
        "Were incidents answered as the plan says?",
        "Two timelines beside the plan; who was told when",
    ),
    Question::new(
        "A.5.27",
        "What was learned from incidents, and what changed by it?",
        "Reviews of the last incidents and the actions that came of them",
    ),
    Question::new(
        "A.5.28",
        "Can evidence be gathered so that it holds?",
        "Who may, how it is sealed and handed on; one piece with its chain of custody",
    ),
    Question::new(
        "A.5.29",
        "Does security hold while operations are disrupted?",
        "Plans for disruption; a rule that is relaxed in an emergency and what makes up for it",
    ),
    Question::new(
        "A.5.30",
        "Does technology come back as fast as business needs it?",
        "Objectives for recovery beside the last test",
    ),
    Question::new(
        "A.5.31",
        "Which laws, rules and contracts bind the organisation, and who sees to each?",
        "The register; one that is new this year; cryptography and export",
    ),
    Question::new(
        "A.5.32",
        "Are rights in software, text and designs respected, one's own and others'?",
        "Licences beside installations; open-source terms in a product",
    ),
    Question::new(
        "A.5.33",
        "Are records protected from loss, falsification and access, as long as they must be kept?",
        "Two kinds of records: place, rights, retention, destruction",
    ),
    Question::new(
        "A.5.34",
        "Is personal data handled as law and contracts ask?",
        "The record of processing; an answer to a data subject; who is responsible",
    ),
    Question::new(
        "A.5.35",
        "Does somebody independent look at security at planned intervals and after great changes?",
        "The last review, who held it, what became of its findings",
    ),
    Question::new(
        "A.5.36",
        "Do managers check that rules and standards are followed in their areas?",
        "The last checks; what was found and done",
    ),
    Question::new(
        "A.5.37",
        "Are there instructions for tasks that must be done the same way, and are they used?",
        "Two tasks: watch them done beside the text",
    ),
    Question::new(
        "A.6.1",
        "Are people checked before they are hired, as far as law allows and the role asks?",
        "Three joiners of different roles, contractors among them",
    ),
    Question::new(
        "A.6.2",
        "Do contracts of work say what employee and organisation owe to security?",
        "Three contracts; what the newest adds",
    ),
    Question::new(
        "A.6.3",
        "Does everybody learn what they need for security, again and again, and does it work?",
        "Training that is overdue; results of tests and of simulated attacks",
    ),
    Question::new(
        "A.6.4",
        "Is it known what happens to whoever breaks the rules, and was it done fairly?",
        "The process; a case, without names",
    ),
    Question::new(
        "A.6.5",
        "Which duties last after somebody leaves or moves, and do they know?",
        "Exit papers of two leavers; rights of somebody who moved",
    ),
    Question::new(
        "A.6.6",
        "Has everybody who sees confidential information agreed to keep it?",
        "Agreements of employees, contractors and visitors; their terms beside the classes of information",
    ),
    Question::new(
        "A.6.7",
        "Is work away from the office as safe as in it?",
        "The rules; a home or train workplace shown; devices and connections",
    ),
    Question::new(
        "A.6.8",
        "Do people know where to report what looks wrong, and are they answered?",
        "Ask five people; reports of this year, their answers and how long they took",
    ),
    Question::new(
        "A.7.1",
        "Are the areas that need protection bounded, and do the bounds hold?",
        "Walk along them; doors, windows, ceilings; plans",
    ),
    Question::new(
        "A.7.2",
        "Does nobody get in who should not?",
        "The entrance at a busy hour; visitors' log; badges of leavers; deliveries",
    ),
    Question::new(
        "A.7.3",
        "Are offices and rooms protected as what is in them asks?",
        "Three rooms; what can be seen and heard from outside",
    ),
    Question::new(
        "A.7.4",
        "Is it noticed when somebody gets in?",
        "Cameras and alarms, tested; who looks, and how long recordings are kept",
    ),
    Question::new(
        "A.7.5",
        "Is there protection from fire, water, heat and other dangers?",
        "Detectors, maintenance, what lies beneath the water pipes",
    ),
    Question::new(
        "A.7.6",
        "How do people work in secure areas, and who is with outsiders there?",
        "Rules at the door; the last maintenance by an outsider",
    ),
    Question::new(
        "A.7.7",
        "Are desks clear and screens locked when nobody is there?",
        "A round after hours; printers, meeting rooms, whiteboards",
    ),
    Question::new(
        "A.7.8",
        "Is equipment placed where neither accident nor stranger reaches it?",
        "Server rooms, wiring closets, screens beside windows",
    ),
    Question::new(
        "A.7.9",
        "Are devices outside the premises known, protected, and missed when they are lost?",
        "The list; a lost device and what was done within the hour",
    ),
    Question::new(
        "A.7.10",
        "Are media tracked, encrypted, transported and destroyed as their content asks?",
        "Removable media in use; the last transport; certificates of destruction",
    ),
    Question::new(
        "A.7.11",
        "Does power, cooling and connection hold when one supply fails?",
        "The last test of batteries and generators; single lines",
    ),
    Question::new(
        "A.7.12",
        "Are cables protected from interception, interference and damage?",
        "Follow a cable; patch rooms; labels and plans",
    ),
    Question::new(
        "A.7.13",
        "Is equipment maintained as its maker says, by who may?",
        "Maintenance logs; what leaves with a repair",
    ),
    Question::new(
        "A.7.14",
        "Is nothing left on what is disposed of or used again?",
        "Two disposed devices from the inventory to the proof of erasure",
    ),
    Question::new(
        "A.8.1",
        "Are users' devices registered, configured, encrypted and wiped when lost?",
        "A sample in the management console beside the devices; private devices",
    ),
    Question::new(
        "A.8.2",
        "Who has privileged rights, why, until when, and what do they do with them?",
        "The list, reviewed; a day's log of an administrator; rights for emergencies",
    ),
    Question::new(
        "A.8.3",
        "Does each see only what the rules of access allow?",
        "Try as an ordinary user; shares, reports, exports, search",
    ),
    Question::new(
        "A.8.4",
        "Who reads and writes source code, and how is what is merged controlled?",
        "Rights on repositories; the last twenty merges and their reviews; secrets in code",
    ),
    Question::new(
        "A.8.5",
        "Is signing in as strong as what lies behind it asks?",
        "Systems without a second factor; lockout, session length, what a failed attempt tells",
    ),
    Question::new(
        "A.8.6",
        "Is capacity watched, so that nothing stops for lack of it?",
        "Trends and thresholds; the last bottleneck",
    ),
    Question::new(
        "A.8.7",
        "Is malware kept out, noticed and removed, and do people know their part?",
        "Coverage and age of signatures; the last detection; a harmless test file",
    ),
    Question::new(
        "A.8.8",
        "Are vulnerabilities learned of, judged and mended in time?",
        "Open ones older than the rule allows; how one of this month was dealt with; assets that nobody scans",
    ),
    Question::new(
        "A.8.9",
        "Is it laid down how systems are configured, and are they so?",
        "A baseline beside two systems; drift and who approved it",
    ),
    Question::new(
        "A.8.10",
        "Is information deleted when it is not needed any more?",
        "Retention rules beside the oldest records; backups and suppliers' copies",
    ),
    Question::new(
        "A.8.11",
        "Is data masked where those who work with it need not see it?",
        "Reports, support tools, test data",
    ),
    Question::new(
        "A.8.12",
        "Would it be noticed if confidential data left?",
        "Rules and alerts; try with a marked file; channels that nobody watches",
    ),
    Question::new(
        "A.8.13",
        "Can everything be brought back that must be, as fast as it must be?",
        "The last restore and what it showed; copies out of reach of an attacker",
    ),
    Question::new(
        "A.8.14",
        "Is there enough spare for what must not stop, and was it tried?",
        "Single points of failure; the last failover",
    ),
    Question::new(
        "A.8.15",
        "Are events logged that matter, protected from those they are about, and kept long enough?",
        "Sources that send nothing; who can delete; one event found again",
    ),
    Question::new(
        "A.8.16",
        "Who looks for what is unusual, and what was found?",
        "Rules, alerts of a week and what became of them; nights and weekends",
    ),
    Question::new(
        "A.8.17",
        "Do all clocks agree, and with what?",
        "The time source; the clocks of five systems side by side",
    ),
    Question::new(
        "A.8.18",
        "Who can run programs that get around controls, and is it seen?",
        "Debuggers, boot media, database consoles: who, when, logged where",
    ),
    Question::new(
        "A.8.19",
        "Who installs what on systems that serve?",
        "Rights to install; software that nobody approved; how an update goes back",
    ),
    Question::new(
        "A.8.20",
        "Is the network built and run so that nobody gets where they should not?",
        "The plan beside a scan; management access; rules of a firewall that nobody can explain",
    ),
    Question::new(
        "A.8.21",
        "Do network services, one's own and bought ones, keep what was agreed?",
        "Agreements; encryption and authentication of two services",
    ),
    Question::new(
        "A.8.22",
        "Are groups of systems and users kept apart in the network?",
        "Try from guest to office, from office to servers, from test to production",
    ),
    Question::new(
        "A.8.23",
        "Is access to harmful sites hindered, and who decides on exceptions?",
        "The filter, tried; exceptions and their reasons",
    ),
    Question::new(
        "A.8.24",
        "Is cryptography used by rule, and are keys safe over their whole life?",
        "The rules; algorithms in use; one key from making to destruction; certificates about to expire",
    ),
    Question::new(
        "A.8.25",
        "Does security go with software from the idea to its end?",
        "Rules of development; two features of this quarter followed through",
    ),
    Question::new(
        "A.8.26",
        "Are security needs of an application written down and met before it is used?",
        "Requirements of the newest application, bought ones too, beside its acceptance",
    ),
    Question::new(
        "A.8.27",
        "By which principles are systems designed, and can one see them in what was built?",
        "The principles; the architecture of one system held against them",
    ),
    Question::new(
        "A.8.28",
        "Is code written by rules that avoid known faults, and is it checked?",
        "The rules, the tools, their findings; dependencies and their age",
    ),
    Question::new(
        "A.8.29",
        "Is security tested before something goes live, and after?",
        "Tests of the last release; the last penetration test and its open findings",
    ),
    Question::new(
        "A.8.30",
        "Is what others develop as safe as what is developed here?",
        "Contracts, reviews and tests of the last delivery",
    ),
    Question::new(
        "A.8.31",
        "Are development, test and production kept apart?",
        "Who has rights in two of them; data and secrets that crossed",
    ),
    Question::new(
        "A.8.32",
        "Does every change go its way: requested, judged, approved, tested, reversible?",
        "Ten changes of production taken back to their requests; emergencies and their review",
    ),
    Question::new(
        "A.8.33",
        "Is test data chosen, protected and removed?",
        "Where it comes from; real data in tests and who allowed it",
    ),
    Question::new(
        "A.8.34",
        "Are tests and audits of running systems agreed, so that they harm nothing?",
        "The agreement for the last test; read-only access; what was watched",
    ),
];
