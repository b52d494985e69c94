// The search page: words in, photographs out.
import { search, ServiceError } from "./api.js";
import { Tile } from "./tile.js";
import { Viewer } from "./viewer.js";

const TYPING_MS = 250;
const AT_ONCE = 24; // photographs of an answer

export class Finder {
  // `onWords` is told what is searched for; `onExplain` gets a photograph's file to caption.
  constructor(announce, { onKey, onWords, onExplain }) {
    Object.assign(this, { announce, onKey, onWords });
    const find = id => document.getElementById(id);
    [this.field, this.list, this.more] = [find("query"), find("found"), find("more")];
    [this.total, this.problem] = [find("total"), find("unfound")];
    this.viewer = new Viewer({ onKey, onExplain });
    this.words = ""; // those of what is shown
    this.tiles = [];
    this.work = new AbortController();
    find("seek").addEventListener("submit", event => this.#submit(event));
    this.field.addEventListener("input", event => this.#typed(event));
    this.field.addEventListener("compositionend", event => this.#typed(event));
    this.more.addEventListener("click", () => this.#ask(this.words, this.tiles.length));
    this.problem.querySelector("button").addEventListener("click", () => this.#again());
  }

  // The page is shown, with the words of its address.
  open(words) {
    if (words !== this.field.value.trim()) this.field.value = words;
    if (words === this.words) this.onWords(words);
    else this.#start(words);
    if (!words) this.field.focus();
  }

  // The service has been given a key.
  retryRefused() {
    if (this.failed?.status === 401) this.#again();
    this.tiles.forEach(tile => tile.retryRefused());
  }

  #submit(event) {
    event.preventDefault();
    this.#start(this.field.value.trim());
  }

  #typed(event) {
    clearTimeout(this.typing);
    if (event.isComposing) return; // half a character
    this.typing = setTimeout(() => {
      const words = this.field.value.trim();
      if (words !== this.words) this.#start(words);
    }, TYPING_MS);
  }

  #start(words) {
    clearTimeout(this.typing);
    this.words = words;
    this.onWords(words);
    if (words) this.#ask(words, 0);
    else this.#clear();
  }

  #again() {
    const { offset } = this.failed;
    (offset ? this.more : this.field).focus(); // the button goes
    this.#ask(this.words, offset);
  }

  async #ask(words, offset) {
    this.work.abort();
    const { signal } = (this.work = new AbortController());
    this.list.setAttribute("aria-busy", "true");
    try {
      const results = await search(words, { limit: AT_ONCE, offset, signal });
      if (!signal.aborted) this.#show(results, offset);
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      this.#fail(error, offset);
    }
    this.list.setAttribute("aria-busy", "false");
  }

  #show({ total, photographs }, offset) {
    this.#settle();
    if (!offset) this.#empty();
    // what was indexed meanwhile may have moved some to this part
    const known = new Set(this.tiles.map(tile => tile.photograph.id));
    const fresh = photographs.filter(({ id }) => !known.has(id)).map(photograph =>
      new Tile(photograph, { onChoose: tile => this.viewer.show(tile.photograph), onKey: this.onKey }));
    this.tiles.push(...fresh);
    this.list.append(...fresh.map(({ item }) => item));
    this.#tell(total, offset + photographs.length, photographs.length > 0);
    if (offset) fresh[0]?.focus();
  }

  #tell(total, shown, some) {
    const all = total === 1 ? "1 photograph" : `${total.toLocaleString("en")} photographs`;
    this.total.textContent = total ? all : `No photograph’s caption has “${this.words}”.`;
    this.more.hidden = !some || shown >= total;
    const part = shown < total ? `${all}, ${this.tiles.length} of them are shown.` : `${all}.`;
    this.announce(total ? part : this.total.textContent);
  }

  #fail(error, offset) {
    if (!(error instanceof ServiceError)) console.error(error);
    this.failed = { status: error.status, offset };
    if (!offset) {
      this.#empty();
      this.total.textContent = "";
      this.more.hidden = true;
    }
    this.problem.hidden = false;
    this.problem.querySelector("p").textContent = error.message;
    this.problem.querySelector("button").hidden = !error.again;
    this.announce(error.message);
    if (error.status === 401) this.onKey();
  }

  #settle() {
    this.failed = null;
    this.problem.hidden = true;
  }

  #clear() {
    this.work.abort();
    this.list.setAttribute("aria-busy", "false");
    this.#settle();
    this.#empty();
    this.total.textContent = "";
    this.more.hidden = true;
  }

  #empty() {
    this.tiles.forEach(tile => tile.remove());
    this.tiles = [];
  }
}
