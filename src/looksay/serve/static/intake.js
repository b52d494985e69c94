// The ways a picture comes in: dropped, pasted, picked, photographed, or an example.

// `onFiles` gets an array of files, `onProblem` a sentence.
export function takeIn({ onFiles, onProblem }) {
  const give = files => {
    const pictures = files.filter(file => !/^(video|audio)\//.test(file.type));
    const other = files.find(file => !pictures.includes(file));
    if (other) onProblem(`${other.name} is not a picture; give a photograph.`);
    if (pictures.length) onFiles(pictures, !other);
  };
  pick("choose", "files", give);
  pick("camera", "shot", give);
  drop(give, onProblem);
  paste(give);
}

function pick(buttonId, inputId, give) {
  const input = document.getElementById(inputId);
  document.getElementById(buttonId).addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    give([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
}

function drop(give, onProblem) {
  const veil = document.getElementById("veil");
  addEventListener("dragover", event => {
    if (event.target.matches?.("input:is([type=password], [type=search])")) return; // takes text
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy"; // of what is no file the drop says so
    veil.hidden = !event.dataTransfer.types.includes("Files");
  });
  addEventListener("dragleave", event => { if (!event.relatedTarget) veil.hidden = true; });
  addEventListener("drop", event => {
    if (event.target.matches?.("input:is([type=password], [type=search])")) return;
    event.preventDefault();
    veil.hidden = true;
    const items = [...event.dataTransfer.items].filter(({ kind }) => kind === "file");
    if (items.some(item => item.webkitGetAsEntry?.()?.isDirectory)) {
      onProblem("A folder cannot be dropped here; drop the pictures in it.");
      return;
    }
    const files = [...event.dataTransfer.files];
    if (files.length) give(files);
    else onProblem("That was no picture's file; save the picture first and drop the file.");
  });
}

function paste(give) {
  addEventListener("paste", event => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return; // text, which belongs to whatever field has the focus
    event.preventDefault();
    give(files);
  });
}

// Buttons for the photographs that come along, where the service offers them.
export function offerExamples(examples, onFiles) {
  const section = document.getElementById("examples");
  const list = section.querySelector("ul");
  for (const { url, alt } of examples) {
    const item = document.createElement("li"), button = document.createElement("button");
    const image = new Image();
    Object.assign(image, { src: url, alt, width: 96, height: 96 });
    image.addEventListener("load", () => { section.hidden = false; }, { once: true });
    image.addEventListener("error", () => item.remove(), { once: true });
    button.type = "button";
    button.append(image);
    button.addEventListener("click", async () => onFiles([await fileOf(url)]));
    item.append(button);
    list.append(item);
  }
}

async function fileOf(url) {
  const blob = await (await fetch(url)).blob();
  return new File([blob], url.split("/").at(-1), { type: blob.type });
}
