/** The names of client properties, and how near one name is to another. */

/** Names whose values are used. */
export const usedNames = [
  "bootstrap.servers",
  "security.protocol",
  "sasl.mechanism",
  "sasl.mechanisms",
  "sasl.jaas.config",
  "sasl.username",
  "sasl.password",
  "sasl.oauthbearer.token.endpoint.url",
  "ssl.truststore.type",
  "ssl.truststore.location",
  "ssl.truststore.password",
  "ssl.truststore.certificates",
  "ssl.ca.location",
  "ssl.ca.pem",
  "ssl.keystore.type",
  "ssl.keystore.location",
  "ssl.keystore.password",
  "ssl.keystore.key",
  "ssl.keystore.certificate.chain",
  "ssl.key.password",
  "ssl.key.location",
  "ssl.key.pem",
  "ssl.certificate.location",
  "ssl.certificate.pem",
  "ssl.endpoint.identification.algorithm",
] as const;

/** One of them. */
export type UsedName = (typeof usedNames)[number];

/**
 * Names that Kafka's tools and clients know (4.1), and that mean nothing here: the jobs set these
 * things by themselves. The last three are Schema Registry's, which often share the file.
 */
const ignored: readonly string[] = [
  "acks",
  "allow.auto.create.topics",
  "auto.commit.interval.ms",
  "auto.offset.reset",
  "batch.size",
  "bootstrap.controllers",
  "buffer.memory",
  "check.crcs",
  "client.dns.lookup",
  "client.id",
  "client.rack",
  "compression.gzip.level",
  "compression.lz4.level",
  "compression.type",
  "compression.zstd.level",
  "connections.max.idle.ms",
  "default.api.timeout.ms",
  "delivery.timeout.ms",
  "enable.auto.commit",
  "enable.idempotence",
  "enable.metrics.push",
  "exclude.internal.topics",
  "fetch.max.bytes",
  "fetch.max.wait.ms",
  "fetch.min.bytes",
  "group.id",
  "group.instance.id",
  "group.protocol",
  "group.remote.assignor",
  "heartbeat.interval.ms",
  "interceptor.classes",
  "isolation.level",
  "key.deserializer",
  "key.serializer",
  "linger.ms",
  "max.block.ms",
  "max.in.flight.requests.per.connection",
  "max.partition.fetch.bytes",
  "max.poll.interval.ms",
  "max.poll.records",
  "max.request.size",
  "metadata.max.age.ms",
  "metadata.max.idle.ms",
  "metadata.recovery.rebootstrap.trigger.ms",
  "metadata.recovery.strategy",
  "metric.reporters",
  "metrics.num.samples",
  "metrics.recording.level",
  "metrics.sample.window.ms",
  "partition.assignment.strategy",
  "partitioner.adaptive.partitioning.enable",
  "partitioner.availability.timeout.ms",
  "partitioner.class",
  "partitioner.ignore.keys",
  "receive.buffer.bytes",
  "reconnect.backoff.max.ms",
  "reconnect.backoff.ms",
  "request.timeout.ms",
  "retries",
  "retry.backoff.max.ms",
  "retry.backoff.ms",
  "sasl.client.callback.handler.class",
  "sasl.login.callback.handler.class",
  "sasl.login.class",
  "sasl.login.connect.timeout.ms",
  "sasl.login.read.timeout.ms",
  "sasl.login.refresh.buffer.seconds",
  "sasl.login.refresh.min.period.seconds",
  "sasl.login.refresh.window.factor",
  "sasl.login.refresh.window.jitter",
  "sasl.login.retry.backoff.max.ms",
  "sasl.login.retry.backoff.ms",
  "security.providers",
  "send.buffer.bytes",
  "session.timeout.ms",
  "socket.connection.setup.timeout.max.ms",
  "socket.connection.setup.timeout.ms",
  "ssl.cipher.suites",
  "ssl.enabled.protocols",
  "ssl.keymanager.algorithm",
  "ssl.protocol",
  "ssl.provider",
  "ssl.secure.random.implementation",
  "ssl.trustmanager.algorithm",
  "transaction.timeout.ms",
  "transactional.id",
  "value.deserializer",
  "value.serializer",
  "basic.auth.credentials.source",
  "basic.auth.user.info",
  "schema.registry.url",
];

const known: ReadonlySet<string> = new Set([...usedNames, ...ignored]);

/** Whether a name is of a client property, used or not. */
export function isKnownName(name: string): boolean {
  return known.has(name);
}

/** The known name that `name` was most likely meant to be, or null when none is near. */
export function nearestName(name: string): string | null {
  let nearest: string | null = null;
  let least = Math.max(2, Math.floor(name.length / 4)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** How many letters must be put in, left out or changed to make one of the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, changed));
    }
    row = next;
  }
  return row[b.length]!;
}
