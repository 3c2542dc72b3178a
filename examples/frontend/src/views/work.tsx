import { useState } from "preact/hooks";
import { api, taken, type Schemas } from "../api";
import { useLoaded } from "../load";
import { Due, Page, Read, RecordLink, State } from "../parts";
import { label, many, when } from "../words";

type Item = Schemas["WorkItem"];

async function work(): Promise<{ items: Item[]; cursor: string | null }> {
  const page = taken(await api.GET("/v1/me/work", { params: { query: { limit: 50 } } }));
  return { items: page.items, cursor: page.next_cursor ?? null };
}

/** By when, in the words of whoever plans a week. */
function groups(items: Item[]): { name: string; items: Item[] }[] {
  const week = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
  const sorted = (name: string, holds: (item: Item) => boolean) => ({ name, items: items.filter(holds) });
  return [
    sorted("Overdue", (item) => item.overdue),
    sorted("Due within a week", (item) => !item.overdue && item.due_on != null && item.due_on <= week),
    sorted("Later", (item) => !item.overdue && item.due_on != null && item.due_on > week),
    sorted("Without a day", (item) => item.due_on == null),
  ].filter((group) => group.items.length > 0);
}

function Line({ item }: { item: Item }) {
  return (
    <li class="line">
      <div>
        <p class="over">{label(item.kind)} · {item.reference}</p>
        <p class="title"><RecordLink reference={item.reference} title={item.title ?? null} /></p>
        <p class="under">{item.by_name ? "Waits for you" : "Waits for anybody who may"} since {when(item.since.slice(0, 10))}{item.on_behalf_of != null && ", on behalf of somebody else"}</p>
      </div>
      <div class="marks"><State of={item.state} /><Due on={item.due_on ?? null} overdue={item.overdue} /></div>
    </li>
  );
}

export function Work() {
  const [first, again] = useLoaded(work, []);
  const [more, setMore] = useState<{ items: Item[]; cursor: string | null } | null>(null);
  const [mine, setMine] = useState(false);
  const go = async (cursor: string) => {
    const page = taken(await api.GET("/v1/me/work", { params: { query: { limit: 50, cursor } } }));
    setMore((before) => ({ items: [...(before?.items ?? []), ...page.items], cursor: page.next_cursor ?? null }));
  };
  return (
    <Page title="My work" lead="What is assigned to you, owned by you, or waits for somebody with your role."
      aside={<label class="pick"><input type="checkbox" checked={mine} onChange={() => setMine(!mine)} /> Only what waits for me by name</label>}>
      <Read loaded={first} again={again}>
        {(first) => {
          const items = [...first.items, ...(more?.items ?? [])].filter((item) => !mine || item.by_name);
          const cursor = more === null ? first.cursor : more.cursor;
          if (items.length === 0 && cursor === null) return <p class="empty">Nothing waits for you.</p>;
          return (
            <>
              {groups(items).map((group) => (
                <section class="card" aria-label={group.name}>
                  <h2>{group.name} <span class="count">{many(group.items.length, "item")}</span></h2>
                  <ul class="lines">{group.items.map((item) => <Line key={item.id + item.kind} item={item} />)}</ul>
                </section>
              ))}
              {cursor !== null && <div class="buttons"><button type="button" onClick={() => void go(cursor)}>Show more</button></div>}
            </>
          );
        }}
      </Read>
    </Page>
  );
}
