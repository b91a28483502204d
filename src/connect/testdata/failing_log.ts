/** A log whose members' commits fail when a test says so. */

import { FlightsError } from "../../base/errors.ts";
import type { Log, Member, Transaction } from "../../log/log.ts";

/**
 * What becomes of a commit: done; refused, since the member was replaced; done, but nobody is told; or
 * refused, and before the member is back `meanwhile` happens.
 */
export type Fate = "done" | "fenced" | "unknown" | "overtaken";

/** The same log, each of whose commits is given the next fate; `done` when there is none left. */
export function failingLog(
  log: Log,
  fates: Iterator<Fate>,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Log {
  const failing = (member: Member): Member =>
    behind(member, { begin: () => failingTransaction(member.begin(), member) });
  const failingTransaction = (transaction: Transaction, member: Member): Transaction =>
    behind(transaction, {
      commit: async (...args) => {
        const next = fates.next();
        const fate = next.done ? "done" : next.value;
        if (fate === "done" || fate === "unknown") await transaction.commit(...args);
        if (fate === "done") return;
        if (fate === "unknown") {
          throw new FlightsError(
            "log-unreachable",
            "Cannot commit: the log must answer, it is mute",
          );
        }
        await member.close();
        if (fate === "overtaken") await meanwhile();
        throw new FlightsError("fenced", "Cannot commit: it must be a member, it was replaced");
      },
    });
  return behind(log, {
    join: async (group, options) => failing(await log.join(group, options)),
  });
}

/** `inner`, but for some of its methods. */
export function behind<T extends object>(inner: T, own: Partial<T>): T {
  return new Proxy(inner, {
    get: (_, name) => {
      const value = Reflect.get(name in own ? own : inner, name);
      return typeof value === "function" ? value.bind(name in own ? own : inner) : value;
    },
  });
}
