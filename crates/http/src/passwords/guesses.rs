//! Passwords that are guessed first [NIST SP 800-63B, 3.1.1.2]. Beside a handful that leaks have shown to be common,
//! they are told by how they are made, because long ones are: walks over the keyboard, one part written again and
//! again, common words in a row with years and exclamation marks around them.

/// Walks begin and end anywhere on these, in either direction.
const WALKS: [&str; 19] = [
    "01234567890123456789",
    "00112233445566778899",
    "0102030405060708091011121314151617181920",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]\\",
    "qwertzuiopü",
    "azertyuiop",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "yxcvbnm,.-",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmik,ol.p;/",
    "qazxswedcvfrtgbnhyujm,kiol.",
    "zaqxswcdevfrbgtnhymjukilo",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1s2d3f4g5h6j7k8l9",
    "z1x2c3v4b5n6m7",
];
/// Fewer characters than this are no walk.
const STEPS: usize = 3;
/// So many parts in a row are still guessed.
const PARTS: usize = 4;

/// Words that people choose, in lower case.
const WORDS: &str = "abc access account admin administrator adobe again alone amanda amazon america android angel angels \
    animal anna anthony april arsenal asdf ashley august autumn baby babygirl backup banana barcelona baseball basketball batman bayern beach \
    beautiful best bitch blink blue bond boss buster butter butterfly change changeme charlie cheese chelsea chicken chocolate christ christmas \
    christopher company computer cookie corp counter cool daddy daniel data database david december default demo diamond dolphin doom dragon \
    eagle eagles elephant england enter entry evil exchange facebook family fantasy father february ferrari final first flower football \
    for forever forget freedom friday friend friends fuck game gandalf garfield george germany girl god golf google guest guitar \
    hallo hannah happy harley hello help here home hockey house hunter iam iceman iloveyou in internet into iphone is it jackson james \
    january jasmine jennifer jessica jesus jordan joshua july june justin killer king kitty know leave let letmein life \
    linux liverpool login london lord love lovely loveme lover lucky mail manchester march margaret marina mario martin master matrix \
    matthew may me melissa mercedes michael michelle microsoft minecraft monday money monkey mother mustang my mypassword name naruto \
    need network never new newyork nicole november october office old one only orange oracle out paris pass password passwort passw \
    peanut pepper phoenix please pokemon power president prince princess private purple qwerty rainbow ranger ratchet robert root \
    samsung samantha saturday secret secure security september server shadow silver sister smile snoopy soccer spiderman spring \
    star starwars steelers strike strong summer sunday sunflower sunshine super superman superstar support sweet system taylor temp \
    temporary test tester testing the thomas thursday tiger time to today trust tuesday twitter user victoria wars we wednesday welcome what \
    who whatever william windows winner winter wolf word world yankees you your zone";

/// As leaks have them, with nothing in how they are made that would tell.
const LEAKED: [&str; 3] = ["mailcreated5240", "polniypizdec0211", "sojdlg123aljg"];

/// Whether a password is among those that are guessed first. `known` is what an attacker knows of whose it is.
pub(super) fn is_guessed_first(password: &str, known: &[&str]) -> bool {
    let plain = password.to_lowercase();
    let spelled = unmasked(&plain);
    LEAKED.contains(&plain.as_str())
        || has_few_characters(&plain)
        || is_repeated(&plain)
        || is_made_of(&plain, &walk_lengths)
        || is_made_of(&letters_of(&plain), &|text: &str| word_lengths(text, known))
        || is_made_of(&letters_of(&spelled), &|text: &str| word_lengths(text, known))
}

/// `p@ssw0rd` is `password`.
fn unmasked(text: &str) -> String {
    let letter = |c| match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' => 't',
        _ => c,
    };
    text.trim_end_matches(|c: char| !c.is_alphabetic()).chars().map(letter).collect()
}

fn letters_of(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

fn has_few_characters(text: &str) -> bool {
    text.chars().collect::<std::collections::BTreeSet<_>>().len() < 5
}

/// `hello123hello123`.
fn is_repeated(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let period = |length: &usize| characters.iter().zip(characters.iter().skip(*length)).all(|(a, b)| a == b);
    (1..=characters.len() / 2).any(|length| period(&length))
}

/// Whether the text is at most [`PARTS`] parts in a row; `lengths` are those of the parts that begin a text, in bytes.
fn is_made_of(text: &str, lengths: &dyn Fn(&str) -> Vec<usize>) -> bool {
    let mut ends = std::collections::BTreeSet::from([0]);
    for _ in 0..PARTS {
        ends = ends.iter().flat_map(|end| lengths(&text[*end..]).into_iter().map(move |length| end + length)).collect();
        if ends.contains(&text.len()) {
            return !text.is_empty();
        }
    }
    false
}

/// A part may end before its walk does: `123` and `321` are two.
fn walk_lengths(text: &str) -> Vec<usize> {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.take_while(|end| is_walk(&text[..*end])).skip(STEPS - 1).collect()
}

fn is_walk(text: &str) -> bool {
    let back: String = text.chars().rev().collect();
    let first = text.chars().next();
    WALKS.iter().any(|walk| walk.contains(text) || walk.contains(&back)) || text.chars().all(|c| Some(c) == first)
}

fn word_lengths(text: &str, known: &[&str]) -> Vec<usize> {
    let words = WORDS.split_whitespace().chain(known.iter().copied()).filter(|word| word.len() > 1);
    let mut lengths: Vec<usize> = words.filter(|word| text.starts_with(word)).map(str::len).collect();
    lengths.extend(walk_lengths(text));
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first_is_refused() {
        for password in [
            "123456789012",
            "210987654321",
            "qwertyuiop[]",
            "1qaz2wsx3edc",
            "123qweasdzxc",
            "q1w2e3r4t5y6",
            "1q2w3e4r5t6y",
            "qazwsxedcrfv",
            "123456qwerty",
            "qwerty123456",
            "123456654321",
            "leavemealone",
            "mailcreated5240",
            "aaaaaaaaaaaa",
            "abababababab",
            "passwordpassword",
            "hello123hello123",
            "Password1234",
            "P@ssw0rd2024!",
            "Welcome2025!!",
            "Summer2026!!!",
            "iloveyouforever",
            "administrator",
            "changeme123456",
            "jamesbond007!",
            "112233445566",
            "111222333444",
            "letmeinletmein1",
            "Administrator2026",
        ] {
            assert!(is_guessed_first(password, &[]), "{password}");
        }
    }

    #[test]
    fn what_nobody_guesses_first_is_taken() {
        for password in [
            "correct horse battery staple",
            "another long password",
            "nobody has this password",
            "9f86d081884c7d659a2feaa0",
            "938475610294",
            "mein Hund frisst Kuchen",
            "tr0ub4dor and three",
            "Zwölf Boxkämpfer",
            "ケーキが好きな犬は走ります",
            "vqkzmwplxnrt",
        ] {
            assert!(!is_guessed_first(password, &[]), "{password}");
        }
    }

    #[test]
    fn whose_it_is_is_known() {
        assert!(is_guessed_first("lovelace2026!", &["lovelace"]));
        assert!(!is_guessed_first("lovelace2026!", &[]));
    }
}
