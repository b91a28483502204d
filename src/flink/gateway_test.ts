import assert from "node:assert/strict";
import { needs } from "../../tests/permissions.ts";
import { ScaledClock } from "../base/clock.ts";
import { type ErrorCode, FlightsError } from "../base/errors.ts";
import { GatewaySession } from "./gateway.ts";
import { page, type Script, startFakeGateway } from "./test_gateway.ts";

const network = needs("net");
/** Waits pass twenty times as fast. */
const fast = new ScaledClock(0, 20);
const statement = { doing: "run it", timeout: 10_000 };

interface Tried {
  readonly patience?: number;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

function open(url: string, { patience = 2_000, timeout = 5_000, signal }: Tried = {}) {
  return GatewaySession.open({
    ...{ url, clock: fast, patience, timeout },
    signal: signal ?? new AbortController().signal,
  });
}

function fails(code: ErrorCode, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof FlightsError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}

/** Answers the first `times` requests for `path` with `answer`. */
function first(times: number, path: string, answer: ReturnType<Script>): Script {
  let left = times;
  return (seen) => seen.path.includes(path) && left-- > 0 ? answer : null;
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ ...network, name, fn });
}

test("a session runs statements and is closed, in the oldest version that both sides know", async () => {
  await using gateway = startFakeGateway(({ path }) =>
    path.includes("/result/0")
      ? page([["a", 1]], { columns: ["name", "count"], jobID: "job-1" })
      : null
  );
  const session = await open(gateway.url);
  assert.equal(session.version, "v2");
  assert.deepEqual(await session.execute("SELECT 1", statement), {
    rows: [{ name: "a", count: 1 }],
    jobId: "job-1",
  });
  await session.close();
  assert.deepEqual(gateway.seen.map(({ method, path }) => `${method} ${path}`), [
    "GET /api_versions",
    "POST /v2/sessions",
    "POST /v2/sessions/session-1/statements",
    "GET /v2/sessions/session-1/operations/operation-1/result/0?rowFormat=JSON",
    "DELETE /v2/sessions/session-1",
  ]);
});

test("a newer version is spoken where version 2 is gone, and version 1 is refused", async () => {
  const offers = (...versions: readonly string[]): Script => ({ path }) =>
    path === "/api_versions" ? { json: { versions } } : null;
  {
    await using gateway = startFakeGateway(offers("V4", "V5"));
    assert.equal((await open(gateway.url)).version, "v4");
  }
  await using gateway = startFakeGateway(offers("V1"));
  await assert.rejects(open(gateway.url), fails("cluster-unfit", /one of v2, v3, v4.*offers v1/));
});

test("all pages of a result are read: not ready, empty, at another address than ours", async () => {
  const at = (token: number) =>
    `http://internal:8083/v2/sessions/session-1/operations/operation-1/result/${token}?rowFormat=JSON`;
  let looks = 0;
  await using gateway = startFakeGateway(({ path }) => {
    if (path.includes("/result/0") && ++looks < 3) {
      return { json: { resultType: "NOT_READY", nextResultUri: at(0) } };
    }
    if (path.includes("/result/0")) return page([], { next: at(1), jobID: "job-1" });
    if (path.includes("/result/1")) return page([["x"]], { columns: ["c"], next: at(2) });
    return path.includes("/result/2") ? page([["y"]], { columns: ["c"] }) : null;
  });
  const session = await open(gateway.url);
  assert.deepEqual(await session.execute("SHOW JOBS", statement), {
    rows: [{ c: "x" }, { c: "y" }],
    jobId: "job-1",
  });
});

test("nobody listens: cluster-unreachable, after as long as is waited", async () => {
  const gateway = startFakeGateway();
  await gateway[Symbol.asyncDispose]();
  const message = /the SQL Gateway at .* must answer/;
  await assert.rejects(
    open(gateway.url, { patience: 200 }),
    fails("cluster-unreachable", message),
  );
});

test("a server that never answers: cluster-unreachable, with how long it had", async () => {
  await using gateway = startFakeGateway(() => "hang");
  await assert.rejects(
    open(gateway.url, { patience: 0, timeout: 100 }),
    fails("cluster-unreachable", /it did not within 0\.1 s/),
  );
});

