// What happened to a record, out of the journal: who did what, why, and what it changed.
import { differences, type Entry } from "../record";
import { label, when } from "../words";
import { Value, type Names } from "./facts";

export function actor(entry: Entry, names: Names): string {
  const { id, kind, on_behalf_of: other } = entry.actor;
  const who = (id == null ? undefined : names.members.get(id)?.name) ?? (kind === "member" ? "A member" : label(kind));
  return other == null ? who : `${who} for ${names.members.get(other)?.name ?? "another member"}`;
}

export function done(entry: Entry): string {
  return label(entry.action.split(".").slice(1).join(" "));
}

const stateOf = (entry: Entry | undefined) => ((entry?.detail as { state?: Record<string, unknown> } | null | undefined)?.state ?? null);
const reasonOf = (entry: Entry) => (entry.detail as { reason?: string | null } | null | undefined)?.reason ?? null;

/** The journal keeps a state as the program does: its head says nothing new, and the facts of a stage stand in the stage. */
function flat({ head: _, stage, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const { name, ...facts } = (stage ?? {}) as Record<string, unknown>;
  return { ...rest, ...facts, state: name };
}

function Changed({ before, after, names }: { before: Record<string, unknown>; after: Record<string, unknown>; names: Names }) {
  const changed = differences(flat(before), flat(after));
  if (changed.length === 0) return null;
  return (
    <details>
      <summary>{changed.map(({ name }) => label(name)).join(", ")}</summary>
      <dl class="long">
        {changed.map(({ name, after }) => <div><dt>{label(name)}</dt><dd><Value name={name} value={after} names={names} /></dd></div>)}
      </dl>
    </details>
  );
}

export function Timeline({ entries, names }: { entries: Entry[]; names: Names }) {
  const newest = entries.map((entry, index) => ({ entry, before: entries[index - 1] })).reverse();
  return (
    <ol class="timeline" reversed>
      {newest.map(({ entry, before }) => {
        const [was, is] = [stateOf(before), stateOf(entry)];
        return (
          <li key={entry.id}>
            <p><strong>{done(entry)}</strong> by {actor(entry, names)}</p>
            <p class="under"><time dateTime={entry.at}>{when(entry.at)}</time> · version {entry.object?.version}{entry.position != null && ` · journal ${entry.position}`}</p>
            {reasonOf(entry) !== null && <blockquote>{reasonOf(entry)}</blockquote>}
            {was !== null && is !== null && <Changed before={was} after={is} names={names} />}
          </li>
        );
      })}
    </ol>
  );
}
