import assert from "node:assert/strict";
import { type Fault, faultKinds, faultScript, firstMembers, jobOf, jobs } from "./script.ts";

const long = { seconds: 1_800, every: 4_000 };
const seeds = Array.from({ length: 50 }, (_, seed) => seed);

Deno.test("faultScript is the same for the same seed, and another for another", () => {
  assert.deepEqual(faultScript(7, long), faultScript(7, long));
  assert.notDeepEqual(faultScript(7, long), faultScript(8, long));
});

Deno.test("faultScript of half an hour has over a hundred faults, of each kind some, and ends in time", () => {
  for (const seed of seeds) {
    const faults = faultScript(seed, long);
    assert.ok(faults.length >= 300, `seed ${seed} has ${faults.length}`);
    assert.deepEqual(new Set(faults.map(({ kind }) => kind)), new Set(faultKinds));
    assert.ok(faults.every(({ at, lasts }) => at + lasts <= long.seconds * 1_000));
  }
});

Deno.test("faultScript of a minute has what outlasts a session", () => {
  for (const seed of seeds) {
    const kinds = new Set(faultScript(seed, { seconds: 60 }).map(({ kind }) => kind));
    for (const kind of ["zombie", "lose", "isolate"]) assert.ok(kinds.has(kind as Fault["kind"]));
  }
});

Deno.test("faultScript keeps one to four members of each job, and faults befall those that are there", () => {
  for (const seed of seeds) {
    const members = new Set(firstMembers());
    for (const { kind, member, victim } of faultScript(seed, long)) {
      if (victim !== undefined) assert.ok(members.has(victim));
      if (kind === "join" || kind === "join and kill") members.add(member!);
      else if (kind === "leave") assert.ok(members.delete(member!));
      else if (member !== undefined) assert.ok(members.has(member));
      for (const job of jobs) {
        const count = [...members].filter((name) => jobOf(name) === job).length;
        assert.ok(count >= 1 && count <= 4, `seed ${seed}: ${count} of ${job}`);
      }
    }
  }
});

Deno.test("faultScript befalls nobody who is under a fault, and brings one broker down at a time", () => {
  for (const seed of seeds) {
    const until = new Map<string, number>();
    for (const { at, kind, lasts, member, victim, broker } of faultScript(seed, long)) {
      const isDown = kind === "kill broker" || kind === "stop broker";
      const whom = isDown ? "a broker" : victim ?? member ?? (broker && `network of ${broker}`);
      if (whom === undefined) continue;
      assert.ok((until.get(String(whom)) ?? 0) <= at, `seed ${seed}: ${kind} of ${whom} at ${at}`);
      until.set(String(whom), at + lasts);
    }
  }
});

Deno.test("faultScript can spare the first member of each job", () => {
  for (const seed of seeds) {
    for (const { member, victim } of faultScript(seed, { ...long, sparesFirst: true })) {
      assert.ok(!firstMembers({ members: 1 }).includes(victim ?? member ?? ""));
    }
  }
});
