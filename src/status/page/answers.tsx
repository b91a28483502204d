/** Why there is no output, in place: what `flights why` says. */

import type { Finding } from "../why/finding.ts";

const labels = { blocking: "act", waiting: "wait", note: "note" } as const;

/** All findings, the heaviest first. */
export function Answers({ findings, hasJobs }: {
  readonly findings: readonly Finding[];
  readonly hasJobs: boolean;
}) {
  return (
    <section class="answers" aria-labelledby="answers">
      <h2 id="answers">What stands in the way</h2>
      {findings.length === 0
        ? (
          <p class="quiet">
            {hasJobs
              ? "Nothing."
              : "No job has run on this log yet. Start one, such as flights merge."}
          </p>
        )
        : (
          <ul>
            {findings.map(({ cause, severity, job, text }) => (
              <li key={`${job} ${cause} ${text}`} class={severity} data-cause={cause}>
                <span class="label">{labels[severity]}</span> <span class="text">{text}</span>
              </li>
            ))}
          </ul>
        )}
    </section>
  );
}
