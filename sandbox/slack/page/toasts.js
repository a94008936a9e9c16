// Short notes at the edge that go away by themselves.
import { byId, el } from "./dom.js";

const STAYS = 6000;

export function toast(text, kind = "") {
  const node = el("div", { class: `toast ${kind}` }, el("span", {}, text),
    el("button", { type: "button", class: "icon", "aria-label": "Dismiss", onclick: () => node.remove() }, "✕"));
  byId("toasts").append(node);
  setTimeout(() => node.remove(), STAYS);
}
