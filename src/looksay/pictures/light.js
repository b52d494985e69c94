// From attention to light: the mathematics of maps.py and regions.py, so that every page shows what
// looksay's other pictures show. The server serves this file as a module; pages that stand alone
// have it inside, without the word "export". A grid is rows of columns of weights, a light a
// Float32Array of pixels, a box {box: [x0, y0, x1, y1], name} in parts of the picture's sides.

const KERNEL_PLACES = 0.65;
const FRAME = "255, 209, 102", TAG = "#ffd166", TAG_INK = "#15181f";
export const FONT = '-apple-system, "Segoe UI", Roboto, Ubuntu, "Noto Sans", Arial, sans-serif';

// Weights of the places of a side for each of its pixels, a Gaussian of their distance.
function kernel(places, pixels) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const at = ((pixel + 0.5) * places) / pixels - 0.5;
    const row = Array.from({ length: places }, (_, place) =>
      Math.exp(-0.5 * ((at - place) / KERNEL_PLACES) ** 2));
    const sum = row.reduce((total, weight) => total + weight, 0);
    return row.map(weight => weight / sum);
  });
}

// A grid laid smoothly over so many pixels.
export function spread(grid, width, height) {
  const acrossOf = kernel(grid[0].length, width), downOf = kernel(grid.length, height);
  const across = grid.map(line => acrossOf.map(weights => dot(weights, line)));
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let value = 0;
      for (let row = 0; row < across.length; row++) value += downOf[y][row] * across[row][x];
      out[y * width + x] = value;
    }
  }
  return out;
}

function dot(weights, values) {
  return weights.reduce((sum, weight, index) => sum + weight * values[index], 0);
}

export function range(values) {
  let low = Infinity, peak = -Infinity, total = 0;
  for (const value of values) {
    if (value < low) low = value;
    if (value > peak) peak = value;
    total += value;
  }
  return { low, peak, mean: total / values.length };
}

// How brightly each is lit, 0 to 1. What is nearly even stays so: noise is not blown up.
export function light(values) {
  const { low, peak, mean } = range(values);
  const stretch = Math.max(peak - low, mean, 1e-12);
  return values.map(value => 1 - (peak - value) / stretch);
}

// In each pixel the light of the brightest box over it.
export function lightOfBoxes(boxes, levels, width, height) {
  const out = new Float32Array(width * height);
  boxes.forEach(({ box: [x0, y0, x1, y1] }, number) => {
    const right = Math.min(width, Math.round(Math.max(x1 * width, x0 * width + 1)));
    const bottom = Math.min(height, Math.round(Math.max(y1 * height, y0 * height + 1)));
    for (let y = Math.floor(y0 * height); y < bottom; y++) {
      for (let x = Math.floor(x0 * width); x < right; x++) {
        const at = y * width + x;
        out[at] = Math.max(out[at], levels[number]);
      }
    }
  });
  return out;
}

// One word's light over so many pixels; over a grid, or over boxes where there are some.
export function lightOf(look, boxes, width, height) {
  return boxes
    ? lightOfBoxes(boxes, light(look), width, height)
    : light(spread(look, width, height));
}

// The boxes of these numbers, brightest first, framed as brightly as they are lit and named, the
// brightest on top; a tag without a free place is left out.
export function drawFrames(canvas, boxes, levels, shown) {
  const context = canvas.getContext("2d"), { width, height } = canvas;
  const side = Math.max(width, height);
  for (const number of [...shown].reverse()) {
    const [x0, y0, x1, y1] = boxes[number].box;
    const line = Math.max(1.5, side / 180) * (number === shown[0] ? 1 : 0.6);
    context.strokeStyle = `rgba(${FRAME}, ${0.25 + 0.75 * levels[number]})`;
    context.lineWidth = line;
    context.strokeRect(x0 * width + line / 2, y0 * height + line / 2,
      (x1 - x0) * width - line, (y1 - y0) * height - line);
  }
  const taken = [], size = Math.max(11, side / 36);
  context.font = `${size}px ${FONT}`;
  context.textBaseline = "middle";
  for (const number of shown) {
    if (boxes[number].name) placeTag(context, boxes[number], size, taken);
  }
}

function placeTag(context, { box: [x0, y0, x1, y1], name }, size, taken) {
  const { width, height } = context.canvas, high = 1.35 * size;
  const wide = context.measureText(name).width + 0.6 * size;
  const left = x0 * width, top = y0 * height, right = x1 * width - wide, low = y1 * height - high;
  const corners = [[left, top], [right, top], [left, low], [right, low]];
  const above = top >= high ? [[left, top - high]] : [];
  for (const [across, down] of [...above, ...corners]) {
    const x = Math.min(Math.max(across, 0), Math.max(width - wide, 0));
    const y = Math.min(Math.max(down, 0), Math.max(height - high, 0));
    const meets = t => x < t[2] && t[0] < x + wide && y < t[3] && t[1] < y + high;
    if (taken.some(meets)) continue;
    taken.push([x, y, x + wide, y + high]);
    context.fillStyle = TAG;
    context.fillRect(x, y, wide, high);
    context.fillStyle = TAG_INK;
    context.fillText(name, x + 0.3 * size, y + 0.53 * high);
    return;
  }
}
