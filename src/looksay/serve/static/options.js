// How captions are searched for: the page's controls as the request's options.

export class Options {
  // `onChange` is called when a setting was changed that makes other captions.
  constructor(onChange) {
    this.form = document.querySelector("#options form");
    this.again = document.getElementById("again");
    this.model = document.getElementById("model");
    this.form.addEventListener("submit", event => event.preventDefault());
    this.form.addEventListener("input", () => this.#show());
    this.form.addEventListener("change", onChange);
    this.again.addEventListener("click", onChange);
    this.#show();
  }

  // Fills in what the service says of its models.
  offer(models) {
    this.model.replaceChildren(...models.map(({ name }) => new Option(name, name)));
    const standard = models.find(model => model.default) ?? models[0];
    if (!standard) return;
    this.model.value = standard.name;
    document.getElementById("models").hidden = models.length < 2;
    if (standard.beam_size) this.form.elements.beam.value = standard.beam_size;
    tellAbout(models);
    this.#show();
  }

  // The query of POST /v1/captions.
  get query() {
    const { method, beam, temperature, captions } = this.form.elements;
    const asked = Number(captions.value);
    const query = { attention: "true" };
    if (this.model.options.length > 1) query.model = this.model.value;
    if (method.value === "sample") {
      return { ...query, sample: "true", temperature: temperature.value, num_captions: asked };
    }
    // a beam finds no more captions than it is wide
    return { ...query, beam: beam.value, num_captions: Math.min(asked, Number(beam.value)) };
  }

  set canRepeat(some) {
    this.some = some;
    this.#show();
  }

  #show() {
    const method = this.form.elements.method.value;
    for (const setting of this.form.querySelectorAll("[data-method]")) {
      setting.hidden = setting.dataset.method !== method;
    }
    for (const output of this.form.querySelectorAll("output")) {
      output.textContent = document.getElementById(output.htmlFor.value).value;
    }
    this.again.hidden = method !== "sample" || !this.some; // a beam says the same again
  }
}

// Whose words these are, and on what terms, at the foot of the page.
function tellAbout(models) {
  const about = document.getElementById("about"), names = models.map(({ name }) => name);
  about.hidden = false;
  about.firstElementChild.textContent = `Model: ${names.join(", ")}`;
  about.lastElementChild.replaceChildren(...models.map(({ name, licence }) => {
    const line = document.createElement("p");
    line.textContent = [models.length > 1 && name, licence].filter(Boolean).join(": ");
    return line;
  }));
}
