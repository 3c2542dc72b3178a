// Makes out of the contract what the app needs of it, into src/contract/ (not committed):
//   types.d.ts   the types of every call, by openapi-typescript
//   forms.json   of every write that takes a JSON body its schema, and the parameters of every list: forms are drawn from them
import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("../../openapi/v1.json", import.meta.url);
const target = new URL("src/contract/", import.meta.url);
const contract = JSON.parse(await readFile(source, "utf8"));

const schemas = {};

/** Keeps the schemas that something refers to, and those that they refer to. */
function keep(part) {
  if (Array.isArray(part)) part.forEach(keep);
  else if (part !== null && typeof part === "object") {
    const name = typeof part.$ref === "string" ? /^#\/components\/schemas\/(.+)$/.exec(part.$ref)?.[1] : undefined;
    if (name !== undefined && !(name in schemas)) {
      schemas[name] = contract.components.schemas[name];
      keep(schemas[name]);
    }
    Object.entries(part).forEach(([key, value]) => key === "example" || keep(value));
  }
}

function parameters(operation) {
  return (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
}

const writes = {};
const lists = {};
for (const [path, item] of Object.entries(contract.paths)) {
  for (const method of ["post", "patch"]) {
    const operation = item[method];
    const media = ["application/json", "application/merge-patch+json"].find((type) => operation?.requestBody?.content?.[type]);
    if (operation === undefined || (operation.requestBody !== undefined && media === undefined)) continue;
    const { schema = null } = operation.requestBody?.content[media] ?? {};
    writes[`${method.toUpperCase()} ${path}`] = { summary: operation.summary, media: media ?? null, schema };
    keep(schema);
  }
  if (item.get !== undefined && parameters(item.get).some(({ name }) => name === "sort")) {
    lists[path] = parameters(item.get).map(({ name, description, schema }) => ({ name, description, schema }));
    keep(lists[path]);
  }
}

await mkdir(target, { recursive: true });
await writeFile(new URL("forms.json", target), JSON.stringify({ writes, lists, schemas }));
await writeFile(new URL("types.d.ts", target), astToString(await openapiTS(source)));
