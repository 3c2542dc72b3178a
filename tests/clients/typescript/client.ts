// A client as a program of somebody else would have it: types out of the contract, tokens that are renewed, problems as errors.
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./contract.js";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
export type Api = Client<paths>;

/** A refusal, in the words of the contract. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.status} ${problem.type}: ${problem.detail} ${JSON.stringify(problem.errors ?? problem.reasons ?? [])}`);
  }
}

interface Answered<T> {
  data?: T;
  error?: Problem;
  response: Response;
}

/** What was answered, or the refusal thrown. */
export function taken<T>(answer: Answered<T>): NonNullable<T> {
  if (answer.error !== undefined) throw new Refusal(answer.error);
  if (answer.data === undefined || answer.data === null) throw new Error(`${answer.response.url}: nothing was answered`);
  return answer.data;
}

/** The refusal that was expected, with its status. */
export function refused(answer: Answered<unknown>, status: number): Problem {
  const type = answer.response.headers.get("Content-Type") ?? "";
  check(answer.response.status === status, `${answer.response.url}: ${answer.response.status} instead of ${status}`);
  check(type.startsWith("application/problem+json"), `a refusal is ${type}`);
  const problem = answer.error;
  if (problem === undefined) throw new Error("a refusal without a problem");
  check(problem.status === status && problem.type.startsWith("/problems/"), `the problem says ${problem.status} ${problem.type}`);
  return problem;
}

export function check(held: boolean, otherwise: string): asserts held {
  if (!held) throw new Error(otherwise);
}

export function header(answer: { response: Response }, name: string): string {
  const value = answer.response.headers.get(name);
  if (value === null) throw new Error(`${answer.response.url}: ${name} is missing`);
  return value;
}

/** A busy database is waited for; the key of an addition makes it safe to ask again. */
async function patiently(request: Request): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(request.clone());
    if (response.status !== 503 || tries === 10) return response;
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get("Retry-After") ?? "1")));
  }
}

export function anonymous(address: string): Api {
  return createClient<paths>({
    baseUrl: address,
    fetch: patiently,
    // Lists in parameters are separated by commas.
    querySerializer: { array: { style: "form", explode: false } },
  });
}

/** Somebody's session: each request carries the access token of the moment. */
export class Session {
  readonly api: Api;
  private constructor(address: string, private tokens: Schemas["TokenPair"]) {
    const authorized: Middleware = {
      onRequest: ({ request }) => {
        request.headers.set("Authorization", `Bearer ${this.tokens.access_token}`);
        return request;
      },
    };
    this.api = anonymous(address);
    this.api.use(authorized);
  }

  static async open(address: string, email: string, password: string): Promise<Session> {
    return new Session(address, taken(await anonymous(address).POST("/v1/auth/login", { body: { email, password } })));
  }

  /** Trades the refresh token; answers the one that is used up. */
  async renew(): Promise<string> {
    const { refresh_token } = this.tokens;
    this.tokens = taken(await this.api.POST("/v1/auth/refresh", { body: { refresh_token } }));
    return refresh_token;
  }
}
