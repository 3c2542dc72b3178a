// A form drawn from the schema of a request: its names become labels, its descriptions hints, its limits attributes, and what a
// problem's pointers name is shown where it is.
import { createContext } from "preact";
import { useContext, useEffect, useId, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Fault } from "./api";
import { field, ways, type Field, type Schema } from "./contract";
import { people, type Member } from "./people";
import { shown, useLoaded } from "./load";
import { label, plain } from "./words";

type Json = unknown;
type Members = Record<string, Json>;

interface Around {
  id: string;
  faults: Fault[];
  /** Known values of a field that is text in the contract: `requirement` is one of the catalogue's numbers. */
  known: Record<string, { value: string; label: string }[]>;
}

const Form = createContext<Around>({ id: "", faults: [], known: {} });

interface At {
  schema: Schema;
  name: string;
  pointer: string;
  required: boolean;
  value: Json;
  set: (value: Json) => void;
}

const idOf = (form: string, pointer: string) => `${form}${pointer.replace(/\//g, "-")}`;
const asMembers = (value: Json): Members => (value !== null && typeof value === "object" ? (value as Members) : {});
const asItems = (value: Json): Json[] => (Array.isArray(value) ? value : []);

function useField({ pointer }: At) {
  const around = useContext(Form);
  const faults = around.faults.filter((fault) => fault.pointer === pointer);
  const id = idOf(around.id, pointer);
  return { around, faults, id, describedBy: `${id}-hint ${id}-fault` };
}

function Hint({ of, id }: { of: Field; id: string }) {
  const example = typeof of.example === "string" || typeof of.example === "number" ? ` For example: ${of.example}` : "";
  const text = plain(of.description ?? "") + (of.enum === undefined ? example : "");
  return <p class="hint" id={`${id}-hint`}>{text.trim()}</p>;
}

function Faults({ faults, id }: { faults: Fault[]; id: string }) {
  return (
    <p class="fault" id={`${id}-fault`} hidden={faults.length === 0}>
      {faults.map((fault) => fault.detail).join("; ")}
    </p>
  );
}

function Optional({ required }: { required: boolean }) {
  return required ? null : <span class="optional"> optional</span>;
}

/** One field with its label, hint and faults. */
function Labelled({ at, of, children }: { at: At; of: Field; children: ComponentChildren }) {
  const { id, faults } = useField(at);
  return (
    <div class={faults.length > 0 ? "field wrong" : "field"}>
      <label for={id}>{label(at.name)}<Optional required={at.required} /></label>
      <Hint of={of} id={id} />
      {children}
      <Faults faults={faults} id={id} />
    </div>
  );
}

function Grouped({ at, of, children }: { at: At; of: Field; children: ComponentChildren }) {
  const { id, faults } = useField(at);
  return (
    <fieldset class={faults.length > 0 ? "field wrong" : "field"} id={id} tabIndex={-1} aria-describedby={`${id}-hint ${id}-fault`}>
      <legend>{label(at.name)}<Optional required={at.required} /></legend>
      <Hint of={of} id={id} />
      {children}
      <Faults faults={faults} id={id} />
    </fieldset>
  );
}

function common(at: At, field: ReturnType<typeof useField>) {
  return {
    id: field.id,
    name: at.pointer,
    "aria-describedby": field.describedBy,
    "aria-invalid": field.faults.length > 0,
    "aria-required": at.required,
  };
}

/** Text of more than a line, unless the contract limits it to one, or its example is a single word. */
function isLong(of: Field): boolean {
  if (of.maxLength !== undefined) return of.maxLength > 200;
  return typeof of.example !== "string" || of.example.includes(" ");
}

function Text({ at, of }: { at: At; of: Field }) {
  const here = useField(at);
  const value = typeof at.value === "string" ? at.value : "";
  const known = here.around.known[at.name];
  const shared = { ...common(at, here), value, maxLength: of.maxLength };
  const set = (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    at.set(value === "" ? undefined : value);
  };
  if (of.format === "date") return <input {...shared} type="date" onInput={set} />;
  if (of.format === "date-time") return <Moment at={at} shared={shared} />;
  if (known === undefined && isLong(of)) return <textarea {...shared} rows={3} onInput={set} />;
  return (
    <>
      <input {...shared} type="text" onInput={set} list={known === undefined ? undefined : `${here.id}-known`} />
      {known && <datalist id={`${here.id}-known`}>{known.map((one) => <option value={one.value} label={one.label} />)}</datalist>}
    </>
  );
}

