// Who is who: records name members by id, and a page of a list tells their names.
import { api, taken, type Schemas } from "./api";

export type Member = Schemas["MemberView"];

let members: Promise<Map<string, Member>> | null = null;

async function all(): Promise<Map<string, Member>> {
  const known = new Map<string, Member>();
  let cursor: string | null | undefined;
  do {
    const query = cursor == null ? { limit: 200 } : { limit: 200, cursor };
    const page = taken(await api.GET("/v1/members", { params: { query } }));
    for (const member of page.items) known.set(member.id, member);
    cursor = page.next_cursor;
  } while (cursor != null);
  return known;
}

/** All members by id, read once a session. Whoever may not read them sees ids. */
export function people(): Promise<Map<string, Member>> {
  members ??= all().catch(() => new Map<string, Member>());
  return members;
}

export function forgetPeople(): void {
  members = null;
}
