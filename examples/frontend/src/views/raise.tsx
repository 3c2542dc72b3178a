import { useEffect } from "preact/hooks";
import type { Schemas } from "../api";
import { useClauses } from "../clauses";
import { write } from "../contract";
import { SchemaForm } from "../form";
import { Page } from "../parts";
import { useSending } from "../sending";

const path = "/v1/nonconformities";

export function Raise() {
  const known = useClauses();
  const { send, ...sending } = useSending();
  useEffect(() => document.getElementById("main")?.focus(), []);
  const create = write("POST", path);
  const raise = async (body: Record<string, unknown>) => {
    const response = await send({ method: "POST", href: path, write: create, body });
    if (!(response instanceof Response)) return;
    const raised = (await response.json()) as Schemas["NonconformityView"];
    location.hash = `/records/${raised.reference}`;
  };
  return (
    <Page title="Report a nonconformity" lead="Say what is not as required and what shows it. Somebody confirms it, or tells you why not.">
      <section class="card narrow">
        <SchemaForm schema={create?.schema ?? null} known={known} {...sending} submit="Report" onSubmit={(body) => void raise(body)} onCancel={() => history.back()} />
      </section>
    </Page>
  );
}
