// Which pictures are shown, and in which order.

const LENGTH = "words", NAME = "name";
// Languages that put no spaces between words are searched by parts of the text.
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const WORD = /[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*/gu;

function wordsOf(text) { return text.toLowerCase().match(WORD) || []; }

// What is looked for: each asked word on its own, all of which have to be there.
function has(text, asked) {
  const lower = text.toLowerCase(), words = new Set(wordsOf(text));
  return asked.every(word => UNSPACED.test(word) ? lower.includes(word) : words.has(word));
}
function matches(picture, asked, where) {
  if (!asked.length) return true;
  const inCaption = () => has(picture.caption, asked);
  // the references are one text: what one of them has, the picture has
  const inReferences = () => has(picture.references.join("\n"), asked);
  switch (where) {
    case "caption": return inCaption();
    case "references": return inReferences();
    case "caption-only": return inCaption() && !inReferences();
    case "references-only": return inReferences() && !inCaption();
    default: return has([picture.caption, ...picture.references].join("\n"), asked);
  }
}
// A picture's number by the name of a metric, or its caption's length; null where there is none.
function numberOf(picture, key) {
  return key === LENGTH ? picture.length : picture.scores[index.metrics.indexOf(key)];
}
function inRange(value, low, high) {
  if (low === null && high === null) return true;
  return value !== null && (low === null || value >= low) && (high === null || value <= high);
}
function median(values) {
  const sorted = values.slice().sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
// order: "best" (largest first), "median" (nearest to it first), "worst" (smallest first).
function sortPictures(pictures, key, order) {
  const sign = order === "worst" ? 1 : -1;
  if (key === NAME) {
    const compare = new Intl.Collator(undefined, {numeric: true}).compare;
    return pictures.slice().sort((a, b) => -sign * compare(a.name, b.name));
  }
  const known = pictures.filter(picture => numberOf(picture, key) !== null);
  const middle = known.length ? median(known.map(picture => numberOf(picture, key))) : 0;
  const value = picture => {
    const number = numberOf(picture, key);
    return order === "median" ? -Math.abs(number - middle) : number;
  };
  known.sort((a, b) => sign * (value(a) - value(b)) || a.number - b.number);
  return known.concat(pictures.filter(picture => numberOf(picture, key) === null));
}
function choose(pictures, wanted) {
  const kept = pictures.filter(picture =>
    matches(picture, wanted.words, wanted.where) &&
    inRange(numberOf(picture, wanted.range), wanted.low, wanted.high));
  return sortPictures(kept, wanted.key, wanted.order);
}
