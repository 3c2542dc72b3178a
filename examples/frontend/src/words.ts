// How what the API says is said to people. The contract has names and no labels: these are made of the names.

/** `owner_id` is said as "Owner", `mark-duplicate` as "Mark duplicate". */
export function label(name: string): string {
  const words = name.replace(/_ids?$/, "").replace(/[_-]+/g, " ").trim();
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(/\bisms\b/i, "ISMS");
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const moment = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

const isDay = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text);
const isMoment = (text: string) => /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text);

export const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
export const isReference = (text: string) => /^[A-Z]{3}-\d{4}-\d{4,}$|^NC-\d{4}-\d{4,}$/.test(text);

export function when(text: string): string {
  if (isDay(text)) return day.format(new Date(`${text}T00:00:00Z`));
  return isMoment(text) ? moment.format(new Date(text)) : text;
}

export function isTime(text: string): boolean {
  return isDay(text) || isMoment(text);
}

/** A figure with its unit. What is called a share lies between 0 and 1, and people read it in per cent. */
export function figure(value: number, unit: string | null): string {
  if (unit === "share") return `${number(value * 100)} %`;
  return unit === null ? number(value) : `${number(value)} ${unit}`;
}

export function number(value: number): string {
  return value.toLocaleString("en-GB", { maximumSignificantDigits: 4 });
}

export function many(count: number, one: string, more = `${one}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : more}`;
}

/** Words that stand in code marks in the contract, without the marks and without the clauses in brackets. */
export function plain(text: string): string {
  return text.replace(/`/g, "").replace(/\s+/g, " ").replace(/\s*\[[\d., a-h-]+\]/g, "").trim();
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
