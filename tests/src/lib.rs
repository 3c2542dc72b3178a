//! The tests live in `suite.rs`; this library is empty so that cargo has something to call the package.
