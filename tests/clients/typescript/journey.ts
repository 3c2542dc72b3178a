// One day with the API, by a client whose types come out of the contract:
//   node journey.js ADDRESS ADMIN_PASSWORD
import { createHash, randomUUID } from "node:crypto";
import { anonymous, check, header, refused, Session, taken, type Api, type Schemas } from "./client.js";
import { treat, type Team } from "./treatment.js";

const merge = { "Content-Type": "application/merge-patch+json" };
const moments = Array.from({ length: 30 }, (_, hour) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString());

async function sessions(address: string, password: string): Promise<void> {
  const admin = await Session.open(address, "admin@localhost", password);
  const before = taken(await admin.api.GET("/v1/me"));
  const used = await admin.renew();
  const after = taken(await admin.api.GET("/v1/me"));
  check(before.member_id === after.member_id, "the renewed session is somebody else's");
  check(after.permissions.some(({ permission }) => permission === "read_records"), "nothing may be read");
  // A token that was traded long ago ends the session; within ten seconds the same successor comes again.
  const again = taken(await anonymous(address).POST("/v1/auth/refresh", { body: { refresh_token: used } }));
  check(again.token_type === "Bearer" && again.expires_in > 0, `a token is ${again.token_type} for ${again.expires_in} s`);
  refused(await anonymous(address).POST("/v1/auth/login", { body: { email: "admin@localhost", password: "another one" } }), 401);
  refused(await anonymous(address).GET("/v1/me"), 401);
}

async function team(address: string, password: string): Promise<Team> {
  const manager = await Session.open(address, "admin@localhost", password);
  const secret = randomUUID();
  const email = `${secret}@example.org`;
  taken(await manager.api.POST("/v1/members", { body: { name: "Ada", email, roles: ["auditor"], password: secret } }));
  const auditor = await Session.open(address, email, secret);
  const me = taken(await manager.api.GET("/v1/me"));
  if (me.member_id == null) throw new Error("a person is no member");
  return { manager, auditor, owner: me.member_id, today: new Date().toISOString().slice(0, 10) };
}

const draft: Schemas["CreateNonconformity"] = {
  title: "Critical patches late on laptops",
  statement: "Critical patches are not installed within 14 days",
  objective_evidence: "79 % in week 12",
  source: "audit",
};

async function treatment(team: Team): Promise<void> {
  const { api } = team.manager;
  const raised = taken(await api.POST("/v1/nonconformities", { body: draft }));
  const steps = await treat(team, raised.id);
  const closed = taken(await api.GET("/v1/nonconformities/{id}", { params: { path: { id: raised.reference } } }));
  check(closed.state === "closed", `${steps.join(", ")} led to ${closed.state}`);
  console.log(`  ${closed.reference}: ${steps.join(", ")}`);
  const params = { path: { id: raised.id } };
  const late = refused(await api.POST("/v1/nonconformities/{id}/plan", { params, body: { response: "actions" } }), 409);
  check(late.reasons?.[0]?.code === "wrong_state", `no reason why: ${JSON.stringify(late)}`);
}

async function amendment(api: Api): Promise<void> {
  const raised = await api.POST("/v1/nonconformities", { body: draft });
  const path = { id: taken(raised).id };
  const amend = (title: string, tag: string) =>
    api.PATCH("/v1/nonconformities/{id}", { params: { path, header: { "If-Match": tag } }, body: { title }, headers: merge });
  // Whatever the types say of the header: without it nothing is written.
  const bare = { path } as { path: typeof path; header: { "If-Match": string } };
  refused(await api.PATCH("/v1/nonconformities/{id}", { params: bare, body: { title: "Without a version" }, headers: merge }), 428);
  const first = header(raised, "ETag");
  const amended = await amend("Patches late", first);
  check(taken(amended).version === 2, "an amended record has another version");
  const stale = refused(await amend("Overtaken", first), 412);
  check(stale.current_version === 2, `the present version is ${stale.current_version}`);
  check(taken(await amend("Read anew", header(amended, "ETag"))).title === "Read anew", "the title is another");
  const known = await api.GET("/v1/nonconformities/{id}", { params: { path, header: { "If-None-Match": header(amended, "ETag") } } });
  check(known.response.status === 200, "another version is answered as known");
}

