// What passes between the bot and the two outside parties, as it happens; one message in full, sealed beside clear.
import { ask, byId, el } from "./dom.js";
import { secondTime } from "./dates.js";

const MOST = 200;
const KINDS = { "Slack → bot": "slack in", "bot → Slack": "slack out", "bot → Paytend": "paytend out", "Paytend → bot": "paytend in" };

const written = (content) => (typeof content === "string" ? content : JSON.stringify(content, null, 2));

function column(title, content, isSealed) {
  return el("section", { class: "column" }, el("h4", {}, title), el("pre", { tabindex: "0", class: isSealed ? "sealed" : "" }, written(content)));
}

function partOf(part) {
  const isSealed = part.sealed !== null && part.sealed !== "";
  return el("div", {}, el("h3", {}, part.title), el("div", { class: isSealed ? "pair" : "" },
    column(isSealed ? "In the clear" : "As it travels", part.clear ?? "(nothing)", false),
    isSealed ? column("As it travels, sealed and signed", part.sealed, true) : ""));
}

async function showInFull(number, names) {
  const found = await ask(`/_page/passed/${number}`);
  if (found.error) return;
  const dialog = byId("passed");
  dialog.replaceChildren(
    el("header", {}, el("h2", { id: "passed-title" }, el("span", { class: `way ${KINDS[found.way]}` }, found.way), ` ${found.title}`),
      el("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
    el("p", { class: "hint" }, `${secondTime(found.at, names)} · ${found.outcome}${found.ms === null ? "" : ` · ${found.ms} ms`}`),
    el("div", { class: "parts" }, found.parts.map(partOf)),
  );
  dialog.showModal();
}

// Returns the element, and the function that fetches the newest.
export function passed(namesNow) {
  let last = 0;
  let isAsking = false;
  const list = el("ol", { class: "rows" });
  const none = el("p", { class: "hint" }, "Nothing has passed yet.");
  const choice = el("select", { class: "field", "aria-label": "Show" }, ["Everything", "Slack", "Paytend"].map((each) => el("option", {}, each)));
  choice.addEventListener("change", () => { list.dataset.only = choice.value; });
  list.dataset.only = "Everything";
  const rowOf = (row) => el("li", { class: `row ${row.way.includes("Slack") ? "of-slack" : "of-paytend"}` },
    el("button", { type: "button", onclick: () => showInFull(row.number, namesNow()) },
      el("span", { class: `way ${KINDS[row.way]}` }, row.way), el("time", {}, secondTime(row.at, namesNow())),
      el("b", {}, row.title), el("span", { class: row.is_good ? "good" : "bad" }, `${row.outcome}${row.ms === null ? "" : ` · ${row.ms} ms`}`)));
  const refresh = async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      const rows = await ask(`/_page/passed?after=${last}`);
      if (rows.length) last = rows.at(-1).number;
      list.prepend(...rows.reverse().map(rowOf));
      while (list.children.length > MOST) list.lastChild.remove();
      none.hidden = list.children.length > 0;
    } finally {
      isAsking = false;
    }
  };
  return { node: el("div", { class: "watch" }, choice, none, list), refresh };
}
