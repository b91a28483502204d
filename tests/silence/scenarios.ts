/**
 * Causes of silence, each made to happen on an embedded log: for whatever has to name them, `why`, /ready
 * and the dashboard. What needs a broker is in tests/kafka/silence_test.ts.
 */

import type { Cause } from "../../src/status/why/finding.ts";
import type { Line, Stage } from "./stage.ts";

/** A cause of silence. */
export interface Scenario {
  /** What is wrong. */
  readonly name: string;
  /** The job that is asked about. */
  readonly job: string;
  /** The cause that is to be named. */
  readonly cause: Cause;
  /** What it is named by. */
  readonly text: RegExp;
  /** Options of `why` beside the job, by name. */
  readonly about?: Readonly<Record<string, string>>;
  /** Who only asks whether all is ready does not hear of it: saved state must be read for it. */
  readonly needsState?: true;
  /** Makes it happen, and starts a process that answers. */
  readonly arrange: (stage: Stage) => Promise<void>;
}

const noon = Date.UTC(2026, 0, 1, 12);
const minute = 60_000;
/** A job that is asked about must be out of nobody's way. */
const here = ["--http", "0"];

/** A flight of a traveller. */
function flight(ts: number, email = "a@email.com"): Line {
  const payload = {
    email_address: email,
    departure_time: "2026-02-01T10:00:00.000",
    departure_airport_code: "ATL",
    arrival_time: "2026-02-01T12:00:00.000",
    arrival_airport_code: "JFK",
    flight_number: "SKY100",
    confirmation: "SKY1ABCDEF",
    source: "skyone",
  };
  return { payload, key: JSON.stringify({ confirmation: payload.confirmation }), ts };
}

function malformed(payload: unknown): Line {
  return { payload, key: "some", ts: noon };
}

/** Bookings of both airlines in a short time at noon. */
async function bookings(stage: Stage): Promise<void> {
  const size = ["--count", "50", "--rate", "max", "--seed", "1", "--start", String(noon)];
  await stage.run(["datagen", "--create", "--partitions", "1", ...size]);
}

async function merged(stage: Stage): Promise<void> {
  await bookings(stage);
  await stage.run(["merge", "--until-end"]);
}

/** Stats runs over flights that no job has written. */
async function statsOver(stage: Stage, lines: readonly Line[], options: readonly string[] = []) {
  await stage.create(["flightdata", "userstatistics"]);
  if (lines.length > 0) await stage.append("flightdata", lines);
  await stage.start(["stats", ...here, ...options]);
}

const patient = ["--idle-timeout", "1h"];

