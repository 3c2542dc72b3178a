//! The doors: measurements as monitoring systems send them. A body is decoded (`ratchet_ingest`), held against the ingest rules
//! and recorded as one batch; what became of it is answered as the protocol has it.

mod cloudevents;
mod delivery;
mod gateway;
mod influx;
mod otlp;
mod prometheus;
mod report;
mod unmatched;

use crate::routing::Routes;

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(otlp::export_metrics)
        .service(prometheus::write_prometheus)
        .service(influx::write_influx_v1)
        .service(influx::write_influx_v2)
        .service(influx::ping_influx)
        .service(influx::get_influx_health)
        .service(cloudevents::send_cloudevents)
        .service(unmatched::list_unmatched_series)
        .service(unmatched::adopt_unmatched_series)
        .service(unmatched::try_ingest_rules);
}
