// The photograph of a result, and over it the light of one word.
import { LitPhoto, frameBrightest, shrunk } from "./lamp.js";

const SHOWN_PIXELS = 1200;
const MOVING_MS = 280;
const quiet = matchMedia("(prefers-reduced-motion: reduce)");
let open = null; // one stage at a time holds its large canvases

export class Stage {
  constructor(element) {
    this.element = element;
    [this.photo, this.canvas] = [element.querySelector("img"), element.querySelector("canvas")];
    this.shown = -1;
    this.onClose = () => {};
  }

  // Shows the photograph at that address; null where the browser cannot.
  async load(url) {
    this.element.hidden = !url;
    if (!url) return;
    this.photo.src = url;
    await this.photo.decode().catch(() => {});
    this.element.style.setProperty("--wide", this.photo.naturalWidth || 1);
    this.element.style.setProperty("--high", this.photo.naturalHeight || 1);
  }

  get usable() {
    return !this.element.hidden && this.photo.naturalWidth > 0;
  }

  // What the words looked at; the light of the last caption goes.
  explain({ caption, attention, boxes }) {
    Object.assign(this, { attention, boxes, lights: [], now: null });
    this.photo.alt = caption;
    this.show(-1);
  }

  // Lights where a word looked; -1 shows the photograph as it is.
  show(word) {
    if (word === this.shown || !this.usable || !this.attention) return;
    const before = this.shown;
    this.shown = word;
    cancelAnimationFrame(this.frame);
    this.element.classList.toggle("lit", word >= 0);
    if (word < 0) return;
    this.#open();
    const light = this.#lightOf(word);
    if (before < 0 || !this.now || quiet.matches) this.#draw(light);
    else this.#moveTo(light);
  }

  close() {
    this.onClose();
    this.show(-1);
    this.lit = this.now = null;
    this.lights = [];
    this.canvas.width = this.canvas.height = 0;
    if (open === this) open = null;
  }

  #open() {
    if (open !== this) open?.close();
    open = this;
    if (this.lit) return;
    this.lit = new LitPhoto(shrunk(this.photo, SHOWN_PIXELS));
    this.canvas.width = this.lit.width;
    this.canvas.height = this.lit.height;
  }

  #lightOf(word) {
    return (this.lights[word] ??= this.lit.lightOf(this.attention[word], this.boxes));
  }

  #draw(light) {
    this.now = light;
    this.lit.draw(this.canvas, light, this.boxes);
    if (this.boxes) frameBrightest(this.canvas, this.attention[this.shown], this.boxes);
  }

  #moveTo(light) {
    const from = this.now, began = performance.now();
    const step = time => {
      const share = Math.min(1, Math.max(0, (time - began) / MOVING_MS));
      const ease = share * share * (3 - 2 * share);
      this.#draw(light.map((value, index) => from[index] + (value - from[index]) * ease));
      if (share < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }
}
