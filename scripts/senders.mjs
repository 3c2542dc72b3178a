// What senders written in JavaScript do, for scripts/senders.py: node senders.mjs DOORS KEY, beside the packages of senders.json.
import { diag, DiagLogLevel } from "@opentelemetry/api";
import { AggregationTemporalityPreference, OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { CloudEvent, HTTP } from "cloudevents";

const [doors, key] = process.argv.slice(2);
const authorization = `Bearer ${key}`;
const complaints = [];
const complain = (...told) => complaints.push(told.join(" "));
const quiet = () => {};
diag.setLogger({ error: complain, warn: complain, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);

// OTLP in JSON.
const exporter = new OTLPMetricExporter({
  url: `${doors}/otlp/v1/metrics`,
  headers: { authorization },
  temporalityPreference: AggregationTemporalityPreference.DELTA,
});
const provider = new MeterProvider({
  resource: resourceFromAttributes({ site: "north" }),
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
});
const meter = provider.getMeter("trial");
meter.createGauge("shop.latency").record(42.5);
meter.createCounter("shop.failures").add(5);
const sizes = meter.createHistogram("shop.size");
for (const size of [10, 20, 30]) sizes.record(size);
await provider.forceFlush();
await provider.shutdown();

// CloudEvents in the binary and in the structured mode, the second with its data in base64.
const event = (id, extra) =>
  new CloudEvent({ id, type: "backup.finished", source: "/backup", subject: "büro, 50 % of it", ...extra });
const send = async ({ headers, body }) => {
  const answer = await fetch(`${doors}/cloudevents`, { method: "POST", headers: { ...headers, authorization }, body });
  if (!answer.ok) complain(answer.status, await answer.text());
};
const data = { value: 17.5, labels: { site: "north" } };
const binary = HTTP.binary(event("1", { datacontenttype: "application/json", data }));
// Its SDK leaves to the sender what the HTTP binding says of header values (3.1.3.2).
const encoded = Object.entries(binary.headers).map(([name, value]) =>
  [name, name.startsWith("ce-") ? String(value).replace(/[^!#-$&-~]/gu, encodeURIComponent) : value]);
await send({ headers: Object.fromEntries(encoded), body: binary.body });
const bytes = new TextEncoder().encode(JSON.stringify({ ...data, value: 18.5 }));
await send(HTTP.structured(event("2", { data_base64: Buffer.from(bytes).toString("base64") })));

if (complaints.length) {
  console.error(complaints.join("\n"));
  process.exit(1);
}
