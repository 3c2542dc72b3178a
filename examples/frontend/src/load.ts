import { useCallback, useEffect, useState } from "preact/hooks";
import { SignedOut } from "./api";

export type Loaded<T> = { is: "loading"; before: T | null } | { is: "there"; value: T } | { is: "failed"; error: unknown };

/** What `read` answers, read anew when one of `causes` changes or `again` is called; an answer that comes too late is dropped. */
export function useLoaded<T>(read: () => Promise<T>, causes: readonly unknown[]): [Loaded<T>, () => void] {
  const [loaded, set] = useState<Loaded<T>>({ is: "loading", before: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let late = false;
    set((before) => ({ is: "loading", before: before.is === "there" ? before.value : null }));
    read().then(
      (value) => late || set({ is: "there", value }),
      (error: unknown) => late || error instanceof SignedOut || set({ is: "failed", error }),
    );
    return () => {
      late = true;
    };
  }, [...causes, turn]);
  return [loaded, useCallback(() => setTurn((before) => before + 1), [])];
}

/** What was there before, while it is read anew. */
export function shown<T>(loaded: Loaded<T>): T | null {
  if (loaded.is === "there") return loaded.value;
  return loaded.is === "loading" ? loaded.before : null;
}
