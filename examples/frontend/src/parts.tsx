// Pieces that several views are made of.
import type { ComponentChildren } from "preact";
import { Refusal } from "./api";
import type { Loaded } from "./load";
import { shown } from "./load";
import { label, when } from "./words";

const good = new Set(["closed", "verified", "done", "met", "active", "published", "on_target", "attached", "approved", "current", "realised"]);
const bad = new Set(["critical", "not_met", "overdue", "blocked", "major", "rejected"]);
const warning = new Set(["reported", "warning", "partly", "stale", "verifying", "open"]);
const still = new Set(["void", "duplicate", "draft", "cancelled", "not_applicable", "no_data", "retired", "withdrawn"]);

function tone(state: string): string {
  if (good.has(state)) return "good";
  if (bad.has(state)) return "bad";
  if (warning.has(state)) return "warning";
  return still.has(state) ? "still" : "plain";
}

/** Where something stands, in words; the colour repeats it. */
export function State({ of }: { of: string }) {
  return <span class={`state ${tone(of)}`}>{label(of)}</span>;
}

export function Due({ on, overdue }: { on: string | null; overdue: boolean }) {
  if (on === null) return <span class="quiet-text">–</span>;
  return <span class={overdue ? "due late" : "due"}>{when(on)}{overdue && <strong> overdue</strong>}</span>;
}

export const recordHref = (reference: string) => `#/records/${reference}`;

export function RecordLink({ reference, title }: { reference: string; title?: string | null }) {
  return <a href={recordHref(reference)}>{title ?? reference}</a>;
}

/** What went wrong, in the server's words where it has some. */
export function said(error: unknown): string {
  if (error instanceof Refusal) {
    const { title, detail, reasons = [] } = error.problem;
    return reasons.length > 0 ? `${title}: ${reasons.map((reason) => reason.detail).join("; ")}` : `${title}. ${detail}`;
  }
  if (error instanceof TypeError) return "The server cannot be reached. What you have typed is still here: try again.";
  return error instanceof Error ? error.message : String(error);
}

export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <p>{said(error)}</p>
      {again && <button type="button" onClick={again}>Try again</button>}
    </div>
  );
}

/** What was read, or that it is being read, or why it was not. What was there before stays until the answer comes. */
export function Read<T>({ loaded, again, children }: { loaded: Loaded<T>; again?: () => void; children: (value: T) => ComponentChildren }) {
  if (loaded.is === "failed") return <Failed error={loaded.error} {...(again ? { again } : {})} />;
  const value = shown(loaded);
  if (value === null) return <p class="loading" role="status">Loading…</p>;
  return <div aria-busy={loaded.is === "loading"}>{children(value)}</div>;
}

export function Page({ title, lead, aside, children }: {
  title: ComponentChildren; lead?: ComponentChildren; aside?: ComponentChildren; children: ComponentChildren;
}) {
  return (
    <>
      <header class="page">
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {aside && <div class="buttons">{aside}</div>}
      </header>
      {children}
    </>
  );
}
