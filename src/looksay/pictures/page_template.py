"""The page of `attention_html`: its markup, style and script, with `@@name` for what goes in.

Nothing in it asks for anything from outside, and its own policy forbids that too.
"""

from __future__ import annotations

import re
import string
from importlib.resources import files


class PageTemplate(string.Template):
    """`string.Template` with a mark that neither CSS nor JavaScript uses."""

    delimiter = "@@"


COLOURS = """
:root { color-scheme: light dark; --paper: #fff; --ink: #15181f; --pale: #5d6472;
  --line: #d5d9e2; --lit: #ffd166; --lit-ink: #15181f; --ring: #0b62d6; }
@media (prefers-color-scheme: dark) { :root { --paper: #11141b; --ink: #eceef3;
  --pale: #a3abba; --line: #343a47; --ring: #8ab8ff; } }
"""

_STYLE = """
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

_OWN = files("looksay.pictures")
LIGHT_SCRIPT = "\n".join(_OWN.joinpath(f).read_text("utf-8") for f in ("light.js", "lamp.js"))
LIGHT_SCRIPT = re.sub("^export ", "", LIGHT_SCRIPT, flags=re.MULTILINE)

_SCRIPT = """
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

let lamp = null, lights = [], now = null, shown = -1, pinned = -1, frame = 0, timer = 0;
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
  if (before < 0 || !from || still) { now = to; lamp.draw(now, shown); return; }
  const began = performance.now();
  const move = time => {
    const share = Math.min(1, Math.max(0, (time - began) / 280));
    const ease = share * share * (3 - 2 * share);
    now = to.map((value, i) => from[i] + (value - from[i]) * ease);
    lamp.draw(now, shown);
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
  if (!words.length) return;
  lamp = makeLamp(photo, canvas, data);
  lights = words.map((word, index) => lamp.light(index));
  if (shown >= 0) { now = lights[shown]; lamp.draw(now, shown); }
  play.hidden = false;
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
    + COLOURS
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
<script>"use strict";
"""
    + LIGHT_SCRIPT
    + _SCRIPT
    + """</script>
</body>
</html>
"""
)
