/** What jobs have saved of a key, as `status --key` shows it. */

import { formatTime } from "../base/time.ts";
import type { StateReading } from "../runtime/read_state.ts";
import { textTable } from "./text_table.ts";

/** A value is cut after so many characters. */
const longestValue = 80;

/** A row a value. */
export function keyTable(readings: readonly StateReading[], key: string): string {
  const rows = readings.flatMap(({ applicationId, entries }) =>
    entries.map(({ stage, partition, table, name, value }) => {
      const rest = name.filter((part) => part !== key);
      const text = JSON.stringify(value);
      return [
        applicationId,
        stage,
        partition,
        table,
        isWindow(rest) ? rest.map(formatTime).join(" to ") : rest.join(" "),
        text.length > longestValue ? `${text.slice(0, longestValue)}...` : text,
      ];
    })
  );
  return textTable(["job", "stage", "partition", "table", "of", "value"], rows);
}

/** Windows are called by their start and end. */
function isWindow(name: readonly (string | number)[]): name is readonly [number, number] {
  return name.length === 2 && name.every((part) => typeof part === "number");
}
