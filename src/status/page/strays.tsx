/** Late records and dead letters, each with its reason and all that is in it. */

import type { ShownRecord } from "../newest_records.ts";
import { type LogOverview, sizeOf } from "../overview.ts";
import { clock, count } from "./format.ts";

/** The newest of them, each to be opened. */
export function Strays({ strays, overview }: {
  readonly strays: readonly ShownRecord[];
  readonly overview: LogOverview;
}) {
  const sizes = overview.topics
    .filter(({ name }) => name.endsWith(".late") || name.endsWith(".dead-letter"))
    .map((topic) => ({ name: topic.name, size: sizeOf(topic) }))
    .filter(({ size }) => size > 0);
  return (
    <section aria-labelledby="strays">
      <h2 id="strays">Late and dead letters</h2>
      {sizes.length === 0 ? <p class="quiet">None.</p> : (
        <>
          <p class="quiet">
            {sizes.map(({ name, size }) => `${count(size)} on ${name}`).join(", ")}
          </p>
          <div class="scroll" tabIndex={0} role="region" aria-label="late records and dead letters">
            {strays.map((record) => <Stray key={placeOf(record)} record={record} />)}
          </div>
        </>
      )}
    </section>
  );
}

function placeOf({ topic, partition, offset }: ShownRecord): string {
  return `${topic}[${partition}] ${offset}`;
}

function Stray({ record }: { readonly record: ShownRecord }) {
  const { topic, timestamp, key, value, headers } = record;
  const header = (name: string) => headers.find(([one]) => one === name)?.[1] ?? null;
  const reason = topic.endsWith(".late") ? "late" : header("error-reason") ?? "dead letter";
  const source = header("source-topic");
  return (
    <details>
      <summary>
        <span class="reason">{reason}</span> {clock(timestamp)} {source ?? topic}
        {header("error-message") !== null && <span class="why">{header("error-message")}</span>}
      </summary>
      <dl>
        <dt>place</dt>
        <dd>{placeOf(record)}</dd>
        <dt>key</dt>
        <dd>{key ?? "none"}</dd>
        {headers.map(([name, text], i) => (
          <>
            <dt key={`${i} name`}>{name}</dt>
            <dd key={`${i} value`}>{text ?? "null"}</dd>
          </>
        ))}
      </dl>
      <pre tabIndex={0} aria-label="value">{value ?? "null"}</pre>
    </details>
  );
}
