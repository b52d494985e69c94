// The list of results, newest first, and the work on them. It lives as long as the page.
import { captionOf, ServiceError } from "./api.js";
import { prepare } from "./photo.js";
import { Result } from "./result.js";

const AT_ONCE = 2;

export class Results {
  // `options()` gives the request's options; `onKey` is called when the service wants a key.
  constructor(section, announce, { options, onKey, onChange }) {
    Object.assign(this, { section, announce, options, onKey, onChange });
    this.results = []; // newest first
    this.newest = []; // those of the last drop, which a change of options captions again
    this.work = new AbortController();
  }

  // New pictures: what was not ready yet is dropped, as its reader has gone on.
  add(files) {
    this.#cancel();
    this.newest = files.map(file => {
      const result = new Result(file, this.announce, {
        onRemove: () => this.#removeByHand(result),
        onRetry: () => this.#caption([result]),
      });
      return result;
    });
    this.results.unshift(...this.newest);
    this.section.prepend(...this.newest.map(({ card }) => card));
    this.onChange(this.results);
    return this.#caption(this.newest);
  }

  // The last pictures again, by other options.
  again() {
    this.work.abort();
    this.work = new AbortController();
    return this.#caption(this.newest);
  }

  retryRefused() {
    return this.#caption(this.results.filter(({ problem }) => problem?.status === 401));
  }

  #cancel() {
    this.work.abort();
    this.work = new AbortController();
    this.results.filter(result => !result.done).forEach(result => this.#remove(result));
  }

  // The keyboard's place goes to the next result, or back to the beginning.
  #removeByHand(result) {
    const place = this.results.indexOf(result);
    this.#remove(result);
    const next = this.results[Math.min(place, this.results.length - 1)];
    if (next) next.focus();
    else document.getElementById("choose").focus();
  }

  #remove(result) {
    result.remove();
    this.results = this.results.filter(other => other !== result);
    this.newest = this.newest.filter(other => other !== result);
    this.onChange(this.results);
  }

  async #caption(results) {
    const waiting = [...results], { signal } = this.work;
    const tell = results.length === 1 ? "lit" : "plain";
    waiting.forEach((result, index) => result.waiting(index < AT_ONCE ? "Looking …" : "Waiting …"));
    const worker = async () => {
      while (waiting.length && !signal.aborted) await this.#one(waiting.shift(), tell, signal);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async #one(result, tell, signal) {
    if (!result.card.isConnected) return; // removed while it waited
    result.waiting("Looking …");
    try {
      await this.#open(result);
      const onWait = seconds =>
        result.waiting(`The service is busy; trying again in ${Math.ceil(seconds)} s …`);
      const { sent, file } = result;
      const record = await captionOf(sent, file.name, this.options(), { signal, onWait });
      if (!signal.aborted) result.say(record, tell);
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      if (!(error instanceof ServiceError)) console.error(error);
      result.fail(error instanceof ServiceError ? error : unexpected(error));
      if (error.status === 401) this.onKey();
    }
  }

  async #open(result) {
    if (result.sent) return;
    Object.assign(result, await prepare(result.file));
    await result.stage.load(result.url);
  }
}

function unexpected(error) {
  return new ServiceError(`Something went wrong in this page (${error.message}).`, { again: true });
}
