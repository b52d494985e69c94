// The service: what it offers, and one picture's caption. Errors are sentences for people.

const MOST_TRIES = 6;
const LONGEST_WAIT_S = 30;
let key = ""; // kept in memory only
const languages = new Map(); // of the captions, by model

export class ServiceError extends Error {
  // `again`: whether the same request may succeed later.
  constructor(message, { status = 0, again = false } = {}) {
    super(message);
    Object.assign(this, { status, again });
  }
}

export function useKey(secret) {
  key = secret;
}

// Its models, and whether it has photographs to search in.
export async function learnService() {
  const answer = await request("v1/models");
  if (!answer.ok) throw await problem(answer);
  const service = await answer.json();
  for (const { name, language } of service.models) if (language) languages.set(name, language);
  return service;
}

// The language of a model's captions; undefined where nobody said it.
export function languageOf(model) {
  return languages.get(model);
}

// Some of the library's photographs that fit the words: `total`, and `photographs` from `offset`.
export async function search(words, { limit, offset, signal }) {
  const query = new URLSearchParams({ q: words, limit, offset });
  const answer = await request(`v1/search?${query}`, { signal });
  if (!answer.ok) throw await problem(answer);
  return answer.json();
}

// A photograph of the library as a blob; the browser keeps it and asks whether it is the same.
export async function photographOf(id, side, signal) {
  const url = `v1/photographs/${id}/thumbnail?side=${side}`;
  const answer = await request(url, { signal, cache: "default" });
  if (!answer.ok) throw await problem(answer);
  return answer.blob();
}

// The record of a picture. While the service is full it waits, telling `onWait` the seconds.
export async function captionOf(blob, name, options, { signal, onWait }) {
  for (let attempt = 1; ; attempt++) {
    const body = new FormData();
    body.append("image", blob, name);
    const url = `v1/captions?${new URLSearchParams(options)}`;
    const answer = await request(url, { method: "POST", body, signal });
    if (answer.ok) return firstRecord(await answer.json());
    if (answer.status !== 429 || attempt === MOST_TRIES) throw await problem(answer);
    const seconds = waitOf(answer, attempt);
    onWait(seconds);
    await pause(seconds, signal);
  }
}

async function request(url, options = {}) {
  const headers = { Accept: "application/json" };
  if (key) headers.Authorization = `Bearer ${key}`;
  try {
    return await fetch(url, { cache: "no-store", ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError(
      "The service does not answer. Is looksay serve still running, and are you online?",
      { again: true });
  }
}

function firstRecord(answer) {
  const record = answer.captions[0];
  if (record.error) throw new ServiceError(sentence(record.error), { status: 422 });
  return record;
}

// What is wrong, from a problem+json where there is one.
async function problem(answer) {
  const told = await answer.json().catch(() => ({}));
  const text = [told.detail, told.title].find(part => typeof part === "string" && part);
  const { status } = answer;
  const again = status === 429 || status >= 500 || status === 401;
  return new ServiceError(sentence(text || said(status)), { status, again });
}

function said(status) {
  if (status === 401) return "This service asks for an API key.";
  if (status === 413) return "The picture is too large for this service; shrink it.";
  if (status === 429 || status === 503) return "The service is busy; try again in a while.";
  return `The service could not do it (status ${status}).`;
}

function sentence(text) {
  const trimmed = text.trim(), first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  // a file's name stays as it is written
  const begun = /^\S+\.\w{1,5}\b/.test(trimmed) ? trimmed : first;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function waitOf(answer, attempt) {
  const told = Number.parseFloat(answer.headers.get("Retry-After"));
  return Math.min(Number.isFinite(told) ? Math.max(told, 0.2) : attempt, LONGEST_WAIT_S);
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stopped = () => { clearTimeout(timer); reject(signal.reason); };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stopped);
      resolve();
    }, 1000 * seconds);
    signal.addEventListener("abort", stopped, { once: true });
  });
}
