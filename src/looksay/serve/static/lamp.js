// A photograph by the light of one word, as looksay/pictures/overlays.py and regions.py draw it.
import { brightest, light, lightOf } from "./light.js";

const DUSK = [10, 14, 26], GLOW = [255, 214, 140];
const DARKNESS = 0.68, GLOWING = 0.08;
const LIT_BRIGHTNESS = 125, LEAST_LAMP = 1.1, MOST_LAMP = 2.8;
const FRAME = "255, 209, 102", TAG = "#ffd166", TAG_INK = "#15181f";
export const FONT = '-apple-system, "Segoe UI", Roboto, Ubuntu, "Noto Sans", Arial, sans-serif';

export function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas;
}

// The image on a white canvas no side of which is longer than that.
export function shrunk(image, longest) {
  const wide = image.naturalWidth || image.width, high = image.naturalHeight || image.height;
  const scale = Math.min(1, longest / Math.max(wide, high));
  const canvas = canvasOf(wide * scale, high * scale), context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // what see-through parts lie on
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function grey(pixels, at) {
  return 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
}

// By how much the lit part is brightened: a night scene needs a stronger lamp.
function strength(pixels) {
  let total = 0;
  for (let at = 0; at < pixels.length; at += 4) total += grey(pixels, at);
  const mean = (4 * total) / pixels.length;
  return Math.min(Math.max(LIT_BRIGHTNESS / Math.max(mean, 1), LEAST_LAMP), MOST_LAMP);
}

// The photograph twice, all dusk and all lit; a mask then chooses between them.
export class LitPhoto {
  constructor(photo) {
    const { width, height } = photo;
    Object.assign(this, { width, height, dusk: canvasOf(width, height), glow: canvasOf(width, height) });
    const { data } = photo.getContext("2d").getImageData(0, 0, width, height);
    const dusk = new ImageData(width, height), glow = new ImageData(width, height);
    const lamp = strength(data), colour = 1 - 0.8 * DARKNESS;
    for (let at = 0; at < data.length; at += 4) {
      const pale = (1 - colour) * grey(data, at);
      for (let c = 0; c < 3; c++) {
        const value = data[at + c];
        dusk.data[at + c] = (1 - DARKNESS) * (pale + colour * value) + DARKNESS * DUSK[c];
        glow.data[at + c] = (1 - GLOWING) * Math.min(255, lamp * value) + GLOWING * GLOW[c];
      }
      dusk.data[at + 3] = glow.data[at + 3] = 255;
    }
    this.dusk.getContext("2d").putImageData(dusk, 0, 0);
    this.glow.getContext("2d").putImageData(glow, 0, 0);
  }

  // Size of the mask. Light is smooth, so a small one will do; boxes have edges.
  maskSize(boxes) {
    const scale = Math.min(1, (boxes ? 240 : 96) / Math.max(this.width, this.height));
    return [Math.max(1, Math.round(this.width * scale)), Math.max(1, Math.round(this.height * scale))];
  }

  lightOf(look, boxes) {
    return lightOf(look, boxes, ...this.maskSize(boxes));
  }

  // Fills a canvas of any size with the photograph, lit by a light of `maskSize`.
  draw(canvas, values, boxes) {
    const mask = canvasOf(...this.maskSize(boxes)), context = canvas.getContext("2d");
    const pixels = new ImageData(mask.width, mask.height);
    values.forEach((value, index) => { pixels.data[4 * index + 3] = Math.round(255 * value); });
    mask.getContext("2d").putImageData(pixels, 0, 0);
    context.imageSmoothingQuality = "high";
    for (const [mode, layer] of [
      ["copy", this.glow], ["destination-in", mask], ["destination-over", this.dusk],
    ]) {
      context.globalCompositeOperation = mode;
      context.drawImage(layer, 0, 0, canvas.width, canvas.height);
    }
    context.globalCompositeOperation = "source-over";
  }
}

// The brightest boxes framed and named, the brightest on top; a tag without a free place is left
// out.
export function drawFrames(canvas, weights, boxes) {
  const context = canvas.getContext("2d"), { width, height } = canvas;
  const side = Math.max(width, height), levels = light(weights), shown = brightest(weights);
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
