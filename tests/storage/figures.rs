//! Figures as the store keeps them: those that are computed of others, and those that are not kept any longer.

use super::nonconformities::{context, now, organisation};
use crate::databases::{Database, each};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use ed25519_dalek::SigningKey;
use ratchet_domain::access::{Actor, Identity};
use ratchet_domain::change::Record;
use ratchet_domain::id::{IndicatorId, MeasurementBatchId, MemberId, OrganisationId};
use ratchet_domain::indicators::formula::Aggregate;
use ratchet_domain::indicators::{
    AutoRaise, Control, ControlChart, FormulaDraft, Frequency, Goal, Indicator, IndicatorAmendment, IndicatorDraft,
    Revise, ValueKind,
};
use ratchet_domain::measurements::{Figure, MeasurementBatch, Point, Standing, Step, sift};
use ratchet_domain::reference::Locator;
use ratchet_persistence::error::Error;
use ratchet_persistence::journal::sequencer::{Signer, sequence};
use ratchet_persistence::journal::verification::{Scope, verify};
use ratchet_persistence::measurements::{self, Stored, Stretch, Window, retention};
use ratchet_persistence::store::Store;
use ratchet_persistence::tx::Context;
use ratchet_persistence::{evaluation, formulas};
use uuid::Uuid;

/// An organisation whose clock the test moves.
struct Scene {
    database: Database,
    store: Store,
    organisation: OrganisationId,
    now: DateTime<Utc>,
}

impl Scene {
    fn of(database: Database) -> Self {
        let store = Store::open(&database.address, 2).unwrap();
        let organisation = organisation(&database);
        Self { database, store, organisation, now: now() }
    }

    fn by(&self, worker: Option<&'static str>) -> impl Fn(OrganisationId) -> Context + Sync + use<> {
        let at = self.now;
        move |organisation| {
            let usual = context(organisation);
            let program = |worker| Actor { organisation, identity: Identity::System { worker } };
            let actor = worker.map_or_else(|| usual.actor.clone(), program);
            Context { actor, now: Box::new(move || at), ..usual }
        }
    }

    /// An active indicator, with a formula or without.
    async fn indicator(&self, formula: Option<FormulaDraft>) -> IndicatorId {
        let me = Some(MemberId(Uuid::from_u128(1)));
        let draft = IndicatorDraft {
            name: "Closed on time".to_owned(),
            information_need: Some("Whether it gets better".to_owned()),
            unit: Some("%".to_owned()),
            value_kind: ValueKind::Gauge,
            formula,
            // No signal: nobody is there to whom one could go.
            goal: Some(Goal::LowerIsBetter { target: None, warning: 1e9, critical: 2e9 }),
            control: Some(Control { chart: ControlChart::None, trend: Some(false), ..Control::default() }),
            method: Some("Counted".to_owned()),
            data_source: None,
            retention_days: None,
            frequency: Some(Frequency::Yearly),
            collector: me,
            analysis_interval: Some(Frequency::Monthly),
            analyst: me,
            requirements: Vec::new(),
            auto_raise: AutoRaise::None {},
            owner: None,
        };
        let made = self.store.write(self.by(None)(self.organisation), move |tx| {
            let (by, at, birth) = (tx.actor().clone(), tx.now(), tx.birth(Indicator::PREFIX)?);
            let (indicator, _) = tx.save(Indicator::define(draft, &by, birth)?)?;
            let facts = tx.facts(&indicator)?;
            Ok::<_, Error>(tx.save(indicator.activate(&facts, &by, at)?)?.0)
        });
        made.await.unwrap().id()
    }

    /// One that is computed of these, each under its letter.
    async fn computed(&self, expression: &str, sources: &[(IndicatorId, Aggregate)]) -> IndicatorId {
        self.indicator(Some(formula(expression, sources))).await
    }

    fn day(&self, days_ago: i64) -> DateTime<Utc> {
        Step::Day.start_of(self.now) - TimeDelta::days(days_ago)
    }

    /// Records figures: of which indicator, how many days ago, at which hour, and what.
    async fn send(&self, figures: &[(IndicatorId, i64, i64, f64)]) -> MeasurementBatch {
        let point = |(indicator, days_ago, hour, value): &(IndicatorId, i64, i64, f64)| Point {
            indicator: *indicator,
            observed_at: self.day(*days_ago) + TimeDelta::hours(*hour),
            series: String::new(),
            figure: Figure::Gauge { value: *value },
            note: Some(format!("{value} on a wet day")),
        };
        let (points, organisation): (Vec<Point>, _) = (figures.iter().map(point).collect(), self.organisation);
        let sent = self.store.write(self.by(None)(organisation), move |tx| {
            let known = measurements::known(organisation, points.iter(), tx.connection())?;
            let sifted = sift(points.into_iter().map(Ok).collect(), &known);
            measurements::record("test".to_owned(), &sifted, tx)
        });
        let (batch, _) = sent.await.unwrap();
        self.work().await;
        batch
    }