test("something else at the address: cluster-unfit", async () => {
  for (const answer of [{ text: "<html>", status: 200 }, { json: { errors: [] }, status: 404 }]) {
    await using gateway = startFakeGateway(() => answer);
    await assert.rejects(
      open(gateway.url),
      fails("cluster-unfit", /Cannot speak to the SQL Gateway/),
    );
  }
});

test("who is not let in: cluster-forbidden, at once", async () => {
  for (const status of [401, 403]) {
    await using gateway = startFakeGateway(() => ({ status, text: "" }));
    await assert.rejects(open(gateway.url), fails("cluster-forbidden", new RegExp(`${status}`)));
    assert.equal(gateway.seen.length, 1);
  }
});

test("what may be asked again is asked again: away, cut off", async () => {
  for (const answer of [{ status: 503, text: "later" }, "cut"] as const) {
    for (const path of ["api_versions", "/sessions", "/statements", "/result/"]) {
      await using gateway = startFakeGateway(first(2, path, answer));
      const session = await open(gateway.url);
      await session.execute("SET", statement);
      const times = gateway.seen.filter((seen) => seen.path.includes(path)).length;
      assert.ok(times >= 3, `${path} ${JSON.stringify(answer)}: ${times}`);
    }
  }
});

test("what must not be run twice is sent once, and a lost answer is told as such", async () => {
  for (const answer of [{ status: 503, text: "later" }, "cut"] as const) {
    await using gateway = startFakeGateway(first(9, "/statements", answer));
    const session = await open(gateway.url);
    await assert.rejects(
      session.execute("INSERT INTO t SELECT 1", { ...statement, isRepeatable: false }),
      fails("outcome-unknown", /its answer was lost/),
    );
    assert.equal(gateway.statements().length, 1);
  }
});

test("a statement that must not be run twice is not sent again for a page that is lost", async () => {
  await using gateway = startFakeGateway(first(2, "/result/", "cut"));
  const session = await open(gateway.url);
  await session.execute("INSERT INTO t SELECT 1", { ...statement, isRepeatable: false });
  assert.equal(gateway.statements().length, 1);
});

test("a statement that fails is told by its root cause, and not tried again", async () => {
  const trace = "<Exception on server side:\na.b.SqlGatewayException: Failed to fetchResults.\n" +
    "Caused by: a.b.ValidationException: SQL validation failed. Object 'x' not found\n\tat a.b.C";
  const answer = { status: 500, json: { errors: ["Internal server error.", trace] } };
  await using gateway = startFakeGateway(first(9, "/result/", answer));
  const session = await open(gateway.url);
  await assert.rejects(
    session.execute("SELECT * FROM x", statement),
    fails("job-failed", /^Cannot run it: .*SQL validation failed\. Object 'x' not found$/),
  );
  assert.equal(gateway.seen.filter(({ path }) => path.includes("/result/")).length, 1);
});

test("a result that never comes is given up on in time", async () => {
  const next = "/v2/sessions/session-1/operations/operation-1/result/0?rowFormat=JSON";
  const script: Script = ({ path }) =>
    path.includes("/result/") ? { json: { resultType: "NOT_READY", nextResultUri: next } } : null;
  await using gateway = startFakeGateway(script);
  const session = await open(gateway.url);
  const late = /must be done with it in time, it is still at it/;
  await assert.rejects(
    session.execute("SET", { doing: "run it", timeout: 100 }),
    fails("cluster-unreachable", late),
  );
  await assert.rejects(
    session.execute("INSERT", { doing: "run it", timeout: 100, isRepeatable: false }),
    fails("outcome-unknown", late),
  );
});

test("an answer of another form: cluster-unfit", async () => {
  await using gateway = startFakeGateway(first(1, "/sessions", { json: { handle: 1 } }));
  await assert.rejects(open(gateway.url), fails("cluster-unfit", /of a version that is known/));
});

test("a signal ends a wait", async () => {
  await using gateway = startFakeGateway(first(99, "/result/", "hang"));
  const stop = new AbortController();
  const session = await open(gateway.url, { signal: stop.signal });
  const running = session.execute("SET", statement);
  stop.abort();
  await assert.rejects(running);
});