async function pages(api: Api): Promise<void> {
  for (let made = 0; made < 7; made += 1) taken(await api.POST("/v1/nonconformities", { body: { ...draft, title: `No. ${made}` } }));
  const seen = new Set<string>();
  let total: number | null | undefined;
  let cursor: string | null | undefined;
  do {
    const query = { limit: 3, count: true, sort: ["-created_at" as const], state: ["reported" as const, "closed" as const] };
    const page = taken(await api.GET("/v1/nonconformities", {
      params: { query: cursor == null ? query : { ...query, cursor } },
    }));
    check(page.items.length > 0 && page.items.length <= 3, `a page of ${page.items.length}`);
    for (const { id } of page.items) {
      check(!seen.has(id), `${id} is on two pages`);
      seen.add(id);
    }
    total = page.total;
    cursor = page.next_cursor;
  } while (cursor != null);
  check(seen.size >= 7 && seen.size === total, `${seen.size} of ${total} were seen`);
  console.log(`  ${seen.size} records on ${Math.ceil(seen.size / 3)} pages`);
}

async function problems(api: Api): Promise<void> {
  const empty = refused(await api.POST("/v1/nonconformities", { body: { ...draft, title: "" } }), 422);
  check(empty.errors?.[0]?.pointer === "/title", `the fault is at ${empty.errors?.[0]?.pointer}`);
  const none = { path: { id: randomUUID() } };
  check(refused(await api.GET("/v1/nonconformities/{id}", { params: none }), 404).type === "/problems/not-found", "404 of another kind");
  const query = { cursor: "forged" };
  check(refused(await api.GET("/v1/nonconformities", { params: { query } }), 400).errors?.[0]?.pointer === "cursor", "400 names no parameter");
}

async function indicator(api: Api, owner: Schemas["MemberId"]): Promise<string> {
  const made = taken(await api.POST("/v1/indicators", {
    body: {
      name: "Latency of the portal", information_need: "Can customers work?", unit: "ms", value_kind: "gauge",
      goal: { direction: "lower_is_better", target: 50, warning: 1000, critical: 2000 }, method: "Mean of five minutes",
      frequency: "daily", analysis_interval: "weekly", collector_id: owner, analyst_id: owner, owner_id: owner,
      auto_raise: { kind: "none" },
    },
  }));
  const params = { path: { id: made.id } };
  check(taken(await api.POST("/v1/indicators/{id}/activate", { params, body: {} })).state === "active", "it is not active");
  return made.id;
}

async function measurements(api: Api, id: string): Promise<void> {
  const body: Schemas["MeasurementItem"][] = moments.map((observed_at, hour) => ({
    observed_at, value: 40 + (hour * 7) % 11, dimensions: { site: "north" },
  }));
  const query = { indicator: id, source: "A client of the contract" };
  const first = taken(await api.POST("/v1/measurements", { params: { query }, body }));
  check(first.counts.accepted === 30 && first.batch_id != null, JSON.stringify(first.counts));
  const again = await api.POST("/v1/measurements", { params: { query }, body });
  check(again.response.status === 200 && taken(again).counts.duplicates === 30, "what was known is new");
  const csv = `observed_at,value,dim.site\n2026-02-01T00:00:00Z,44,north\n2026-02-02T00:00:00Z,x,north\n`;
  const sent = taken(await api.POST("/v1/measurements", {
    params: { query }, body: csv, bodySerializer: (text: unknown) => text as string, headers: { "Content-Type": "text/csv" },
  }));
  check(sent.counts.accepted === 1 && sent.refused[0]?.index === 1, JSON.stringify(sent));

  const values: number[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: 20, dimensions: JSON.stringify({ site: "north" }) };
    const page = taken(await api.GET("/v1/indicators/{id}/measurements", {
      params: { path: { id }, query: cursor == null ? query : { ...query, cursor } },
    }));
    values.push(...page.items.map(({ value }) => value));
    cursor = page.next_cursor;
  } while (cursor != null);
  check(values.length === 31 && values.slice(0, 30).every((value, hour) => value === body[hour]?.value), values.join());
}

async function chart(api: Api, id: string): Promise<void> {
  const path = { id };
  const drawn = await api.GET("/v1/indicators/{id}/chart", { params: { path, query: { points: 10 } } });
  const { measurements, phases, points, series } = taken(drawn);
  check(measurements === 31 && points.length <= 10 && series[0]?.["site"] === "north", `${measurements}, ${points.length}`);
  const limits = phases[0]?.limits;
  check(limits != null, "the first phase has no limits");
  const known = await api.GET("/v1/indicators/{id}/chart", {
    params: { path, query: { points: 10 }, header: { "If-None-Match": header(drawn, "ETag") } },
  });
  check(known.response.status === 304, `a chart that is known is ${known.response.status}`);
  const svg = taken(await api.GET("/v1/indicators/{id}/chart.svg", { params: { path }, parseAs: "text" }));
  check(svg.includes("<svg"), "the picture is none");
}

