// Prints the topics' log segments as JSON {topic: base64}; argument: the broker's log.dirs.
const dir = Deno.args[0]!;
const batches: Record<string, string> = {};
const partitions = [...Deno.readDirSync(dir)].map(({ name }) => name);
for (const name of partitions.filter((name) => /^(java|python|kafkajs)-.*-0$/.test(name)).sort()) {
  const segments = [...Deno.readDirSync(`${dir}/${name}`)]
    .map((file) => file.name).filter((file) => file.endsWith(".log")).sort();
  const bytes = segments.flatMap((file) => [...Deno.readFileSync(`${dir}/${name}/${file}`)]);
  batches[name.slice(0, -2)] = btoa(String.fromCharCode(...bytes));
}
console.log(JSON.stringify(batches, null, 2));
