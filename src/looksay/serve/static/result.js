// One picture's card: its photograph, caption, other captions, and what can be taken along.
import { languageOf } from "./api.js";
import { attentionPicture } from "./panels.js";
import { Stage } from "./stage.js";
import { showSure } from "./sure.js";
import { altOf, copy, download, jsonOf } from "./take.js";
import { Words } from "./words.js";

const MANY_TOPIC_WORDS = 4;

export class Result {
  // `announce` speaks to screen readers.
  constructor(file, announce, { onRemove, onRetry }) {
    const card = document.getElementById("result").content.firstElementChild.cloneNode(true);
    const part = selector => card.querySelector(selector);
    Object.assign(this, { file, announce, card, part, record: null, problem: null });
    this.stage = new Stage(part(".stage"));
    this.words = new Words(part(".words"), part(".where p"), part(".play"), this.stage);
    this.stage.onClose = () => this.words.clear();
    part("h2").textContent = file.name;
    part("h2").tabIndex = -1; // takes the focus from buttons that go
    part(".remove").setAttribute("aria-label", `Remove ${file.name}`);
    part(".remove").addEventListener("click", onRemove);
    part(".retry").addEventListener("click", () => { this.focus(); onRetry(); });
    for (const button of card.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", () => this.#copy(button, this.#textOf(button.dataset.copy)));
    }
    part(".download").addEventListener("click", event => this.#download(event.currentTarget));
  }

  get done() {
    return this.record !== null || this.problem !== null;
  }

  waiting(text) {
    this.problem = null;
    this.card.setAttribute("aria-busy", "true");
    this.part(".waiting").hidden = false;
    this.part(".waiting span:last-child").textContent = text;
    this.part(".problem").hidden = true;
  }

  #settled() {
    this.card.setAttribute("aria-busy", "false");
    this.part(".waiting").hidden = true;
  }

  // Shows a record; `tell`: "lit" or "plain", how its words appear.
  say(record, tell) {
    this.record = record;
    this.#settled();
    this.part(".said").hidden = false;
    this.stage.explain(record);
    this.words.set(record, tell);
    showSure(this.part(".said > .sure"), record);
    this.#showTopics(record.topics ?? []);
    this.#showOthers(record);
    this.#pronounce(languageOf(record.model));
    this.part(".download").hidden = !this.stage.usable || !record.attention?.length;
    this.announce(`${this.file.name}: ${record.caption || "no words"}.`);
  }

  fail(error) {
    this.problem = error;
    this.#settled();
    this.part(".said").hidden = this.record === null;
    this.part(".problem").hidden = false;
    this.part(".problem p").textContent = error.message;
    this.part(".retry").hidden = !error.again;
    this.announce(error.message);
  }

  focus() {
    this.part("h2").focus();
  }

  remove() {
    this.stage.close();
    if (this.url) URL.revokeObjectURL(this.url);
    this.card.remove();
  }

  #showTopics(topics) {
    const line = this.part(".topics");
    line.hidden = !topics.length;
    const told = topics.map(({ words }) => words.slice(0, MANY_TOPIC_WORDS).join(", "));
    line.textContent = `About: ${told.join(" · ")}`;
  }

  #showOthers(record) {
    const { alternatives } = record;
    this.part(".others").hidden = !alternatives.length;
    this.part(".others ol").replaceChildren(...alternatives.map(other => this.#other(other, record)));
  }

  // What screen readers take for the captions' language; without one it is the page's.
  #pronounce(language) {
    const others = this.card.querySelectorAll(".others li > p:first-child");
    for (const text of [this.stage.photo, ...this.words.buttons, ...others]) {
      if (language) text.lang = language;
      else text.removeAttribute("lang");
    }
  }

  #other(caption, first) {
    const item = document.getElementById("other").content.firstElementChild.cloneNode(true);
    const [text, sure, button] = item.children;
    text.textContent = caption.caption;
    showSure(sure, caption, first);
    button.setAttribute("aria-label", `Copy: ${caption.caption}`);
    button.addEventListener("click", () => this.#copy(button, caption.caption));
    return item;
  }

  #textOf(kind) {
    const { caption } = this.record;
    return { text: caption, alt: altOf(caption), json: jsonOf(this.record) }[kind];
  }

  async #copy(button, text) {
    try {
      await copy(text);
      this.announce("Copied.");
      flash(button, "Copied");
    } catch (error) {
      this.announce(error.message);
      flash(button, "Not allowed");
    }
  }

  async #download(button) {
    const stem = this.file.name.replace(/\.[^.]*$/, "") || "photograph";
    await download(attentionPicture(this.stage.photo, this.record), `${stem}-attention.png`);
    flash(button, "Saved");
  }
}

// Says on the button for a moment what it did.
function flash(button, text) {
  clearTimeout(button.flashing);
  button.dataset.done = text;
  button.flashing = setTimeout(() => delete button.dataset.done, 1800);
}
