// Somebody else wrote while a form was open (412): what changed, by whom, beside what was about to be written.
import { differences, type Entry, type View } from "../record";
import { label, when } from "../words";
import { Value, type Names } from "./facts";
import { actor, done } from "./timeline";

export interface Meanwhile {
  base: View;
  now: View;
  entries: Entry[];
  /** What was about to be amended; `null` of a verb. */
  mine: Record<string, unknown> | null;
}

export function Overtaken({ of: { base, now, entries, mine }, names, again, drop }: {
  of: Meanwhile; names: Names; again: (() => void) | null; drop: () => void;
}) {
  const rows = differences(base, now);
  return (
    <section class="notice warn overtaken" role="alert" aria-label="Changed meanwhile">
      <h3>Changed while you were writing</h3>
      <p>Nothing of yours was written. Since you opened version {base.version} this happened:</p>
      <ul>{entries.map((entry) => <li>{done(entry)} by {actor(entry, names)}, {when(entry.at)}</li>)}</ul>
      <div class="table">
        <table>
          <thead><tr><th scope="col">Field</th><th scope="col">When you opened it</th><th scope="col">Now</th>{mine && <th scope="col">Yours</th>}</tr></thead>
          <tbody>
            {rows.map(({ name, before, after }) => (
              <tr class={mine !== null && name in mine ? "both" : ""}>
                <th scope="row">{label(name)}</th>
                <td><Value name={name} value={before} names={names} /></td>
                <td><Value name={name} value={after} names={names} /></td>
                {mine && <td>{name in mine ? <Value name={name} value={mine[name]} names={names} /> : <span class="quiet-text">as it is</span>}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="buttons">
        {again && <button type="button" class="primary" onClick={again}>{mine ? "Save mine on top of it" : "Do it all the same"}</button>}
        <button type="button" onClick={drop}>{mine ? "Drop mine" : "Look at it first"}</button>
      </div>
    </section>
  );
}
