// What is said about a record and what shows it: comments and evidence, of any kind of record.
import { useState } from "preact/hooks";
import { api, follow, newKey, taken, type Schemas } from "../api";
import { write } from "../contract";
import { SchemaForm } from "../form";
import { useLoaded } from "../load";
import { Failed, Read } from "../parts";
import { useSending } from "../sending";
import { many, when } from "../words";

export function Comments({ about, may }: { about: string; may: boolean }) {
  const [page, again] = useLoaded(async () => taken(await api.GET("/v1/comments", {
    params: { query: { record: about, sort: ["created_at"], limit: 200, expand: ["created_by_member"], state: ["attached"] } },
  })), [about]);
  const [turn, setTurn] = useState(0);
  const { send, ...sending } = useSending();
  const say = write("POST", "/v1/comments");
  const submit = async (body: Record<string, unknown>) => {
    if (!(await send({ method: "POST", href: "/v1/comments", write: say, body }))) return;
    setTurn(turn + 1);
    again();
  };
  return (
    <section class="card" aria-label="Comments">
      <h2>Comments</h2>
      <Read loaded={page} again={again}>
        {({ items }) => items.length === 0 ? <p class="empty">Nobody has said anything.</p> : (
          <ul class="comments">
            {items.map((comment) => (
              <li key={comment.id}>
                <p class="over"><strong>{comment.created_by_member?.name ?? "A machine"}</strong> · {when(comment.created_at)}</p>
                <p>{comment.text}</p>
              </li>
            ))}
          </ul>
        )}
      </Read>
      {may && <SchemaForm key={turn} schema={say?.schema ?? null} fixed={{ record: about }} {...sending} submit="Comment" onSubmit={(body) => void submit(body)} />}
    </section>
  );
}

type Evidence = Schemas["EvidenceView"];

/** The content needs the caller's token, which a plain link does not carry. */
async function save(evidence: Evidence): Promise<void> {
  const response = await follow("GET", evidence.content_href ?? "");
  const address = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement("a"), { href: address, download: evidence.name ?? evidence.reference });
  link.click();
  URL.revokeObjectURL(address);
}

function size(bytes: number): string {
  return bytes < 1024 ? many(bytes, "byte") : bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

function Piece({ of }: { of: Evidence }) {
  const [error, setError] = useState<unknown>(null);
  return (
    <li>
      <p>
        {of.content_href == null
          ? of.url == null ? of.title : <a href={of.url} rel="noreferrer">{of.title ?? of.url}</a>
          : <button type="button" class="link" onClick={() => void save(of).catch(setError)}>{of.title ?? of.name}</button>}
      </p>
      <p class="under">{[of.name, of.size == null ? null : size(of.size), of.created_by_member?.name, when(of.created_at)].filter(Boolean).join(" · ")}</p>
      {of.sha256 != null && <p class="under"><abbr title={`SHA-256 ${of.sha256}`}>SHA-256 {of.sha256.slice(0, 12)}…</abbr></p>}
      {error !== null && <Failed error={error} />}
    </li>
  );
}

export function EvidenceList({ about, may }: { about: string; may: boolean }) {
  const [page, again] = useLoaded(async () => taken(await api.GET("/v1/evidence", {
    params: { query: { record: about, limit: 200, expand: ["created_by_member"], state: ["attached"] } },
  })), [about]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const file = given.get("file");
    if (!(file instanceof File) || file.name === "") return;
    const query = new URLSearchParams({ record: about, name: file.name });
    const title = String(given.get("title") ?? "").trim();
    if (title !== "") query.set("title", title);
    setBusy(true);
    setError(null);
    try {
      const headers = { "Idempotency-Key": newKey() };
      await follow("POST", `/v1/evidence?${query}`, { body: file, media: file.type || "application/octet-stream", headers });
      form.reset();
      again();
    } catch (error) {
      setError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card" aria-label="Evidence">
      <h2>Evidence</h2>
      <Read loaded={page} again={again}>
        {({ items }) => items.length === 0 ? <p class="empty">Nothing is attached.</p> : <ul class="comments">{items.map((of) => <Piece key={of.id} of={of} />)}</ul>}
      </Read>
      {may && (
        <form onSubmit={(event) => void send(event)}>
          <div class="field"><label for="evidence-file">File</label><input id="evidence-file" name="file" type="file" required /></div>
          <div class="field"><label for="evidence-title">What it shows<span class="optional"> optional</span></label><input id="evidence-title" name="title" maxLength={200} /></div>
          {error !== null && <Failed error={error} />}
          <div class="buttons"><button type="submit" disabled={busy}>{busy ? "Sending…" : "Attach"}</button></div>
        </form>
      )}
    </section>
  );
}
