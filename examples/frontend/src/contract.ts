// What the contract says of writes and lists, for forms and filters that are drawn from it. No verb is named in this app.
import told from "./contract/forms.json";

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  example?: unknown;
  format?: string;
  enum?: string[];
  maxLength?: number;
  minLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
}

export interface Write {
  /** `POST /v1/nonconformities/{id}/confirm`. */
  key: string;
  summary: string;
  media: string | null;
  schema: Schema | null;
}

export interface Parameter {
  name: string;
  description: string;
  schema: Schema;
}

const { writes, lists, schemas } = told as unknown as {
  writes: Record<string, Omit<Write, "key">>;
  lists: Record<string, Parameter[]>;
  schemas: Record<string, Schema>;
};

const patterns = Object.keys(writes).map((key) => {
  const [method = "", path = ""] = key.split(" ");
  return { key, method, pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, "[^/]+")}$`) };
});

/** The write that `href` of an answer, or a path, leads to. */
export function write(method: "POST" | "PATCH", href: string): Write | null {
  const key = patterns.find((known) => known.method === method && known.pattern.test(href))?.key;
  const known = key === undefined ? undefined : writes[key];
  return key === undefined || known === undefined ? null : { key, ...known };
}

export function parameters(path: string): Parameter[] {
  return lists[path] ?? [];
}

/** A schema as a form needs it: references followed, `null` put aside, what is said where it is used before what its type says. */
export interface Field extends Schema {
  /** The name of the type, where it has one: `MemberId`. */
  named: string | null;
  nullable: boolean;
}

export function field(schema: Schema): Field {
  let nullable = Array.isArray(schema.type) && schema.type.includes("null");
  let here = schema;
  const some = schema.oneOf?.filter((way) => way.type !== "null");
  if (schema.oneOf !== undefined && some !== undefined && some.length < schema.oneOf.length) {
    nullable = true;
    const only = some[0];
    const { oneOf: _, ...rest } = schema;
    here = some.length === 1 && only !== undefined ? { ...rest, ...only } : { ...rest, oneOf: some };
  }
  let named: string | null = null;
  while (here.$ref !== undefined) {
    named = here.$ref.replace("#/components/schemas/", "");
    const { $ref: _, ...rest } = here;
    here = { ...schemas[named], ...rest };
  }
  const type = Array.isArray(here.type) ? here.type.find((one) => one !== "null") : here.type;
  return { ...here, ...(type === undefined ? {} : { type }), named, nullable };
}

/** The member that tells the ways of a choice apart, and by which value each is known. */
export function ways(choice: Field): { tag: string; ways: { value: string; schema: Schema; description: string }[] } | null {
  const all = (choice.oneOf ?? []).map(field);
  const tag = Object.keys(all[0]?.properties ?? {}).find((name) => all.every((way) => way.properties?.[name]?.enum?.length === 1));
  if (tag === undefined) return null;
  return {
    tag,
    ways: all.map((way) => {
      const { [tag]: told, ...properties } = way.properties ?? {};
      const required = (way.required ?? []).filter((name) => name !== tag);
      return { value: told?.enum?.[0] ?? "", schema: { ...way, properties, required }, description: way.description ?? "" };
    }),
  };
}
