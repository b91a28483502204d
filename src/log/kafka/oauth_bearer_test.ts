import assert from "node:assert/strict";
import { needs } from "../../../tests/permissions.ts";
import { authenticateByToken, type SaslAuthenticate } from "./oauth_bearer.ts";

function sized(text: string): Uint8Array {
  const message = Buffer.alloc(4 + text.length);
  message.writeInt32BE(text.length);
  message.write(text, 4);
  return message;
}

/** Answers with each of `answers` in turn and notes what was sent. */
function broker(...answers: readonly string[]) {
  const sent: string[] = [];
  const left = [...answers];
  const exchange: SaslAuthenticate = async ({ request, response }) => {
    const message = await request.encode();
    assert.equal(message.readInt32BE(), message.length - 4);
    sent.push(message.subarray(4).toString());
    const answer = left.shift();
    if (answer === undefined) throw new Error("the broker closed the connection");
    return await response.parse(await response.decode(sized(answer)));
  };
  return { sent, exchange };
}

const permissions = needs("env");

Deno.test({
  ...permissions,
  name: "authenticateByToken sends the token and is done when the broker says nothing",
  fn: async () => {
    const { sent, exchange } = broker("");
    assert.equal(await authenticateByToken("abc.def.", exchange), null);
    assert.deepEqual(sent, ["n,,\x01auth=Bearer abc.def.\x01\x01"]);
  },
});

Deno.test({
  ...permissions,
  name: "authenticateByToken takes words of the broker for a refusal, and has the last one",
  fn: async () => {
    const refusal = '{"status":"invalid_token"}';
    const { sent, exchange } = broker(refusal, "");
    assert.equal(await authenticateByToken("abc", exchange), refusal);
    assert.deepEqual(sent.slice(1), ["\x01"]);
    const closing = broker(refusal);
    await assert.rejects(authenticateByToken("abc", closing.exchange), /closed the connection/);
  },
});
