// The whole caption in one picture, as looksay/pictures/panels.py makes it: the photograph, then a
// panel for every word with the word below.
import { LitPhoto, canvasOf, frameBrightest, shrunk } from "./lamp.js";
import { FONT } from "./light.js";
import { looked } from "./where.js";

const PANEL = 300, GAP = 16, MARGIN = 28, CORNER = 10;
const PAPER = "#fff", INK = "#15181f", PALE = "#5d6472";

// Columns that leave few cells empty while the panels stay readable.
function arrange(count, photo, lines) {
  const scale = PANEL / Math.max(photo.width, photo.height);
  const panel = [Math.max(1, Math.round(photo.width * scale)), Math.max(1, Math.round(photo.height * scale))];
  const font = Math.round(PANEL * 0.085);
  const cell = [Math.max(panel[0], PANEL / 2), panel[1] + Math.round((0.35 + 1.15 * lines) * font)];
  const most = Math.max(1, Math.floor(Math.round(5.3 * PANEL) / (cell[0] + GAP)));
  const least = Math.max(1, most - (count <= 2 * most ? 1 : 0) - 1);
  let columns = count <= most ? count : most;
  const empty = n => (n - (count % n)) % n;
  if (count > most) {
    for (let n = most - 1; n >= least; n--) if (empty(n) < empty(columns)) columns = n;
  }
  return { panel, font, cell, columns, rows: Math.ceil(count / columns) };
}

function wrapped(context, text, width) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function place(context, panel, x, y) {
  context.save();
  context.beginPath();
  context.roundRect(x, y, panel.width, panel.height, CORNER);
  context.clip();
  context.drawImage(panel, x, y);
  context.restore();
}

function litPanels(small, record) {
  const lit = new LitPhoto(small);
  return record.attention.map(look => {
    const panel = canvasOf(small.width, small.height);
    lit.draw(panel, lit.lightOf(look, record.boxes), record.boxes);
    if (record.boxes) frameBrightest(panel, look, record.boxes);
    return panel;
  });
}

// A canvas; `photo` is one too (or an image), `record` a caption's record with its attention.
export function attentionPicture(photo, record) {
  const small = shrunk(photo, PANEL), shares = looked(record.attention);
  const layout = arrange(record.words.length + 1, small, shares ? 2 : 1);
  const width = 2 * MARGIN + layout.columns * (layout.cell[0] + GAP) - GAP;
  const titleFont = Math.round(layout.font * 1.3), step = Math.round(titleFont * 1.3);
  const context = canvasOf(width, 1).getContext("2d");
  context.font = `${titleFont}px ${FONT}`;
  const lines = wrapped(context, record.caption, width - 2 * MARGIN);
  const top = MARGIN + lines.length * step + GAP / 2;
  context.canvas.height = top + layout.rows * (layout.cell[1] + GAP) - GAP + MARGIN / 2;
  context.fillStyle = PAPER;
  context.fillRect(0, 0, width, context.canvas.height);
  context.fillStyle = INK;
  context.font = `${titleFont}px ${FONT}`; // a new height cleared it
  lines.forEach((line, index) => context.fillText(line, MARGIN, MARGIN * 0.7 + (index + 0.8) * step));
  [small, ...litPanels(small, record)].forEach((panel, index) => {
    const x = MARGIN + (index % layout.columns) * (layout.cell[0] + GAP);
    const y = top + Math.floor(index / layout.columns) * (layout.cell[1] + GAP);
    place(context, panel, x + (layout.cell[0] - panel.width) / 2, y);
    if (index) label(context, layout, record.words[index - 1], shares?.[index - 1], x, y);
  });
  return context.canvas;
}

function label(context, { cell, panel, font }, word, share, x, y) {
  context.textAlign = "center";
  context.fillStyle = INK;
  context.font = `${font}px ${FONT}`;
  context.fillText(word, x + cell[0] / 2, y + panel[1] + font * 1.15, cell[0]);
  if (share !== undefined) {
    context.fillStyle = PALE;
    context.font = `${Math.round(font * 0.8)}px ${FONT}`;
    context.fillText(`looked ${Math.round(100 * share)} %`, x + cell[0] / 2, y + panel[1] + font * 2.2);
  }
  context.textAlign = "start";
}
