//! The handlers of a resource's verbs: each is its documentation, its body and the command it runs.

/// Declares handlers for `POST /v1/{resource}/{id}/{verb}`, all of one resource. The generator knows `post` by
/// that name alone: import it where the macro is used.
macro_rules! verbs {
    (
        tag $tag:literal, record $record:ident, view $view:ident;
        $(
            $(#[doc = $doc:literal])+
            $name:ident $path:literal $verb:ident $body:ident
            |$subject:ident, $input:pat_param, $facts:ident, $by:ident, $tx:ident| $run:expr;
        )+
    ) => {$(
        $(#[doc = $doc])+
        #[utoipa::path(
            tag = $tag,
            params(("id" = String, Path), $crate::parameters::WriteParameters),
            request_body = $body,
            responses((status = 200, body = $view))
        )]
        #[post($path)]
        pub(crate) async fn $name(
            call: $crate::caller::Call,
            target: $crate::parameters::Target,
            parameters: $crate::parameters::Query<$crate::parameters::WriteParameters>,
            body: $crate::body::Body<$body>,
        ) -> Result<$crate::answer::Answer, $crate::error::ApiError> {
            call.verb(target, Verb::$verb, parameters, body, |$subject: $record, $input, $facts, $by, $tx| Ok($run?)).await
        }
    )+};
}
pub(crate) use verbs;
