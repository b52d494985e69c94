// Where the words looked, as looksay/pictures (regions.py, looked.py, page_data.py) tells it.
import { light, range, spread } from "./light.js"; // of looksay/pictures

const MOST_FRAMED = 3, LEAST_FRAMED = 0.35;
const ROUNDING = 0.01; // of weights that add up to 1, in bfloat16
const PARTS = [
  ["the upper left", "the top", "the upper right"],
  ["the left", "the centre", "the right"],
  ["the lower left", "the bottom", "the lower right"],
];
const EVERYWHERE = "the whole picture";

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
