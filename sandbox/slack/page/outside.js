// The outside world: a form for each thing that can be made to happen, and what passes meanwhile.
import { ask, byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { passed } from "./passed.js";

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

// What the control call said: its error, or the facts that came of it.
function words(told) {
  let facts;
  try { facts = JSON.parse(told.answer); } catch { facts = undefined; }
  if (!told.ok) return facts?.error ?? (told.answer || `Refused (${told.status})`);
  const flat = Object.entries(facts ?? {}).filter(([, value]) => typeof value !== "object").slice(0, 4);
  return `Done${flat.length ? `: ${flat.map(([name, value]) => `${name} ${value}`).join(", ")}` : "."}`;
}

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
      answer.textContent = words(told);
    },
  }, entry.description ? el("p", { class: "hint" }, entry.description) : "", (entry.fields ?? []).map(fieldOf),
  el("button", { class: "button small" }, entry.button ?? "Do it"), answer);
  return el("details", { class: "offer", open: Boolean(entry.open) }, el("summary", {}, entry.title), form);
}

// Returns the function to call when something has changed.
export async function outside(namesNow) {
  const offers = await ask("/panel.json");
  if (!offers.length) return () => {};
  const button = byId("open-outside");
  const panel = byId("outside");
  const groups = new Map();
  for (const each of offers) groups.set(each.group ?? "", [...(groups.get(each.group ?? "") ?? []), each]);
  const watch = passed(namesNow);
  const sides = {
    make: el("div", { class: "scroll" }, [...groups].map(([group, entries]) => [group ? el("h3", {}, group) : "", entries.map(entryOf)])),
    watch: el("div", { class: "scroll", hidden: true }, watch.node),
  };
  const choose = (name) => {
    for (const [each, node] of Object.entries(sides)) node.hidden = each !== name;
    for (const each of choices) each.setAttribute("aria-pressed", String(each.dataset.side === name));
    if (name === "watch") watch.refresh();
  };
  const choices = [["make", "Make it happen"], ["watch", "Watch"]].map(([side, label]) => el("button", { type: "button", "data-side": side, "aria-pressed": String(side === "make"), onclick: () => choose(side) }, label));
  const show = (isOpen) => {
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    byId("columns").classList.toggle("with-outside", isOpen);
    localStorage.setItem("outside", isOpen ? "open" : "closed");
    if (isOpen && !sides.watch.hidden) watch.refresh();
  };
  panel.replaceChildren(
    el("div", { class: "place-head" }, el("h2", {}, "Outside world"), el("span", { class: "grow" }),
      el("button", { type: "button", class: "icon", "aria-label": "Close the outside world", onclick: () => { show(false); button.focus(); } }, "✕")),
    el("div", { class: "sides" }, choices), sides.make, sides.watch,
  );
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    show(false);
    button.focus();
  });
  button.replaceChildren(icon("globe"), el("span", { class: "wide-only" }, " Outside world"));
  button.hidden = false;
  button.addEventListener("click", () => show(panel.hidden));
  show(matchMedia("(min-width: 1200px)").matches && localStorage.getItem("outside") === "open");
  return () => { if (!panel.hidden && !sides.watch.hidden) watch.refresh(); };
}
