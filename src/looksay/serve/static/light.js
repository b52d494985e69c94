// From attention weights to light: the mathematics of looksay/pictures (maps.py, regions.py,
// looked.py), so that this page shows what looksay's other pictures show. tests/serve holds the
// two to each other. A grid is rows of columns of weights, a light a Float32Array of pixels.

const KERNEL_PLACES = 0.65;
const MOST_FRAMED = 3, LEAST_FRAMED = 0.35;
const ROUNDING = 0.01; // of weights that add up to 1, in bfloat16
const PARTS = [
  ["the upper left", "the top", "the upper right"],
  ["the left", "the centre", "the right"],
  ["the lower left", "the bottom", "the lower right"],
];
const EVERYWHERE = "the whole picture";

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

function range(values) {
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
function lightOfBoxes(boxes, levels, width, height) {
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

// The boxes that a word looks at most, brightest first; none where it looks at all alike.
export function brightest(weights) {
  const { low, peak, mean } = range(weights);
  if (!weights.length || peak - low < mean) return [];
  const levels = light(weights);
  return weights.map((_, number) => number).sort((a, b) => weights[b] - weights[a])
    .slice(0, MOST_FRAMED).filter(number => levels[number] >= LEAST_FRAMED);
}

// How much each word looked at the picture at all; null where all of them looked fully.
export function looked(looks) {
  const shares = looks.map(look => look.flat().reduce((sum, weight) => sum + weight, 0));
  if (shares.every(share => share > 1 - ROUNDING)) return null;
  return shares.map(share => Math.min(Math.max(share, 0), 1));
}

function partOfGrid(grid) {
  const smooth = spread(grid, 60, 60), { low, peak, mean } = range(smooth);
  if (peak - low < mean) return EVERYWHERE;
  const at = smooth.indexOf(peak);
  return PARTS[Math.floor(at / 60 / 20)][Math.floor((at % 60) / 20)];
}

function partOfBoxes(weights, boxes) {
  const shown = brightest(weights);
  if (!shown.length) return EVERYWHERE;
  const names = new Set(shown.map(number => boxes[number].name).filter(Boolean));
  if (names.size) return [...names].join(", ");
  const [x0, y0, x1, y1] = boxes[shown[0]].box;
  return PARTS[Math.min(Math.floor(1.5 * (y0 + y1)), 2)][Math.min(Math.floor(1.5 * (x0 + x1)), 2)];
}

// Where each word looked, in words: "looked at the centre", "looked 40 % at dog, ball".
export function whereOf(looks, boxes) {
  const shares = looked(looks);
  return looks.map((look, word) => {
    const part = boxes ? partOfBoxes(look, boxes) : partOfGrid(look);
    return `looked ${shares ? `${Math.round(100 * shares[word])} % ` : ""}at ${part}`;
  });
}
