// A record of any kind, as this app reads it: what all have in common is typed, the rest is drawn as it comes.
import { api, follow, Refusal, taken, type Problem, type Schemas } from "./api";
import { write } from "./contract";

export type Head = Schemas["HeadView"] & {
  state?: string;
  title?: string | null;
  name?: string | null;
  transitions?: Schemas["Transition"][] | null;
};
export type View = Head & Record<string, unknown>;
export type Place = Schemas["RecordView"];

export interface Opened {
  place: Place;
  view: View;
  etag: string;
  /** Why the caller may not amend it; `null` where it may, `undefined` where nothing of its kind is amended. */
  amendable: Problem | null | undefined;
}

/** A record by its reference: first where it is, then what it is. */
export async function open(reference: string): Promise<Opened> {
  const place = taken(await api.GET("/v1/records/{reference}", { params: { path: { reference } } }));
  const response = await follow("GET", place.href);
  const view = (await response.json()) as View;
  const etag = response.headers.get("ETag") ?? "*";
  return { place, view, etag, amendable: await mayAmend(place, etag) };
}

/** Transitions say nothing of amending: a dry run of an amendment that changes nothing does. */
async function mayAmend(place: Place, etag: string): Promise<Problem | null | undefined> {
  const amend = write("PATCH", place.href);
  if (amend === null) return undefined;
  try {
    await follow("PATCH", `${place.href}?dry_run=true`, { body: {}, media: amend.media ?? "", headers: { "If-Match": etag } });
    return null;
  } catch (error) {
    // Somebody wrote in between: that is told when something is sent.
    return error instanceof Refusal && error.problem.status !== 412 ? error.problem : null;
  }
}

export type Entry = Schemas["EntryView"];

/** Every version after one, the oldest first. */
export async function history(reference: string, after = 0): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let next: number | null | undefined = after; next != null;) {
    const page: Schemas["History"] = taken(
      await api.GET("/v1/records/{reference}/history", { params: { path: { reference }, query: { after: next } } }),
    );
    entries.push(...page.items);
    next = page.next_after;
  }
  return entries;
}

export interface Difference {
  name: string;
  before: unknown;
  after: unknown;
}

// Each write changes them, and they say nothing to people.
const silent = new Set(["version", "updated_at", "transitions"]);

const same = (one: unknown, other: unknown) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** In which members two states of a record differ. */
export function differences(before: Record<string, unknown>, after: Record<string, unknown>): Difference[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !silent.has(name) && !same(before[name], after[name]))
    .map((name) => ({ name, before: before[name], after: after[name] }));
}

/** What an amendment's member was before: texts by their own name, records by the name of their ids. */
export function was(view: View, name: string): unknown {
  return view[name] ?? view[`${name.replace(/s$/, "")}_ids`] ?? undefined;
}

/** The merge patch that leads from what was there to what is given. */
export function patch(initial: Record<string, unknown>, given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(differences(initial, given).map(({ name, after }) => [name, after ?? null]));
}
