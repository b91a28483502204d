/** Late records and dead letters, each with its reason and all that is in it. */

import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { ShownRecord } from "../newest_records.ts";
import { type LogOverview, sizeOf } from "../overview.ts";
import { clock, count } from "./format.ts";

/** The newest of them, each to be opened. */
export function Strays({ strays, overview }: {
  readonly strays: readonly ShownRecord[];
  readonly overview: LogOverview;
}) {
  // What somebody reads stays, however many newer ones come.
  const [opened, setOpened] = useState<ReadonlyMap<string, ShownRecord>>(new Map());
  const toggle = (record: ShownRecord, isOpen: boolean) =>
    setOpened((before) => {
      const after = new Map(before);
      if (isOpen) after.set(placeOf(record), record);
      else after.delete(placeOf(record));
      return after;
    });
  const places = new Set(strays.map(placeOf));
  const shown = [...strays, ...[...opened.values()].filter((one) => !places.has(placeOf(one)))]
    .sort((a, b) => b.timestamp - a.timestamp);
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
            {shown.map((record) => (
              <Stray
                key={placeOf(record)}
                record={record}
                onToggle={(isOpen) => toggle(record, isOpen)}
              />
            ))}
          </div>
        </>
      )}
    </section>
  );
}

function placeOf({ topic, partition, offset }: ShownRecord): string {
  return `${topic}[${partition}] ${offset}`;
}

function Stray({ record, onToggle }: {
  readonly record: ShownRecord;
  readonly onToggle: (isOpen: boolean) => void;
}) {
  const { topic, timestamp, key, value, headers } = record;
  const header = (name: string) => headers.find(([one]) => one === name)?.[1] ?? null;
  const reason = topic.endsWith(".late") ? "late" : header("error-reason") ?? "dead letter";
  const source = header("source-topic");
  return (
    <details onToggle={(event) => onToggle(event.currentTarget.open)}>
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
          <Fragment key={i}>
            <dt>{name}</dt>
            <dd>{text ?? "null"}</dd>
          </Fragment>
        ))}
      </dl>
      <pre tabIndex={0} aria-label="value">{value ?? "null"}</pre>
    </details>
  );
}
