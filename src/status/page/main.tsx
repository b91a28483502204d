/// <reference lib="dom" />
/** The dashboard: what the browser runs. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Answers } from "./answers.tsx";
import { Charts } from "./charts.tsx";
import { EventTime } from "./event_time.tsx";
import { Flow } from "./flow.tsx";
import { clock, duration } from "./format.ts";
import { History } from "../history.ts";
import { Leaders } from "./leaders.tsx";
import { follow, type View } from "./live.ts";
import { Strays } from "./strays.tsx";
import { Windows } from "./windows.tsx";

const history = new History();

function Page() {
  const [view, setView] = useState<View>({
    frame: null,
    connection: "connecting",
    reason: null,
    since: 0,
  });
  useEffect(() => follow(history, setView), []);
  const { frame } = view;
  return (
    <>
      <header>
        <h1>flights</h1>
        <p class="log">{frame?.overview.log}</p>
        <Connection view={view} />
      </header>
      {frame === null ? <main class="empty">Waiting for a first look at the log.</main> : (
        <main>
          <Answers findings={frame.findings} hasJobs={frame.overview.jobs.length > 0} />
          {frame.overview.jobs.length > 0 && (
            <>
              <Flow frame={frame} history={history} />
              <Charts history={history} />
            </>
          )}
          <EventTime overview={frame.overview} />
          <Windows frame={frame} />
          <Leaders leaders={frame.leaders} />
          <Strays strays={frame.strays} overview={frame.overview} />
        </main>
      )}
    </>
  );
}

/** Whether what is shown is live, and how old it is if not. */
function Connection({ view: { frame, connection, reason, since } }: { view: View }) {
  const age = frame === null ? "" : `, the picture is ${duration(Date.now() - since)} old`;
  const text = connection === "live"
    ? `live, ${clock(frame!.overview.at)} UTC`
    : connection === "connecting"
    ? "connecting"
    : `${reason ?? "reconnecting"}${age}`;
  return <p class={`connection ${connection}`} role="status">{text}</p>;
}

render(<Page />, document.getElementById("page")!);
