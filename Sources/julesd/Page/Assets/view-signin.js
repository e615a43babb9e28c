// SPDX-License-Identifier: Apache-2.0
// Asks for the token, and says why the sessions cannot be shown.

import { h, setText } from "./dom.js";
import { span } from "./time.js";

export class SignInView {
  /** `enter(token, remember)` tries a token and throws the error. */
  constructor(enter) {
    this.enter = enter;
    this.token = h("input", {
      type: "password", id: "token", name: "token", autocomplete: "current-password", spellcheck: "false", autocapitalize: "off", required: true,
      "aria-describedby": "token-trouble",
    });
    this.remember = h("input", { type: "checkbox" });
    this.button = h("button.primary", { type: "submit" }, "Sign in");
    this.trouble = h("p.trouble", { id: "token-trouble", role: "alert", hidden: true });
    this.element = h("form.signin", { onsubmit: (event) => { event.preventDefault(); this.#submit(); } },
      h("h1", "julesd"),
      h("p.quiet", "The control room for your Jules sessions."),
      h("div.field", h("label", { for: "token" }, "Token"), this.token, h("p.hint", "The daemon's LOCAL_TOKEN. ", h("code", "julesd setup --show-token"), " prints it.")),
      h("label.check", this.remember, h("span", "Remember it in this browser")),
      this.trouble, this.button);
  }

  /** Shows why the reader has to sign in. */
  say(message) {
    this.trouble.hidden = !message;
    setText(this.trouble, message);
  }

  async #submit() {
    clearInterval(this.timer);
    const token = this.token.value.trim();
    if (!token) return this.token.focus();
    this.button.disabled = true;
    this.say("");
    try {
      await this.enter(token, this.remember.checked);
    } catch (error) {
      this.#explain(error);
    } finally {
      this.button.disabled = false;
    }
  }

  #explain(error) {
    switch (error.status) {
      case 401: this.say("This is not the right token."); this.token.select(); break;
      case 403: this.say("This address may not come in: the daemon's ALLOWLIST does not name it."); break;
      case 429: this.#countDown(error.retryAfter ?? 60); break;
      case 0: this.say("julesd does not answer. Is it running?"); break;
      default: this.say(error.text ?? String(error));
    }
  }

  #countDown(seconds) {
    const end = Date.now() + seconds * 1000;
    const tell = () => {
      const left = end - Date.now();
      if (left <= 0) {
        clearInterval(this.timer);
        this.say("You can try again now.");
      } else {
        this.say(`Too many requests or wrong tokens came from your address. Try again in ${span(left)}.`);
      }
    };
    this.timer = setInterval(tell, 1000);
    tell();
  }
}
