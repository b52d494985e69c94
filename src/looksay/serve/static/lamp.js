// A photograph by the light of one word, as looksay/pictures/overlays.py and regions.py draw it.
import { drawFrames, light, lightOf } from "./light.js"; // of looksay/pictures
import { brightest } from "./where.js";

const DUSK = [10, 14, 26], GLOW = [255, 214, 140];
const DARKNESS = 0.68, GLOWING = 0.08;
const LIT_BRIGHTNESS = 125, LEAST_LAMP = 1.1, MOST_LAMP = 2.8;

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

// The boxes that a word looks at most, framed and named.
export function frameBrightest(canvas, weights, boxes) {
  drawFrames(canvas, boxes, light(weights), brightest(weights));
}