/** Browsers ask for local time without a zone; the API wants one. */
function Moment({ at, shared }: { at: At; shared: ReturnType<typeof common> }) {
  const date = typeof at.value === "string" ? new Date(at.value) : null;
  const local = date === null ? "" : new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  return (
    <input {...shared} type="datetime-local" value={local}
      onInput={({ currentTarget: { value } }) => at.set(value === "" ? undefined : new Date(value).toISOString())} />
  );
}

function Choice({ at, of, options }: { at: At; of: Field; options: { value: string; label: string }[] }) {
  const here = useField(at);
  return (
    <Labelled at={at} of={of}>
      <select {...common(at, here)} value={typeof at.value === "string" ? at.value : ""}
        onChange={({ currentTarget: { value } }) => at.set(value === "" ? undefined : value)}>
        <option value="">{at.required ? "Choose…" : "None"}</option>
        {options.map((option) => <option value={option.value}>{option.label}</option>)}
      </select>
    </Labelled>
  );
}

function Person({ at, of }: { at: At; of: Field }) {
  const [loaded] = useLoaded(people, []);
  const known: Map<string, Member> = shown(loaded) ?? new Map();
  const active = [...known.values()].filter((member) => member.state === "active" || member.id === at.value);
  const options = active.sort((one, other) => one.name.localeCompare(other.name))
    .map((member) => ({ value: member.id, label: member.unit == null ? member.name : `${member.name}, ${member.unit}` }));
  return <Choice at={at} of={of} options={options} />;
}

function Truth({ at, of }: { at: At; of: Field }) {
  const { id } = useField(at);
  return (
    <Grouped at={at} of={of}>
      {[true, false].map((truth) => (
        <label class="pick">
          <input type="radio" name={id} checked={at.value === truth} onChange={() => at.set(truth)} /> {truth ? "Yes" : "No"}
        </label>
      ))}
    </Grouped>
  );
}

function Figure({ at, of }: { at: At; of: Field }) {
  return (
    <Labelled at={at} of={of}>
      <input {...common(at, useField(at))} type="number" step={of.type === "integer" ? 1 : "any"} min={of.minimum} max={of.maximum}
        value={typeof at.value === "number" ? at.value : ""}
        onInput={({ currentTarget: { value } }) => at.set(value === "" ? undefined : Number(value))} />
    </Labelled>
  );
}

/** Several of one kind: texts, members, or groups of fields. */
function Items({ at, of }: { at: At; of: Field }) {
  const items = asItems(at.value);
  const one = of.items ?? {};
  const put = (index: number, value: Json) => at.set(items.map((item, at) => (at === index ? value : item)));
  const without = (index: number) => items.filter((_, at) => at !== index);
  return (
    <Grouped at={at} of={of}>
      {items.map((item, index) => (
        <div class="item" key={index}>
          <Part at={{ schema: { ...one, ...(one.$ref === undefined ? { description: "" } : {}) }, name: `${at.name} ${index + 1}`, required: true, value: item,
            pointer: `${at.pointer}/${index}`, set: (value) => put(index, value) }} />
          <button type="button" class="quiet" aria-label={`Remove ${label(at.name)} ${index + 1}`}
            onClick={() => at.set(without(index).length > 0 ? without(index) : undefined)}>Remove</button>
        </div>
      ))}
      {items.length < (of.maxItems ?? 1000) && (
        <button type="button" class="quiet" onClick={() => at.set([...items, undefined])}>Add {items.length > 0 ? "another" : "one"}</button>
      )}
    </Grouped>
  );
}

function Ways({ at, of }: { at: At; of: Field }) {
  const here = useField(at);
  const choice = ways(of);
  if (choice === null) return null;
  const value = asMembers(at.value);
  const way = choice.ways.find((way) => way.value === value[choice.tag]);
  return (
    <>
      <fieldset class="field">
        <legend>{label(choice.tag)}</legend>
        {choice.ways.map((way) => (
          <label class="pick">
            <input type="radio" name={here.id} value={way.value} checked={value[choice.tag] === way.value}
              onChange={() => at.set({ [choice.tag]: way.value })} />
            <span>{label(way.value)}<span class="hint"> {plain(way.description)}</span></span>
          </label>
        ))}
      </fieldset>
      {way && <Fields schema={way.schema} pointer={at.pointer} value={value} set={at.set} />}
    </>
  );
}

