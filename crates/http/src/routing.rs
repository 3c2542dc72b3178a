//! Where operations are gathered: to be served, or to be documented. A thread that serves composes no documentation.

use actix_web::dev::HttpServiceFactory;
use actix_web::guard::fn_guard;
use actix_web::web;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use utoipa::openapi::path::Paths;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, OpenApi, RefOr};
use utoipa::{OpenApi as _, Path};
use utoipa_actix_web::OpenApiFactory;

type Register = Box<dyn FnOnce(&mut web::ServiceConfig)>;

/// The operations under one prefix.
pub(crate) struct Routes<'a> {
    prefix: &'static str,
    gathered: Gathered<'a>,
}

/// By the first segment after the prefix: a request is held against the operations of its own resource alone, and not
/// against the patterns of all of them in turn.
type Resources = BTreeMap<String, Vec<Register>>;

enum Gathered<'a> {
    ToServe(&'a mut Resources),
    ToDescribe(&'a mut OpenApi),
}

/// A prefix, and what declares the operations under it.
pub(crate) type Declared = (&'static str, fn(&mut Routes<'_>));

impl Routes<'_> {
    /// The operation as its handler's attributes say.
    pub(crate) fn service<F: HttpServiceFactory + OpenApiFactory + Path + 'static>(
        &mut self,
        operation: F,
    ) -> &mut Self {
        match &mut self.gathered {
            Gathered::ToServe(resources) => {
                let operations = resources.entry(first_segment(&F::path()).to_owned()).or_default();
                operations.push(Box::new(move |config| {
                    config.service(operation);
                }));
            }
            Gathered::ToDescribe(document) => describe_one(document, self.prefix, &operation),
        }
        self
    }

    /// The operations of a resource.
    pub(crate) fn configure(&mut self, resource: fn(&mut Self)) -> &mut Self {
        resource(self);
        self
    }
}

/// Registers every operation.
pub(crate) fn serve(declared: &[Declared], config: &mut web::ServiceConfig) {
    for &(prefix, declare) in declared {
        let mut resources = Resources::new();
        declare(&mut Routes { prefix, gathered: Gathered::ToServe(&mut resources) });
        for (stem, operations) in resources {
            // As the router matches it: what needs no escape may have one all the same.
            let is_asked_for = move |path: &str| {
                path.strip_prefix(prefix).is_some_and(|rest| percent_decode_str(first_segment(rest)).eq(stem.bytes()))
            };
            let resource = web::scope(prefix).guard(fn_guard(move |asked| is_asked_for(asked.head().uri.path())));
            config.service(resource.configure(|config| operations.into_iter().for_each(|register| register(config))));
        }
    }
}

/// What the operations' attributes say of them.
pub(crate) fn describe(declared: &[Declared]) -> OpenApi {
    #[derive(utoipa::OpenApi)]
    struct Nothing;
    let mut document = Nothing::openapi();
    for &(prefix, declare) in declared {
        declare(&mut Routes { prefix, gathered: Gathered::ToDescribe(&mut document) });
    }
    document
}

fn describe_one(document: &mut OpenApi, prefix: &str, operation: &impl OpenApiFactory) {
    let Paths { paths, .. } = operation.paths();
    let mut under = Paths::new();
    under.paths = paths.into_iter().map(|(path, item)| (format!("{prefix}{path}"), item)).collect();
    document.paths.merge(under);
    let mut schemas: Vec<(String, RefOr<Schema>)> = Vec::new();
    operation.schemas(&mut schemas);
    document.components.get_or_insert_with(Components::new).schemas.extend(schemas);
}

fn first_segment(path: &str) -> &str {
    path.split('/').find(|segment| !segment.is_empty()).unwrap_or_default()
}
