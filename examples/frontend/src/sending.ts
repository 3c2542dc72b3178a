import { useRef, useState } from "preact/hooks";
import { follow, newKey, Refusal, type Fault } from "./api";
import type { Write } from "./contract";
import { said } from "./parts";

interface Sent {
  method: "POST" | "PATCH";
  href: string;
  write: Write | null;
  body: unknown;
  etag?: string;
}

/** The sending of one form: whether it is under way, and what the answer found wrong. */
export function useSending() {
  const key = useRef(newKey());
  const [faults, setFaults] = useState<Fault[]>([]);
  const [other, setOther] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  /** Answers what came, or the refusal that `unless` wants to deal with; `null` where the form shows what is wrong. */
  const send = async ({ method, href, write, body, etag }: Sent, unless?: (status: number) => boolean): Promise<Response | Refusal | null> => {
    setBusy(true);
    setFaults([]);
    setOther(null);
    const headers: Record<string, string> = etag === undefined ? {} : { "If-Match": etag };
    // One key for one form: sent twice, by a double click or because the first answer got lost, it is done once.
    if (method === "POST") headers["Idempotency-Key"] = key.current;
    try {
      const response = await follow(method, href, { body, media: write?.media ?? "application/json", headers });
      key.current = newKey();
      return response;
    } catch (error) {
      if (error instanceof Refusal) {
        // Nothing is kept under the key of what was refused, and what is mended is another request.
        key.current = newKey();
        if (unless?.(error.problem.status)) return error;
        setFaults(error.problem.errors ?? []);
        setOther((error.problem.errors ?? []).length > 0 ? error.problem.title : said(error));
      } else setOther(said(error));
      return null;
    } finally {
      setBusy(false);
    }
  };
  return { send, faults, other, busy };
}
