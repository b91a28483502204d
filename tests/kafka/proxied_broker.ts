/** One broker behind a proxy, and logs on it, for tests of what happens when answers do not come. */

import { type KafkaLogOptions, openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import type { Log } from "../../src/log/log.ts";
import { startCluster } from "./broker.ts";
import { type Proxy, startProxy } from "./proxy.ts";

/** A broker behind a proxy; it ends with it, and so do the logs that were opened. */
export interface ProxiedBroker extends AsyncDisposable {
  readonly proxy: Proxy;
  /** Where the broker listens past the proxy. */
  readonly bootstrap: string;
  /** Opens a log by way of the proxy, or past it; its members are of `host`, default "tests". */
  openLog(
    way: "proxied" | "direct",
    options?: Partial<KafkaLogOptions> & { readonly host?: string },
  ): Log;
}

/** Starts it. @param properties as for a cluster: `PROXIED` is the name of the proxy's listener. */
export async function startProxiedBroker(
  properties: Readonly<Record<string, string>> = {},
): Promise<ProxiedBroker> {
  const stack = new AsyncDisposableStack();
  let proxy: Proxy | undefined;
  const advertise = (address: string) => {
    proxy = stack.use(startProxy(address));
    return proxy.address;
  };
  try {
    const directory = Deno.makeTempDirSync({ prefix: "flights-instances-" });
    stack.defer(() => Deno.removeSync(directory, { recursive: true }));
    const listeners = [{ name: "PROXIED", advertise }];
    const cluster = stack.use(await startCluster({ listeners, properties }));
    return {
      proxy: proxy!,
      bootstrap: cluster.bootstrap(),
      openLog: (way, { host: own = "tests", ...options } = {}) => {
        const listener = way === "proxied" ? "PROXIED" : undefined;
        const [host, port] = cluster.bootstrap(listener).split(":");
        const log = openKafkaLog({
          bootstrap: [{ host: host!, port: Number(port) }],
          clientId: way,
          instances: { directory: `${directory}/${own}`, host: own },
          ...options,
        });
        stack.defer(() => log.close());
        return log;
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
