// The pages behind the tabs: captioning, and searching where the service has a photo library. The
// address tells which one is shown, and what is searched for: #search=dog.

const PARTS = { caption: ["intake", "results"], search: ["finder"] };
const TITLES = { caption: "looksay", search: "Search – looksay" };

export class Pages {
  // `onSearch` gets the words of the address when the search page is shown.
  constructor(onSearch) {
    this.onSearch = onSearch;
    this.searches = null; // not known yet
    this.nav = document.getElementById("pages");
    this.links = [...this.nav.querySelectorAll("a")];
    addEventListener("hashchange", () => this.#follow());
    this.#show(this.#asked.page);
  }

  // Whether the service can search.
  offer(searches) {
    this.searches = searches;
    this.nav.hidden = !searches;
    this.#follow();
  }

  // The address says what was searched for, so that it can be sent and come back to.
  keepWords(words) {
    const hash = words ? `#${new URLSearchParams({ search: words })}` : "#search";
    this.#link("search").hash = hash;
    if (this.page === "search") history.replaceState(null, "", hash);
  }

  goTo(page) {
    if (this.page === page) return;
    history.pushState(null, "", `#${page}`);
    this.#show(page);
  }

  get #asked() {
    const words = new URLSearchParams(location.hash.slice(1)).get("search");
    return { page: words === null ? "caption" : "search", words: words ?? "" };
  }

  #follow() {
    const { page, words } = this.#asked;
    if (page === "search" && this.searches === false) {
      this.#show("caption");
      return;
    }
    this.#show(page);
    if (page === "search" && this.searches) this.onSearch(words);
  }

  #show(page) {
    this.page = page;
    document.title = TITLES[page];
    for (const [name, ids] of Object.entries(PARTS)) {
      for (const id of ids) document.getElementById(id).hidden = name !== page;
      if (name === page) this.#link(name).setAttribute("aria-current", "page");
      else this.#link(name).removeAttribute("aria-current");
    }
  }

  #link(page) {
    return this.links.find(link => link.dataset.page === page);
  }
}
