// What may be done with a record: a button for each of its transitions, and for each button the form that the contract gives it.
import { useState } from "preact/hooks";
import { Refusal, type Schemas } from "../api";
import { useClauses } from "../clauses";
import { field, write, type Write } from "../contract";
import { SchemaForm } from "../form";
import { history, open, patch, was, type Opened } from "../record";
import { useSending } from "../sending";
import { label, plain, sentence } from "../words";
import type { Names } from "./facts";
import { Overtaken, type Meanwhile } from "./overtaken";

type Transition = Schemas["Transition"];

/** What a button leads to. */
interface Job {
  verb: string;
  href: string;
  method: "POST" | "PATCH";
  write: Write | null;
}

interface Props {
  opened: Opened;
  names: Names;
  /** Called when something was written, with what to say about it. */
  done: (told: string) => void;
}

function Button({ verb, reasons, allowed, chosen, choose }: {
  verb: string; reasons: string[]; allowed: boolean; chosen: boolean; choose: () => void;
}) {
  const id = `why-not-${verb}`;
  return (
    <li>
      <button type="button" class={chosen ? "verb chosen" : "verb"} aria-disabled={!allowed} aria-expanded={allowed ? chosen : undefined}
        aria-describedby={allowed ? undefined : id} onClick={() => allowed && choose()}>{label(verb)}</button>
      {!allowed && <p class="why-not" id={id}>{sentence(reasons.join("; "))}</p>}
    </li>
  );
}

function job(transition: Transition): Job {
  return { verb: transition.verb, href: transition.href, method: "POST", write: write("POST", transition.href) };
}

/** One verb's form, from opening it to what came of it. */
function Doing({ job, opened, names, done, close }: Props & { job: Job; close: () => void }) {
  const known = useClauses();
  const { send, ...sending } = useSending();
  const [meanwhile, setMeanwhile] = useState<(Meanwhile & { etag: string; body: Record<string, unknown>; possible: boolean }) | null>(null);
  const amends = job.method === "PATCH";
  const initial = amends ? initialOf(job, opened) : {};

  const overtaken = async (body: Record<string, unknown>) => {
    const now = await open(opened.place.reference);
    const entries = await history(opened.place.reference, opened.view.version);
    const possible = amends || (now.view.transitions ?? []).some(({ verb, allowed }) => verb === job.verb && allowed);
    setMeanwhile({ base: opened.view, now: now.view, entries, mine: amends ? body : null, etag: now.etag, body, possible });
  };

  const submit = async (body: Record<string, unknown>, etag: string) => {
    setMeanwhile(null);
    const answer = await send({ method: job.method, href: job.href, write: job.write, body, etag }, (status) => status === 412);
    if (answer instanceof Refusal) await overtaken(body);
    else if (answer !== null) {
      const entry = answer.headers.get("Journal-Entry");
      done(`${label(job.verb)}: done.${entry === null ? "" : ` Journal entry ${entry.slice(0, 13)}…`}`);
    }
  };

  return (
    <section class={amends ? "doing amends" : "doing"} aria-label={label(job.verb)}>
      <h3>{label(job.verb)}</h3>
      {job.write && <p class="hint">{plain(job.write.summary)}</p>}
      {meanwhile && (
        <Overtaken of={meanwhile} names={names} drop={() => done("")}
          again={meanwhile.possible ? () => void submit(meanwhile.body, meanwhile.etag) : null} />
      )}
      <SchemaForm schema={job.write?.schema ?? null} initial={initial} known={known} {...sending}
        submit={amends ? "Save" : label(job.verb)} onCancel={close}
        onSubmit={(given) => void submit(amends ? patch(initial, given) : given, opened.etag)} />
    </section>
  );
}

function initialOf(job: Job, { view }: Opened): Record<string, unknown> {
  const properties = job.write?.schema ? field(job.write.schema).properties ?? {} : {};
  return Object.fromEntries(Object.keys(properties).map((name) => [name, was(view, name)]).filter(([, value]) => value !== undefined));
}

export function Next({ opened, names, done }: Props) {
  const [chosen, choose] = useState<Job | null>(null);
  const transitions = opened.view.transitions ?? [];
  const amend: Job = { verb: "amend", href: opened.place.href, method: "PATCH", write: write("PATCH", opened.place.href) };
  const pick = (job: Job) => choose((before) => (before?.verb === job.verb ? null : job));
  return (
    <section class="card next" aria-label="What can be done">
      <h2>What can be done</h2>
      {transitions.length === 0 && opened.amendable === undefined && <p class="empty">Nothing: this is how it ended.</p>}
      <ul class="verbs">
        {transitions.map((transition) => (
          <Button key={transition.verb} verb={transition.verb} allowed={transition.allowed} reasons={transition.reasons.map(({ detail }) => detail)}
            chosen={chosen?.verb === transition.verb} choose={() => pick(job(transition))} />
        ))}
        {opened.amendable !== undefined && (
          <Button verb="amend" allowed={opened.amendable === null} chosen={chosen?.verb === "amend"} choose={() => pick(amend)}
            reasons={opened.amendable === null ? [] : opened.amendable.reasons?.map(({ detail }) => detail) ?? [opened.amendable.detail]} />
        )}
      </ul>
      {chosen && (
        <Doing key={chosen.verb} job={chosen} opened={opened} names={names} close={() => choose(null)}
          done={(told) => {
            choose(null);
            done(told);
          }} />
      )}
    </section>
  );
}