    async fn withdraw(&self, batch: MeasurementBatchId) {
        let withdrawn = self.store.write(self.by(None)(self.organisation), move |tx| {
            let batch = tx.get::<MeasurementBatch>(Locator::Id(batch.0))?;
            let change = measurements::withdraw(batch, "Counted twice".to_owned(), tx)?;
            tx.save(change)
        });
        withdrawn.await.unwrap();
        self.work().await;
    }

    /// Evaluates and computes until there is nothing left to do.
    async fn work(&self) {
        loop {
            let evaluated = evaluation::catch_up(&self.store, self.now, false, &self.by(Some("evaluation"))).await;
            let computed = formulas::catch_up(&self.store, self.now, &self.by(Some("figures"))).await;
            if evaluated.unwrap() + computed.unwrap() == 0 {
                break;
            }
        }
    }

    async fn stored(&self, indicator: IndicatorId, all: bool) -> Vec<Stored> {
        let (organisation, window) = (self.organisation, Window { all, ..Window::default() });
        let read = move |connection: &mut _| measurements::list(organisation, indicator, &window, 1_000, connection);
        self.store.read::<_, Error, _>(read).await.unwrap()
    }

    /// What counts: of how many days ago, and what.
    async fn figures(&self, indicator: IndicatorId) -> Vec<(i64, f64)> {
        let told = |stored: Stored| {
            let day = Step::Day.start_of(stored.point.observed_at);
            ((self.day(0) - day).num_days(), stored.point.figure.value())
        };
        self.stored(indicator, false).await.into_iter().map(told).collect()
    }

    async fn retain(&self, indicator: IndicatorId, days: u32) {
        let amended = self.store.write(self.by(None)(self.organisation), move |tx| {
            let (by, at) = (tx.actor().clone(), tx.now());
            let amendment = IndicatorAmendment { retention_days: Some(Some(days)), ..IndicatorAmendment::default() };
            let change = tx.get::<Indicator>(Locator::Id(indicator.0))?.amend(amendment, &by, at)?;
            tx.save(change)
        });
        amended.await.unwrap();
    }

    async fn remove(&self) -> usize {
        retention::catch_up(&self.store, self.now, &self.by(Some("retention"))).await.unwrap()
    }

    /// What a verification of the whole database finds.
    async fn findings(&self) -> Vec<String> {
        let key = SigningKey::from_bytes(&[8; 32]);
        let verifying = key.verifying_key();
        let at = self.now;
        self.store
            .work::<_, Error, _>(move |connection| {
                let origin = "ratchet.example".to_owned();
                let signer = Signer { key, former: None, retired: Vec::new(), origin };
                while sequence(&signer, at, connection)? > 0 {}
                Ok(())
            })
            .await
            .unwrap();
        let scope = Scope { state: true, ..Scope::default() };
        let report = verify(&scope, &verifying, &mut self.database.open()).unwrap();
        report.findings.into_iter().map(|finding| format!("{}: {}", finding.table, finding.fault)).collect()
    }
}

fn formula(expression: &str, sources: &[(IndicatorId, Aggregate)]) -> FormulaDraft {
    let named = ('a'..).zip(sources).map(|(name, (id, aggregate))| (name.to_string(), *id, *aggregate));
    FormulaDraft { expression: expression.to_owned(), sources: named.collect(), period: Step::Day }
}

const NOTHING: [String; 0] = [];

#[tokio::test]
async fn a_period_is_computed_once_it_is_over_and_again_when_its_figures_change() {
    for database in each() {
        let mut scene = Scene::of(database);
        let (a, b) = (scene.indicator(None).await, scene.indicator(None).await);
        let own = scene.computed("100 * a / b", &[(a, Aggregate::Sum), (b, Aggregate::Mean)]).await;
        let upon = scene.computed("max(a, 60) + 1", &[(own, Aggregate::Newest)]).await;
        scene.send(&[(a, 3, 9, 2.0), (a, 3, 17, 1.0)]).await;
        assert_eq!(scene.figures(own).await, [], "nothing was measured of the other");
        scene.send(&[(b, 3, 9, 3.0), (b, 3, 18, 5.0)]).await;
        assert_eq!((scene.figures(own).await, scene.figures(upon).await), (vec![(3, 75.0)], vec![(3, 76.0)]));
        let corrected = scene.send(&[(a, 3, 17, 2.0), (a, 0, 0, 1.0), (b, 0, 0, 4.0)]).await;
        assert_eq!(scene.figures(own).await, [(3, 100.0)], "corrected; today is not over");
        scene.now += TimeDelta::days(1);
        scene.work().await;
        assert_eq!(
            (scene.figures(own).await, scene.figures(upon).await),
            (vec![(4, 100.0), (1, 25.0)], vec![(4, 101.0), (1, 61.0)])
        );
        scene.withdraw(corrected.id()).await;
        assert_eq!((scene.figures(own).await, scene.figures(upon).await), (vec![(4, 50.0)], vec![(4, 61.0)]));
        let all = scene.stored(own, true).await;
        let standings: Vec<Standing> = all.iter().map(|stored| stored.standing).collect();
        assert_eq!(standings, [Standing::Superseded, Standing::Superseded, Standing::Live, Standing::Withdrawn]);
        assert_eq!(scene.findings().await, NOTHING, "every figure is bound by the journal");
    }
}