async function evidence(api: Api, record: string): Promise<void> {
  // Not a text: each byte there is, so that a client that decodes it is found out.
  const content = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const kept = taken(await api.POST("/v1/evidence", {
    params: { query: { record, name: "bytes.bin", title: "Every byte" } },
    // The contract knows the body as text; these are the bytes of the file.
    body: content as unknown as string,
    bodySerializer: (bytes: unknown) => bytes as Uint8Array<ArrayBuffer>,
    headers: { "Content-Type": "application/octet-stream" },
  }));
  check(kept.sha256 === sha256(content) && kept.size === 256, `${kept.sha256} of ${kept.size}`);
  const read = await api.GET("/v1/evidence/{id}/content", { params: { path: { id: kept.id } }, parseAs: "arrayBuffer" });
  check(sha256(new Uint8Array(taken(read))) === kept.sha256, "other bytes came back");
  const about = taken(await api.GET("/v1/evidence", { params: { query: { record } } }));
  check(about.items.some(({ id }) => id === kept.id), "it is not about the record");
}

async function retries(api: Api): Promise<void> {
  const params = { header: { "Idempotency-Key": randomUUID() } };
  const first = await api.POST("/v1/nonconformities", { params, body: draft });
  const again = await api.POST("/v1/nonconformities", { params, body: draft });
  check(taken(first).id === taken(again).id, "it was done twice");
  check(header(again, "Idempotency-Replayed") === "true", "the answer is not told as a repeated one");
  check(header(first, "Journal-Entry") === header(again, "Journal-Entry"), "it was written down twice");
  refused(await api.POST("/v1/nonconformities", { params, body: { ...draft, title: "Another" } }), 422);
}

/** RFC 6962, 2.1.1, by this client's own hand. */
function root(proof: Schemas["InclusionProof"]): string {
  let hash = createHash("sha256").update("\x00", "latin1").update(proof.leaf).digest();
  check(hash.toString("hex") === proof.leaf_hash, "the leaf has another hash");
  let place = proof.position;
  let last = proof.checkpoint.size - 1;
  for (const sibling of proof.path.map((digits) => Buffer.from(digits, "hex"))) {
    const right = place % 2 === 1 || place === last;
    const pair = right ? [sibling, hash] : [hash, sibling];
    if (right) while (place % 2 === 0 && place !== 0) [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
    hash = createHash("sha256").update("\x01", "latin1").update(Buffer.concat(pair)).digest();
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  check(last === 0, "the path ends below the root");
  return hash.toString("hex");
}

async function proof(api: Api): Promise<void> {
  const raised = await api.POST("/v1/nonconformities", { body: draft });
  const params = { path: { entry: header(raised, "Journal-Entry") } };
  for (let tries = 0; tries < 150; tries += 1) {
    const found = taken(await api.GET("/v1/journal/entries/{entry}/proof", { params }));
    if ("leaf" in found) {
      check(found.leaf_hash === header(raised, "Journal-Leaf"), "the write was answered with another leaf");
      check(root(found) === found.checkpoint.root, "the path leads to another root");
      console.log(`  entry ${found.position} of ${found.checkpoint.size}`);
      return;
    }
    check(found.status === "pending", `a proof is ${found.status}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("an entry is pending for half a minute");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function main(address: string, password: string): Promise<void> {
  const people = await team(address, password);
  const { api } = people.manager;
  const measured = await indicator(api, people.owner);
  const record = taken(await api.POST("/v1/nonconformities", { body: draft })).reference;
  const scenes: [string, () => Promise<void>][] = [
    ["sessions", () => sessions(address, password)],
    ["treatment", () => treatment(people)],
    ["amendment", () => amendment(api)],
    ["pages", () => pages(api)],
    ["problems", () => problems(api)],
    ["measurements", () => measurements(api, measured)],
    ["chart", () => chart(api, measured)],
    ["evidence", () => evidence(api, record)],
    ["retries", () => retries(api)],
    ["proof", () => proof(api)],
  ];
  let failed = 0;
  for (const [name, scene] of scenes) {
    try {
      await scene();
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  console.log(`${scenes.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

const [address, password] = process.argv.slice(2);
check(address !== undefined && password !== undefined, "journey.js ADDRESS ADMIN_PASSWORD");
await main(address, password);
