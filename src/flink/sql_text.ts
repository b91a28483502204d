/** Pieces of Flink SQL: names, texts, intervals, and settings. */

/** A setting of a table or a session. */
export type SqlSetting = readonly [name: string, value: string];

/** A name in SQL. */
export function identifier(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A text in SQL; its only escape is the doubled quote. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A span of milliseconds in SQL. */
export function interval(milliseconds: number): string {
  const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");
  const days = Math.floor(milliseconds / 86_400_000);
  const hours = Math.floor(milliseconds / 3_600_000) % 24;
  const minutes = Math.floor(milliseconds / 60_000) % 60;
  const seconds = Math.floor(milliseconds / 1_000) % 60;
  const time = `${pad(hours)}:${pad(minutes)}:${pad(seconds)}.${pad(milliseconds % 1_000, 3)}`;
  return `INTERVAL '${days} ${time}' DAY(${String(days).length}) TO SECOND(3)`;
}

/**
 * An expression that is worked out once a record, however often its column is named: Flink puts what
 * is deterministic in the place of each mention, and a random number is not. It is never below zero.
 */
export function once(expression: string): string {
  return `CASE WHEN RAND() < 0 THEN NULL ELSE ${expression} END`;
}

/** Milliseconds as a duration of Flink's settings. */
export function flinkDuration(milliseconds: number): string {
  return `${milliseconds} ms`;
}

/** A statement that changes the session. */
export function setStatement([name, value]: SqlSetting): string {
  return `SET ${literal(name)} = ${literal(value)}`;
}

/** The settings of a table, one a line. */
export function withClause(settings: readonly SqlSetting[]): string {
  const lines = settings.map(([name, value]) => `  ${literal(name)} = ${literal(value)}`);
  return `WITH (\n${lines.join(",\n")}\n)`;
}
