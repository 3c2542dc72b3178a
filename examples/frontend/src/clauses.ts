import { api, taken } from "./api";
import { useLoaded } from "./load";

/** The clauses and controls by number, for fields that take one: the contract calls them text. */
export function useClauses() {
  const [clauses] = useLoaded(async () => taken(await api.GET("/v1/catalogue/clauses")).items, []);
  const known = clauses.is === "there" ? clauses.value.map(({ number, label }) => ({ value: number, label: `${number} ${label}` })) : [];
  return { requirement: known };
}
