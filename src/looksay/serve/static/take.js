// Taking a caption along: as text, as an alt attribute, as JSON, as a picture.

export function altOf(caption) {
  const escapes = { "&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;" };
  return `alt="${caption.replace(/[&"<>]/g, sign => escapes[sign])}"`;
}

// The record as `looksay caption --format json` prints it, without the weights of attention.
export function jsonOf(record) {
  const { attention, attentions, boxes, ...rest } = record;
  return JSON.stringify(rest, null, 2);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // not a secure context, such as a telephone on the same network
    if (!copyTheOldWay(text)) throw new Error("The browser does not allow copying.");
  }
}

function copyTheOldWay(text) {
  const area = document.createElement("textarea"), before = document.activeElement;
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } finally {
    area.remove();
    before?.focus();
  }
}

export async function download(canvas, name) {
  const blob = await new Promise(resolve => canvas.toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
