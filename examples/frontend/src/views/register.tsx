// The register, as its list is asked for in the address: filters, sorting and the page can be sent to a colleague.
import { api, taken, type Schemas } from "../api";
import { parameters, type Parameter } from "../contract";
import { useLoaded } from "../load";
import { Page, Read, RecordLink, State } from "../parts";
import { label, many, plain, when } from "../words";

type Nonconformity = Schemas["NonconformityView"];

const path = "/v1/nonconformities";
const all = parameters(path);
const sorts = all.find(({ name }) => name === "sort")?.schema.items?.enum ?? [];
// How a page is asked for, beside what is asked for.
const apart = new Set(["limit", "cursor", "sort", "q", "count", "expand", "updated_since", "tag"]);
const filters = all.filter(({ name }) => !apart.has(name));

function address(query: URLSearchParams, changes: Record<string, string>): string {
  const next = new URLSearchParams(query);
  next.delete("cursor");
  for (const [name, value] of Object.entries(changes)) value === "" ? next.delete(name) : next.set(name, value);
  return `/nonconformities${next.size > 0 ? `?${next}` : ""}`;
}

async function list(query: URLSearchParams) {
  // The contract types each parameter by itself; here they come out of the address, and the server refuses what does not exist.
  const asked = { limit: 25, count: true, expand: ["owner"], ...Object.fromEntries(query) } as never;
  return taken(await api.GET(path, { params: { query: asked } }));
}

function Filter({ of, query, go }: { of: Parameter; query: URLSearchParams; go: (changes: Record<string, string>) => void }) {
  const value = query.get(of.name) ?? "";
  const set = (value: string) => go({ [of.name]: value });
  const id = `filter-${of.name}`;
  const options = of.schema.items?.enum;
  const hint = plain(of.description.replace(/, separated by commas/, ""));
  return (
    <div class="filter">
      <label for={id}>{label(of.name)}</label>
      {options === undefined
        ? of.schema.format === "date"
          ? <input id={id} title={hint} type="date" value={value} onChange={({ currentTarget }) => set(currentTarget.value)} />
          : <input id={id} title={hint} type="text" placeholder={of.name === "owner" ? "me" : ""} value={value}
              onChange={({ currentTarget }) => set(currentTarget.value.trim())} />
        : <select id={id} title={hint} value={value} onChange={({ currentTarget }) => set(currentTarget.value)}>
            <option value="">Any</option>
            {options.map((option) => <option value={option}>{label(option)}</option>)}
          </select>}
    </div>
  );
}

function Column({ name, sort, go }: { name: string; sort: string; go: (changes: Record<string, string>) => void }) {
  if (!sorts.includes(name)) return <th scope="col">{label(name)}</th>;
  const direction = sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined;
  return (
    <th scope="col" aria-sort={direction}>
      <button type="button" class="sort" onClick={() => go({ sort: sort === name ? `-${name}` : name })}>
        {label(name)}<span aria-hidden="true">{direction === "ascending" ? " ↑" : direction === "descending" ? " ↓" : " ↕"}</span>
      </button>
    </th>
  );
}

function Row({ of }: { of: Nonconformity }) {
  return (
    <tr>
      <td class="reference"><RecordLink reference={of.reference} /></td>
      <td class="title"><RecordLink reference={of.reference} title={of.title} /></td>
      <td><State of={of.state} /></td>
      <td>{of.grade == null ? <span class="quiet-text">–</span> : <State of={of.grade} />}</td>
      <td data-label="Owner">{of.owner?.name ?? <span class="quiet-text">nobody yet</span>}</td>
      <td data-label="Raised">{when(of.created_at.slice(0, 10))}</td>
    </tr>
  );
}

export function Register({ query: text, mayRaise }: { query: string; mayRaise: boolean }) {
  const query = new URLSearchParams(text);
  const go = (changes: Record<string, string>) => {
    location.hash = address(query, changes);
  };
  const [page, again] = useLoaded(() => list(new URLSearchParams(text)), [text]);
  const sort = query.get("sort") ?? "-created_at";
  const used = filters.filter(({ name }) => query.has(name)).length;
  return (
    <Page title="Nonconformities" lead="What was not as required, and what became of it."
      aside={mayRaise && <a class="button primary" href="#/nonconformities/new">Report a nonconformity</a>}>
      <section class="card filters" aria-label="Search and filters">
        <form role="search" onSubmit={(event) => {
          event.preventDefault();
          go({ q: String(new FormData(event.currentTarget).get("q") ?? "").trim() });
        }}>
          <label for="q">Search</label>
          <div class="together">
            <input id="q" name="q" type="search" defaultValue={query.get("q") ?? ""} placeholder="Words that begin with…" key={query.get("q")} />
            <button type="submit">Search</button>
          </div>
        </form>
        <details open={used > 0}>
          <summary>Filters{used > 0 && ` (${used})`}</summary>
          <div class="grid">{filters.map((of) => <Filter key={of.name} of={of} query={query} go={go} />)}</div>
        </details>
        {(used > 0 || query.has("q")) && <p><a href="#/nonconformities">Show all again</a></p>}
      </section>
      <Read loaded={page} again={again}>
        {(page) => (
          <>
            <p class="under" role="status">{page.items.length === 0 ? "Nothing is like that." : many(page.total ?? page.items.length, "nonconformity", "nonconformities")}</p>
            {page.items.length > 0 && (
              <div class="card table">
                <table>
                  <thead>
                    <tr>{["reference", "title", "state", "grade", "owner"].map((name) => <Column key={name} name={name} sort={sort} go={go} />)}
                      <Column name="created_at" sort={sort} go={go} /></tr>
                  </thead>
                  <tbody>{page.items.map((of) => <Row key={of.id} of={of} />)}</tbody>
                </table>
              </div>
            )}
            <nav class="buttons" aria-label="Pages">
              {query.has("cursor") && <button type="button" onClick={() => history.back()}>Back</button>}
              {page.next_cursor != null && (
                <a class="button" href={`#${address(query, { cursor: page.next_cursor })}`}>Next page</a>
              )}
            </nav>
          </>
        )}
      </Read>
    </Page>
  );
}
