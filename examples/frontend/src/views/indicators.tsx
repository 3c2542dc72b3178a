// How the indicators that are measured stand now, out of the dashboard; each leads to its chart.
import { api, taken, type Schemas } from "../api";
import { useLoaded } from "../load";
import { Page, Read, RecordLink, State } from "../parts";
import { figure, label, when } from "../words";

type Indicator = Schemas["DashboardIndicator"];

/** The last thirty days as a line without axes: its figures stand beside it. */
function Spark({ of }: { of: Indicator }) {
  if (of.points.length < 2) return null;
  const [first, last] = [0, of.points.length - 1].map((at) => Date.parse(of.points[at]?.observed_at ?? ""));
  const values = of.points.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (moment: string) => (100 * (Date.parse(moment) - (first ?? 0))) / ((last ?? 1) - (first ?? 0));
  const y = (value: number) => (high === low ? 15 : 28 - (26 * (value - low)) / (high - low));
  const line = of.points.map((point) => `${x(point.observed_at).toFixed(1)},${y(point.value).toFixed(1)}`).join(" ");
  return <svg class="spark" viewBox="-1 0 102 30" preserveAspectRatio="none" aria-hidden="true"><polyline points={line} /></svg>;
}

function Tile({ of }: { of: Indicator }) {
  return (
    <li class="card tile">
      <p class="over">{of.reference}</p>
      <h2><RecordLink reference={of.reference} title={of.name} /></h2>
      <p class="big">{of.last == null ? "–" : figure(of.last.value, of.unit ?? null)}</p>
      <Spark of={of} />
      <p class="marks"><State of={of.status} />{[...new Set<string>(of.open_signals)].filter((signal) => signal !== of.status).map((signal) => <span class="state warning" key={signal}>{label(signal)}</span>)}</p>
      <p class="under">
        {of.target != null && <>Target {figure(of.target, of.unit ?? null)}, {of.direction === "lower_is_better" ? "lower is better" : of.direction === "higher_is_better" ? "higher is better" : "within its range"}. </>}
        {of.last != null && <>Measured {when(of.last.observed_at.slice(0, 10))}.</>}
      </p>
    </li>
  );
}

export function Indicators() {
  const [loaded, again] = useLoaded(async () => taken(await api.GET("/v1/dashboard")), []);
  return (
    <Page title="Indicators" lead="What is measured, and how it stands by its target and thresholds.">
      <Read loaded={loaded} again={again}>
        {({ indicators }) => indicators.length === 0
          ? <p class="empty">Nothing is measured yet.</p>
          : <ul class="tiles">{indicators.map((of) => <Tile key={of.id} of={of} />)}</ul>}
      </Read>
    </Page>
  );
}
