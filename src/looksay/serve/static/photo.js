// A file becomes what is shown and what is sent: the same picture, upright, of moderate size.
import { shrunk } from "./lamp.js";

const LARGE_BYTES = 2_000_000;
const LARGE_PIXELS = 4096; // of a side
const SENT_PIXELS = 1600; // several times what the models look at
const READ_BY_SERVICE = /^image\/(jpeg|png|webp|gif|bmp)$/;

// `sent` is a blob for the service, `url` its address for an <img>, or null where the browser
// cannot show it: the service may read it all the same, or says what it is.
export async function prepare(file) {
  const image = await decoded(file);
  if (!image) return { sent: file, url: null };
  if (!needsShrinking(file, image)) return { sent: file, url: image.src };
  const smaller = await jpegOf(shrunk(image, SENT_PIXELS));
  URL.revokeObjectURL(image.src);
  return { sent: smaller, url: URL.createObjectURL(smaller) };
}

// Telephone photographs are large to send; kinds that the service cannot read go as JPEG.
function needsShrinking(file, image) {
  if (file.type === "image/svg+xml") return false; // the service says what is wrong with it
  const large = Math.max(image.naturalWidth, image.naturalHeight) > LARGE_PIXELS;
  return file.size > LARGE_BYTES || large || !READ_BY_SERVICE.test(file.type);
}

async function decoded(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode(); // EXIF rotation is applied by the browser, here and when drawn
  } catch {
    URL.revokeObjectURL(image.src);
    return null;
  }
  return image.naturalWidth ? image : null;
}

function jpegOf(canvas) {
  return new Promise((resolve, reject) => {
    const done = blob => (blob ? resolve(blob) : reject(new Error("The picture is too large.")));
    canvas.toBlob(done, "image/jpeg", 0.92);
  });
}
