// A photograph of the library, large, and the way from it to where the model looked.
import { photographOf } from "./api.js";
import { showSure } from "./sure.js";
import { marked } from "./tile.js";

const SIDE_PIXELS = 1024;

export class Viewer {
  constructor({ onKey, onExplain }) {
    this.dialog = document.getElementById("viewer");
    const part = selector => this.dialog.querySelector(selector);
    Object.assign(this, { part, onKey });
    this.image = part("img");
    part(".close").addEventListener("click", () => this.dialog.close());
    part(".explain").addEventListener("click", () => {
      const file = this.file;
      this.dialog.close();
      onExplain(file);
    });
    this.dialog.addEventListener("click", event => { // beside it
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => { // told late: it may be open again by then
      if (!this.dialog.open) this.#clear();
    });
  }

  show(photograph) {
    this.#clear();
    const { caption, snippet, matches, image, width, height } = photograph;
    const told = snippet === caption ? marked(caption, matches) : [caption];
    this.part(".caption").replaceChildren(...told);
    showSure(this.part(".sure"), photograph);
    const size = width && height ? ` · ${width} × ${height}` : "";
    this.part(".name").textContent = image + size;
    this.image.alt = caption;
    this.#say("Loading …");
    this.#shape(width || 4, height || 3); // before it comes, so that nothing moves
    this.dialog.showModal();
    return this.#load(photograph);
  }

  async #load({ id, image }) {
    const { signal } = (this.work = new AbortController());
    try {
      const blob = await photographOf(id, SIDE_PIXELS, signal);
      if (signal.aborted) return;
      this.file = new File([blob], image, { type: blob.type });
      this.image.src = this.url = URL.createObjectURL(blob);
      this.image.hidden = false;
      await this.image.decode();
      if (signal.aborted) return;
      this.#shape(this.image.naturalWidth, this.image.naturalHeight);
      this.part(".explain").disabled = false;
      this.#say("");
    } catch (error) {
      if (signal.aborted) return;
      this.#say(error.message);
      if (error.status !== 401) return;
      this.dialog.close();
      this.onKey();
    }
  }

  #shape(width, height) {
    this.dialog.style.setProperty("--wide", width);
    this.dialog.style.setProperty("--high", height);
  }

  #say(text) {
    this.part(".frame p").textContent = text;
  }

  #clear() {
    this.work?.abort();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = this.file = null;
    this.image.hidden = true;
    this.image.removeAttribute("src");
    this.part(".explain").disabled = true;
  }
}
