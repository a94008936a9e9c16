// The guided first minutes: five stories on top, which check themselves off by what has really happened.
import { ask, byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./toasts.js";

async function press(way, button) {
  button.disabled = true;
  const told = await ask("/_page/panel", { title: way.offer, values: way.values });
  button.disabled = false;
  if (!told.ok) toast(told.answer || `Refused (${told.status})`, "bad");
}

function wayOf(way, isFirst, travel) {
  const button = el("button", { type: "button", class: `button small${isFirst ? " primary solid" : ""}` }, way.label);
  button.addEventListener("click", () => (way.offer ? press(way, button) : travel(way)));
  return button;
}

function mark(step, i, isNow) {
  const words = step.is_done ? "done" : isNow ? "now" : "to come";
  return el("li", { class: `mark ${words.replace(" ", "-")}`, "aria-current": isNow ? "step" : undefined },
    el("span", { class: "unseen" }, `Step ${i + 1}, ${words}: ${step.words}`),
    el("span", { "aria-hidden": "true" }, step.is_done ? "✓" : String(i + 1)));
}

// A card is redrawn for each webhook of a storm: its buttons stay the same nodes while they lead to the same places, or
// nobody could press one meanwhile.
function waysOf(step, old, travel) {
  const ways = step?.ways ?? [];
  const signature = JSON.stringify(ways);
  if (old?.signature === signature) return old;
  const fresh = el("div", { class: "ways" }, ways.map((way, i) => wayOf(way, i === 0, travel)));
  fresh.signature = signature;
  return fresh;
}

function fill(card, story, travel) {
  const now = story.steps.findIndex((each) => !each.is_done);
  const step = story.steps[now];
  card.className = `story${step ? "" : " done"}`;
  const head = el("div", { class: "story-head" }, el("h3", {}, story.title), el("ol", { class: "marks" }, story.steps.map((each, i) => mark(each, i, i === now))));
  const words = el("p", {}, step ? step.words : "Done.");
  const old = card.querySelector(".ways");
  const ways = waysOf(step, old, travel);
  if (old !== ways) { card.replaceChildren(head, words, ways); return; }
  card.querySelector(".story-head").replaceWith(head);
  card.querySelector("p").replaceWith(words);
}

function draw(cards, stories, travel) {
  if (cards.children.length !== stories.length) {
    cards.replaceChildren(...stories.map((each) => el("article", { "data-key": each.name, "aria-label": each.title })));
  }
  stories.forEach((story, i) => {
    const card = cards.children[i];
    const signature = JSON.stringify(story);
    if (card.signature === signature) return;
    card.signature = signature;
    fill(card, story, travel);
  });
}

export function guide(travel) {
  const section = byId("guide");
  const button = byId("open-guide");
  const cards = el("div", { class: "stories", "aria-live": "polite", tabindex: "0", role: "region", "aria-label": "Five stories" });
  let has = false;
  let shown;
  const show = () => {
    const isOpen = has && localStorage.getItem("guide") !== "closed";
    section.hidden = !isOpen;
    button.hidden = !has;
    button.setAttribute("aria-expanded", String(isOpen));
  };
  const set = (isOpen) => { localStorage.setItem("guide", isOpen ? "open" : "closed"); show(); };
  section.replaceChildren(
    el("div", { class: "guide-head" }, el("h2", {}, "Your first minutes"), el("p", {}, "Five short tours. Each step checks itself off when you do it."),
      el("button", { type: "button", class: "linklike", onclick: () => ask("/_page/stories", {}) }, "Start again"),
      el("button", { type: "button", class: "icon", "aria-label": "Close the guide", onclick: () => { set(false); button.focus(); } }, "✕")),
    cards,
  );
  button.append(icon("flag"), el("span", { class: "wide-only" }, " Guide"));
  button.addEventListener("click", () => set(section.hidden));
  return (stories) => {
    has = stories.length > 0;
    const focused = cards.contains(document.activeElement) && document.activeElement.closest(".story")?.dataset.key;
    draw(cards, stories, travel);
    if (focused && !cards.contains(document.activeElement)) (cards.querySelector(`[data-key="${focused}"] button`) ?? cards).focus();
    show();
    // On a narrow screen the stories are side by side: scroll to the next one.
    const next = stories.find((each) => each.steps.some((step) => !step.is_done))?.name;
    if (next !== shown) cards.querySelector(`[data-key="${next}"]`)?.scrollIntoView({ block: "nearest", inline: "start" });
    shown = next;
  };
}
