/**
 * The times of the models in Flink SQL. Flink reads them only with a space for the T and no zone, and
 * takes 30 February for the last of the month: the rest is done here, so that both engines
 * take the same texts for times (semantics 2). What most records hold, `2026-01-31T12:00:00.000`, has
 * a short way without regular expressions.
 */

const zoned = String
  .raw`^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?)(Z|[+-]\d{2}(:?\d{2})?)?$`;

/** Whether a column holds a time as the topics are written: milliseconds and no zone. */
function isWireTime(column: string): string {
  return `CHAR_LENGTH(${column}) = 23 AND SUBSTRING(${column}, 11, 1) = 'T' AND ` +
    `SUBSTRING(${column}, 20, 1) = '.' AND SUBSTRING(${column}, 23, 1) <> 'Z'`;
}

/** A column's time in UTC as TIMESTAMP(3), NULL where it holds none. @param column as SQL. */
export function timeOf(column: string): string {
  const part = (pattern: string) => `REGEXP_EXTRACT(${column}, '${pattern}', 1)`;
  const hours = `COALESCE(CAST(${part(String.raw`T.*([+-]\d{2})(:?\d{2})?$`)} AS INT), 0)`;
  const signedMinutes = `CONCAT(${part(String.raw`T.*([+-])\d{2}:?\d{2}$`)}, ${
    part(String.raw`T.*[+-]\d{2}:?(\d{2})$`)
  })`;
  const offset = `${hours} * 60 + COALESCE(CAST(${signedMinutes} AS INT), 0)`;
  const local = `TRY_CAST(REPLACE(${part(zoned)}, 'T', ' ') AS TIMESTAMP(3))`;
  return `CASE WHEN ${isWireTime(column)}
    THEN TRY_CAST(REPLACE(${column}, 'T', ' ') AS TIMESTAMP(3))
    ELSE TIMESTAMPADD(MINUTE, -(${offset}), ${local}) END`;
}

/** Whether the day that a column names is in its month: `time` would have moved it into there. */
export function isDayThere(column: string, time: string): string {
  // Only the last days of a month are moved; with a zone the day may be another one.
  return `(SUBSTRING(${column}, 9, 2) < '29' OR CHAR_LENGTH(${column}) > 23 OR ` +
    `SUBSTRING(${column}, 9, 2) = DATE_FORMAT(${time}, 'dd'))`;
}

/** The text of a time as the topics hold it. @param time what {@linkcode timeOf} the column is. */
export function wireText(column: string, time: string): string {
  return `CASE WHEN ${isWireTime(column)} THEN ${column} ` +
    `ELSE DATE_FORMAT(${time}, 'yyyy-MM-dd''T''HH:mm:ss.SSS') END`;
}

/**
 * Milliseconds since the Unix epoch of a TIMESTAMP(3) as BIGINT. Flink's own differences are INTs, and
 * that in milliseconds leaves out what is below a second.
 */
export function epochMilliseconds(time: string): string {
  const day = `FLOOR(${time} TO DAY)`;
  return `(CAST(TIMESTAMPDIFF(DAY, TIMESTAMP '1970-01-01 00:00:00', ${day}) AS BIGINT) * 86400000 + ` +
    `TIMESTAMPDIFF(SECOND, ${day}, ${time}) * 1000 + EXTRACT(MILLISECOND FROM ${time}))`;
}
