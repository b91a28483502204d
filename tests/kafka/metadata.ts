/** Asks a broker by hand who leads what, so that the tests of a client need not trust it. */

/** What a broker knows of its cluster. */
export interface ClusterMetadata {
  /** The addresses of the brokers that are alive, by node. */
  readonly brokers: ReadonlyMap<number, string>;
  /** Each topic's partitions, in order; a topic that does not exist has none. */
  readonly topics: ReadonlyMap<string, readonly PartitionMetadata[]>;
}

/** Where a partition is. */
export interface PartitionMetadata {
  /** The node that leads it; -1 when nobody does. */
  readonly leader: number;
  readonly replicas: readonly number[];
  /** The replicas that are in sync. */
  readonly inSync: readonly number[];
}

const correlationId = 7;

/**
 * Sends one Metadata request (API key 3, version 1) on a connection of its own to `address`.
 *
 * @param topics which topics; default none.
 * @throws when there is no answer within `timeoutMs` (default 2 seconds).
 */
export async function clusterMetadata(
  address: string,
  { topics = [], timeoutMs = 2_000 }: {
    readonly topics?: readonly string[];
    readonly timeoutMs?: number;
  } = {},
): Promise<ClusterMetadata> {
  const signal = AbortSignal.timeout(timeoutMs);
  const [hostname, port] = address.split(":");
  const connection = await Deno.connect({ hostname: hostname!, port: Number(port), signal });
  let open = true;
  const close = () => {
    if (open) connection.close();
    open = false;
  };
  signal.addEventListener("abort", close);
  try {
    const writer = connection.writable.getWriter();
    await writer.write(metadataRequest(topics));
    return parse(await readFrame(connection));
  } catch (cause) {
    const what = `an answer must come within ${timeoutMs} ms, none did`;
    throw new Error(`Cannot ask ${address} for its cluster: ${what}`, { cause });
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

function metadataRequest(topics: readonly string[]): Uint8Array<ArrayBuffer> {
  const names = topics.map((topic) => new TextEncoder().encode(topic));
  const size = 14 + names.reduce((sum, { length }) => sum + 2 + length, 0);
  const bytes = new Uint8Array(4 + size);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, size);
  view.setInt16(4, 3);
  view.setInt16(6, 1);
  view.setInt32(8, correlationId);
  view.setInt16(12, -1); // No client id.
  view.setInt32(14, names.length);
  let at = 18;
  for (const name of names) {
    view.setInt16(at, name.length);
    bytes.set(name, at + 2);
    at += 2 + name.length;
  }
  return bytes;
}

async function readFrame(connection: Deno.Conn): Promise<Uint8Array> {
  let size = 4;
  let bytes = new Uint8Array(0);
  const chunk = new Uint8Array(65_536);
  while (bytes.length < size) {
    const count = await connection.read(chunk);
    if (count === null) throw new Error("Cannot read an answer: the connection was closed");
    const longer = new Uint8Array(bytes.length + count);
    longer.set(bytes);
    longer.set(chunk.subarray(0, count), bytes.length);
    bytes = longer;
    if (bytes.length >= 4) size = 4 + new DataView(bytes.buffer).getInt32(0);
  }
  return bytes;
}

function parse(frame: Uint8Array): ClusterMetadata {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let at = 8;
  const int8 = () => view.getInt8(at++);
  const int16 = () => view.getInt16((at += 2) - 2);
  const int32 = () => view.getInt32((at += 4) - 4);
  const string = () => {
    const length = Math.max(int16(), 0);
    at += length;
    return new TextDecoder().decode(frame.subarray(at - length, at));
  };
  const array = <T>(read: () => T): T[] => Array.from({ length: int32() }, read);
  const brokers = array((): [number, string] => {
    const [node, host, port] = [int32(), string(), int32()];
    string(); // Rack.
    return [node, `${host}:${port}`];
  });
  int32(); // The controller, as far as clients may know.
  const topics = array((): [string, PartitionMetadata[]] => {
    int16(); // Error: a topic that is not there has no partitions.
    const name = string();
    int8(); // Whether it is internal.
    const partitions = array((): [number, PartitionMetadata] => {
      int16(); // Error: a partition without leader has -1 there.
      const [partition, leader] = [int32(), int32()];
      return [partition, { leader, replicas: array(int32), inSync: array(int32) }];
    });
    const ordered = partitions.sort(([a], [b]) => a - b).map(([, partition]) => partition);
    return [name, ordered];
  });
  return { brokers: new Map(brokers), topics: new Map(topics) };
}
