//! What the second step's checks count: indicators and signals.

use super::{Moment, found};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{indicators, signals};
use diesel::prelude::*;
use ratchet_domain::indicators::StageName as IndicatorStage;
use ratchet_domain::readiness::{MonitoringCheck, Tally};
use ratchet_domain::signals::{Kind, StageName as SignalStage};

pub(super) fn tally(check: MonitoringCheck, at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    match check {
        MonitoringCheck::IndicatorsInUse => in_use(at, c),
        MonitoringCheck::IndicatorsOwned => owned(at, c),
        MonitoringCheck::IndicatorsMeasured => measured(at, c),
        MonitoringCheck::SignalsAnswered => answered(at, c),
        MonitoringCheck::CriticalSignalsTreated => treated(at, c),
    }
}

fn in_use(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let [active, draft] = [IndicatorStage::Active, IndicatorStage::Draft].map(<&str>::from);
    Ok(Tally {
        proof: found!(at, c, Indicator in indicators, indicators::stage.eq(active)),
        // Those that are built in are an offer: they are measured all the same.
        offending: found!(at, c, Indicator in indicators, indicators::stage.eq(draft), indicators::built_in.is_null()),
    })
}

fn owned(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let stage = indicators::stage.eq(<&str>::from(IndicatorStage::Active));
    Ok(Tally {
        proof: found!(at, c, Indicator in indicators, stage, indicators::owner_id.is_not_null()),
        offending: found!(at, c, Indicator in indicators, stage, indicators::owner_id.is_null()),
    })
}

/// One that is not measured has an open signal that says so.
fn measured(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let stage = indicators::stage.eq(<&str>::from(IndicatorStage::Active));
    let stale = || {
        signals::table
            .filter(signals::organisation_id.eq(at.key()))
            .filter(signals::kind.eq(<&str>::from(Kind::Stale)))
            .filter(signals::is_open.eq(true))
            .select(signals::indicator_id)
    };
    Ok(Tally {
        proof: found!(at, c, Indicator in indicators, stage, indicators::id.ne_all(stale())),
        offending: found!(at, c, Indicator in indicators, stage, indicators::id.eq_any(stale())),
    })
}

fn answered(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let answered = [SignalStage::Acknowledged, SignalStage::Linked, SignalStage::Dismissed, SignalStage::Cleared];
    let answered = answered.map(<&str>::from);
    let raised = signals::stage.eq(<&str>::from(SignalStage::Raised));
    Ok(Tally {
        proof: found!(at, c, Signal in signals, signals::stage.eq_any(answered)),
        offending: found!(at, c, Signal in signals, raised, signals::created_at.lt(at.patience())),
    })
}

fn treated(at: &Moment, c: &mut AnyConnection) -> Result<Tally, Error> {
    let critical = signals::kind.eq(<&str>::from(Kind::Critical));
    let linked = signals::stage.eq(<&str>::from(SignalStage::Linked));
    let loose = [SignalStage::Raised, SignalStage::Acknowledged].map(<&str>::from);
    Ok(Tally {
        proof: found!(at, c, Signal in signals, linked, critical),
        offending: found!(at, c, Signal in signals, signals::stage.eq_any(loose), critical),
    })
}
