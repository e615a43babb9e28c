// SPDX-License-Identifier: Apache-2.0
// The form for a new session. Typed text survives a reload, and one submission makes one session.

import { sessionPath } from "./api.js";
import { Combobox } from "./combobox.js";
import { freshKey } from "./credentials.js";
import { fill, freshId, h, setText } from "./dom.js";
import { go, sessionLink } from "./router.js";
import { list, repositoryOf, text } from "./session.js";
import { say } from "./toast.js";
import { submitByKey } from "./writer.js";

const DRAFT = "julesd.draft";
const ORDER = "julesd.order";
const CHOICES = "julesd.choices";

export class NewView {
  constructor(app) {
    this.app = app;
    this.branches = new Map();
    this.#build();
    this.keys = [];
  }

  get title() { return "New session"; }

  focus() { (this.prompt.value ? this.heading : this.prompt).focus({ preventScroll: true }); }

  async show({ query }) {
    this.#readSources();
    const from = query.get("from");
    if (!from) return this.#put(read(localStorage, DRAFT) ?? { ...read(localStorage, CHOICES) });
    try {
      const session = await this.app.api.get(sessionPath(from));
      if (!this.element.isConnected) return;
      this.#put({
        prompt: text(session.prompt), title: text(session.title), repo: repositoryOf(session),
        branch: text(session.sourceContext?.githubRepoContext?.startingBranch),
        approval: session.requirePlanApproval ?? read(localStorage, CHOICES)?.approval ?? true,
        mode: text(session.automationMode) || read(localStorage, CHOICES)?.mode,
      });
      // After the form is filled, the address becomes that of an empty form, so that a reload keeps the typed text.
      go("#/new", { replace: true });
    } catch (error) {
      if (error.text) say(error.text, { trouble: true });
    }
  }

  #build() {
    this.heading = h("h1", { tabindex: "-1" }, "New session");
    this.errors = {};
    this.prompt = h("textarea", { rows: "8", dir: "auto", maxlength: "1000000", placeholder: "What should Jules do?" });
    this.name = h("input", { type: "text", dir: "auto", placeholder: "Made from the prompt if empty", maxlength: "1000" });
    this.repository = new Combobox({ label: "Repository", placeholder: "owner/name, or none", chosen: (value) => this.#chosen(value) });
    this.branch = new Combobox({ label: "Branch", placeholder: "Default branch" });
    this.approval = h("input", { type: "checkbox" });
    this.mode = h("input", { type: "checkbox" });
    this.trouble = h("p.trouble", { role: "alert", hidden: true });
    this.sourcesNote = h("p.hint");
    this.submit = h("button.primary", { type: "submit", title: "Ctrl+Enter" }, "Create session");
    this.form = h("form.new", {
      novalidate: true,
      oninput: () => this.#keep(),
      onsubmit: (event) => { event.preventDefault(); this.#create(); },
      onkeydown: submitByKey,
    },
    this.heading,
    this.#field("prompt", "Prompt", this.prompt),
    h("div.pair", this.#field("repo", "Repository", this.repository.element, this.repository.input), this.#field("branch", "Branch", this.branch.element, this.branch.input)),
    this.sourcesNote,
    this.#field("title", "Title", this.name),
    h("label.check", this.approval, h("span", "Wait for my approval of the plan")),
    h("label.check", this.mode, h("span", "Open a pull request when it is done")),
    this.trouble,
    h("div.buttons", this.submit, h("button.quiet", { onclick: () => this.#clear() }, "Clear")));
    this.element = h("div.page", this.form);
  }

  #field(name, label, content, input = content) {
    const error = h("p.field-error", { id: freshId("error"), hidden: true });
    input.id = freshId("field");
    input.setAttribute("aria-describedby", error.id);
    this.errors[name] = { error, input };
    return h("div.field", h("label", { for: input.id }, label), content, error);
  }

  async #readSources() {
    if (this.sourcesRead) return;
    this.sourcesRead = true;
    setText(this.sourcesNote, "Reading your repositories…");
    try {
      const { sources } = await this.app.api.get("/api/sources");
      for (const source of sources) {
        const repository = source.githubRepo;
        const name = repository?.owner ? `${repository.owner}/${repository.repo}` : text(source.name).replace(/^sources\/(github\/)?/, "");
        const first = text(repository?.defaultBranch?.displayName);
        const names = list(repository?.branches).map((branch) => text(branch?.displayName)).filter(Boolean);
        this.branches.set(name, { first, names: [...new Set([first, ...names].filter(Boolean))] });
      }
      setText(this.sourcesNote, "");
      this.repository.offer([...this.branches.keys()].sort((a, b) => a.localeCompare(b)));
      this.#chosen(this.repository.value);
    } catch (error) {
      this.sourcesRead = false;
      if (error.text) setText(this.sourcesNote, `The repositories cannot be read: ${error.text} You can type owner/name.`);
    }
  }

  /** Another repository has other branches. */
  #chosen(name) {
    const known = this.branches.get(name);
    this.branch.offer(known?.names ?? []);
    if (known && !known.names.includes(this.branch.value)) this.branch.value = known.first;
    this.#keep();
  }

  #put({ prompt = "", title = "", repo = "", branch = "", approval = true, mode = "AUTO_CREATE_PR" }) {
    this.prompt.value = prompt;
    this.name.value = title;
    this.repository.value = repo;
    this.branch.value = branch;
    this.approval.checked = approval;
    this.mode.checked = mode === "AUTO_CREATE_PR";
    this.#showErrors([]);
    this.#keep();
  }

  get #values() {
    return {
      prompt: this.prompt.value, title: this.name.value.trim(), repo: this.repository.value, branch: this.branch.value,
      approval: this.approval.checked, mode: this.mode.checked ? "AUTO_CREATE_PR" : "",
    };
  }

  #keep() {
    if (this.prompt) localStorage.setItem(DRAFT, JSON.stringify(this.#values));
  }

  #clear() {
    localStorage.removeItem(DRAFT);
    this.#put({ ...read(localStorage, CHOICES) });
    this.prompt.focus();
  }

  async #create() {
    const { prompt, title, repo, branch, approval, mode } = this.#values;
    const faults = [];
    if (!prompt.trim()) faults.push({ field: "prompt", message: "is required" });
    if (repo && !/^[^/\s]+\/[^/\s]+$/.test(repo)) faults.push({ field: "repo", message: "must be owner/name" });
    if (this.#showErrors(faults)) return;
    const body = { prompt, requirePlanApproval: approval };
    if (title) body.title = title;
    if (repo) body.repo = repo;
    if (repo && branch) body.branch = branch;
    if (mode) body.automationMode = mode;
    this.submit.disabled = true;
    setText(this.submit, "Creating…");
    try {
      const session = await this.app.api.once("/api/sessions", body, orderKey(body));
      localStorage.removeItem(ORDER);
      localStorage.removeItem(DRAFT);
      localStorage.setItem(CHOICES, JSON.stringify({ repo, branch, approval, mode }));
      this.#put({ repo, branch, approval, mode });
      say("Session created");
      go(sessionLink(session.id));
    } catch (error) {
      if (!error.text) return;
      // There was an answer, so the next submission is a new one.
      if (error.status >= 400 && error.status < 500) localStorage.removeItem(ORDER);
      const left = this.#showErrors(error.details, error.text);
      if (!left || error.details.length === 0) this.#say(error.detail ? `${error.text} ${detailText(error.detail)}` : error.text);
    } finally {
      this.submit.disabled = false;
      setText(this.submit, "Create session");
    }
  }

  /** Shows errors beside their fields, and the others below. Returns whether there were any. */
  #showErrors(faults) {
    this.#say("");
    for (const { error, input } of Object.values(this.errors)) {
      error.hidden = true;
      input.removeAttribute("aria-invalid");
    }
    let first = null;
    for (const { field, message } of faults) {
      const place = this.errors[{ sourceContext: "repo", automationMode: "title" }[field] ?? field];
      if (!place) {
        this.#say(`${field} ${message}.`);
        continue;
      }
      const name = place.error.parentElement.firstChild.textContent;
      fill(place.error, `${name} ${message}.`);
      place.error.hidden = false;
      place.input.setAttribute("aria-invalid", "true");
      first ??= place.input;
    }
    first?.focus();
    return faults.length > 0;
  }

  #say(message) {
    this.trouble.hidden = !message;
    setText(this.trouble, message);
  }
}

function detailText(detail) {
  return typeof detail === "string" ? detail : JSON.stringify(detail).slice(0, 500);
}

/** The key of a submission whose answer may be lost: the same for the same submission, also after a reload. */
function orderKey(body) {
  const order = JSON.stringify(body);
  const last = read(localStorage, ORDER);
  if (last?.order === order) return last.key;
  const key = freshKey();
  localStorage.setItem(ORDER, JSON.stringify({ order, key }));
  return key;
}

function read(storage, key) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null;
  }
}
