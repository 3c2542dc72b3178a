// A nonconformity is led from its report to its closure by what `transitions` of the record allow, and by nothing else.
import { check, taken, type Api, type Schemas, type Session } from "./client.js";

type Nonconformity = Schemas["NonconformityView"];
type Action = Schemas["ActionView"];
type Transition = Schemas["Transition"];

/** Those who share the work: who steers it, and who judges its effect. */
export interface Team {
  manager: Session;
  auditor: Session;
  owner: Schemas["MemberId"];
  today: string;
}

type Step<R> = (api: Api, id: string, team: Team) => Promise<R>;

/** The verbs that lead forward. Others (`reject`, `void`, `mark-duplicate`) are possible, too, and not wanted. */
const forward = new Map<string, Step<Nonconformity>>([
  ["contain", async (api, id) =>
    taken(await api.POST("/v1/nonconformities/{id}/contain", { params: at(id), body: { correction: "Failed over", consequences: "None" } }))],
  ["confirm", async (api, id, { owner }) =>
    taken(await api.POST("/v1/nonconformities/{id}/confirm", { params: at(id), body: { grade: "minor", owner_id: owner } }))],
  ["analyse", async (api, id) =>
    taken(await api.POST("/v1/nonconformities/{id}/analyse", {
      params: at(id), body: { method: "five_whys", root_causes: ["A nightly export"], similar: "None" },
    }))],
  ["plan", async (api, id) =>
    taken(await api.POST("/v1/nonconformities/{id}/plan", { params: at(id), body: { response: "actions" } }))],
  ["implement", async (api, id, { today }) =>
    taken(await api.POST("/v1/nonconformities/{id}/implement", { params: at(id), body: { check_on: today } }))],
  ["verify", async (api, id) =>
    taken(await api.POST("/v1/nonconformities/{id}/verify", {
      params: at(id), body: { effective: true, criterion: "Below 100 ms", evidence: "42 ms since" },
    }))],
  ["close", async (api, id) =>
    taken(await api.POST("/v1/nonconformities/{id}/close", {
      params: at(id), body: { isms_change: "None needed", lessons: "Exports read replicas" },
    }))],
]);

const done = new Map<string, Step<Action>>([
  ["start", async (api, id) => taken(await api.POST("/v1/actions/{id}/start", { params: at(id), body: {} }))],
  ["complete", async (api, id) => taken(await api.POST("/v1/actions/{id}/complete", { params: at(id), body: { summary: "Moved" } }))],
  ["verify", async (api, id) =>
    taken(await api.POST("/v1/actions/{id}/verify", { params: at(id), body: { evidence: "Seen in the log" } }))],
]);

function at(id: string) {
  return { path: { id } };
}

/** Leads it until nobody of the team may do a step that leads forward; answers the steps that were done. */
export async function treat(team: Team, id: string): Promise<string[]> {
  const steps: string[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const step = await next(team, (api) => read(api, id), forward, steps);
    if (step !== undefined) {
      await forward.get(step.verb)!(step.api, id, team);
      steps.push(step.verb);
    } else if (await missing(team.manager.api, id, "no_actions")) {
      steps.push(...await act(team, (await read(team.manager.api, id)).reference));
    } else {
      return steps;
    }
  }
  throw new Error(`${id} did not come to its end: ${steps.join()}`);
}

/** Raises the corrective action that the case lacks, and leads that one to its end in the same way. */
async function act({ manager, ...others }: Team, parent: string): Promise<string[]> {
  const body: Schemas["CreateAction"] = {
    parent, title: "Export from a replica", kind: "corrective", assignee_id: others.owner, due_on: others.today,
  };
  const { id } = taken(await manager.api.POST("/v1/actions", { body }));
  const team = { manager, ...others };
  const steps: string[] = [];
  for (;;) {
    const step = await next(team, async (api) => taken(await api.GET("/v1/actions/{id}", { params: at(id) })), done, steps);
    if (step === undefined) return steps.map((verb) => `action ${verb}`);
    await done.get(step.verb)!(step.api, id, team);
    steps.push(step.verb);
  }
}

/** The first verb that somebody may use now, that leads forward and was not used (`contain` is allowed again and again). */
async function next<R>(
  team: Team, record: (api: Api) => Promise<{ transitions?: Transition[] | null }>, wanted: Map<string, Step<R>>, used: string[],
): Promise<{ api: Api; verb: string } | undefined> {
  for (const { api } of [team.manager, team.auditor]) {
    const { transitions } = await record(api);
    check(Array.isArray(transitions), "a record that stands alone has no transitions");
    const step = transitions.find(({ allowed, verb }) => allowed && wanted.has(verb) && !used.includes(verb));
    if (step !== undefined) {
      check(step.reasons.length === 0, `${step.verb} is allowed and has reasons against it`);
      check(step.href.endsWith(`/${step.verb}`), `${step.verb} is at ${step.href}`);
      return { api, verb: step.verb };
    }
  }
  return undefined;
}

async function missing(api: Api, id: string, code: string): Promise<boolean> {
  const { transitions } = await read(api, id);
  return (transitions ?? []).some(({ reasons }) => reasons.some((reason) => reason.code === code));
}

async function read(api: Api, id: string): Promise<Nonconformity> {
  return taken(await api.GET("/v1/nonconformities/{id}", { params: at(id) }));
}
