//! Expressions over named figures: `100 * closed_on_time / closed`.
//!
//! Numbers, names, `+`, `-`, `*`, `/`, parentheses, `min(...)` and `max(...)`, read by recursive descent: `*` and `/` bind
//! closer than `+` and `-`, a sign closer than either, and what stands side by side is taken from the left.

use crate::indicators::MAGNITUDE;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An expression has at most so many characters.
pub const LENGTH: usize = 500;
/// Parentheses, signs and functions lie within each other at most so often.
pub const DEPTH: usize = 16;
/// A name has at most so many characters.
pub const NAME: usize = 64;

/// What a name cannot be, because it is a function's.
const FUNCTIONS: [&str; 2] = ["min", "max"];

/// By what a figure is called in an expression: a lower-case letter, then lower-case letters, digits and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// The name as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.len() > NAME || !name.chars().all(plain) {
            return Err(format!("must be a lower-case letter and then letters, digits or _, at most {NAME} in all"));
        }
        if FUNCTIONS.contains(&name.as_str()) {
            return Err("is the name of a function".to_owned());
        }
        Ok(Self(name))
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// Why a text is no expression, and where that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// The character, counted from 1; one more than there are where the text ends too early.
    pub position: usize,
    /// What is wrong: `syntax`, `too_long` or `too_deep`.
    pub code: &'static str,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl Misread {
    /// In one sentence, with the place.
    #[must_use]
    pub fn told(&self) -> String {
        format!("at character {}: {}", self.position, self.detail)
    }
}

/// Why an expression gives no figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// Nothing was measured of what this name stands for.
    NothingMeasured {
        /// The name.
        name: Name,
    },
    /// A divisor is zero.
    DivisionByZero {
        /// Where the divisor begins, in characters from 1.
        position: usize,
    },
    /// The result, or a part of it, lies beyond ±1e100.
    TooLarge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Name(Name),
    Negated(Box<Node>),
    /// The position is that of the second part.
    Joined(Box<Node>, Operator, (usize, Box<Node>)),
    Least(Vec<Node>),
    Greatest(Vec<Node>),
}

/// An expression that was read, and keeps its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression {
    text: String,
    root: Node,
    /// The names in it, each with where it stands first.
    names: BTreeMap<Name, usize>,
}

impl TryFrom<String> for Expression {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::read(&text).map_err(|misread| misread.told())
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text
    }
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first place that cannot be read.
    pub fn read(text: &str) -> Result<Self, Misread> {
        if text.chars().nth(LENGTH).is_some() {
            let detail = format!("an expression has at most {LENGTH} characters");
            return Err(Misread { position: LENGTH + 1, code: "too_long", detail });
        }
        let mut reader = Reader { text: text.chars().collect(), at: 0, depth: 0, names: BTreeMap::new() };
        let root = reader.sum()?;
        reader.skip_spaces();
        if reader.at < reader.text.len() {
            return Err(reader.expected("an operator or the end"));
        }
        Ok(Self { text: text.to_owned(), root, names: reader.names })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names in it, each with the position of the character where it begins first, from 1.
    pub fn names(&self) -> impl Iterator<Item = (&Name, usize)> {
        self.names.iter().map(|(name, position)| (name, *position))
    }

    /// What it comes to with these figures. A figure that is missing is never taken for zero, not even where it would be
    /// multiplied by zero.
    ///
    /// # Errors
    /// Why there is no figure.
    pub fn value(&self, figures: &BTreeMap<Name, f64>) -> Result<f64, Gap> {
        if let Some(name) = self.names.keys().find(|name| !figures.contains_key(name)) {
            return Err(Gap::NothingMeasured { name: name.clone() });
        }
        // Zero has one sign.
        Ok(self.root.value(figures)? + 0.0)
    }
}

