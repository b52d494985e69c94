"""The page of `attention_html`: its markup, style and script, with `@@name` for what goes in.

Nothing in it asks for anything from outside, and its own policy forbids that too.
"""

from __future__ import annotations

import string


class PageTemplate(string.Template):
    """`string.Template` with a mark that neither CSS nor JavaScript uses."""

    delimiter = "@@"


_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #15181f; --pale: #5d6472;
  --line: #d5d9e2; --lit: #ffd166; --lit-ink: #15181f; --ring: #0b62d6; }
@media (prefers-color-scheme: dark) { :root { --paper: #11141b; --ink: #eceef3;
  --pale: #a3abba; --line: #343a47; --ring: #8ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: clamp(.75rem, 3vw, 2rem); }
h1 { margin: 0 0 .75rem; font-size: 1rem; font-weight: 500; color: var(--pale);
  overflow-wrap: anywhere; }
.picture { position: relative; margin: 0 auto; overflow: hidden; border-radius: .75rem;
  width: min(100%, 68vh * @@width / @@height, 2.5px * @@width);
  line-height: 0; background: #0a0e1a; }
.picture img { display: block; width: 100%; height: auto;
  transition: filter .25s, opacity .25s; }
.picture canvas { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0;
  filter: brightness(@@lamp); transition: opacity .25s; pointer-events: none; }
.lit img { filter: grayscale(.55); opacity: .32; }
.lit canvas { opacity: 1; }
.caption { margin: 1.1rem 0 .25rem; display: flex; flex-wrap: wrap; gap: .3rem .15rem;
  justify-content: center; padding: 0; list-style: none; }
.caption button { font: inherit; font-size: clamp(1.25rem, 3.2vw, 1.7rem); line-height: 1.3;
  color: inherit; background: none; border: 0; border-radius: .5rem; padding: .1rem .4rem;
  min-height: 2.75rem; cursor: pointer; border-bottom: 2px solid transparent;
  transition: background-color .15s, color .15s; }
.caption button.looked { background: linear-gradient(var(--pale), var(--pale)) no-repeat
  left .4rem bottom 2px / calc((100% - .8rem) * var(--looked)) 3px; }
.caption button.on { background-color: var(--lit); color: var(--lit-ink); }
.caption button[aria-pressed="true"] { border-bottom-color: currentcolor; }
button:focus-visible { outline: 3px solid var(--ring); outline-offset: 2px; }
.below { display: flex; flex-wrap: wrap; align-items: center; justify-content: center;
  gap: .25rem 1rem; color: var(--pale); min-height: 2.75rem; }
.below p { margin: 0; }
#play { font: inherit; color: var(--ink); background: none; border: 1px solid var(--line);
  border-radius: 2rem; padding: .3rem 1rem; min-height: 2.75rem; cursor: pointer; }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
"""

_SCRIPT = """
"use strict";
const data = JSON.parse(document.getElementById("attention").textContent);
const picture = document.querySelector(".picture");
const photo = picture.querySelector("img"), canvas = picture.querySelector("canvas");
const words = Array.from(document.querySelectorAll(".caption button"));
const said = document.getElementById("said"), play = document.getElementById("play");
const hint = said.textContent;
// Below each word a bar: how much it looked at the picture at all.
if (data.looked) words.forEach((word, i) => {
  word.classList.add("looked");
  word.style.setProperty("--looked", data.looked[i]);
});
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const context = canvas.getContext("2d");
const mask = document.createElement("canvas"), maskContext = mask.getContext("2d");

// The same smoothing and stretching as on looksay's other pictures.
function kernel(places, pixels) {
  const rows = [];
  for (let p = 0; p < pixels; p++) {
    const at = (p + 0.5) * places / pixels - 0.5, row = [];
    let sum = 0;
    for (let q = 0; q < places; q++) {
      const d = (at - q) / data.kernel;
      row.push(Math.exp(-0.5 * d * d));
      sum += row[q];
    }
    rows.push(row.map(weight => weight / sum));
  }
  return rows;
}
function lightOf(grid) {
  const w = mask.width, h = mask.height, out = new Float32Array(w * h);
  let low = Infinity, peak = 0, total = 0;
  const across = grid.map(line => lightOf.across.map(
    row => row.reduce((sum, weight, q) => sum + weight * line[q], 0)));
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    const down = lightOf.down[y];
    let value = 0;
    for (let r = 0; r < down.length; r++) value += down[r] * across[r][x];
    out[y * w + x] = value;
    low = Math.min(low, value); peak = Math.max(peak, value); total += value;
  }
  const stretch = Math.max(peak - low, total / out.length, 1e-9);
  return out.map(value => 1 - (peak - value) / stretch);
}
// Of regions: in each point the light of the brightest box over it.
function lightOfBoxes(levels) {
  const w = mask.width, h = mask.height, out = new Float32Array(w * h);
  data.boxes.forEach((box, r) => {
    const right = Math.max(box[2] * w, box[0] * w + 1), down = Math.max(box[3] * h, box[1] * h + 1);
    for (let y = Math.floor(box[1] * h); y < Math.min(h, Math.round(down)); y++)
      for (let x = Math.floor(box[0] * w); x < Math.min(w, Math.round(right)); x++)
        out[y * w + x] = Math.max(out[y * w + x], levels[r] / 255);
  });
  return out;
}
// Frames with tags, the brightest on top; a tag that has no free place is left out.
function drawFrames(word) {
  const w = canvas.width, h = canvas.height, side = Math.max(w, h), taken = [];
  const size = Math.max(13, side / 38), high = 1.35 * size;
  context.globalCompositeOperation = "source-over";
  context.font = size + "px system-ui, sans-serif";
  context.textBaseline = "middle";
  const shown = data.framed[word];
  shown.slice().reverse().forEach(r => {
    const box = data.boxes[r], line = side / 200 * (r === shown[0] ? 1 : .6);
    context.strokeStyle = "rgba(255, 209, 102, " + (.25 + .75 * data.levels[word][r] / 255) + ")";
    context.lineWidth = line;
    context.strokeRect(box[0] * w + line / 2, box[1] * h + line / 2,
      (box[2] - box[0]) * w - line, (box[3] - box[1]) * h - line);
  });
  shown.filter(r => data.names[r]).forEach(r => {
    const box = data.boxes[r], wide = context.measureText(data.names[r]).width + .6 * size;
    const left = box[0] * w, top = box[1] * h, right = box[2] * w - wide, low = box[3] * h - high;
    const places = [[left, top], [right, top], [left, low], [right, low]];
    if (top >= high) places.unshift([left, top - high]);
    for (let [x, y] of places) {
      x = Math.min(Math.max(x, 0), w - wide);
      y = Math.min(Math.max(y, 0), h - high);
      if (taken.some(t => x < t[2] && t[0] < x + wide && y < t[3] && t[1] < y + high)) continue;
      taken.push([x, y, x + wide, y + high]);
      context.fillStyle = "#ffd166";
      context.fillRect(x, y, wide, high);
      context.fillStyle = "#15181f";
      context.fillText(data.names[r], x + .3 * size, y + .53 * high);
      break;
    }
  });
}
function draw(light) {
  const pixels = maskContext.createImageData(mask.width, mask.height);
  for (let i = 0; i < light.length; i++) pixels.data[4 * i + 3] = 255 * light[i] + 0.5;
  maskContext.putImageData(pixels, 0, 0);
  context.globalCompositeOperation = "copy";
  context.drawImage(photo, 0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "destination-in";
  context.imageSmoothingQuality = "high";
  context.drawImage(mask, 0, 0, canvas.width, canvas.height);
  if (data.boxes && shown >= 0) drawFrames(shown);
}

let lights = [], now = null, shown = -1, pinned = -1, frame = 0, timer = 0;
function show(index) {
  if (index === shown) return;
  const before = shown;
  shown = index;
  words.forEach((word, i) => word.classList.toggle("on", i === index));
  picture.classList.toggle("lit", index >= 0);
  said.textContent = index < 0 ? hint : words[index].textContent + ": " + data.where[index];
  cancelAnimationFrame(frame);
  if (index < 0 || !lights.length) return;
  const from = now, to = lights[index];
  if (before < 0 || !from || still) { now = to; draw(now); return; }
  const began = performance.now();
  const move = time => {
    const share = Math.min(1, Math.max(0, (time - began) / 280));
    const ease = share * share * (3 - 2 * share);
    now = to.map((value, i) => from[i] + (value - from[i]) * ease);
    draw(now);
    if (share < 1) frame = requestAnimationFrame(move);
  };
  frame = requestAnimationFrame(move);
}
function pin(index) {
  pinned = index;
  words.forEach((word, i) => word.setAttribute("aria-pressed", String(i === index)));
}
function stop() {
  clearInterval(timer);
  timer = 0;
  play.textContent = "Play";
}
words.forEach((word, index) => {
  word.addEventListener("pointerenter", event => {
    if (event.pointerType !== "touch") { stop(); show(index); }
  });
  word.addEventListener("focus", () => { if (!timer) show(index); });
  word.addEventListener("blur", () => { if (!timer) show(pinned); });
  word.addEventListener("click", () => {
    stop();
    pin(pinned === index ? -1 : index);
    show(pinned);
  });
  word.addEventListener("keydown", event => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    const next = step && words[index + step];
    if (next) { event.preventDefault(); stop(); next.focus(); }
  });
});
document.querySelector(".caption").addEventListener("pointerleave", () => {
  const focused = words.findIndex(word => word.matches(":focus-visible"));
  if (!timer) show(pinned >= 0 ? pinned : focused);
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape") { stop(); pin(-1); show(-1); }
});
play.addEventListener("click", () => {
  if (timer) { stop(); show(pinned); return; }
  let index = 0;
  pin(-1);
  show(index);
  play.textContent = "Stop";
  timer = setInterval(() => {
    index += 1;
    if (index < words.length) show(index); else { stop(); show(-1); }
  }, 900);
});
photo.decode().catch(() => {}).then(() => {
  canvas.width = photo.naturalWidth;
  canvas.height = photo.naturalHeight;
  // boxes have edges, which a coarse light would blur
  const scale = (data.boxes ? 240 : 96) / Math.max(canvas.width, canvas.height);
  mask.width = Math.max(1, Math.round(canvas.width * scale));
  mask.height = Math.max(1, Math.round(canvas.height * scale));
  if (!words.length) return;
  if (data.boxes) lights = data.levels.map(lightOfBoxes);
  else {
    lightOf.across = kernel(data.grids[0][0].length, mask.width);
    lightOf.down = kernel(data.grids[0].length, mask.height);
    lights = data.grids.map(lightOf);
  }
  if (shown >= 0) { now = lights[shown]; draw(now); }
  if (words.length) play.hidden = false;
});
"""

PAGE = PageTemplate(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>@@title</title>
<link rel="icon" href="data:,">
<style>"""
    + _STYLE
    + """</style>
</head>
<body>
<main>
<h1>@@heading</h1>
<div class="picture"><img alt="@@alt" width="@@width" height="@@height" src="@@photo">\
<canvas aria-hidden="true"></canvas></div>
<ol class="caption" role="list" aria-label="The caption, word by word">@@words</ol>
<div class="below"><p id="said" role="status">@@hint</p>\
<button type="button" id="play" hidden>Play</button></div>
</main>
<script type="application/json" id="attention">@@attention</script>
<script>"""
    + _SCRIPT
    + """</script>
</body>
</html>
"""
)