/** Details that may be left out altogether are asked for when somebody wants to give them. */
function Details({ at, of }: { at: At; of: Field }) {
  if (at.value === undefined && !at.required) {
    return (
      <div class="field">
        <span class="name">{label(at.name)}<Optional required={false} /></span>
        <Hint of={of} id={useField(at).id} />
        <button type="button" class="quiet" onClick={() => at.set({})}>Give details</button>
      </div>
    );
  }
  return (
    <Grouped at={at} of={of}>
      {of.oneOf === undefined
        ? <Fields schema={of} pointer={at.pointer} value={asMembers(at.value)} set={at.set} />
        : <Ways at={at} of={of} />}
      {!at.required && <button type="button" class="quiet" onClick={() => at.set(undefined)}>Leave out</button>}
    </Grouped>
  );
}

function Part({ at }: { at: At }) {
  const of = field(at.schema);
  if (of.oneOf !== undefined || of.properties !== undefined) return <Details at={at} of={of} />;
  if (of.type === "array") return <Items at={at} of={of} />;
  if (of.named === "MemberId") return <Person at={at} of={of} />;
  if (of.enum !== undefined) return <Choice at={at} of={of} options={of.enum.map((value) => ({ value, label: label(value) }))} />;
  if (of.type === "boolean") return <Truth at={at} of={of} />;
  if (of.type === "integer" || of.type === "number") return <Figure at={at} of={of} />;
  return <Labelled at={at} of={of}><Text at={at} of={of} /></Labelled>;
}

/** The fields of an object, those that must be given first. */
function Fields({ schema, pointer, value, set, fixed = {} }: {
  schema: Schema; pointer: string; value: Members; set: (value: Members) => void; fixed?: Members;
}) {
  const required = schema.required ?? [];
  const names = Object.keys(schema.properties ?? {}).filter((name) => !(name in fixed));
  const ordered = [...required.filter((name) => names.includes(name)), ...names.filter((name) => !required.includes(name))];
  return (
    <>
      {ordered.map((name) => (
        <Part key={name} at={{
          schema: schema.properties?.[name] ?? {}, name, pointer: `${pointer}/${name}`, required: required.includes(name), value: value[name],
          set: (given) => set({ ...value, [name]: given }),
        }} />
      ))}
    </>
  );
}

/** Faults of the last answer, each leading to its field; takes the focus, so that they are heard. */
function Summary({ form, faults, other }: { form: string; faults: Fault[]; other: string | null }) {
  useEffect(() => document.getElementById(`${form}-summary`)?.focus(), [faults, other, form]);
  if (faults.length === 0 && other === null) return null;
  return (
    <div class="notice bad" role="alert" id={`${form}-summary`} tabIndex={-1}>
      {other !== null && <p>{other}</p>}
      {faults.length > 0 && (
        <ul>
          {faults.map((fault) => (
            <li>
              <button type="button" class="link" onClick={() => document.getElementById(idOf(form, fault.pointer))?.focus()}>
                {label(fault.pointer.split("/").filter((part) => part !== "").join(" ")) || "The whole"}
              </button>: {fault.detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export interface SchemaFormProps {
  schema: Schema | null;
  /** What is known already and is not asked for. */
  fixed?: Record<string, Json>;
  initial?: Record<string, Json>;
  known?: Around["known"];
  faults: Fault[];
  /** What else went wrong, in a sentence. */
  other: string | null;
  busy: boolean;
  submit: string;
  onSubmit: (body: Record<string, Json>) => void;
  onCancel?: () => void;
}

export function SchemaForm(props: SchemaFormProps) {
  const { schema, fixed = {}, initial = {}, known = {}, faults, other, busy, submit, onSubmit, onCancel } = props;
  const id = useId();
  const [value, set] = useState<Members>(initial);
  const of = schema === null ? null : field(schema);
  return (
    <form noValidate onSubmit={(event) => {
      event.preventDefault();
      onSubmit({ ...value, ...fixed });
    }}>
      <Form.Provider value={{ id, faults, known }}>
        <Summary form={id} faults={faults} other={other} />
        {of?.oneOf !== undefined && <Ways at={{ schema: of, name: "", pointer: "", required: true, value, set: (given) => set(asMembers(given)) }} of={of} />}
        {of !== null && of.oneOf === undefined && <Fields schema={of} pointer="" value={value} set={set} fixed={fixed} />}
        <div class="buttons">
          <button type="submit" class="primary" disabled={busy}>{busy ? "Sending…" : submit}</button>
          {onCancel && <button type="button" onClick={onCancel}>Cancel</button>}
        </div>
      </Form.Provider>
    </form>
  );
}
