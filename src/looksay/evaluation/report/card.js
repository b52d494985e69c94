// One picture's card: photograph, caption word by word, references, scores.

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {}))
    if (name in element) element[name] = value; else element.setAttribute(name, value);
  element.append(...children);
  return element;
}
function unpack(text) {
  return Uint8Array.from(atob(text), sign => sign.charCodeAt(0));
}
// Attention as makeLamp takes it, from its base64.
function unpackLooks(packed) {
  const looks = {...packed};
  if (packed.boxes) {
    const flat = unpack(packed.levels), num = packed.boxes.length;
    looks.levels = packed.words.map((word, t) => flat.subarray(t * num, (t + 1) * num));
  } else {
    const flat = unpack(packed.grids), [rows, columns] = packed.shape;
    const line = (t, r) => Array.from(
      flat.subarray((t * rows + r) * columns, (t * rows + r + 1) * columns));
    looks.grids = packed.words.map((word, t) => packed.shape[0] ?
      Array.from({length: rows}, (_, r) => line(t, r)) : []);
  }
  return looks;
}
function marked(text, asked) {
  if (!asked.length) return [text];
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(WORD)) {
    if (!asked.includes(found[0].toLowerCase())) continue;
    parts.push(text.slice(end, found.index), make("mark", {}, found[0]));
    end = found.index + found[0].length;
  }
  return [...parts, text.slice(end)];
}
function makeCard(picture, rank, key, asked) {
  const block = document.getElementById("p" + picture.number);
  const stored = block ? JSON.parse(block.textContent) : {};
  const card = make("li", {className: "card"}), text = make("div", {className: "text"});
  const rankText = "#" + rank.toLocaleString("en");
  text.append(make("h3", {}, make("span", {className: "rank"}, rankText), " " + picture.name));
  let frame = null;
  if (stored.thumbnail) {
    frame = make("div", {className: "picture"});
    frame.append(make("img", {
      src: stored.thumbnail, width: stored.width, height: stored.height,
      decoding: "async", alt: "Photograph " + picture.name,
    }));
    card.append(frame);
  } else if (stored.problem) card.append(make("p", {className: "problem"}, stored.problem));
  else card.classList.add("bare");
  if (frame && stored.looks && stored.looks.words.length)
    text.append(...makeWords(frame, stored, asked));
  else
    text.append(make("p", {className: "caption"},
      ...(picture.caption ? marked(picture.caption, asked) : [make("em", {}, "No words.")])));
  text.append(make("ul", {className: "references", "aria-label": "References"},
    ...picture.references.map(line => make("li", {}, ...marked(line, asked)))));
  text.append(makeScores(picture, key));
  card.append(text);
  return card;
}
function makeScores(picture, key) {
  const list = make("dl", {className: "scores"});
  for (const name of [...index.metrics, LENGTH]) {
    const value = numberOf(picture, name), digits = name === LENGTH ? 0 : 1;
    list.append(make("div", {className: name === key ? "by" : ""}, make("dt", {}, name),
      make("dd", {}, value === null ? "–" : value.toFixed(digits))));
  }
  return list;
}
// The caption as buttons that light where the model looked, and the line that tells it in words.
// One stop of the Tab key a caption; the arrow keys go from word to word.
function makeWords(frame, stored, asked) {
  const looks = unpackLooks(stored.looks), photo = frame.querySelector("img");
  const canvas = make("canvas", {"aria-hidden": "true"});
  const line = make("p", {className: "where"});
  let lamp = null, shown = -1, pinned = -1;
  canvas.style.filter = "brightness(" + stored.lamp + ")";
  frame.append(canvas);
  const words = looks.words.map((word, i) => make("button", {
    type: "button", tabIndex: i ? -1 : 0, "aria-pressed": "false",
    className: asked.includes(word.toLowerCase()) ? "match" : "",
  }, word));
  if (looks.looked) words.forEach((word, i) => {
    word.classList.add("looked");
    word.style.setProperty("--looked", looks.looked[i]);
  });
  async function show(word) {
    shown = word;
    words.forEach((button, i) => button.classList.toggle("on", i === word));
    frame.classList.toggle("lit", word >= 0);
    line.textContent = word < 0 ? "" : looks.words[word] + ": " + looks.where[word];
    if (word < 0) return;
    said.textContent = line.textContent;
    if (!lamp) {
      await photo.decode().catch(() => {});
      const scale = Math.min(3, devicePixelRatio || 1) * Math.max(1, photo.clientWidth);
      canvas.width = Math.round(scale);
      canvas.height = Math.max(1, Math.round(scale * stored.height / stored.width));
      lamp = makeLamp(photo, canvas, looks);
    }
    if (shown === word) lamp.draw(lamp.light(word), word);
  }
  function pin(word) {
    pinned = word;
    words.forEach((button, i) => button.setAttribute("aria-pressed", String(i === word)));
  }
  const focused = () => words.findIndex(button => button.matches(":focus-visible"));
  words.forEach((button, i) => {
    button.addEventListener("pointerenter", event => {
      if (event.pointerType !== "touch") show(i);
    });
    button.addEventListener("focus", () => {
      words.forEach((other, j) => { other.tabIndex = j === i ? 0 : -1; });
      show(i);
    });
    button.addEventListener("blur", () => show(pinned));
    button.addEventListener("click", () => { pin(pinned === i ? -1 : i); show(pinned); });
    button.addEventListener("keydown", event => {
      const last = words.length - 1;
      const to = {ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: last}[event.key];
      if (words[to]) { event.preventDefault(); words[to].focus(); }
      if (event.key === "Escape") { pin(-1); show(-1); }
    });
  });
  const list = make("ol", {className: "caption", role: "list",
    "aria-label": "Caption: the arrow keys go from word to word"},
    ...words.map(word => make("li", {}, word)));
  list.addEventListener("pointerleave", () => show(pinned >= 0 ? pinned : focused()));
  return [list, line];
}
