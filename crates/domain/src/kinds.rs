//! Every kind of record by its type: the one list that a new kind is added to.

/// Runs an expression with the type of the kind: `of_kind!(kind, T => T::find(organisation, locator, connection))`.
#[macro_export]
macro_rules! of_kind {
    ($kind:expr, $record:ident => $run:expr) => {
        $crate::of_kind!(@ $kind, $record => $run,
            Nonconformity: nonconformities::Nonconformity,
            Member: members::Member,
            ApiKey: api_keys::ApiKey,
            Action: actions::Action,
            Indicator: indicators::Indicator,
            Signal: signals::Signal,
            Comment: comments::Comment,
            Tag: tags::Tag,
            Link: links::Link,
            Evidence: evidence::Evidence,
            Settings: settings::Settings,
            MeasurementBatch: measurements::MeasurementBatch,
            ContextEntry: context_entries::ContextEntry,
        )
    };
    (@ $kind:expr, $record:ident => $run:expr, $($prefix:ident: $module:ident::$name:ident),+ $(,)?) => {
        match $kind {
            $($crate::reference::Prefix::$prefix => {
                type $record = $crate::$module::$name;
                $run
            })+
        }
    };
}
