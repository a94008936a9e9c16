// The outside world: a form for each thing that can be made to happen, as /panel.json lists them.
import { ask, byId, el } from "./dom.js";
import { icon } from "./icons.js";

function fieldOf(field) {
  const label = field.label ?? field.name;
  if (field.type === "select") {
    const node = el("select", { name: field.name, class: "field" }, field.options.map((each) => el("option", { value: each.value ?? each }, each.label ?? each)));
    node.value = field.value ?? node.value;
    return el("label", {}, label, node);
  }
  if (field.type === "checkbox") return el("label", { class: "check" }, el("input", { type: "checkbox", name: field.name, checked: Boolean(field.value) }), label);
  const node = el("input", { name: field.name, class: "field", type: field.type ?? "text", placeholder: field.placeholder, step: field.type === "number" ? "any" : undefined });
  node.value = field.value ?? "";
  return el("label", {}, label, node);
}

const valueOf = (node) => (node.type === "checkbox" ? node.checked : node.type === "number" && node.value !== "" ? Number(node.value) : node.value);

function entryOf(entry) {
  const answer = el("output", { class: "answer" });
  const form = el("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      const values = Object.fromEntries([...form.elements].filter((each) => each.name).map((each) => [each.name, valueOf(each)]));
      form.classList.add("busy");
      const told = await ask("/_page/panel", { title: entry.title, values });
      form.classList.remove("busy");
      answer.className = `answer ${told.ok ? "good" : "bad"}`;
      answer.textContent = told.answer || (told.ok ? "Done" : `Refused (${told.status})`);
    },
  }, (entry.fields ?? []).map(fieldOf), el("button", { class: "button" }, entry.button ?? "Do it"), answer);
  return el("details", { class: "offer", open: Boolean(entry.open) }, el("summary", {}, entry.title), entry.description ? el("p", { class: "hint" }, entry.description) : "", form);
}

export async function outside() {
  const offers = await ask("/panel.json");
  if (!offers.length) return;
  const button = byId("open-outside");
  const panel = byId("outside");
  const groups = Map.groupBy ? Map.groupBy(offers, (each) => each.group ?? "") : new Map([["", offers]]);
  panel.replaceChildren(
    el("div", { class: "place-head" }, el("h2", {}, "Outside world"), el("p", {}, "Make things happen"),
      el("button", { class: "icon", "aria-label": "Close the outside world", onclick: () => show(false) }, "✕")),
    el("div", { class: "scroll" }, [...groups].map(([group, entries]) => [group ? el("h3", {}, group) : "", entries.map(entryOf)])),
  );
  const show = (isOpen) => {
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    byId("columns").classList.toggle("with-outside", isOpen);
    localStorage.setItem("outside", isOpen ? "open" : "closed");
  };
  button.replaceChildren(icon("globe"), el("span", { class: "wide-only" }, " Outside world"));
  button.hidden = false;
  button.addEventListener("click", () => show(panel.hidden));
  const wide = matchMedia("(min-width: 1200px)").matches;
  show(wide && localStorage.getItem("outside") === "open");
}
