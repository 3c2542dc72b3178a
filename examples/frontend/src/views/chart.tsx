// The control chart of one series, drawn from its figures: values, limits of each phase, signals, target and thresholds.
import { useEffect, useRef, useState } from "preact/hooks";
import { api, taken, type Schemas } from "../api";
import { useLoaded } from "../load";
import { Read, RecordLink } from "../parts";
import { figure, label, many, when } from "../words";
import { areas, scales, steps, ticks, type Frame, type Scales } from "./scales";

type View = Schemas["IndicatorChart"];
type Point = Schemas["ChartPoint"];

const spans = [
  { name: "All", days: null },
  { name: "A year", days: 365 },
  { name: "90 days", days: 90 },
];

async function read(reference: string, days: number | null, series: string | null): Promise<View> {
  const query = {
    ...(days === null ? {} : { from: new Date(Date.now() - days * 86_400_000).toISOString() }),
    ...(series === null ? {} : { dimensions: series }),
  };
  const chart = taken(await api.GET("/v1/indicators/{id}/chart", { params: { path: { id: reference }, query }, headers: { Accept: "application/json" } }));
  // The same address answers a drawing to whoever accepts one, and so the type has both.
  if (typeof chart === "string") throw new Error("the chart came as a drawing");
  return chart;
}

/** The width that there is, so that letters keep their size on a narrow screen. */
function useWidth() {
  const place = useRef<HTMLDivElement>(null);
  const [width, set] = useState(720);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => entry && set(Math.max(280, Math.round(entry.contentRect.width))));
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  return [place, width] as const;
}

/** Target and thresholds as lines across, named in the margin; names that would lie on each other move apart. */
function Goal({ of, unit, scales, frame }: { of: NonNullable<View["goal"]>; unit: string | null; scales: Scales; frame: Frame }) {
  const values = (kind: string, value: number | Schemas["IndicatorRange"] | null | undefined) =>
    (value == null ? [] : typeof value === "number" ? [value] : [value.low, value.high]).map((at) => ({ kind, at, y: scales.y(at) }));
  const lines = [...values("target", of.target), ...values("warning", of.warning), ...values("critical", of.critical)]
    .filter(({ y }) => y >= frame.top && y <= frame.bottom).sort((one, other) => one.y - other.y);
  let free = frame.top - 12;
  return (
    <>
      {lines.map(({ kind, at, y }) => {
        free = Math.max(y + 4, free + 24);
        const text = free;
        return (
          <g class={kind} key={kind + at}>
            <line x1={frame.left} x2={frame.right} y1={y} y2={y} />
            <text x={frame.right + 6} y={text}>{label(kind)}</text>
            <text x={frame.right + 6} y={text + 12}>{figure(at, unit)}</text>
          </g>
        );
      })}
    </>
  );
}

function Axes({ of, frame, unit }: { of: Scales; frame: Frame; unit: string | null }) {
  const { across, along } = ticks(of, frame);
  return (
    <g class="axes">
      {across.map((at) => (
        <g key={at}>
          <line x1={frame.left} x2={frame.right} y1={of.y(at)} y2={of.y(at)} />
          <text x={frame.left - 6} y={of.y(at) + 4} text-anchor="end">{figure(at, unit === "share" ? unit : null)}</text>
        </g>
      ))}
      {along.map(({ at, name }) => <text key={at} x={of.x(at)} y={frame.bottom + 18} text-anchor="middle">{name}</text>)}
      {unit !== null && unit !== "share" && <text x={frame.left - 6} y={frame.top - 8} text-anchor="end">{unit}</text>}
    </g>
  );
}

function beginning(phase: Schemas["ChartPhase"]): string {
  if (phase.change != null) return `${phase.change.reference}`;
  return phase.begins_with === "declared" ? "New phase" : "";
}

function Phases({ of, view, frame }: { of: Scales; view: View; frame: Frame }) {
  return (
    <>
      {view.phases.map((phase, index) => {
        const x = of.x(Date.parse(phase.starts_at));
        if (index === 0 || x < frame.left || x > frame.right) return null;
        return (
          <g class="phase" key={phase.starts_at}>
            <line x1={x} x2={x} y1={frame.top} y2={frame.bottom} />
            <text x={x + 4} y={frame.top + 10}>{beginning(phase)}</text>
          </g>
        );
      })}
    </>
  );
}

