// looksay's page: brings its parts together.
import { learnService, useKey } from "./api.js";
import { Finder } from "./finder.js";
import { offerExamples, takeIn } from "./intake.js";
import { Options } from "./options.js";
import { Pages } from "./pages.js";
import { Results } from "./results.js";

const EXAMPLES = [
  { url: "static/demo/dog.jpg", alt: "Example: a dog" },
  { url: "static/demo/photographer.jpg", alt: "Example: a man with a camera" },
  { url: "static/demo/car.jpg", alt: "Example: a racing car" },
  { url: "static/demo/astronaut.jpg", alt: "Example: an astronaut" },
];

const find = id => document.getElementById(id);
const [keyForm, secret, notice, announcer] = ["key", "secret", "notice", "announcer"].map(find);

// Tells screen readers, also when it says the same twice or several things at once.
const unsaid = [];
function announce(text) {
  announcer.textContent = "";
  if (unsaid.push(text) > 1) return;
  setTimeout(() => { announcer.textContent = unsaid.splice(0).join(" "); }, 50);
}

function showNotice(text) {
  notice.textContent = text;
  notice.hidden = !text;
  if (text) announce(text);
}

function askForKey() {
  if (!keyForm.hidden) return;
  keyForm.hidden = false;
  keyForm.querySelector("p").textContent = keyForm.used
    ? "The service does not know that key. Look for a missing or an extra character."
    : "Whoever runs it can give you one. It is kept until you close or reload this page.";
  secret.value = "";
  secret.focus();
}

const options = new Options(() => results.again());
const results = new Results(find("results"), announce, {
  options: () => options.query,
  onKey: askForKey,
  onChange: all => {
    document.body.classList.toggle("working", all.length > 0);
    options.canRepeat = all.length > 0;
  },
});

const finder = new Finder(announce, {
  onKey: askForKey,
  onWords: words => pages.keepWords(words),
  onExplain: file => {
    give([file]);
    results.newest[0].focus(); // the button that asked for it is on the other page
  },
});
const pages = new Pages(words => finder.open(words));

function give(files, clearNotice = true) {
  if (clearNotice) showNotice("");
  pages.goTo("caption");
  results.add(files);
  const quiet = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const { top } = find("results").getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) {
    find("results").scrollIntoView({ behavior: quiet ? "auto" : "smooth" });
  }
}

async function learn() {
  try {
    const service = await learnService();
    options.offer(service.models);
    pages.offer(service.search);
  } catch (error) {
    if (error.status === 401) askForKey();
    else showNotice(error.message);
  }
}

keyForm.addEventListener("submit", event => {
  event.preventDefault();
  useKey(secret.value.trim());
  keyForm.hidden = keyForm.used = true;
  learn();
  results.retryRefused();
  finder.retryRefused();
});

takeIn({ onFiles: give, onProblem: showNotice });
offerExamples(EXAMPLES, give);
learn();
