// How sure the model is of a caption, said and drawn.

// Fills a paragraph of a bar and a text. Without a confidence, an alternative is compared with the
// first caption, which its probability allows; the bare probability of a sentence says little.
export function showSure(paragraph, caption, first = null) {
  const [share, text] = sureOf(caption, first);
  paragraph.hidden = share === null;
  if (share === null) return;
  const [bar, said] = paragraph.children;
  bar.style.setProperty("--share", share);
  said.textContent = text;
}

function sureOf({ confidence, log_prob }, first) {
  if (Number.isFinite(confidence)) {
    return [confidence, `${Math.round(100 * confidence)} % sure`];
  }
  if (!first) return [null, ""];
  const ratio = Math.exp(log_prob - first.log_prob);
  return [Math.min(ratio, 1), `${told(ratio)} times as likely as the first`];
}

function told(ratio) {
  if (ratio >= 10) return Math.round(ratio).toString();
  return ratio >= 0.005 ? ratio.toFixed(2) : "less than 0.01";
}