impl Node {
    fn value(&self, figures: &BTreeMap<Name, f64>) -> Result<f64, Gap> {
        let all = |nodes: &[Self]| nodes.iter().map(|node| node.value(figures)).collect::<Result<Vec<f64>, Gap>>();
        let value = match self {
            Self::Number(number) => *number,
            Self::Name(name) => match figures.get(name) {
                Some(figure) => *figure,
                None => return Err(Gap::NothingMeasured { name: name.clone() }),
            },
            Self::Negated(node) => -node.value(figures)?,
            Self::Least(nodes) => all(nodes)?.into_iter().fold(f64::INFINITY, f64::min),
            Self::Greatest(nodes) => all(nodes)?.into_iter().fold(f64::NEG_INFINITY, f64::max),
            Self::Joined(left, operator, (position, right)) => {
                let (left, right) = (left.value(figures)?, right.value(figures)?);
                match operator {
                    Operator::Plus => left + right,
                    Operator::Minus => left - right,
                    Operator::Times => left * right,
                    Operator::Over if right == 0.0 => return Err(Gap::DivisionByZero { position: *position }),
                    Operator::Over => left / right,
                }
            }
        };
        if value.is_finite() && value.abs() <= MAGNITUDE { Ok(value) } else { Err(Gap::TooLarge) }
    }
}

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: usize,
    names: BTreeMap<Name, usize>,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\r' | '\n')) {
            self.at += 1;
        }
    }

    /// The next character that is no space, where it is one of these.
    fn one_of(&mut self, wanted: &[char]) -> Option<char> {
        self.skip_spaces();
        let found = self.peek().filter(|c| wanted.contains(c))?;
        self.at += 1;
        Some(found)
    }

    fn expected(&self, what: &str) -> Misread {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |c| format!("{c:?}"));
        Misread { position: self.at + 1, code: "syntax", detail: format!("expected {what}, found {found}") }
    }

    /// One level further in, and out again.
    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Misread>) -> Result<T, Misread> {
        if self.depth == DEPTH {
            let detail = format!("parentheses, signs and functions lie within each other more than {DEPTH} times");
            return Err(Misread { position: self.at, code: "too_deep", detail });
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn sum(&mut self) -> Result<Node, Misread> {
        let mut left = self.product()?;
        while let Some(sign) = self.one_of(&['+', '-']) {
            let operator = if sign == '+' { Operator::Plus } else { Operator::Minus };
            left = self.joined(left, operator, Self::product)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Node, Misread> {
        let mut left = self.signed()?;
        while let Some(sign) = self.one_of(&['*', '/']) {
            let operator = if sign == '*' { Operator::Times } else { Operator::Over };
            left = self.joined(left, operator, Self::signed)?;
        }
        Ok(left)
    }

    fn joined(
        &mut self,
        left: Node,
        operator: Operator,
        next: fn(&mut Self) -> Result<Node, Misread>,
    ) -> Result<Node, Misread> {
        self.skip_spaces();
        let position = self.at + 1;
        let right = next(self)?;
        Ok(Node::Joined(Box::new(left), operator, (position, Box::new(right))))
    }

    fn signed(&mut self) -> Result<Node, Misread> {
        match self.one_of(&['-']) {
            Some(_) => Ok(Node::Negated(Box::new(self.within(Self::signed)?))),
            None => self.operand(),
        }
    }

    fn operand(&mut self) -> Result<Node, Misread> {
        if self.one_of(&['(']).is_some() {
            return self.within(|reader| {
                let inner = reader.sum()?;
                reader.closed()?;
                Ok(inner)
            });
        }
        match self.peek() {
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.named(),
            Some(_) | None => Err(self.expected("a number, a name or (")),
        }
    }

    fn closed(&mut self) -> Result<(), Misread> {
        self.one_of(&[')']).map(drop).ok_or_else(|| self.expected("an operator or )"))
    }

    /// Digits, maybe a fraction, maybe a power of ten.
    fn number(&mut self) -> Result<Node, Misread> {
        let start = self.at;
        self.digits()?;
        if self.peek() == Some('.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number: String = self.text.iter().take(self.at).skip(start).collect();
        match number.parse() {
            Ok(number) if f64::abs(number) <= MAGNITUDE => Ok(Node::Number(number)),
            Ok(_) | Err(_) => {
                let detail = "a number lies between -1e100 and 1e100".to_owned();
                Err(Misread { position: start + 1, code: "syntax", detail })
            }
        }
    }

    fn digits(&mut self) -> Result<(), Misread> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.expected("a digit")) }
    }

    fn named(&mut self) -> Result<Node, Misread> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            self.at += 1;
        }
        let name: String = self.text.iter().take(self.at).skip(start).collect();
        if FUNCTIONS.contains(&name.as_str()) {
            let parts = self.parts()?;
            return Ok(if name == "min" { Node::Least(parts) } else { Node::Greatest(parts) });
        }
        let misread = |detail| Misread { position: start + 1, code: "syntax", detail: format!("a name {detail}") };
        let name = Name::try_from(name).map_err(misread)?;
        self.names.entry(name.clone()).or_insert(start + 1);
        Ok(Node::Name(name))
    }

    /// What a function is of.
    fn parts(&mut self) -> Result<Vec<Node>, Misread> {
        if self.one_of(&['(']).is_none() {
            return Err(self.expected("( after the name of a function"));
        }
        self.within(|reader| {
            let mut parts = vec![reader.sum()?];
            while reader.one_of(&[',']).is_some() {
                parts.push(reader.sum()?);
            }
            reader.one_of(&[')']).ok_or_else(|| reader.expected("an operator, a comma or )"))?;
            Ok(parts)
        })
    }
}
