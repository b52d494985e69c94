// The caption's words: pointing at one, tabbing to it or tapping it shows where it looked.
import { looked, whereOf } from "./where.js";

const TOLD_MS = 300, PLAYED_MS = 900;
const HINT = "Point at a word, tap it, or tab to it.";
const quiet = matchMedia("(prefers-reduced-motion: reduce)");

export class Words {
  constructor(list, status, play, stage) {
    Object.assign(this, { list, status, play, stage, buttons: [], pinned: -1, timer: 0 });
    list.addEventListener("pointerleave", () => { if (!this.timer) this.#rest(); });
    play.addEventListener("click", () => (this.timer ? this.stop() : this.#run(PLAYED_MS)));
  }

  // Sets the words of a record; `tell` lets them appear one by one.
  set({ words, attention, boxes }, tell) {
    this.#halt();
    this.pinned = -1;
    this.where = attention ? whereOf(attention, boxes) : [];
    const shares = attention ? looked(attention) : null;
    this.buttons = words.map((word, index) => this.#button(word, index, shares?.[index]));
    this.list.replaceChildren(...this.buttons.map(inItem));
    const lightable = this.stage.usable && this.where.length > 0;
    this.play.hidden = !lightable;
    this.hint = lightable ? HINT : "";
    this.status.textContent = this.hint;
    this.list.classList.remove("telling");
    if (tell && !quiet.matches) this.#tell(tell === "lit");
  }

  // Ends playing and shows what is pinned.
  stop() {
    this.#halt();
    this.#rest();
  }

  // Undoes pointing and pinning.
  clear() {
    this.#halt();
    this.#pin(-1);
    this.show(-1);
  }

  show(index) {
    this.#light(index);
    const said = index < 0 ? this.hint : [this.buttons[index].textContent, this.where[index]]
      .filter(Boolean).join(": ");
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  #light(index) {
    this.buttons.forEach((button, i) => button.classList.toggle("on", i === index));
    this.stage.show(index);
  }

  #button(word, index, share) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word;
    button.setAttribute("aria-pressed", "false");
    button.style.setProperty("--order", index);
    if (share !== undefined) { // a bar: how much it looked at the picture at all
      button.classList.add("looked");
      button.style.setProperty("--looked", share);
    }
    button.addEventListener("pointerenter", event => {
      if (event.pointerType !== "touch") { this.#halt(); this.show(index); }
    });
    button.addEventListener("focus", () => { this.#halt(); this.show(index); });
    button.addEventListener("blur", () => { if (!this.timer) this.show(this.pinned); });
    button.addEventListener("click", () => {
      this.#halt();
      this.#pin(this.pinned === index ? -1 : index);
      this.show(this.pinned);
    });
    button.addEventListener("keydown", event => this.#key(event, index));
    return button;
  }

  #key(event, index) {
    if (event.key === "Escape") this.clear();
    const last = this.buttons.length - 1;
    const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: last }[event.key];
    if (next === undefined || !this.buttons[next]) return;
    event.preventDefault();
    this.buttons[next].focus();
  }

  #pin(index) {
    this.pinned = index;
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
  }

  #rest() {
    const focused = this.buttons.findIndex(button => button.matches(":focus-visible"));
    this.show(this.pinned >= 0 ? this.pinned : focused);
  }

  // The words appear one by one, each with its light. A screen reader was told the whole caption.
  #tell(lit) {
    this.list.classList.add("telling");
    this.list.style.setProperty("--step", `${TOLD_MS}ms`);
    this.#run(TOLD_MS, lit);
  }

  #run(milliseconds, lit = true) {
    this.#halt(true);
    this.#pin(-1);
    let index = 0;
    const next = () => {
      if (index === this.buttons.length) { this.stop(); return; }
      if (lit) this.#light(index);
      index += 1;
    };
    this.#name("Stop");
    this.timer = setInterval(next, milliseconds);
    next();
  }

  #name(action) {
    this.play.textContent = action;
    this.play.dataset.action = action;
  }

  #halt(keepTelling = false) {
    clearInterval(this.timer);
    this.timer = 0;
    this.#name("Play");
    if (!keepTelling) this.list.classList.remove("telling");
  }
}

function inItem(button) {
  const item = document.createElement("li");
  item.append(button);
  return item;
}
