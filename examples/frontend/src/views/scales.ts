// Where on the paper a moment and a value are, and the lines that a chart is made of.
import type { Schemas } from "../api";

type View = Schemas["IndicatorChart"];
type Point = Schemas["ChartPoint"];

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Scales {
  x: (moment: number) => number;
  y: (value: number) => number;
  first: number;
  last: number;
  low: number;
  high: number;
}

const day = 86_400_000;

/** Values, limits and target are always seen; thresholds where they are not far off. */
export function scales(view: View, frame: Frame): Scales {
  const given = (value: number | null | undefined): value is number => value != null;
  const values = [...view.points.flatMap((point) => [point.value, point.lower, point.upper]), view.goal?.target].filter(given);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const thresholds = [view.goal?.warning, view.goal?.critical].flatMap((one) => (typeof one === "number" ? [one] : one == null ? [] : [one.low, one.high]));
  const reach = (most - least) * 0.4;
  const near = thresholds.filter((value) => value >= least - reach && value <= most + reach);
  const [low, high] = [Math.min(least, ...near), Math.max(most, ...near)];
  const pad = high === low ? Math.max(Math.abs(high) * 0.1, 1) : (high - low) * 0.08;
  const moments = view.points.map((point) => Date.parse(point.observed_at));
  const [start, end] = [Math.min(...moments), Math.max(...moments)];
  const [first, last] = start === end ? [start - day, end + day] : [start, end];
  // Shares and counts do not go below nothing, and neither does their paper.
  const floor = low >= 0 ? Math.max(0, low - pad) : low - pad;
  const ceiling = view.unit === "share" && high <= 1 ? Math.min(1.005, high + pad) : high + pad;
  return {
    first, last, low: floor, high: ceiling,
    x: (moment) => frame.left + 6 + ((frame.right - frame.left - 12) * (moment - first)) / (last - first),
    y: (value) => frame.bottom - ((frame.bottom - frame.top) * (value - floor)) / (ceiling - floor),
  };
}

/** A step of 1, 2 or 5 times a power of ten that makes about so many. */
function step(span: number, about: number): number {
  const raw = span / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((times) => times * power).find((one) => one >= raw) ?? raw;
}

export function ticks(of: Scales, frame: Frame): { across: number[]; along: { at: number; name: string }[] } {
  const by = step(of.high - of.low, Math.max(3, (frame.bottom - frame.top) / 50));
  const across: number[] = [];
  for (let at = Math.ceil(of.low / by); at * by <= of.high; at += 1) across.push(Number((at * by).toPrecision(12)));
  const count = Math.max(2, Math.floor((frame.right - frame.left) / 110));
  const days = (of.last - of.first) / day;
  const named = new Intl.DateTimeFormat("en-GB", days > 200 ? { month: "short", year: "2-digit" } : { day: "numeric", month: "short" });
  const along = Array.from({ length: count }, (_, index) => {
    const at = of.first + ((index + 0.5) * (of.last - of.first)) / count;
    return { at, name: named.format(new Date(at)) };
  });
  return { across, along };
}

/** The points of each phase that has limits. */
function limited(view: View): Point[][] {
  return view.phases.map((_, phase) => view.points.filter((point) => point.phase === phase && point.upper != null)).filter((points) => points.length > 0);
}

/** A line that keeps its height until the middle between two points, where the other's begins. */
function path(points: Point[], value: (point: Point) => number | null | undefined, { x, y }: Scales): string {
  const at = points.map((point) => ({ x: x(Date.parse(point.observed_at)), y: y(value(point) ?? 0) }));
  return at.map((here, index) => {
    const before = at[index - 1];
    if (before === undefined) return `M${here.x.toFixed(1)} ${here.y.toFixed(1)}`;
    return `H${((before.x + here.x) / 2).toFixed(1)}V${here.y.toFixed(1)}H${here.x.toFixed(1)}`;
  }).join("");
}

export function steps(view: View, of: Scales): { kind: string; path: string }[] {
  return limited(view).flatMap((points) => [
    { kind: "limit", path: path(points, (point) => point.upper, of) },
    { kind: "limit", path: path(points, (point) => point.lower ?? of.low, of) },
    { kind: "centre", path: path(points, (point) => point.centre, of) },
  ]);
}

/** Between the limits of each phase. */
export function areas(view: View, of: Scales): string[] {
  return limited(view).map((points) => {
    const back = path([...points].reverse(), (point) => point.lower ?? of.low, of).replace("M", "L");
    return `${path(points, (point) => point.upper, of)}${back}Z`;
  });
}
