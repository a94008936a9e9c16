// The stack of modals: draws the one on top, submits it, shows errors under the fields.
import { byId, el } from "./dom.js";
import { contextFor } from "./context.js";
import { drawBlocks } from "./blocks.js";
import { plain } from "./mrkdwn.js";

let drawn = "";
let current;
let errors = {};
let trouble = "";

export function drawModals(stack, names) {
  const dialog = byId("modal");
  const view = stack.at(-1);
  if (!view) {
    drawn = "";
    current = undefined;
    errors = {};
    trouble = "";
    if (dialog.open) dialog.close();
    return;
  }
  const key = `${names.me} ${view.id} ${view.hash}`;
  if (key === drawn) return;
  if (!drawn.startsWith(`${names.me} ${view.id} `)) { errors = {}; trouble = ""; }
  draw(dialog, view, stack.length, names, key);
  if (!dialog.open) dialog.showModal();
}

function draw(dialog, view, depth, names, key) {
  const isSame = drawn.startsWith(`${names.me} ${view.id} `);
  const kept = isSame && current ? current.entered() : stateOf(view);
  const focused = isSame ? whereFocused() : undefined;
  drawn = key;
  const ctx = contextFor({ names, place: { view: view.id }, prefix: view.id, kept, errors });
  current = ctx;
  const close = (all) => ctx.act("close", { all });
  const submit = async (event) => {
    event.preventDefault();
    if (!view.submit || form.classList.contains("busy")) return;
    form.classList.add("busy");
    const answer = await ctx.act("submit", { values: ctx.values() });
    form.classList.remove("busy");
    errors = answer.errors ?? {};
    trouble = Object.keys(errors).length ? "" : answer.shown;
    // A view that was updated in the meantime is drawn by the next state instead.
    if (drawn === key && !answer.ok) draw(dialog, view, depth, names, key);
    dialog.querySelector("[aria-invalid=true]")?.focus();
  };
  const form = el("form", { class: "modal-form", novalidate: true, onsubmit: submit },
    el("header", {}, el("h2", { id: "modal-title" }, plain(view.title.text)),
      el("button", { type: "button", class: "icon", "aria-label": "Close all", onclick: () => close(true) }, "✕")),
    trouble ? el("p", { class: "trouble", role: "alert" }, trouble) : "",
    el("div", { class: "modal-body" }, drawBlocks(view.blocks, ctx)),
    el("footer", {},
      el("button", { type: "button", class: "button", onclick: () => close(false) }, plain(view.close?.text ?? (depth > 1 ? "Back" : view.submit ? "Cancel" : "Close"))),
      view.submit ? el("button", { type: "submit", class: "button primary solid", disabled: Boolean(view.submit_disabled) }, el("span", { class: "spinner", "aria-hidden": "true" }), plain(view.submit.text)) : ""));
  dialog.oncancel = (event) => { event.preventDefault(); close(false); };
  dialog.replaceChildren(form);
  if (focused) focusAgain(dialog, focused);
  else if (!isSame) dialog.querySelector(".modal-body :is(input, textarea, select, button):not([disabled])")?.setAttribute("autofocus", "");
}

// In which field somebody is, and what they have typed there to search: an update must not take it away.
function whereFocused() {
  const node = document.activeElement;
  const block = node?.closest(".input-block")?.dataset.block;
  return block && { block, id: node.id, query: node.matches(".combo-input") ? node.value : "" };
}

function focusAgain(dialog, { block, id, query }) {
  const field = document.getElementById(id) ?? dialog.querySelector(`[data-block="${CSS.escape(block)}"] :is(input, textarea, select)`);
  if (!field) return;
  field.focus();
  if (query) { field.value = query; field.dispatchEvent(new Event("input")); }
}

// What this person had entered before the page was reloaded.
function stateOf(view) {
  const kept = new Map();
  for (const [block, actions] of Object.entries(view.state?.values ?? {})) {
    for (const [action, held] of Object.entries(actions)) {
      const value = Object.entries(held).find(([name]) => name !== "type")?.[1];
      const isCombo = /external|^multi_static/.test(held.type);
      const simple = held.selected_options && !isCombo ? held.selected_options.map((each) => each.value)
        : held.selected_option && !isCombo ? held.selected_option.value
          : isCombo && value && !Array.isArray(value) ? [value] : value;
      if (simple !== null && simple !== undefined && !/^multi_(users|channels|conversations)|file/.test(held.type)) kept.set(`${block}\n${action}`, simple);
    }
  }
  return kept;
}