#[tokio::test]
async fn what_gives_no_figure_any_more_is_taken_back() {
    for database in each() {
        let scene = Scene::of(database);
        let (a, b) = (scene.indicator(None).await, scene.indicator(None).await);
        let own = scene.computed("a / b", &[(a, Aggregate::Mean), (b, Aggregate::Mean)]).await;
        let days: Vec<_> = (1..=150).flat_map(|day| [(a, day, 9, 3.0), (b, day, 9, 4.0)]).collect();
        scene.send(&days).await;
        assert_eq!(scene.figures(own).await.len(), 150, "in more than one step");
        let zeros: Vec<_> = (1..=149).map(|day| (b, day, 9, 0.0)).collect();
        scene.send(&zeros).await;
        assert_eq!(scene.figures(own).await, [(150, 0.75)], "a divisor is zero, and no figure follows");
        let again: Vec<_> = (1..=149).map(|day| (b, day, 9, 6.0)).collect();
        scene.send(&again).await;
        let found = scene.figures(own).await;
        assert_eq!((found.len(), found[0], found[149]), (150, (150, 0.75), (1, 0.5)));
        assert_eq!(scene.findings().await, NOTHING);
    }
}

#[tokio::test]
async fn another_formula_leaves_what_was_computed() {
    for database in each() {
        let mut scene = Scene::of(database);
        let (a, b) = (scene.indicator(None).await, scene.indicator(None).await);
        let sources = [(a, Aggregate::Mean), (b, Aggregate::Mean)];
        let own = scene.computed("100 * a / b", &sources).await;
        scene.send(&[(a, 2, 9, 1.0), (b, 2, 9, 2.0)]).await;
        let formula = formula("a / b", &sources);
        let revised = scene.store.write(scene.by(None)(scene.organisation), move |tx| {
            let (by, at) = (tx.actor().clone(), tx.now());
            let indicator = tx.get::<Indicator>(Locator::Id(own.0))?;
            let facts = tx.facts(&indicator)?;
            let input = Revise { goal: None, control: None, formula: Some(formula), reason: "A share".to_owned() };
            formulas::look_at(own, tx)?;
            tx.save(indicator.revise(input, &facts, &by, at)?)
        });
        let (revised, _) = revised.await.unwrap();
        assert_eq!(revised.formula.unwrap().since, Some(scene.day(0)));
        scene.send(&[(a, 2, 9, 2.0), (a, 0, 9, 1.0), (b, 0, 9, 4.0)]).await;
        assert_eq!(scene.figures(own).await, [(2, 50.0)]);
        scene.now += TimeDelta::days(1);
        scene.work().await;
        assert_eq!(scene.figures(own).await, [(3, 50.0), (1, 0.25)]);
    }
}

#[tokio::test]
async fn rivals_compute_a_period_once() {
    for database in each() {
        let scene = Scene::of(database);
        let a = scene.indicator(None).await;
        let own = scene.computed("2 * a", &[(a, Aggregate::Mean)]).await;
        let days: Vec<_> = (1..=20).map(|day| (a, day, 9, 3.0)).collect();
        let rival = Store::open(&scene.database.address, 2).unwrap();
        scene.send(&days[..1]).await;
        let by = scene.by(Some("figures"));
        scene.send(&days[1..]).await;
        for _ in 0..5 {
            let (one, other) = tokio::join!(
                formulas::catch_up(&scene.store, scene.now + TimeDelta::days(1), &by),
                formulas::catch_up(&rival, scene.now + TimeDelta::days(1), &by)
            );
            one.and(other).unwrap();
        }
        assert_eq!(scene.stored(own, true).await.len(), 20);
    }
}

#[tokio::test]
async fn circles_are_refused_and_who_is_computed_of_an_indicator_is_counted() {
    for database in each() {
        let scene = Scene::of(database);
        let a = scene.indicator(None).await;
        let own = scene.computed("a + 1", &[(a, Aggregate::Mean)]).await;
        let asked = scene.store.write(scene.by(None)(scene.organisation), move |tx| {
            let circle = formulas::check(Some(a), &[own], "/formula", tx);
            let fine = formulas::check(None, &[own, a], "/formula", tx);
            let source = tx.get::<Indicator>(Locator::Id(a.0))?;
            let upon = tx.get::<Indicator>(Locator::Id(own.0))?;
            Ok::<_, Error>((circle.is_err(), fine.is_ok(), tx.facts(&source)?.formulas, tx.facts(&upon)?.formulas))
        });
        assert_eq!(asked.await.unwrap(), (true, true, 1, 0));
    }
}

