// The gallery: reads the controls, shows the chosen pictures a page at a time.

const byId = id => document.getElementById(id);
const index = JSON.parse(byId("index").textContent);
const PAGE = index.page;
const pictures = index.pictures.map((picture, number) => ({...picture, number}));
const controls = byId("controls"), list = byId("pictures"), said = byId("said");
const ORDERS = {
  [NAME]: ["A to Z", "Middle", "Z to A"],
  [LENGTH]: ["Longest first", "Median first", "Shortest first"],
};
let chosen = pictures, page = 0, incomplete = false;

function bound(input) {
  return input.value.trim() === "" || !isFinite(input.value) ? null : Number(input.value);
}
function wanted() {
  const of = controls.elements;
  return {
    key: of.sort.value, order: of.order.value,
    words: wordsOf(of.words.value),
    where: of.where.value, range: of.range.value, low: bound(of.low), high: bound(of.high),
  };
}
function showPage() {
  const {key, words} = wanted(), first = page * PAGE;
  const part = chosen.slice(first, first + PAGE), pages = Math.max(1, Math.ceil(chosen.length / PAGE));
  list.replaceChildren(
    ...part.map((picture, i) => makeCard(picture, first + i + 1, key, words)));
  incomplete = part.some(picture => !byId("p" + picture.number));
  const of = chosen.length === pictures.length ? "" : " of " + pictures.length.toLocaleString("en");
  const num = chosen.length.toLocaleString("en") + of + " pictures";
  const from = (first + 1).toLocaleString("en"), to = (first + part.length).toLocaleString("en");
  byId("count").textContent = chosen.length ? num + ", shown: " + from + " to " + to + "."
    : "No picture is like that. Change the words or the range.";
  for (const nav of document.querySelectorAll(".pages")) {
    nav.hidden = pages < 2;
    nav.querySelector(".previous").disabled = page === 0;
    nav.querySelector(".next").disabled = page === pages - 1;
    nav.querySelector(".page").textContent = "Page " + (page + 1) + " of " + pages;
  }
}
function update() {
  const want = wanted(), names = ORDERS[want.key] || ["Best first", "Median first", "Worst first"];
  controls.querySelectorAll(".order span").forEach((span, i) => { span.textContent = names[i]; });
  controls.querySelector("input[value=median]").disabled = want.key === NAME;
  chosen = choose(pictures, want);
  page = 0;
  showPage();
}
function turn(step) {
  page += step;
  showPage();
  byId("gallery").scrollIntoView();
  byId("gallery").focus({preventScroll: true});
}
for (const select of [controls.elements.sort, controls.elements.range]) {
  select.append(...[...index.metrics, LENGTH].map(
    name => make("option", {value: name}, name === LENGTH ? "Caption's length" : name)));
  select.value = index.metrics.includes("CIDEr") ? "CIDEr" : index.metrics[0];
}
controls.elements.sort.append(make("option", {value: NAME}, "Name"));
let timer = 0;
controls.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(update, 120); });
controls.addEventListener("submit", event => event.preventDefault());
byId("clear").addEventListener("click", () => {
  for (const name of ["words", "low", "high"]) controls.elements[name].value = "";
  update();
});
for (const nav of document.querySelectorAll(".pages")) {
  nav.querySelector(".previous").addEventListener("click", () => turn(-1));
  nav.querySelector(".next").addEventListener("click", () => turn(1));
}
controls.hidden = false;
update();
performance.mark("looksay-ready");
// This runs when the first page's pictures are there; those of others may still be on their way.
document.addEventListener("DOMContentLoaded", () => { if (incomplete) showPage(); });
