// For pages that stand alone; behind light.js in the same script.

// What draws the words' light of one loaded photograph on a canvas over it. `looks` is what
// pictures/page_data.py makes; the canvas has its size already.
function makeLamp(photo, canvas, looks) {
  const mask = document.createElement("canvas"), context = canvas.getContext("2d");
  // boxes have edges, which a coarse light would blur
  const scale = (looks.boxes ? 240 : 96) / Math.max(canvas.width, canvas.height);
  mask.width = Math.max(1, Math.round(canvas.width * scale));
  mask.height = Math.max(1, Math.round(canvas.height * scale));
  const maskContext = mask.getContext("2d");
  const boxes = looks.boxes && looks.boxes.map((box, r) => ({box, name: looks.names[r]}));
  const levelsOf = word => Array.from(looks.levels[word], level => level / 255);
  function lightOfWord(word) {
    return boxes
      ? lightOfBoxes(boxes, levelsOf(word), mask.width, mask.height)
      : lightOf(looks.grids[word], null, mask.width, mask.height);
  }
  function draw(values, word) {
    const pixels = maskContext.createImageData(mask.width, mask.height);
    for (let i = 0; i < values.length; i++) pixels.data[4 * i + 3] = 255 * values[i] + 0.5;
    maskContext.putImageData(pixels, 0, 0);
    context.globalCompositeOperation = "copy";
    context.drawImage(photo, 0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = "destination-in";
    context.imageSmoothingQuality = "high";
    context.drawImage(mask, 0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = "source-over";
    if (boxes && word >= 0) drawFrames(canvas, boxes, levelsOf(word), looks.framed[word]);
  }
  return {light: lightOfWord, draw};
}