/// One keeps 400 days, the other everything: a batch of both, one of the first alone, and one that reaches into what is kept.
async fn kept_for_a_while(scene: &Scene) -> (IndicatorId, IndicatorId, MeasurementBatch) {
    let (some, all) = (scene.indicator(None).await, scene.indicator(None).await);
    let both = scene.send(&[(some, 500, 9, 1.0), (all, 500, 9, 2.0), (all, 499, 9, 2.5)]).await;
    scene.send(&[(some, 500, 9, 1.5)]).await;
    scene.send(&[(some, 450, 9, 7.0), (some, 10, 9, 3.0)]).await;
    scene.retain(some, 400).await;
    (some, all, both)
}

async fn values(scene: &Scene, indicator: IndicatorId) -> Vec<f64> {
    scene.stored(indicator, true).await.into_iter().map(|stored| stored.point.figure.value()).collect()
}

#[tokio::test]
async fn what_is_not_kept_goes_with_an_entry_and_the_rest_is_bound() {
    for database in each() {
        let mut scene = Scene::of(database);
        let (some, all, both) = kept_for_a_while(&scene).await;
        assert_eq!(values(&scene, some).await, [1.0, 1.5, 7.0, 3.0]);
        assert_eq!((scene.remove().await, scene.remove().await), (2, 0), "the third holds something that is kept");
        assert_eq!((values(&scene, some).await, values(&scene, all).await), (vec![7.0, 3.0], vec![2.0, 2.5]));
        let batch = scene
            .store
            .write(scene.by(None)(scene.organisation), move |tx| tx.get::<MeasurementBatch>(Locator::Id(both.head.id)));
        let batch = batch.await.unwrap();
        let [removed] = batch.removed.as_slice() else { panic!("{:?}", batch.removed) };
        assert_eq!((removed.rows, removed.indicators.as_slice(), batch.head.version), (1, &[some][..], 2));
        assert_ne!(removed.left, batch.digest);
        let (organisation, stretch) = (
            scene.organisation,
            Stretch { step: Step::Day, from: None, to: None, dimensions: Vec::new(), by: Vec::new() },
        );
        let rolled = scene.store.read::<_, Error, _>(move |connection| {
            measurements::rolled(organisation, some, &stretch, 1_000, connection)
        });
        let days: Vec<f64> = rolled.await.unwrap().unwrap().iter().map(|rolled| rolled.rollup.value()).collect();
        assert_eq!(days, [1.5, 7.0, 3.0], "days stay");
        assert_eq!(scene.findings().await, NOTHING);
        // What is left of it can be withdrawn, and hours that have lost rows are left alone.
        scene.withdraw(batch.id()).await;
        scene.now += TimeDelta::days(400);
        assert_eq!(scene.remove().await, 1);
        assert_eq!(values(&scene, some).await, [] as [f64; 0]);
        assert_eq!(scene.findings().await, NOTHING);
    }
}

#[tokio::test]
async fn what_goes_without_an_entry_is_found() {
    for statement in [
        "DELETE FROM measurements WHERE value = 2.5",
        "DELETE FROM measurements WHERE value = 3.0",
        "UPDATE measurements SET value = 2.75 WHERE value = 2.5",
        "DELETE FROM measurement_notes WHERE note LIKE '2.5%'",
    ] {
        for database in each() {
            let scene = Scene::of(database);
            kept_for_a_while(&scene).await;
            assert_eq!(scene.remove().await, 2);
            assert_eq!(scene.findings().await, NOTHING);
            scene.database.open().batch_execute(statement).unwrap();
            let found = scene.findings().await;
            let is_told = |found: &String| found.starts_with("measurements: the batch's rows");
            assert!(found.iter().any(is_told), "{statement}: {found:?}");
        }
    }
}

/// What shows that somebody has changed a row is not thrown away.
#[tokio::test]
async fn rows_that_were_changed_stay() {
    for database in each() {
        let scene = Scene::of(database);
        let (some, ..) = kept_for_a_while(&scene).await;
        scene.database.open().batch_execute("UPDATE measurements SET value = 1.75 WHERE value = 1.5").unwrap();
        assert_eq!(scene.remove().await, 1, "the other batch");
        assert_eq!(values(&scene, some).await, [1.75, 7.0, 3.0]);
        assert!(scene.findings().await.iter().any(|found| found.starts_with("measurements: the batch's rows")));
    }
}
