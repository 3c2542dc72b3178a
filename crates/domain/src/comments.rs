//! Comments: what somebody says about a record.

use crate::access::Permission;
use crate::annotations::{Annotation, Body, Verb};
use crate::reference::Prefix;
use crate::refusal::Faults;
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A comment on a record.
pub type Comment = Annotation<Remark>;

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Several lines.
    pub text: String,
}

impl Body for Remark {
    const PREFIX: Prefix = Prefix::Comment;
    const MAKING: Permission = Permission::Annotate;
    type Verb = Verb;

    fn check(&self, _: DateTime<Utc>, faults: &mut Faults) {
        faults.keep(text::narrative("/text", &self.text));
    }
}