/** All of them, the longest first; each has a log of its own, so they can run side by side. */
export const scenarios: readonly Scenario[] = [{
  name: "the process of a job is stopped",
  job: "stats",
  cause: "not-answering",
  text:
    /^(1 member of stats runs|a process of stats is there .*), but nobody answers at http:\/\/127\.0\.0\.1:\d+ \(/,
  arrange: async (stage) => {
    await stage.create(["flightdata", "userstatistics"]);
    const process = await stage.start(["stats", ...here]);
    await stage.findings("stats", ({ cause }) => cause === "no-input");
    process.kill("SIGSTOP");
    await stage.lookOn();
  },
}, {
  name: "nothing comes any more, and who writes it does not run",
  job: "stats",
  cause: "input-silent",
  text:
    /^nothing arrives on flightdata since .*, for 1\ds; .*written by merge, which does not run$/,
  arrange: async (stage) => {
    await merged(stage);
    await stage.start(["stats", ...here]);
  },
}, {
  name: "a committed offset is gone",
  job: "stats",
  cause: "offset-lost",
  text: /^committed offset 1 of flightdata\[0\] is gone, the log starts at 2: /,
  arrange: async (stage) => {
    await stage.create(["flightdata", "userstatistics"]);
    await stage.append("flightdata", [flight(noon)]);
    await stage.run(["stats", "--until-end"]);
    await stage.append("flightdata", [flight(noon), flight(noon)]);
    // As retention does it, which takes its time.
    const flightdata = "(SELECT id FROM topics WHERE name = 'flightdata')";
    stage.changeFile(`UPDATE partitions SET start_offset = 2 WHERE topic = ${flightdata}`);
    await stage.lookOn();
  },
}, {
  name: "another topic goes by the name, as on a log that was put back from a copy",
  job: "merge",
  cause: "topic-recreated",
  text: /^skyone was deleted and created anew: what merge has committed of skyone\[0\] counts in /,
  arrange: async (stage) => {
    await merged(stage);
    // Who deletes a topic on this log takes the offsets with it.
    stage.changeFile("UPDATE topics SET uuid = 'another' WHERE name = 'skyone'");
    await stage.lookOn();
  },
}, {
  name: "a topic that is read does not exist",
  job: "merge",
  cause: "topic-missing",
  text: /^the log has no topic skyone, which merge reads$/,
  arrange: async (stage) => {
    await stage.create(["sunset", "flightdata"]);
    await stage.start(["merge", ...here]);
  },
}, {
  name: "nobody runs the job",
  job: "stats",
  cause: "no-member",
  text: /^no member of stats runs: 1 offset of its input wait to be processed; start it$/,
  arrange: async (stage) => {
    await stage.create(["flightdata", "userstatistics"]);
    await stage.append("flightdata", [flight(noon)]);
    await stage.run(["stats", "--until-end"]);
    await stage.append("flightdata", [flight(noon)]);
    await stage.lookOn();
  },
}, {
  name: "a job waits for its topics",
  job: "merge",
  cause: "waiting",
  text: /^merge waits: .*skyone/,
  arrange: async (stage) => {
    await stage.create(["sunset"]);
    await stage.start(["merge", ...here]);
  },
}, {
  name: "a member of another version holds the partitions",
  job: "stats",
  cause: "standing-by",
  text: /stands by: .*holds the partitions/,
  arrange: async (stage) => {
    await statsOver(stage, []);
    await stage.findings("stats", ({ cause }) => cause === "no-input");
    await stage.start(["stats", ...here, "--window", "2m"]);
  },
}, {
  name: "all records are malformed",
  job: "stats",
  cause: "all-dead-letters",
  text:
    /^none of the 2 records that stats has read could be used: 2 went to flightdata\.dead-letter/,
  arrange: (stage) => statsOver(stage, [malformed("no JSON"), malformed({ no: "flight" })]),
}, {
  name: "all records are late",
  job: "stats",
  cause: "all-late",
  text: /^none of the 1 record that stats has read came in time: 1 went to flightdata\.late$/,
  arrange: async (stage) => {
    await stage.create(["flightdata", "userstatistics"]);
    await stage.append("flightdata", [flight(noon)]);
    await stage.run(["stats", "--until-end", ...patient]);
    await stage.append("flightdata", [flight(noon - 10 * minute)]);
    await stage.start(["stats", ...here, ...patient]);
  },
}, {
  name: "no record is let through",
  job: "merge",
  cause: "all-filtered",
  text: /^merge lets none of the 100 records through that it has read: 100 were filtered$/,
  arrange: async (stage) => {
    await bookings(stage);
    await stage.start(["merge", ...here, "--as-of", "2100-01-01"]);
  },
}, {
  name: "there never was a record",
  job: "stats",
  cause: "no-input",
  text: /^nothing arrives on flightdata: there never was a record on it$/,
  arrange: (stage) => statsOver(stage, []),
}, {
  name: "the job before holds the watermark",
  job: "stats",
  cause: "held-upstream",
  text:
    /^merge holds the watermark of flightdata\[0\] at .*: its task 0 is at .*; no member of merge runs$/,
  arrange: async (stage) => {
    await merged(stage);
    await stage.start(["stats", ...here]);
  },
}, {
  name: "a partition holds the watermark",
  job: "stats",
  cause: "held-back",
  text:
    /^flightdata\[0\] holds the watermark at 2026-01-01T11:59:59\.999, last record .* ago, will be idle in /,
  arrange: (stage) => statsOver(stage, [flight(noon)], patient),
}, {
  name: "a window waits for a later record or for silence",
  job: "stats",
  cause: "window-open",
  text:
    /^window 2026-01-01T12:00 to 12:01 .*: it closes when a record of 2026-01-01T12:01:05 or later comes on flightdata\[0\], or by silence at /,
  arrange: (stage) => statsOver(stage, [flight(noon)], [...patient, "--out-of-orderness", "5s"]),
}, {
  name: "silence is not to close windows",
  job: "stats",
  cause: "window-open",
  text: /12:01:00 or later comes on flightdata\[0\]; silence does not close it, that is off$/,
  arrange: (stage) => statsOver(stage, [flight(noon)], [...patient, "--no-close-on-silence"]),
}, {
  name: "a window is open in a job that does not run",
  job: "stats",
  cause: "window-open",
  text:
    /^window 2026-01-01T12:00 to 12:01 is open with 1 key in 1 task: .*12:01:00 or later comes on flightdata\[0\]$/,
  needsState: true,
  arrange: async (stage) => {
    await stage.create(["flightdata", "userstatistics"]);
    await stage.append("flightdata", [flight(noon)]);
    await stage.run(["stats", "--until-end", ...patient]);
    await stage.lookOn();
  },
}, {
  name: "a window has not begun",
  job: "stats",
  cause: "window-empty",
  text:
    /^no record of a window of 2026-01-01T12:30 has come to stats yet, which is at 2026-01-01T11:59:59\.999$/,
  about: { window: "2026-01-01T12:30" },
  arrange: (stage) => statsOver(stage, [flight(noon)], patient),
}, {
  name: "a window was fired",
  job: "stats",
  cause: "window-fired",
  text:
    /^no window of 2026-01-01T12:00 is open: all tasks of stats have come to 2026-01-01T12:01:59\.999 at least/,
  about: { window: "2026-01-01T12:00" },
  arrange: (stage) => statsOver(stage, [flight(noon), flight(noon + 2 * minute)], patient),
}, {
  name: "a key was never seen",
  job: "stats",
  cause: "key-unknown",
  text: /^stats has saved nothing of the key b@email\.com: .* they lie in flightdata\[0\] /,
  about: { key: "b@email.com" },
  arrange: (stage) => statsOver(stage, [flight(noon)], patient),
}, {
  name: "a key waits in a window",
  job: "stats",
  cause: "key-state",
  text:
    /^stats has saved 1 value of the key a@email\.com in flightdata\[0\], .*"number_of_flights":1/,
  about: { key: "a@email.com" },
  arrange: (stage) => statsOver(stage, [flight(noon)], patient),
}, {
  name: "somebody writes who reports no watermarks",
  job: "stats",
  cause: "unreported-writers",
  text: /^1 record of flightdata come from a writer that reports no watermarks/,
  arrange: async (stage) => {
    await merged(stage);
    await stage.start(["stats", ...here]);
    await stage.findings("stats", ({ cause }) => cause === "held-upstream");
    await stage.append("flightdata", [flight(noon)]);
  },
}, {
  name: "some records are malformed",
  job: "stats",
  cause: "dead-letters",
  text: /^1 record could not be read: see flightdata\.dead-letter, where each says why$/,
  arrange: (stage) => statsOver(stage, [flight(noon), malformed("no JSON")], patient),
}, {
  name: "some records are late",
  job: "stats",
  cause: "late-records",
  text: /^1 record came too late for their windows: see flightdata\.late$/,
  arrange: (stage) => statsOver(stage, [flight(noon), flight(noon - 5 * minute)], patient),
}, {
  name: "there is output",
  job: "merge",
  cause: "has-output",
  text: /^merge has written \d+ records to flightdata since its tasks were taken up/,
  arrange: async (stage) => {
    await bookings(stage);
    await stage.start(["merge", ...here]);
  },
}];
