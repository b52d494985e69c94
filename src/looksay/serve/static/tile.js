// A photograph among those found: small, with the words found in its caption marked.
import { photographOf } from "./api.js";

const SIDE_PIXELS = 480; // sharp on the screens of telephones

export class Tile {
  constructor(photograph, { onChoose, onKey }) {
    const item = document.getElementById("photograph").content.firstElementChild.cloneNode(true);
    Object.assign(this, { photograph, item, onKey, work: new AbortController() });
    this.button = item.querySelector("button");
    this.button.addEventListener("click", () => onChoose(this));
    item.querySelector(".text").append(...marked(photograph.snippet, photograph.matches));
    this.#load();
  }

  focus() {
    this.button.focus();
  }

  retryRefused() {
    if (this.problem?.status === 401) this.#load();
  }

  remove() {
    this.work.abort();
    if (this.url) URL.revokeObjectURL(this.url);
    this.item.remove();
  }

  async #load() {
    const thumb = this.item.querySelector(".thumb"), { signal } = this.work;
    delete thumb.dataset.problem;
    try {
      const blob = await photographOf(this.photograph.id, SIDE_PIXELS, signal);
      if (signal.aborted) return;
      this.problem = null;
      this.url = URL.createObjectURL(blob);
      thumb.firstElementChild.src = this.url;
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error;
      thumb.dataset.problem = error.status === 410 ? "The file is gone" : "It does not load";
      if (error.status === 401) this.onKey();
    }
  }
}

// Nodes of a text in which those places are marked. They count characters, not JavaScript's halves.
export function marked(text, matches) {
  const characters = [...text], nodes = [];
  let end = 0;
  for (const [from, to] of matches) {
    const mark = document.createElement("mark");
    mark.textContent = characters.slice(from, to).join("");
    nodes.push(characters.slice(end, from).join(""), mark);
    end = to;
  }
  return [...nodes, characters.slice(end).join("")];
}
