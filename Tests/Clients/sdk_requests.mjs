// SPDX-License-Identifier: Apache-2.0
// Sends the requests of the official TypeScript SDK (google-labs-code/jules-sdk, packages/core): the same URLs,
// parameters, bodies, header fields and retries, with the same fetch(). Prints the result of each step as one line of
// JSON.
//
// usage: node sdk_requests.mjs BASE KEY [STEP…]

const [base, key, ...only] = process.argv.slice(2);
const results = {};
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// A 429 or 5xx is tried again after 1, 2, 4 … 30 s, even for a POST.
async function request(path, { method = "GET", body, query = {}, token = key } = {}) {
  const url = new URL(`${base}/${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, String(value));
  for (let tries = 0; ; tries++) {
    const response = await fetch(url, {
      method,
      // The SDK sends a content type with a GET too.
      headers: { "Content-Type": "application/json", "X-Goog-Api-Key": token },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (response.ok) return text ? JSON.parse(text) : {};
    if ([429, 500, 502, 503, 504].includes(response.status) && tries < 6) {
      await pause(Math.min(1000 * 2 ** tries, 30_000));
      continue;
    }
    throw Object.assign(new Error(`${response.status} ${text.slice(0, 300)}`), { status: response.status });
  }
}

async function pages(path, items, query) {
  const found = [];
  let token;
  do {
    const page = await request(path, { query: { ...query, ...(token && { pageToken: token }) } });
    found.push(...(page[items] ?? []));
    token = page.nextPageToken;
  } while (token);
  return found;
}

async function step(name, act, holds) {
  try {
    const value = await act();
    results[name] = { good: Boolean(holds(value)), value: JSON.stringify(value)?.slice(0, 200) };
    return value;
  } catch (error) {
    results[name] = { good: Boolean(holds(undefined, error)), value: `${error}`.slice(0, 300) };
  }
}

const creation = {
  prompt: "Add a retry to the uploader",
  title: "By the SDK's requests",
  sourceContext: { source: "sources/github/acme/harbor", githubRepoContext: { startingBranch: "main" } },
  automationMode: "AUTO_CREATE_PR",
  requirePlanApproval: true,
};
const create = () => step("create", () => request("sessions", { method: "POST", body: creation }), (session) => /^\d+$/.test(session?.id));
const act = (id, verb, body = {}) => request(`sessions/${id}:${verb}`, { method: "POST", body });
const isEmpty = (value) => value && Object.keys(value).length === 0;

if (only.includes("create")) {
  await create();
} else {
  await step("sources", () => pages("sources", "sources", { pageSize: 100 }), (found) => found?.length > 0);
  await step("source", () => request("sources/github/acme/harbor"), (found) => found?.githubRepo?.defaultBranch?.displayName);
  await step("unknown source", () => request("sources/github/nobody/nothing"), (_, error) => error?.status === 404);
  const { id } = (await create()) ?? {};
  await step("get", () => request(`sessions/${id}`), (session) => session?.id === id);
  await step("sessions, page by page", () => pages("sessions", "sessions", { pageSize: 2 }), (all) => all?.some((one) => one.id === id));
  await step("archived sessions", () => pages("sessions", "sessions", { filter: "archived = true" }), (all) => Array.isArray(all));
  await step("wait for the plan", async () => {
    for (let tries = 0; tries < 100; tries++) {
      const { state } = await request(`sessions/${id}`);
      if (state === "AWAITING_PLAN_APPROVAL") return state;
      await pause(100);
    }
  }, (state) => state === "AWAITING_PLAN_APPROVAL");
  await step("approvePlan", () => act(id, "approvePlan"), isEmpty);
  await step("sendMessage", () => act(id, "sendMessage", { prompt: "Cover the time-out as well." }), isEmpty);
  const activities = await step("activities", () => pages(`sessions/${id}/activities`, "activities", { pageSize: 50 }), (all) =>
    all?.some((one) => one.planGenerated) && all.some((one) => one.userMessaged));
  const first = activities?.[0];
  await step("activity", () => request(`sessions/${id}/activities/${first.id}`), (one) => one?.id === first.id);
  // Written like the SDK, without blanks.
  await step("activities since", () => pages(`sessions/${id}/activities`, "activities", { filter: `create_time>"${first.createTime}"` }), (all) =>
    all?.length > 0 && all.every((one) => one.createTime > first.createTime));
  await step("result", async () => {
    for (let tries = 0; tries < 300; tries++) {
      const session = await request(`sessions/${id}`);
      if (session.state === "COMPLETED") return session.outputs;
      await pause(200);
    }
  }, (outputs) => outputs?.some((one) => one.pullRequest) && outputs.some((one) => one.changeSet));
  await step("archive", () => act(id, "archive"), (session) => session?.archived === true);
  await step("unarchive", () => act(id, "unarchive"), (session) => session && !session.archived);
  await step("delete", () => request(`sessions/${id}`, { method: "DELETE" }), isEmpty);
  await step("delete again", () => request(`sessions/${id}`, { method: "DELETE" }), (_, error) => error?.status === 404);
  await step("wrong key", () => request("sessions", { token: `wrong-${key}` }), (_, error) => error?.status === 401);
}
console.log(JSON.stringify(results));
