// Readiness: the seven steps, what proves each answer, what offends, and the call that would mend it.
import { useState } from "preact/hooks";
import { api, taken, type Schemas } from "../api";
import { useLoaded } from "../load";
import { Page, Read, RecordLink, State } from "../parts";
import { label, many, sentence, when } from "../words";

type View = Schemas["ReadinessView"];
type Check = Schemas["CheckView"];
type Step = Schemas["StepView"];
type Found = Schemas["FoundView"];

const answered = (check: Check) => check.result === "met" || check.result === "not_applicable";

function Found({ of, name }: { of: Found; name: string }) {
  if (of.count === 0) return null;
  const left = of.count - of.records.length;
  return (
    <div class="found">
      <h4>{name} <span class="count">{many(of.count, "record")}{of.migrated > 0 && `, ${of.migrated} of them migrated`}</span></h4>
      <ul>
        {of.records.map((record) => (
          <li key={record.id}><RecordLink reference={record.reference} title={`${record.reference} ${record.title ?? ""}`} /> <State of={record.state} /></li>
        ))}
        {left > 0 && <li class="under">and {many(left, "more", "more")}</li>}
      </ul>
    </div>
  );
}

function Question({ of }: { of: Check }) {
  return (
    <li class="check">
      <details>
        <summary><span class="question">{of.question}</span> <State of={of.result} /></summary>
        <p class="under">{of.clauses.join(", ")}</p>
        {of.reason != null && <p>{sentence(of.reason)}.</p>}
        <Found of={of.offending} name="What offends" />
        {of.mend != null && <p>What would mend it: <code>{of.mend.method} {of.mend.path}</code>{of.offending.records.length > 0 && ", a button of each of these records."}</p>}
        <Found of={of.proof} name="What proves it" />
      </details>
    </li>
  );
}

function Bar({ of }: { of: number | null }) {
  return <span class="bar" aria-hidden="true"><span style={{ width: `${of ?? 0}%` }} class={(of ?? 0) >= 90 ? "good" : (of ?? 0) >= 70 ? "warning" : "bad"} /></span>;
}

function StepCard({ of, all }: { of: Step; all: boolean }) {
  const shown = of.checks.filter((check) => all || !answered(check));
  const open = of.checks.filter((check) => !answered(check)).length;
  return (
    <section class="card" aria-label={label(of.step)}>
      <h2>{label(of.step)} <span class="count">{of.score == null ? "nothing applies" : `${of.score} %`}</span></h2>
      <Bar of={of.score ?? null} />
      <p class="under">{many(of.checks.length, "question")}, {open === 0 ? "all answered with yes" : `${open} open`}</p>
      {shown.length > 0 && <ul class="checks">{shown.map((check) => <Question key={check.id} of={check} />)}</ul>}
    </section>
  );
}

function Course({ of }: { of: View }) {
  const days = of.history.filter((day) => day.score != null);
  const [first, last] = [days[0], days[days.length - 1]];
  if (first === undefined || last === undefined || days.length < 2) return null;
  const span = Date.parse(last.day) - Date.parse(first.day);
  const low = Math.max(0, Math.floor((Math.min(...days.map(({ score }) => score ?? 0)) - 10) / 10) * 10);
  const x = (day: string) => (100 * (Date.parse(day) - Date.parse(first.day))) / span;
  const y = (score: number) => 100 - (100 * (score - low)) / (100 - low);
  const line = days.map(({ day, score }) => `${x(day).toFixed(1)},${y(score ?? 0).toFixed(1)}`).join(" ");
  return (
    <figure class="course">
      <div class="scale under" aria-hidden="true"><span>100 %</span><span>{low} %</span></div>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={`From ${first.score} % on ${when(first.day)} to ${last.score} % on ${when(last.day)}`}>
        <path d="M0 0H100M0 100H100" /><polyline points={line} />
      </svg>
      <figcaption class="under">{when(first.day)}: {first.score} % – {when(last.day)}: {last.score} %</figcaption>
    </figure>
  );
}

export function Readiness() {
  const [loaded, again] = useLoaded(async () => taken(await api.GET("/v1/readiness")), []);
  const [all, setAll] = useState(false);
  return (
    <Page title="Readiness" lead="Would an auditor be answered with yes today?"
      aside={<label class="pick"><input type="checkbox" checked={all} onChange={() => setAll(!all)} /> Show what is answered, too</label>}>
      <Read loaded={loaded} again={again}>
        {(view) => (
          <>
            <section class="card score" aria-label="Score">
              <p class="big">{view.score == null ? "–" : `${view.score} %`}<span class="under"> over all seven steps, {when(view.day)}</span></p>
              <Course of={view} />
            </section>
            <div class="steps">{view.steps.map((step) => <StepCard key={step.step} of={step} all={all} />)}</div>
          </>
        )}
      </Read>
    </Page>
  );
}
