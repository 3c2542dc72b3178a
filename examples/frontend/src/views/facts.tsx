// The members of a record as they come, with names for ids, days for dates, and links for references.
import type { ComponentChildren } from "preact";
import type { Place, View } from "../record";
import type { Member } from "../people";
import { RecordLink, State } from "../parts";
import { isId, isReference, isTime, label, number, when } from "../words";

export interface Names {
  members: Map<string, Member>;
  /** Records that the trace has told of, by id. */
  records: Map<string, Place>;
}

// What the page says elsewhere, or what is of no use to people.
const elsewhere = new Set(["id", "reference", "version", "created_at", "updated_at", "created_by", "state", "title", "name", "transitions"]);

const isEmpty = (value: unknown) => value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
const isWord = (text: string) => /^[a-z]+(_[a-z]+)*$/.test(text);
const isMembers = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === "object" && !Array.isArray(value);

function Id({ id, names }: { id: string; names: Names }) {
  const member = names.members.get(id);
  if (member !== undefined) return <>{member.name}</>;
  const record = names.records.get(id);
  if (record !== undefined) return <RecordLink reference={record.reference} title={`${record.reference} ${record.title ?? ""}`} />;
  return <code title={id}>{id.slice(0, 8)}…</code>;
}

function Text({ name, text, names }: { name: string; text: string; names: Names }) {
  if (isId(text)) return <Id id={text} names={names} />;
  if (isReference(text)) return <RecordLink reference={text} />;
  if (isTime(text)) return <time dateTime={text}>{when(text)}</time>;
  if (/^(grade|state|result|priority)$/.test(name)) return <State of={text} />;
  return <>{isWord(text) && name !== "unit" ? label(text) : text}</>;
}

export function Value({ name, value, names }: { name: string; value: unknown; names: Names }): ComponentChildren {
  if (typeof value === "string") return <Text name={name} text={value} names={names} />;
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (isEmpty(value)) return <span class="quiet-text">–</span>;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item === "string" && !item.includes(" ") && !isId(item))) return value.join(", ");
    return <ul>{value.map((item: unknown) => <li><Value name={name} value={item} names={names} /></li>)}</ul>;
  }
  if (!isMembers(value)) return String(value);
  const { id, kind, ...rest } = value;
  if (typeof id === "string" && typeof kind === "string" && Object.keys(rest).length === 0) {
    const record = names.records.get(id);
    return record === undefined ? label(kind) : <Id id={record.id} names={names} />;
  }
  const words = Object.values(value).filter((member) => !isEmpty(member));
  if (words.every((member) => typeof member === "string" && isWord(member))) return words.map((word) => label(String(word))).join(", ");
  return <Facts of={value} names={names} />;
}

/** Words of people are read in lines; what stands beside each other is days, figures, names and the contract's own words. */
function isShort(value: unknown): boolean {
  if (typeof value !== "string") return typeof value !== "object" || (Array.isArray(value) && value.length <= 4 && value.every(isShort));
  return isTime(value) || isId(value) || !value.trim().includes(" ");
}

const isSection = (value: unknown) => (isMembers(value) && Object.keys(value).length > 2) || (Array.isArray(value) && value.some(isMembers));

/** What people wrote first, then what stands beside each other, then what has members of its own. */
export function Facts({ of, names, top = false }: { of: Record<string, unknown>; names: Names; top?: boolean }) {
  const facts = Object.entries(of).filter(([name, value]) => !isEmpty(value) && !(top && (elsewhere.has(name) || value === false)));
  const sections = facts.filter(([, value]) => isSection(value));
  const short = facts.filter(([, value]) => !isSection(value) && isShort(value));
  const long = facts.filter((fact) => !sections.includes(fact) && !short.includes(fact));
  const list = (some: typeof facts, kind: string) => some.length > 0 && (
    <dl class={kind}>
      {some.map(([name, value]) => <div key={name}><dt>{label(name)}</dt><dd><Value name={name} value={value} names={names} /></dd></div>)}
    </dl>
  );
  return (
    <>
      {list(long, "long")}
      {list(short, "short")}
      {sections.map(([name, value]) => (
        <section class="part" key={name}><h3>{label(name)}</h3><Value name={name} value={value} names={names} /></section>
      ))}
    </>
  );
}

export function Head({ view, names }: { view: View; names: Names }) {
  const by = view.created_by == null ? "the program" : names.members.get(view.created_by)?.name ?? "somebody";
  return <>Recorded {when(view.created_at)} by {by}, version {view.version}</>;
}
