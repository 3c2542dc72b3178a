//! Twenty-five indicators, each with method, thresholds and the answers that 9.1 asks for.

mod table;

pub(super) use table::INDICATORS;
