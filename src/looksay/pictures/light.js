// One word's attention as light on a photograph: the same smoothing and stretching as in
// looksay's still pictures. Shared by every page that shows attention.

function kernelOf(places, pixels, width) {
  const rows = [];
  for (let p = 0; p < pixels; p++) {
    const at = (p + 0.5) * places / pixels - 0.5, row = [];
    let sum = 0;
    for (let q = 0; q < places; q++) {
      const d = (at - q) / width;
      row.push(Math.exp(-0.5 * d * d));
      sum += row[q];
    }
    rows.push(row.map(weight => weight / sum));
  }
  return rows;
}
function lightOfGrid(grid, across, down) {
  const w = across.length, out = new Float32Array(w * down.length);
  let low = Infinity, peak = 0, total = 0;
  const lines = grid.map(line => across.map(
    row => row.reduce((sum, weight, q) => sum + weight * line[q], 0)));
  down.forEach((row, y) => {
    for (let x = 0; x < w; x++) {
      let value = 0;
      for (let r = 0; r < row.length; r++) value += row[r] * lines[r][x];
      out[y * w + x] = value;
      low = Math.min(low, value); peak = Math.max(peak, value); total += value;
    }
  });
  const stretch = Math.max(peak - low, total / out.length, 1e-9);
  return out.map(value => 1 - (peak - value) / stretch);
}
// Of regions: in each point the light of the brightest box over it.
function lightOfBoxes(boxes, levels, w, h) {
  const out = new Float32Array(w * h);
  boxes.forEach((box, r) => {
    const right = Math.max(box[2] * w, box[0] * w + 1), down = Math.max(box[3] * h, box[1] * h + 1);
    for (let y = Math.floor(box[1] * h); y < Math.min(h, Math.round(down)); y++)
      for (let x = Math.floor(box[0] * w); x < Math.min(w, Math.round(right)); x++)
        out[y * w + x] = Math.max(out[y * w + x], levels[r] / 255);
  });
  return out;
}
// Frames with tags, the brightest on top; a tag that has no free place is left out.
function drawFrames(canvas, looks, word) {
  const context = canvas.getContext("2d"), shown = looks.framed[word], taken = [];
  const w = canvas.width, h = canvas.height, side = Math.max(w, h);
  const size = Math.max(13, side / 38), high = 1.35 * size;
  context.globalCompositeOperation = "source-over";
  context.font = size + "px system-ui, sans-serif";
  context.textBaseline = "middle";
  shown.slice().reverse().forEach(r => {
    const box = looks.boxes[r], line = side / 200 * (r === shown[0] ? 1 : .6);
    context.strokeStyle = "rgba(255, 209, 102, " + (.25 + .75 * looks.levels[word][r] / 255) + ")";
    context.lineWidth = line;
    context.strokeRect(box[0] * w + line / 2, box[1] * h + line / 2,
      (box[2] - box[0]) * w - line, (box[3] - box[1]) * h - line);
  });
  shown.filter(r => looks.names[r]).forEach(r => {
    const box = looks.boxes[r], wide = context.measureText(looks.names[r]).width + .6 * size;
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
      context.fillText(looks.names[r], x + .3 * size, y + .53 * high);
      break;
    }
  });
}
// What draws the words' light of one loaded photograph on a canvas over it. `looks` is what
// pictures/page_data.py makes; the canvas has its size already.
function makeLamp(photo, canvas, looks) {
  const mask = document.createElement("canvas"), context = canvas.getContext("2d");
  // boxes have edges, which a coarse light would blur
  const scale = (looks.boxes ? 240 : 96) / Math.max(canvas.width, canvas.height);
  mask.width = Math.max(1, Math.round(canvas.width * scale));
  mask.height = Math.max(1, Math.round(canvas.height * scale));
  const maskContext = mask.getContext("2d");
  let across, down;
  function light(word) {
    if (looks.boxes) return lightOfBoxes(looks.boxes, looks.levels[word], mask.width, mask.height);
    const grid = looks.grids[word];
    across = across || kernelOf(grid[0].length, mask.width, looks.kernel);
    down = down || kernelOf(grid.length, mask.height, looks.kernel);
    return lightOfGrid(grid, across, down);
  }
  function draw(light, word) {
    const pixels = maskContext.createImageData(mask.width, mask.height);
    for (let i = 0; i < light.length; i++) pixels.data[4 * i + 3] = 255 * light[i] + 0.5;
    maskContext.putImageData(pixels, 0, 0);
    context.globalCompositeOperation = "copy";
    context.drawImage(photo, 0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = "destination-in";
    context.imageSmoothingQuality = "high";
    context.drawImage(mask, 0, 0, canvas.width, canvas.height);
    if (looks.boxes && word >= 0) drawFrames(canvas, looks, word);
  }
  return {light, draw};
}
