//! The contract as it is committed: served as it stands, and looked up where a request does not fit it. A test holds it
//! against what the routes say, so that nobody has to compose it while the program starts.

use crate::body::shape::Shape;
use actix_web::dev::ResourceDef;
use ratchet_domain::refusal::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// The document.
pub(crate) const COMMITTED: &str = include_str!("../../../openapi/v1.json");

/// The events that are told beside it, as they are committed.
pub(crate) const EVENTS: &str = include_str!("../../../openapi/events.json");

/// What is looked up in it; found when the first request does not fit. Nothing of it is read before it is asked for: the whole
/// takes more memory than everything else that an idle server holds.
struct Contract {
    /// Each documented path with the methods it knows.
    paths: Vec<(ResourceDef, String)>,
    /// Operations by path and method.
    operations: Named<'static, Named<'static, &'static RawValue>>,
    /// Schemas by name.
    schemas: Named<'static, &'static RawValue>,
    /// By stem.
    resources: Vec<ListedResource>,
}

type Named<'a, T> = HashMap<&'a str, T>;

/// The document, of which only these parts are looked at.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    paths: Named<'a, Named<'a, &'a RawValue>>,
    #[serde(borrow)]
    components: Components<'a>,
    tags: Vec<Area>,
}

#[derive(Deserialize)]
struct Area {
    name: String,
    description: String,
}

#[derive(Deserialize)]
struct Components<'a> {
    #[serde(borrow)]
    schemas: Named<'a, &'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation<'a> {
    operation_id: String,
    tags: Vec<String>,
    #[serde(borrow)]
    request_body: Option<Body<'a>>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    content: Named<'a, Content<'a>>,
}

#[derive(Deserialize)]
struct Content<'a> {
    /// What is no JSON has none.
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
}

/// What there is below one address.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ListedResource {
    /// What it is called, in the plural where it is one of records.
    #[schema(example = "nonconformities")]
    pub stem: String,
    /// Where its operations lie.
    #[schema(example = "/v1/nonconformities")]
    pub href: String,
    /// What it is about, with the clauses that it serves.
    #[schema(example = "What went wrong, why, what was done and whether it worked [10.2].")]
    pub summary: String,
    /// Its operations, by the ids under which the contract describes them.
    #[schema(example = json!(["list_nonconformities", "create_nonconformity"]))]
    pub operations: Vec<String>,
}

static CONTRACT: LazyLock<Option<Contract>> = LazyLock::new(|| {
    let read = serde_json::from_str(COMMITTED).map(Contract::of);
    read.inspect_err(
        |error| tracing::error!(%error, "the contract cannot be read: what does not fit is told in fewer words"),
    )
    .ok()
});

impl Contract {
    fn of(document: Document<'static>) -> Self {
        // Where a word and a parameter fit, the word is meant.
        let in_order = document.paths.iter().map(|(path, item)| ((path.matches('{').count(), *path), item));
        let paths = in_order.collect::<BTreeMap<_, _>>().into_iter().map(|((_, path), item)| {
            let mut known: Vec<String> = item.keys().map(|method| method.to_uppercase()).collect();
            known.sort_unstable();
            if item.contains_key("get") {
                known.push("HEAD".to_owned());
            }
            known.push("OPTIONS".to_owned());
            (ResourceDef::new(path), known.join(", "))
        });
        let (paths, resources) = (paths.collect(), resources_of(&document));
        Self { paths, operations: document.paths, schemas: document.components.schemas, resources }
    }

    fn shape(&self, method: &str, path: &str) -> Option<Shape> {
        let operation = self.operations.get(path)?.get(method.to_lowercase().as_str())?;
        let operation: Operation<'_> = serde_json::from_str(operation.get()).ok()?;
        let mut contents = operation.request_body?.content.into_iter();
        let (_, json) = contents.find(|(name, _)| name.ends_with("/json") || name.ends_with("+json"))?;
        let named = |name: &str| serde_json::from_str(self.schemas.get(name)?.get()).ok();
        Some(Shape::of(serde_json::from_str(json.schema?.get()).ok()?, named))
    }
}

/// Each first segment under `/v1`, with what its area says it is about.
fn resources_of(document: &Document<'_>) -> Vec<ListedResource> {
    let areas = document.tags.iter().map(|area| (area.name.as_str(), area.description.as_str()));
    let areas: HashMap<&str, &str> = areas.collect();
    let mut found = BTreeMap::<&str, ListedResource>::new();
    for (path, item) in document.paths.iter().collect::<BTreeMap<_, _>>() {
        let Some(stem) = path.strip_prefix("/v1/").and_then(|rest| rest.split('/').next()) else { continue };
        for operation in item.iter().collect::<BTreeMap<_, _>>().into_values() {
            let Ok(operation) = serde_json::from_str::<Operation<'_>>(operation.get()) else { continue };
            let summary = operation.tags.first().and_then(|area| areas.get(area.as_str())).copied();
            let resource = found.entry(stem).or_insert_with(|| ListedResource {
                stem: stem.to_owned(),
                href: format!("/v1/{stem}"),
                summary: summary.unwrap_or_default().to_owned(),
                operations: Vec::new(),
            });
            resource.operations.push(operation.operation_id);
        }
    }
    found.into_values().collect()
}

/// What there is under `/v1`; nothing where the contract cannot be read.
pub(crate) fn resources() -> &'static [ListedResource] {
    CONTRACT.as_ref().map_or(&[], |contract| &contract.resources)
}

/// The methods that a path knows, as `Allow` lists them; none where nothing is documented.
pub(crate) fn methods(path: &str) -> Option<&'static str> {
    let known = CONTRACT.as_ref()?.paths.iter().find(|(pattern, _)| pattern.is_match(path));
    known.map(|(_, methods)| methods.as_str())
}

/// All that keeps a body from having the form that the operation documents.
pub(crate) fn faults(method: &str, path: &str, body: &Value) -> Vec<Fault> {
    let shape = CONTRACT.as_ref().and_then(|contract| contract.shape(method, path));
    shape.map_or_else(Vec::new, |shape| shape.faults(body))
}