function Mark({ point, of, dense }: { point: Point; of: Scales; dense: boolean }) {
  const [x, y] = [of.x(Date.parse(point.observed_at)), of.y(point.value)];
  if (point.rules.length > 0) return <path class="signal" d={`M${x} ${y - 6}l6 6-6 6-6-6z`} />;
  return <circle class={point.in_baseline ? "point baseline" : "point"} cx={x} cy={y} r={dense ? 1.4 : 3} />;
}

function inWords(point: Point, unit: string | null): string {
  const limits = point.lower == null || point.upper == null ? "" : `, limits ${figure(point.lower, unit)} to ${figure(point.upper, unit)}`;
  const met = point.rules.length > 0 ? `. Signal: ${point.rules.map((rule) => label(rule).toLowerCase()).join(", ")}` : "";
  const judged = point.judgement == null ? "" : `, ${label(point.judgement).toLowerCase()}`;
  return `${when(point.observed_at)}: ${figure(point.value, unit)}${judged}${limits}${met}`;
}

function summary(view: View): string {
  const signals = view.points.filter((point) => point.rules.length > 0).length;
  return `Control chart of ${view.name}: ${many(view.points.length, "measurement")}, ${many(view.phases.length, "phase")}, ${many(signals, "signal")}.`;
}

function Drawing({ view, width }: { view: View; width: number }) {
  const [chosen, choose] = useState<number | null>(null);
  const height = width < 500 ? 260 : 340;
  const frame: Frame = { left: 56, right: width - (view.goal == null ? 10 : 62), top: 22, bottom: height - 28 };
  const unit = view.unit ?? null;
  const of = scales(view, frame);
  const point = chosen === null ? undefined : view.points[chosen];
  const move = (by: number) => choose((before) => Math.min(view.points.length - 1, Math.max(0, (before ?? view.points.length) + by)));
  const keys: Record<string, () => void> = {
    ArrowLeft: () => move(-1), ArrowRight: () => move(1), Home: () => choose(0), End: () => choose(view.points.length - 1), Escape: () => choose(null),
  };
  const nearest = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const x = event.clientX - box.left;
    const away = (point: Point | undefined) => Math.abs(of.x(Date.parse(point?.observed_at ?? "")) - x);
    choose(view.points.reduce((best, point, index) => (away(point) < away(view.points[best]) ? index : best), 0));
  };
  return (
    <figure class="chart">
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" tabindex={0} aria-label={`${summary(view)} The arrow keys go through the measurements.`}
        onPointerMove={nearest} onPointerLeave={() => choose(null)} onKeyDown={(event) => {
          const act = keys[event.key];
          if (act === undefined) return;
          event.preventDefault();
          act();
        }}>
        <Axes of={of} frame={frame} unit={unit} />
        {areas(view, of).map((area, at) => <path class="limits" key={at} d={area} />)}
        {view.goal != null && <Goal of={view.goal} unit={unit} scales={of} frame={frame} />}
        {steps(view, of).map(({ kind, path }, at) => <path class={kind} key={at} d={path} />)}
        <Phases of={of} view={view} frame={frame} />
        <polyline class="values" points={view.points.map(({ observed_at, value }) => `${of.x(Date.parse(observed_at)).toFixed(1)},${of.y(value).toFixed(1)}`).join(" ")} />
        {view.trend != null && view.trend.tendency !== "unclear" && (
          <line class="trend" x1={of.x(Date.parse(view.trend.from))} y1={of.y(view.trend.starts_with)} x2={of.x(Date.parse(view.trend.to))} y2={of.y(view.trend.ends_with)} />
        )}
        {view.points.map((point) => <Mark key={point.observed_at} point={point} of={of} dense={view.points.length > 150} />)}
        {point && <line class="cursor" x1={of.x(Date.parse(point.observed_at))} x2={of.x(Date.parse(point.observed_at))} y1={frame.top} y2={frame.bottom} />}
      </svg>
      <figcaption>
        <output class="told" aria-live="polite">{point ? inWords(point, unit) : `${many(view.points.length, "measurement")} shown${view.is_cut ? ", older ones are left out" : ""}. Point at one, or use the arrow keys.`}</output>
        <Legend view={view} />
      </figcaption>
    </figure>
  );
}

function Legend({ view }: { view: View }) {
  const has = { limits: view.phases.some(({ limits }) => limits != null), trend: view.trend != null && view.trend.tendency !== "unclear" };
  return (
    <ul class="legend">
      <li class="k-values">Values</li>
      {has.limits && <><li class="k-limits">Control limits</li><li class="k-centre">Centre</li></>}
      {view.points.some(({ rules }) => rules.length > 0) && <li class="k-signal">Signal</li>}
      {view.goal?.target != null && <li class="k-target">Target</li>}
      {view.goal != null && <><li class="k-warning">Warning</li><li class="k-critical">Critical</li></>}
      {has.trend && <li class="k-trend">Trend</li>}
    </ul>
  );
}

