// SPDX-License-Identifier: Apache-2.0
// Shows openapi.json, which is beside this page, to people.

/** An element with attributes and children; text stays text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter(child => child !== undefined && child !== ""));
  return made;
}

/** The target of a `$ref` in `description`. */
function resolver(description) {
  return function resolve(part) {
    if (!part?.$ref) return part;
    const found = part.$ref.slice(2).split("/").reduce((at, key) => at[key.replace("~1", "/").replace("~0", "~")], description);
    return resolve(found);
  };
}

/** The kind of a schema in a few words. */
function kind(schema) {
  if (schema.$ref) return link(schema);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  // Empty counts as absent, as the text at the top says.
  if (schema.enum) return schema.enum.filter(Boolean).join(" | ");
  if (schema.anyOf) return joined(schema.anyOf.map(kind));
  if (schema.type === "array") return joined(["array of ", kind(schema.items ?? {})], "");
  const type = [schema.type ?? "any"].flat().join(" or ");
  const range = [
    schema.format && `(${schema.format})`,
    schema.minimum !== undefined && schema.maximum !== undefined && `${schema.minimum} to ${schema.maximum}`,
    schema.minLength !== undefined && schema.maxLength !== undefined && `${schema.minLength} to ${schema.maxLength} characters`,
    schema.default !== undefined && `default ${schema.default}`,
  ];
  return [type, ...range.filter(Boolean)].join(" ");
}

function joined(parts, between = " or ") {
  return element("span", {}, ...parts.flatMap((part, index) => (index ? [between, part] : [part])));
}

function link(reference) {
  const name = reference.$ref.split("/").pop();
  return element("a", { href: `#schema-${name}` }, name);
}

function example(value) {
  return element("pre", { tabindex: "0" }, typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

function row(name, required, schema, note, sample) {
  const said = [note, sample !== undefined && `for example ${typeof sample === "string" ? sample : JSON.stringify(sample)}`];
  return element("tr", {},
    element("th", { scope: "row" }, element("code", {}, name), required ? element("span", { class: "needed", title: "required" }, " *") : ""),
    element("td", { class: "type" }, kind(schema)),
    element("td", {}, said[0] ?? "", said[1] ? element("small", {}, said[1]) : ""));
}

function members(schema) {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties ?? {}).map(([name, member]) =>
    row(name, required.has(name), member, member.description, member.examples?.[0]));
  return rows.length ? element("table", {}, element("tbody", {}, ...rows)) : "";
}

function answers(operation, resolve) {
  return Object.entries(operation.responses).map(([status, reference]) => {
    const response = resolve(reference);
    const [[type, content] = []] = Object.entries(response.content ?? {});
    const sample = content?.example ?? Object.values(content?.examples ?? {})[0]?.value;
    const fields = Object.entries(response.headers ?? {}).map(([name, header]) => {
      const { schema, description, example } = resolve(header);
      return row(name, false, schema, description, example);
    });
    return element("details", { class: status < "400" ? "good" : "bad" },
      element("summary", {}, element("b", {}, status), response.description),
      type ? element("p", {}, element("code", {}, type), " ", content.schema ? kind(content.schema) : "") : "",
      fields.length ? element("table", {}, element("tbody", {}, ...fields)) : "",
      sample === undefined ? "" : example(sample));
  });
}

function call(path, shared, method, operation, resolve) {
  // Parameters of the path first, of the header last.
  const order = ["path", "query", "header"];
  const parameters = [...(operation.parameters ?? []), ...shared].map(resolve).sort((a, b) => order.indexOf(a.in) - order.indexOf(b.in));
  const body = operation.requestBody?.content["application/json"];
  return element("article", { id: operation.operationId, "aria-label": operation.summary },
    element("h3", {}, element("span", { class: `method ${method}` }, method),
      element("a", { href: `#${operation.operationId}` }, element("code", {}, path)),
      operation.security?.length === 0 ? element("span", { class: "open" }, "no token") : ""),
    element("p", {}, operation.summary + ". ", operation.description ?? ""),
    ...(parameters.length ? [element("h4", {}, "Parameters"), element("table", {}, element("tbody", {}, ...parameters.map(({ name, in: where, required, schema, description, example }) =>
      row(where === "header" ? `${name}:` : where === "path" ? `{${name}}` : name, required, schema, description, example))))] : []),
    ...(body ? [element("h4", {}, "Body"), members(resolve(body.schema)), example(body.example)] : []),
    element("h4", {}, "Answers"), ...answers(operation, resolve));
}

function show(description) {
  const resolve = resolver(description);
  const nav = document.querySelector("nav");
  const parts = [element("h1", {}, "The API of julesd"),
    ...description.info.description.split("\n\n").map(text => element("p", {}, text)),
    element("p", {}, "For programs: ", element("a", { href: "openapi.json" }, "openapi.json"), ` (OpenAPI ${description.openapi}), of julesd ${description.info.version}.`)];
  for (const tag of description.tags) {
    const links = [];
    const calls = [];
    for (const [path, item] of Object.entries(description.paths)) {
      for (const [verb, operation] of Object.entries(item)) {
        if (!operation.tags?.includes(tag.name)) continue;
        const method = verb.toUpperCase();
        links.push(element("li", {}, element("a", { href: `#${operation.operationId}` }, element("span", { class: `method ${method}` }, method), path)));
        calls.push(call(path, item.parameters ?? [], method, operation, resolve));
      }
    }
    nav.append(element("h2", {}, tag.name), element("ul", {}, ...links));
    parts.push(element("h2", {}, tag.name), tag.description ? element("p", {}, tag.description) : "", ...calls);
  }
  parts.push(element("h2", { id: "schemas" }, "Objects"));
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    parts.push(element("article", { id: `schema-${name}` }, element("h3", {}, element("code", {}, name)),
      element("p", {}, schema.description ?? ""), schema.properties ? members(schema) : element("p", {}, schema.oneOf ? joined(schema.oneOf.map(kind)) : kind(schema)),
      ...(schema.examples ?? []).map(example)));
  }
  nav.append(element("h2", {}, "More"), element("ul", {}, element("li", {}, element("a", { href: "#schemas" }, "Objects"))));
  document.querySelector("main").replaceChildren(...parts.filter(part => part !== ""));
  // The element that the address names exists only now.
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

try {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`openapi.json was answered ${answer.status}`);
  show(await answer.json());
} catch (error) {
  document.querySelector("main").replaceChildren(element("p", { role: "alert" }, `The description cannot be shown: ${error.message}.`));
}
