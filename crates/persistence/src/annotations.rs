//! What the tables of comments, tags, links and evidence share.

use chrono::{DateTime, Utc};
use ratchet_domain::annotations::StageName;
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::Prefix;
use uuid::Uuid;

/// What a list of annotations can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter<W = ()> {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// About the record of this id.
    pub target: Option<Uuid>,
    /// Not about records of these kinds, unless this member has said it.
    pub hidden: (Vec<Prefix>, Option<MemberId>),
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
    /// What only this kind of annotation can be narrowed by.
    pub more: W,
}

/// Declares the table of one kind of annotation: the common columns, and its own with where each comes from.
macro_rules! annotation_table {
    (
        $record:ty, $table:ident, $more:ty { $($column:ident: $type:ty = |$r:ident| $value:expr),* $(,)? },
        |$query:ident, $asked:ident| $narrow:expr
        $(, once by $field:literal |$one:ident| $same:expr)?
    ) => {
        $crate::row::record_table!($record, $table {
            target_kind: String,
            target_id: $crate::column::KeyValue,
            $($column: $type,)*
            stage: String,
            description: String,
        });

        impl Columns {
            fn of(record: &$record) -> Result<Self, $crate::error::Error> {
                Ok(Self {
                    target_kind: record.target.kind.kind().to_owned(),
                    target_id: $crate::column::KeyValue(record.target.id.0),
                    $($column: { let $r = record; $value },)*
                    stage: $crate::row::word(record.stage.name()),
                    description: $crate::row::body_of(record)?,
                })
            }

            fn into_record(self, head: ratchet_domain::change::Head) -> Result<$record, String> {
                $crate::row::with_head(head, &self.description)
            }
        }

        /// What a list can be narrowed by.
        pub type Filter = $crate::annotations::Filter<$more>;

        $crate::listing::listing!($record, $table, Filter, narrowed, own, {
            "created_at": instant = $table::created_at => |annotation| annotation.head.created_at;
            "reference": text = $table::reference => |annotation| annotation.head.reference.to_string();
        });

        fn narrowed<'a>(mut $query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
            let Filter { stage, target, hidden: (hidden, me), updated_since, more: $asked } = filter;
            if let Some(stages) = stage {
                $query = $query.filter($table::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
            }
            if let Some(target) = target {
                $query = $query.filter($table::target_id.eq($crate::column::KeyValue(*target)));
            }
            if !hidden.is_empty() {
                let me = $crate::column::KeyValue(me.map_or(uuid::Uuid::nil(), |member| member.0));
                let shown = $table::target_kind.ne_all(hidden.iter().map(|kind| kind.kind()));
                $query = $query.filter(shown.nullable().or($table::created_by.eq(me)));
            }
            if let Some(at) = updated_since {
                $query = $query.filter($table::updated_at.ge($crate::column::InstantValue(*at)));
            }
            $narrow
        }

        /// What [`ratchet_domain::change::Record::is_own`] says, as a condition.
        fn own(&$crate::table::Own { member, .. }: &$crate::table::Own) -> $crate::listing::NullableCondition<$table::table> {
            Box::new($table::created_by.eq($crate::column::KeyValue(member.0)))
        }

        impl $crate::table::Guarded for $record {
            $(const ONCE_BY: &'static str = $field;)?

            fn facts(
                &self,
                _: chrono::DateTime<chrono::Utc>,
                _: &mut $crate::connection::AnyConnection,
            ) -> Result<(), $crate::error::Error> {
                Ok(())
            }

            $(fn twin(
                &self,
                connection: &mut $crate::connection::AnyConnection,
            ) -> Result<Option<String>, $crate::error::Error> {
                let $one = self;
                let found = $table::table
                    .filter($table::organisation_id.eq($crate::column::KeyValue($one.head.organisation.0)))
                    .filter($table::target_id.eq($crate::column::KeyValue($one.target.id.0)))
                    .filter($table::stage.eq($crate::row::word(ratchet_domain::annotations::StageName::Attached)))
                    .filter($same)
                    .select($table::reference)
                    .get_result(connection)
                    .optional()?;
                Ok(found)
            })?
        }
    };
}
pub(crate) use annotation_table;
