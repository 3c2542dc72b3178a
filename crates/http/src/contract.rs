//! The contract as it is committed: served as it stands, and looked up where a request does not fit it. A test holds it
//! against what the routes say, so that nobody has to compose it while the program starts.

use crate::body::shape::Shapes;
use actix_web::dev::ResourceDef;
use ratchet_domain::refusal::Fault;
use serde_json::Value;
use std::sync::LazyLock;

/// The document.
pub(crate) const COMMITTED: &str = include_str!("../../../openapi/v1.json");

/// What is looked up in it; read when the first request does not fit.
struct Contract {
    /// Each documented path with the methods it knows.
    paths: Vec<(ResourceDef, String)>,
    shapes: Shapes,
}

static CONTRACT: LazyLock<Option<Contract>> = LazyLock::new(|| {
    // On a thread that ends: what the document takes while it is read goes back with it.
    let read = || serde_json::from_str(COMMITTED).map(|document: Value| Contract::of(&document));
    let Ok(Ok(contract)) = std::thread::spawn(read).join() else {
        tracing::error!("the contract cannot be read: what does not fit it is told in fewer words");
        return None;
    };
    Some(contract)
});

impl Contract {
    fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten().map(|(path, item)| {
            let documented = item.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase());
            let mut known: Vec<String> = documented.collect();
            if known.iter().any(|method| method == "GET") {
                known.push("HEAD".to_owned());
            }
            known.push("OPTIONS".to_owned());
            (ResourceDef::new(path.as_str()), known.join(", "))
        });
        Self { paths: paths.collect(), shapes: Shapes::of(document) }
    }
}

/// The methods that a path knows, as `Allow` lists them; none where nothing is documented.
pub(crate) fn methods(path: &str) -> Option<&'static str> {
    let known = CONTRACT.as_ref()?.paths.iter().find(|(pattern, _)| pattern.is_match(path));
    known.map(|(_, methods)| methods.as_str())
}

/// All that keeps a body from having the form that the operation documents.
pub(crate) fn faults(method: &str, path: &str, body: &Value) -> Vec<Fault> {
    CONTRACT.as_ref().map_or_else(Vec::new, |contract| contract.shapes.faults(method, path, body))
}
