// Makes fields.json from the npm package @elastic/ecs. How to run it: see README.md beside this file.
const { EcsFlat, EcsVersion } = require(require("path").resolve(process.argv[2], "build/commonjs"));

const fields = {};
for (const name of Object.keys(EcsFlat).sort()) {
  const from = EcsFlat[name];
  const to = { type: from.type };
  if ((from.normalize || []).includes("array")) to.array = true;
  if (from.ignore_above) to.ignore_above = from.ignore_above;
  if (from.allowed_values) {
    to.values = {};
    for (const value of from.allowed_values) to.values[value.name] = value.expected_event_types || [];
  }
  fields[name] = to;
}

const lines = Object.entries(fields).map(([name, field]) => `  ${JSON.stringify(name)}: ${JSON.stringify(field)}`);
const head = `"version": ${JSON.stringify(EcsVersion)},\n"license": "Apache-2.0, Copyright Elasticsearch B.V.; see README.md"`;
process.stdout.write(`{\n${head},\n"fields": {\n${lines.join(",\n")}\n}\n}\n`);
