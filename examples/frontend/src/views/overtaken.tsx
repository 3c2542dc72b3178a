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
      {rows.map(({ name, before, after }) => (
        <div class={mine !== null && name in mine ? "versions both" : "versions"} key={name}>
          <h4>{label(name)}</h4>
          <dl>
            <div><dt>When you opened it</dt><dd><Value name={name} value={before} names={names} /></dd></div>
            <div><dt>Now</dt><dd><Value name={name} value={after} names={names} /></dd></div>
            {mine && <div><dt>Yours</dt><dd>{name in mine ? <Value name={name} value={mine[name]} names={names} /> : <span class="quiet-text">stays as it is now</span>}</dd></div>}
          </dl>
        </div>
      ))}
      {mine && Object.keys(mine).some((name) => !rows.some((row) => row.name === name)) && (
        <p>Yours alone: {Object.keys(mine).filter((name) => !rows.some((row) => row.name === name)).map(label).join(", ")}.</p>
      )}
      <div class="buttons">
        {again && <button type="button" class="primary" onClick={again}>{mine ? "Save mine on top of it" : "Do it all the same"}</button>}
        <button type="button" onClick={drop}>{mine ? "Drop mine" : "Look at it first"}</button>
      </div>
    </section>
  );
}
