// Reads lines of {"schema":"GET /transactions","from":"a name","body":{…}} and says which bodies do not fit the schema of that answer, and
// which documented fields of each resource no body has filled. Answers one JSON object.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import Ajv from "ajv/dist/2020.js";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const schemas = read("schemas-2025-05-27.json");

// What Paddle has added since the file its schemas are taken from.
for (const { at, add } of read("later.json")) {
  const target = at.reduce((node, step) => node[step], schemas);
  if (Array.isArray(target)) target.push(...add);
  else Object.assign(target, add);
}

const ajv = new Ajv.default({ strict: false, allErrors: true });
const validators = new Map();
const documented = new Map();
const filled = new Map();
const wrong = [];
let bodies = 0;

function validator(name) {
  if (!validators.has(name)) {
    const schema = schemas.answers[name];
    if (!schema) throw new Error(`There is no schema for ${name}.`);
    validators.set(name, ajv.compile({ ...schema, $defs: schemas.$defs }));
    for (const field of fields(schema, "", [])) of(documented, name).add(plain(field));
  }
  return validators.get(name);
}

// Lists, single answers and webhooks show the same resource: what one of them fills is filled.
const resource = (name) => name.match(/preview$/)?.[0] ?? name.match(/\/([a-z-]+)$|\/([a-z-]+)(?=\/)/)?.slice(1).find(Boolean) ?? name.replace(/^webhook (\w+)\..*/, "$1s");
const plain = (field) => field.replace(/^\.data(\[\])?/, "");

function of(map, name) {
  const key = resource(name);
  if (!map.has(key)) map.set(key, new Set());
  return map.get(key);
}

function* fields(schema, path, within) {
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    if (!within.includes(name)) yield* fields(schemas.$defs[name], path, [...within, name]);
  }
  for (const part of [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) yield* fields(part, path, within);
  if (schema.items) yield* fields(schema.items, `${path}[]`, within);
  for (const [name, of] of Object.entries(schema.properties ?? {})) {
    yield `${path}.${name}`;
    yield* fields(of, `${path}.${name}`, within);
  }
}

function note(value, path, into) {
  if (value === null || value === undefined) return;
  into.add(plain(path));
  if (Array.isArray(value)) for (const one of value) note(one, `${path}[]`, into);
  else if (typeof value === "object") for (const [name, of] of Object.entries(value)) note(of, `${path}.${name}`, into);
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") continue;
  const { schema, from, body } = JSON.parse(line);
  const fits = validator(schema);
  bodies++;
  note(body, "", of(filled, schema));
  if (!fits(body)) wrong.push(...fits.errors.slice(0, 5).map((e) => `${from} (${schema}): ${e.instancePath} ${e.message}`));
}

const unfilled = {};
for (const [name, all] of documented) unfilled[name] = [...all].filter((field) => !filled.get(name)?.has(field)).sort();
console.log(JSON.stringify({ bodies, wrong, unfilled, schemas: [...validators.keys()] }));
