// One record of any kind: what it says, what can be done with it, what it hangs together with, what happened to it.
import { useState } from "preact/hooks";
import { api, taken, type Schemas } from "../api";
import { write } from "../contract";
import { SchemaForm } from "../form";
import { useLoaded } from "../load";
import { Due, Page, Read, RecordLink, State } from "../parts";
import { people } from "../people";
import { history, open, type Opened, type Place } from "../record";
import { useSending } from "../sending";
import { label, many } from "../words";
import { Comments, EvidenceList } from "./annotations";
import { Chart } from "./chart";
import { Facts, Head, type Names } from "./facts";
import { Next } from "./next";
import { Timeline } from "./timeline";

type May = (permission: Schemas["Permission"]) => boolean;

async function read(reference: string) {
  const opened = await open(reference);
  const [members, entries, trace] = await Promise.all([
    people(),
    history(reference),
    api.GET("/v1/records/{reference}/trace", { params: { path: { reference } } }).then(taken),
  ]);
  const records = new Map(trace.nodes.map((node) => [node.id, node]));
  return { opened, entries, trace, names: { members, records } satisfies Names };
}

function Connected({ trace, place }: { trace: Schemas["TraceView"]; place: Place }) {
  const nodes = new Map(trace.nodes.map((node) => [node.id, node]));
  const near = trace.edges.flatMap(({ from, relation, to }) => {
    const other = from === place.id ? nodes.get(to) : to === place.id ? nodes.get(from) : undefined;
    return other === undefined ? [] : [{ other, relation: from === place.id ? label(relation) : `${label(relation)} this` }];
  });
  // The actions of a nonconformity have a list of their own.
  const others = near.filter(({ other, relation }) => !(place.kind === "nonconformity" && other.kind === "action" && relation === "Addresses this"));
  if (others.length === 0) return null;
  const lines = (some: typeof others) => (
    <ul class="lines">
      {some.map(({ other, relation }) => (
        <li class="line" key={other.id + relation}>
          <div>
            <p class="over">{relation} · {label(other.kind)} · {other.reference}</p>
            <p class="title"><RecordLink reference={other.reference} title={other.title ?? null} /></p>
          </div>
          <State of={other.state} />
        </li>
      ))}
    </ul>
  );
  return (
    <section class="card" aria-label="Connected records">
      <h2>Connected <span class="count">{many(others.length, "record")}</span></h2>
      {lines(others.slice(0, 5))}
      {others.length > 5 && <details><summary>Show {many(others.length - 5, "more", "more")}</summary>{lines(others.slice(5))}</details>}
    </section>
  );
}

function PlanAction({ parent, done, close }: { parent: string; done: () => void; close: () => void }) {
  const { send, ...sending } = useSending();
  const plan = write("POST", "/v1/actions");
  const submit = async (body: Record<string, unknown>) => {
    if (await send({ method: "POST", href: "/v1/actions", write: plan, body })) done();
  };
  return <SchemaForm schema={plan?.schema ?? null} fixed={{ parent }} {...sending} submit="Plan the action" onSubmit={(body) => void submit(body)} onCancel={close} />;
}

function Actions({ parent, may, changed }: { parent: string; may: boolean; changed: () => void }) {
  const [planning, plan] = useState(false);
  const [page, again] = useLoaded(async () => taken(await api.GET("/v1/actions", {
    params: { query: { parent, sort: ["created_at"], limit: 200, expand: ["assignee"] } },
  })), [parent]);
  const today = new Date().toISOString().slice(0, 10);
  return (
    <section class="card" aria-label="Actions">
      <h2>Actions</h2>
      <Read loaded={page} again={again}>
        {({ items }) => items.length === 0 ? <p class="empty">None is planned.</p> : (
          <ul class="lines">
            {items.map((action) => (
              <li class="line" key={action.id}>
                <div>
                  <p class="over">{label(action.kind)} · {action.reference} · {action.assignee?.name}</p>
                  <p class="title"><RecordLink reference={action.reference} title={action.title} /></p>
                </div>
                <div class="marks"><State of={action.state} /><Due on={action.due_on} overdue={action.due_on < today && /open|in_progress|blocked/.test(action.state)} /></div>
              </li>
            ))}
          </ul>
        )}
      </Read>
      {may && !planning && <div class="buttons"><button type="button" onClick={() => plan(true)}>Plan an action</button></div>}
      {planning && <PlanAction parent={parent} close={() => plan(false)} done={() => {
        plan(false);
        again();
        changed();
      }} />}
    </section>
  );
}

const named = ({ view, place }: Opened) => view.title ?? view.name ?? place.title ?? place.reference;

export function RecordPage({ reference, may }: { reference: string; may: May }) {
  const [loaded, again] = useLoaded(() => read(reference), [reference]);
  const [told, tell] = useState("");
  return (
    <Read loaded={loaded} again={again}>
      {({ opened, entries, trace, names }) => {
        const { view, place } = opened;
        return (
          <Page title={named(opened)} lead={<><span class="over">{label(place.kind)} {place.reference}</span> <State of={view.state ?? place.state} /></>}>
            <p class="told" role="status">{told}</p>
            <div class="columns">
              <div>
                {place.kind === "indicator" && <Chart reference={reference} />}
                <section class="card" aria-label="Details">
                  <h2>Details</h2>
                  <Facts of={view} names={names} top />
                  <p class="under"><Head view={view} names={names} /></p>
                </section>
                {place.kind === "nonconformity" && <Actions parent={reference} may={may("plan_action")} changed={again} />}
                <Connected trace={trace} place={place} />
                <Comments about={reference} may={may("annotate")} />
                <EvidenceList about={reference} may={may("attach_evidence")} />
              </div>
              <div class="side">
                <Next opened={opened} names={names} done={(text) => {
                  tell(text);
                  again();
                }} />
                <section class="card" aria-label="History">
                  <h2>History</h2>
                  <Timeline entries={entries} names={names} />
                </section>
              </div>
            </div>
          </Page>
        );
      }}
    </Read>
  );
}
