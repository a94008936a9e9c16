// A field to search and choose in: one or many, from a list or by asking the app.
import { el } from "./dom.js";
import { plain } from "./mrkdwn.js";

const PAUSE = 200;
let serial = 0;

export function combo({ id, isMany, invalid, placeholder, describedBy, most, chosen, find, asValue, register, changed }) {
  let picked = [...chosen];
  let shown = [];
  let active = -1;
  let timer;
  const listId = `list-${(serial += 1)}`;
  const chips = el("span", { class: "chips" });
  const list = el("ul", { class: "list", id: listId, role: "listbox", hidden: true });
  const input = el("input", {
    id, class: "combo-input", type: "text", placeholder, autocomplete: "off", role: "combobox", "aria-label": id ? undefined : placeholder,
    "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list", "aria-describedby": describedBy, "aria-invalid": invalid ? "true" : undefined,
  });
  const root = el("div", { class: "combo" }, el("div", { class: "field combo-field", onclick: () => { input.focus(); if (list.hidden) search(); } }, chips, input), list);

  const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); active = -1; };
  const drawPicked = () => {
    chips.replaceChildren(...picked.map((each) => el("span", { class: "chip" }, plain(each.text.text),
      el("button", { type: "button", "aria-label": `Remove ${each.text.text}`, onclick: (event) => { event.stopPropagation(); remove(each); } }, "✕"))));
    input.placeholder = picked.length ? "" : placeholder;
  };
  const told = () => changed(asValue(picked));
  const remove = (option) => { picked = picked.filter((each) => each !== option); drawPicked(); if (isMany) told(); };
  const choose = (option) => {
    if (isMany && most && picked.length >= most) return;
    const { text, value, description } = option;
    const copy = description ? { text, value, description } : { text, value };
    picked = isMany ? [...picked.filter((each) => each.value !== value), copy] : [copy];
    input.value = "";
    close();
    drawPicked();
    told();
  };
  const draw = (found) => {
    shown = Array.isArray(found) ? found.filter((each) => !isMany || !picked.some((one) => one.value === each.value)) : [];
    const words = Array.isArray(found) ? (shown.length ? "" : "No results") : found;
    active = shown.length ? 0 : -1;
    list.replaceChildren(...(words ? [el("li", { class: "note" }, words)] : shown.map((each, i) => el("li", {
      role: "option", id: `${listId}-${i}`, "aria-selected": String(i === active), onmousedown: (event) => { event.preventDefault(); choose(each); },
    }, plain(each.text.text), each.description ? el("small", {}, plain(each.description.text)) : ""))));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  };
  // An answer that comes late opens nothing over a form whose reader is in another field by now.
  const search = async () => {
    const query = input.value.trim();
    const found = await find(query);
    if (query === input.value.trim() && document.activeElement === input) draw(found);
  };
  const move = (step) => {
    if (!shown.length) return;
    active = (active + step + shown.length) % shown.length;
    [...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === active)));
    input.setAttribute("aria-activedescendant", `${listId}-${active}`);
    list.children[active].scrollIntoView({ block: "nearest" });
  };

  // Being there opens nothing: a form that opens with this field shows the form, and Escape closes it.
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, PAUSE); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); if (list.hidden) search(); else move(step); }
    if (event.key === "Enter") { event.preventDefault(); if (!list.hidden && shown[active]) choose(shown[active]); }
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); close(); }
    if (event.key === "Backspace" && !input.value && picked.length) remove(picked.at(-1));
  });
  register(() => asValue(picked), () => picked);
  drawPicked();
  return root;
}
