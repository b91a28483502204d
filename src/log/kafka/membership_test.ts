import assert from "node:assert/strict";
import { utf8 } from "../../base/bytes.ts";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from "./membership.ts";
import { Writer } from "./protocol/wire.ts";

Deno.test("a subscription comes back as it was told", () => {
  const told = {
    topics: ["skyone", "sunset"],
    description: "merge (process 7)",
    version: "a1",
    held: [0, 3],
    attempt: 2,
    processes: [{ description: "merge (process 7)", address: "http://127.0.0.1:9464" }],
  };
  assert.deepEqual(decodeSubscription(encodeSubscription(told)), told);
});

Deno.test("an assignment comes back as it was told", () => {
  const [version, members] = ["a1", ["m1", "m2"]];
  const told = {
    topics: ["skyone", "sunset"],
    partitions: [1, 4],
    waitingFor: null,
    version,
    members,
  };
  assert.deepEqual(decodeAssignment(encodeAssignment(told)), told);
  const waitingFor = "merge (process 7)";
  const without = { topics: ["skyone"], partitions: [], waitingFor, version, members };
  assert.deepEqual(decodeAssignment(encodeAssignment(without)), without);
});

Deno.test("a subscription of another program is understood as far as it goes", () => {
  for (const userData of [utf8(""), utf8("no JSON"), utf8("7")]) {
    const writer = new Writer(false);
    writer.int16(1);
    writer.strings(["skyone"]);
    writer.bytes(userData);
    const told = decodeSubscription(writer.finish());
    assert.deepEqual([told.topics, told.held, told.processes], [["skyone"], [], []]);
  }
});

Deno.test("a subscription gives no process that has no address", () => {
  const process = { description: "merge", address: "http://127.0.0.1:9464" };
  for (
    const other of [null, 7, "merge", {}, { description: "merge" }, { ...process, address: 7 }]
  ) {
    const writer = new Writer(false);
    writer.int16(0);
    writer.strings(["skyone"]);
    writer.bytes(utf8(JSON.stringify({ processes: [other, process] })));
    assert.deepEqual(decodeSubscription(writer.finish()).processes, [process]);
  }
});

Deno.test("an assignment that is empty gives nothing", () => {
  const nothing = { topics: [], partitions: [], waitingFor: null, version: "", members: [] };
  assert.deepEqual(decodeAssignment(new Uint8Array()), nothing);
});
