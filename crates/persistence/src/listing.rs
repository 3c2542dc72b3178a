//! Lists by keyset: stable while records are added, as fast on page 1,000 as on page 1.

use crate::connection::Backend;
use diesel::expression::BoxableExpression;
use diesel::sql_types::{Bool, Nullable, Text};

/// A condition on a table's rows.
pub(crate) type Condition<T> = Box<dyn BoxableExpression<T, Backend, SqlType = Bool>>;
/// The same where a column may be NULL.
pub(crate) type NullableCondition<T> = Box<dyn BoxableExpression<T, Backend, SqlType = Nullable<Bool>>>;

diesel::define_sql_function! {
    /// The first of the two that is not NULL. The databases disagree on where NULL is sorted.
    fn coalesce(value: Nullable<Text>, otherwise: Text) -> Text;
}

/// Sort values as diesel binds them. A cursor is signed, so a value is always of its key's kind.
pub(crate) mod bound {
    use crate::column::InstantValue;
    use crate::table::SortValue;

    pub(crate) fn text(value: &SortValue) -> String {
        match value {
            SortValue::Text(text) => text.clone(),
            SortValue::Instant(_) | SortValue::Number(_) => String::new(),
        }
    }

    pub(crate) fn number(value: &SortValue) -> i64 {
        match value {
            SortValue::Number(number) => *number,
            SortValue::Text(_) | SortValue::Instant(_) => 0,
        }
    }

    pub(crate) fn instant(value: &SortValue) -> InstantValue {
        match value {
            SortValue::Instant(at) => InstantValue(*at),
            SortValue::Text(_) | SortValue::Number(_) => InstantValue(chrono::DateTime::UNIX_EPOCH),
        }
    }
}

/// A record's own values as a cursor keeps them.
pub(crate) mod kept {
    use crate::table::SortValue;

    pub(crate) fn text(value: impl Into<String>) -> SortValue {
        SortValue::Text(value.into())
    }

    pub(crate) fn number(number: i64) -> SortValue {
        SortValue::Number(number)
    }

    pub(crate) fn instant(at: chrono::DateTime<chrono::Utc>) -> SortValue {
        SortValue::Instant(at)
    }
}

/// Declares how a table is listed: its sort keys, each with its expression and the record's own value.
macro_rules! listing {
    ($record:ty, $table:ident, $filter:ty, $narrowed:ident, $own:ident, {
        $($name:literal: $kind:ident = $column:expr => |$r:ident| $value:expr;)+
    }) => {
        type Boxed<'a> = $table::BoxedQuery<'a, $crate::connection::Backend>;

        fn scoped<'a>(scope: &'a $crate::table::Scope<$filter>) -> Boxed<'a> {
            let mut query = $table::table
                .filter($table::organisation_id.eq($crate::column::KeyValue(scope.organisation.0)))
                .into_boxed();
            if let Some(own) = &scope.own {
                query = query.filter($own(own));
            }
            // Nothing is asked where nothing is restricted.
            if !scope.withheld.is_empty() {
                let withheld = scope.withheld.iter().copied().map($crate::column::KeyValue);
                query = query.filter($table::id.ne_all(withheld));
            }
            if let Some(ids) = &scope.only {
                query = query.filter($table::id.eq_any(ids.iter().copied().map($crate::column::KeyValue)));
            }
            $narrowed(query, &scope.filter)
        }

        /// What lies behind the last record: (k1 > v1) or (k1 = v1 and ((k2 > v2) or ...)), the id last.
        fn behind(
            keys: &[(&'static str, bool)],
            values: &[$crate::table::SortValue],
            id: uuid::Uuid,
            descending: bool,
        ) -> $crate::listing::Condition<$table::table> {
            let id = $crate::column::KeyValue(id);
            let (Some(((name, down), keys)), Some((value, values))) = (keys.split_first(), values.split_first()) else {
                return if descending { Box::new($table::id.lt(id)) } else { Box::new($table::id.gt(id)) };
            };
            let rest = behind(keys, values, id.0, descending);
            match *name {
                $($name => {
                    let value = $crate::listing::bound::$kind(value);
                    if *down {
                        Box::new(($column).lt(value.clone()).or(($column).eq(value).and(rest)))
                    } else {
                        Box::new(($column).gt(value.clone()).or(($column).eq(value).and(rest)))
                    }
                })+
                _ => rest,
            }
        }

        impl $crate::table::Listed for $record {
            type Filter = $filter;
            const SORTS: &'static [&'static str] = &[$($name),+];

            fn page(
                scope: &$crate::table::Scope<$filter>,
                order: &$crate::table::Order,
                limit: i64,
                connection: &mut $crate::connection::AnyConnection,
            ) -> Result<Vec<Self>, $crate::error::Error> {
                let mut query = scoped(scope);
                let descending = order.keys.last().is_none_or(|(_, down)| *down);
                for (name, down) in &order.keys {
                    query = match (*name, *down) {
                        $(
                            ($name, true) => query.then_order_by(($column).desc()),
                            ($name, false) => query.then_order_by(($column).asc()),
                        )+
                        _ => query,
                    };
                }
                query = if descending {
                    query.then_order_by($table::id.desc())
                } else {
                    query.then_order_by($table::id.asc())
                };
                if let Some((values, id)) = &order.after {
                    query = query.filter(behind(&order.keys, values, *id, descending));
                }
                let rows: Vec<Row> =
                    query.limit(limit).select(<Row as diesel::SelectableHelper<_>>::as_select()).load(connection)?;
                rows.into_iter().map(|row| row.into_record().map(|(record, _)| record)).collect()
            }

            fn count(
                scope: &$crate::table::Scope<$filter>,
                connection: &mut $crate::connection::AnyConnection,
            ) -> Result<i64, $crate::error::Error> {
                Ok(scoped(scope).count().get_result(connection)?)
            }

            fn sort_values(&self, order: &$crate::table::Order) -> Vec<$crate::table::SortValue> {
                let values = order.keys.iter().filter_map(|(name, _)| match *name {
                    $($name => {
                        let $r = self;
                        Some($crate::listing::kept::$kind($value))
                    })+
                    _ => None,
                });
                values.collect()
            }
        }
    };
}
pub(crate) use listing;
