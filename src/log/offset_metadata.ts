/** The bound on what a committed offset may carry, the same on every log. */

import { utf8 } from "../base/bytes.ts";
import { FlightsError } from "../base/errors.ts";
import type { CommittedOffset } from "./log.ts";

/** The most bytes of text that belong to a committed offset: Kafka's offset.metadata.max.bytes. */
const maxMetadataBytes = 4_096;

/** @throws {FlightsError} `invalid-argument` when an offset's metadata is too long. */
export function checkMetadata({ topic, partition, metadata }: CommittedOffset): void {
  const bytes = utf8(metadata).length;
  if (bytes <= maxMetadataBytes) return;
  throw new FlightsError(
    "invalid-argument",
    `Cannot commit an offset of ${topic}[${partition}]: its metadata must be ` +
      `${maxMetadataBytes} bytes at most, it is ${bytes}`,
  );
}
