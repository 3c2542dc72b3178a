// The API as the app calls it: types out of the contract, a session that renews itself, problems as errors.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./contract/types";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
export type Fault = Schemas["Fault"];

/** Nothing stands here where the app and the API have one origin; else `VITE_API_URL` names the API's. */
const base: string = import.meta.env.VITE_API_URL ?? "";
const kept = "ratchet.refresh";
// Much sooner than the ten seconds within which a used refresh token is answered once more.
const early = 30_000;

/** A refusal, in the words of the contract. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** Nobody is signed in any more. */
export class SignedOut extends Error {}

interface Tokens {
  access: string;
  refresh: string;
  until: number;
}

let tokens: Tokens | null = null;
let renewal: Promise<Tokens> | null = null;
let onEnd: () => void = () => undefined;

function keep(pair: Schemas["TokenPair"]): Tokens {
  // The access token lives in memory alone. The refresh token outlives a reload of this tab, and no longer.
  tokens = { access: pair.access_token, refresh: pair.refresh_token, until: Date.now() + pair.expires_in * 1000 };
  sessionStorage.setItem(kept, pair.refresh_token);
  return tokens;
}

function forget(): void {
  tokens = null;
  sessionStorage.removeItem(kept);
}

const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** A busy database is waited for. An addition carries its `Idempotency-Key`, so that it is safe to ask again. */
async function patiently(request: Request): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(request.clone());
    const again = request.method === "GET" || request.headers.has("Idempotency-Key");
    if (response.status !== 503 || !again || tries === 5) return response;
    await wait(Number(response.headers.get("Retry-After") ?? "1"));
  }
}

const options = {
  baseUrl: base,
  fetch: patiently,
  // Lists in parameters are separated by commas.
  querySerializer: { array: { style: "form", explode: false } },
} as const;

const anonymous = createClient<paths>(options);

async function renewed(): Promise<Tokens> {
  const refresh = tokens?.refresh ?? sessionStorage.getItem(kept);
  if (refresh === null) throw new SignedOut();
  const { data, response } = await anonymous.POST("/v1/auth/refresh", { body: { refresh_token: refresh } });
  if (data !== undefined) return keep(data);
  if (response.status < 500 && response.status !== 429) {
    forget();
    onEnd();
    throw new SignedOut();
  }
  throw new Error(`the session could not be renewed: ${response.status}`);
}

/** A refresh token is good once: whoever needs a new access token meanwhile waits for the same answer. */
function current(): Promise<Tokens> {
  if (tokens !== null && tokens.until - early > Date.now()) return Promise.resolve(tokens);
  renewal ??= renewed().finally(() => {
    renewal = null;
  });
  return renewal;
}

async function authorized(request: Request): Promise<Response> {
  request.headers.set("Authorization", `Bearer ${(await current()).access}`);
  const response = await patiently(request.clone());
  if (response.status !== 401) return response;
  // The clock may lie, or the key of tokens was changed: one renewal, then it counts.
  if (tokens !== null) tokens.until = 0;
  request.headers.set("Authorization", `Bearer ${(await current()).access}`);
  return patiently(request);
}

const keys: Middleware = {
  onRequest: ({ request }) => {
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) request.headers.set("Idempotency-Key", newKey());
    return request;
  },
};

/** The typed client: each request carries the access token of the moment, each addition a key. */
export const api = createClient<paths>({ ...options, fetch: authorized });
api.use(keys);

export function newKey(): string {
  return crypto.randomUUID();
}

interface Answered<T> {
  data?: T;
  error?: Problem;
  response: Response;
}

function refusal(response: Response, problem: Problem | undefined): Refusal {
  return new Refusal(problem ?? { type: "about:blank", title: response.statusText, status: response.status, detail: response.statusText });
}

/** What was answered, or the refusal thrown. */
export function taken<T>(answer: Answered<T>): NonNullable<T> {
  if (answer.data === undefined || answer.data === null) throw refusal(answer.response, answer.error);
  return answer.data;
}

/** A call whose address came in an answer: `href` of a transition, of a record, of a file. */
export async function follow(
  method: "GET" | "POST" | "PATCH",
  href: string,
  given: { body?: unknown; media?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const headers = new Headers(given.headers);
  if (given.media !== undefined) headers.set("Content-Type", given.media);
  const body = given.body instanceof Blob ? given.body : given.body === undefined ? null : JSON.stringify(given.body);
  const response = await authorized(new Request(new URL(base + href, location.href), { method, headers, body }));
  if (response.ok) return response;
  const told: unknown = await response.json().catch(() => undefined);
  throw refusal(response, told as Problem | undefined);
}

export async function signIn(email: string, password: string, organisation?: string): Promise<void> {
  const body = organisation === undefined ? { email, password } : { email, password, organisation };
  keep(taken(await anonymous.POST("/v1/auth/login", { body })));
}

export async function signOut(): Promise<void> {
  try {
    if (maySignIn()) await api.POST("/v1/auth/logout");
  } finally {
    forget();
  }
}

export function maySignIn(): boolean {
  return tokens !== null || sessionStorage.getItem(kept) !== null;
}

/** What is done when the session ends by itself. */
export function whenEnded(then: () => void): void {
  onEnd = then;
}