const why: Record<Schemas["Unlimited"], string> = {
  not_charted: "no limits: it is not charted",
  too_few: "no limits yet: too few measurements",
  no_variation: "no limits: nothing varies",
  rhythm_not_seen: "no limits yet: its rhythm was not seen often enough",
};

function PhaseLine({ of, unit }: { of: Schemas["ChartPhase"]; unit: string | null }) {
  return (
    <li>
      <strong>Since {when(of.starts_at.slice(0, 10))}</strong>
      {of.change != null && <>, with <RecordLink reference={of.change.reference} title={`${of.change.reference} ${of.change.title ?? ""}`} /></>}
      {of.reason != null && <>, {of.reason}</>}
      {": "}
      {of.limits != null
        ? `${label(of.limits.chart).toLowerCase()} chart, centre ${figure(of.limits.centre, unit)}, limits rest on the first ${of.limits.measurements}`
        : of.unlimited != null ? why[of.unlimited] : "no limits"}
      {of.met.length > 0 && `; ${of.met.map(({ rule, count }) => `${label(rule).toLowerCase()} ${many(count, "time")}`).join(", ")}`}.
    </li>
  );
}

function Trend({ of, unit }: { of: NonNullable<View["trend"]>; unit: string | null }) {
  const tendency = { better: "It gets better", worse: "It gets worse", unclear: "No trend that chance alone would not make" }[of.tendency];
  const meets = of.forecast?.meets_at;
  return <p>{tendency}{of.tendency !== "unclear" && ` by ${figure(Math.abs(of.slope_per_day * 30), unit)} in 30 days`} (p {of.p < 0.001 ? "< 0.001" : of.p.toFixed(3)}).{meets != null && ` The target is met by ${when(meets.slice(0, 10))} if it goes on like this.`}</p>;
}

function Figures({ view }: { view: View }) {
  const unit = view.unit ?? null;
  const cell = (value: number | null | undefined) => (value == null ? "–" : figure(value, unit));
  return (
    <details>
      <summary>The figures as a table</summary>
      <div class="table tall" tabIndex={0} role="region" aria-label="Figures">
        <table>
          <thead><tr>{["Observed", "Value", "Lower", "Centre", "Upper", "Signals"].map((name) => <th scope="col" key={name}>{name}</th>)}</tr></thead>
          <tbody>
            {[...view.points].reverse().map((point) => (
              <tr key={point.observed_at}>
                <td>{when(point.observed_at)}</td><td>{figure(point.value, unit)}</td><td>{cell(point.lower)}</td><td>{cell(point.centre)}</td><td>{cell(point.upper)}</td>
                <td>{point.rules.map(label).join(", ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export function Chart({ reference }: { reference: string }) {
  const [days, setDays] = useState<number | null>(null);
  const [series, setSeries] = useState<string | null>(null);
  const [loaded, again] = useLoaded(() => read(reference, days, series), [reference, days, series]);
  const [place, width] = useWidth();
  return (
    <section class="card" aria-label="Control chart">
      <div class="heading">
        <h2>Control chart</h2>
        <div class="segments" role="group" aria-label="Time shown">
          {spans.map((span) => <button type="button" key={span.name} aria-pressed={span.days === days} onClick={() => setDays(span.days)}>{span.name}</button>)}
        </div>
      </div>
      <div ref={place}>
        <Read loaded={loaded} again={again}>
          {(view) => (
            <>
              {view.series.length > 1 && (
                <div class="field">
                  <label for="series">Series</label>
                  <select id="series" value={series ?? JSON.stringify(view.dimensions)} onChange={({ currentTarget }) => setSeries(currentTarget.value)}>
                    {view.series.map((one) => <option value={JSON.stringify(one)}>{Object.entries(one).map((pair) => pair.join(" ")).join(", ") || "All"}</option>)}
                  </select>
                </div>
              )}
              {view.points.length === 0 ? <p class="empty">Nothing was measured in that time.</p> : <Drawing view={view} width={width} />}
              <ul class="phases">{view.phases.map((phase) => <PhaseLine key={phase.starts_at} of={phase} unit={view.unit ?? null} />)}</ul>
              {view.trend != null && <Trend of={view.trend} unit={view.unit ?? null} />}
              {view.rhythm != null && <p>{view.rhythm.note}</p>}
              {view.points.length > 0 && <Figures view={view} />}
            </>
          )}
        </Read>
      </div>
    </section>
  );
}
