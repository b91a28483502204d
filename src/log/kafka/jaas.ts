/** The value of `sasl.jaas.config`: a login module and its options. */

import { FlightsError } from "../../base/errors.ts";
import { Secret } from "./secret.ts";

/** A user as a login module is told it. */
export interface JaasLogin {
  readonly username: string;
  readonly password: Secret;
}

/** The login module that each mechanism needs. */
const modules = {
  "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
  "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
  "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
  "OAUTHBEARER": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
} as const;

function refuse(what: string): FlightsError {
  return new FlightsError("invalid-argument", `Cannot read sasl.jaas.config: ${what}`);
}

/** A word, bare or in quotes. */
const word = String.raw`(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s"'=;]+)`;
const whole = new RegExp(String.raw`^\s*(\S+)\s+(\w+)((?:\s+${word}\s*=\s*${word})*)\s*;\s*$`, "s");
const option = new RegExp(String.raw`(${word})\s*=\s*(${word})`, "gs");

/**
 * Reads `MODULE required username="NAME" password="PASSWORD";`.
 *
 * @returns the user; null for OAUTHBEARER, whose module needs none.
 * @throws {FlightsError} `invalid-argument` when it is not written so, or the module is of another
 * mechanism.
 */
export function jaasLogin(text: string, mechanism: keyof typeof modules): JaasLogin | null {
  const found = whole.exec(text);
  if (found === null || !/^(required|requisite|sufficient|optional)$/i.test(found[2]!)) {
    throw refuse(
      'it must read MODULE required username="NAME" password="PASSWORD"; with quotes and the ' +
        "semicolon, it is different",
    );
  }
  const [, module, , pairs] = found;
  if (module !== modules[mechanism]) {
    const known = Object.values(modules).find((name) => name === module);
    throw refuse(
      `the login module for ${mechanism} must be ${modules[mechanism]}, ` +
        (known === undefined ? "it is not" : `it is ${known}`),
    );
  }
  if (mechanism === "OAUTHBEARER") return null;
  const options = new Map(
    [...pairs!.matchAll(option)].map(([, name, value]) => [bare(name!), bare(value!)]),
  );
  const [username, password] = [options.get("username"), options.get("password")];
  if (username && password) return { username, password: new Secret(password) };
  throw refuse(`username and password must be set, ${username ? "password" : "username"} is not`);
}

const controls: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** A word without its quotes; escapes are those of Java's StreamTokenizer. */
function bare(text: string): string {
  if (!/^["']/.test(text)) return text;
  return text.slice(1, -1).replace(/\\([0-3][0-7]{0,2}|[4-7][0-7]?|.)/gs, (_, escaped: string) => {
    if (/^[0-7]/.test(escaped)) return String.fromCharCode(Number.parseInt(escaped, 8));
    return controls[escaped] ?? escaped;
  });
}
