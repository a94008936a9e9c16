// The page: whose eyes it looks through, where, and what changes while it is open.
import { ask, byId, el } from "./dom.js";
import { composer } from "./composer.js";
import { contextFor } from "./context.js";
import { drawBlocks } from "./blocks.js";
import { drawMessages } from "./messages.js";
import { drawModals } from "./modals.js";
import { drawSidebar } from "./sidebar.js";
import { namesFor } from "./names.js";
import { guide } from "./guide.js";
import { outside } from "./outside.js";
import { theme } from "./theme.js";
import { toast } from "./toasts.js";

let workspace;
let names;
let state;
let look = { person: "", place: "", thread: "" };
let drift = 0;
let lastToast;
let isAsking = false;
let isStale = false;
let homeDrawn = "";
let unread;
let isReplying = false;
let drawStories = () => {};
let drawPassed = () => {};

const clock = () => Date.now() / 1000 + drift;
const where = () => ({ channel: look.place === "home" ? dmOf() : look.place });
const dmOf = () => state.places.find((each) => each.is_im)?.id;

function readAddress() {
  const [person, place, thread] = location.hash.replace(/^#\/?/, "").split("/");
  const archive = location.pathname.match(/^\/archives\/(\w+)\/p(\d+)(\d{6})$/);
  const parent = new URLSearchParams(location.search).get("thread_ts");
  const first = workspace.people.find((each) => each.can_act).id;
  const known = workspace.people.some((each) => each.id === person && each.can_act);
  return {
    person: known ? person : localStorage.getItem("person") ?? first,
    place: place || archive?.[1] || "",
    thread: thread || (archive && (parent ?? "")) || "",
  };
}

function go(place, thread = "") {
  location.hash = `/${look.person}/${place}${thread ? `/${thread}` : ""}`;
}

async function refresh() {
  if (isAsking) { isStale = true; return; }
  isAsking = true;
  const asked = { ...look };
  try {
    state = await ask(`/_page/state?${new URLSearchParams({ person: asked.person, channel: asked.place, thread: asked.thread })}`);
  } finally {
    isAsking = false;
  }
  drift = state.now - Date.now() / 1000;
  // What was unread when this place was opened stays marked until it is left.
  if (asked.place === look.place && asked.person === look.person) unread ??= { after: state.read_to || "9", to: state.messages.at(-1)?.ts ?? "" };
  if (asked.person === look.person && asked.place === look.place && asked.thread === look.thread) draw();
  if (isStale) { isStale = false; refresh(); }
}

function draw() {
  if (look.place !== "home" && !state.places.some((each) => each.id === look.place)) {
    go((state.places.find((each) => each.name === "support") ?? state.places[0]).id);
    return;
  }
  const place = state.places.find((each) => each.id === look.place);
  drawSidebar(state, look.place, workspace, names, (id) => { go(id); openSidebar(false); });
  drawHead(place);
  if (look.place === "home") drawHome();
  else { homeDrawn = ""; drawMessages(byId("messages"), state.messages, names, { openThread, inThread: false, unread }); }
  if (look.place !== "home" && !state.messages.length) {
    byId("messages").replaceChildren(el("p", { class: "empty" }, place.is_im ? "No messages yet. Private messages from cardops appear here." : `This is the very beginning of #${place.name}.`));
  }
  drawThread();
  drawStories(state.stories);
  drawModals(state.modals, names);
  for (const each of state.toasts) if (each.id > lastToast) toast(each.text, "bad");
  lastToast = Math.max(lastToast ?? 0, ...state.toasts.map((each) => each.id));
  document.title = `${place ? (place.is_im ? workspace.app.name : `#${place.name}`) : "Home"} · ${workspace.team.name}`;
}

function drawHead(place) {
  const isApp = !place || place.is_im;
  byId("place-name").textContent = isApp ? workspace.app.name : `# ${place.name}`;
  byId("place-topic").textContent = isApp ? "" : `${place.topic} · ${place.members} members`;
  byId("tabs").hidden = !isApp;
  const isTurnedOff = Boolean(place?.is_im) && !workspace.app.takes_messages;
  byId("composer").hidden = look.place === "home" || Boolean(place?.is_archived) || isTurnedOff;
  byId("turned-off").hidden = !isTurnedOff;
  byId("reply-composer").hidden = isTurnedOff;
  if (!isApp) return;
  const tab = (label, id) => el("button", { type: "button", role: "tab", "aria-selected": String(look.place === id), onclick: () => go(id) }, label);
  byId("tabs").replaceChildren(tab("Home", "home"), tab("Messages", dmOf()));
}

function drawHome() {
  const key = `${names.me} ${state.home?.hash}`;
  if (key === homeDrawn) return;
  homeDrawn = key;
  const ctx = state.home && contextFor({ names, place: { view: state.home.id }, prefix: "home" });
  byId("messages").replaceChildren(el("div", { class: "home" }, state.home ? drawBlocks(state.home.blocks, ctx) : el("p", { class: "empty" }, "Nothing here for your account.")));
}

function drawThread() {
  const isOpen = Boolean(look.thread) && state.thread.length > 0;
  byId("thread").hidden = !isOpen;
  byId("columns").classList.toggle("with-thread", isOpen);
  if (!isOpen) return;
  byId("thread-place").textContent = `#${state.places.find((each) => each.id === look.place)?.name}`;
  drawMessages(byId("replies"), state.thread, names, { inThread: true });
}

function openThread(ts) {
  isReplying = true;
  go(look.place, ts);
}

function afresh(list) {
  list.replaceChildren();
  if (list.dataset.atEnd) list.dataset.atEnd = "yes";
}

function openSidebar(isOpen) {
  byId("columns").classList.toggle("with-sidebar", isOpen);
  byId("open-sidebar").setAttribute("aria-expanded", String(isOpen));
}

function drawPeople() {
  const option = (each) => el("option", { value: each.id }, `${each.real_name}${each.mark ? ` (${each.mark})` : ""}`);
  byId("act-as").replaceChildren(...workspace.people.filter((each) => each.can_act).map(option));
  byId("act-as").value = look.person;
}

async function start() {
  theme(byId("theme"));
  workspace = await ask("/_page/workspace");
  byId("team-name").textContent = workspace.team.name;
  const writing = { names: () => names, commands: () => workspace.commands };
  const main = composer(byId("composer"), { id: "composer-text", where, ...writing });
  const reply = composer(byId("reply-composer"), { id: "reply-text", where: () => ({ channel: look.place, thread: look.thread }), ...writing });

  let wanted = "";
  const travel = ({ person, place, text }) => {
    openSidebar(false);
    const address = `#/${person}/${place}`;
    if (location.hash === address) { if (text) main.offer(text); return; }
    wanted = text;
    location.hash = address;
  };
  drawStories = guide(travel);

  const follow = async () => {
    const before = look;
    look = readAddress();
    localStorage.setItem("person", look.person);
    if (before.person !== look.person) {
      names = namesFor(workspace, look.person, clock);
      lastToast = undefined;
      homeDrawn = "";
      drawPeople();
    }
    const isNew = before.person !== look.person || before.place !== look.place;
    if (isNew) { afresh(byId("messages")); unread = undefined; }
    if (isNew || before.thread !== look.thread) afresh(byId("replies"));
    await refresh();
    lastToast ??= 0;
    const label = look.place === "home" ? "" : `Message ${byId("place-name").textContent}`;
    if (isNew) { main.moved(`${before.person} ${before.place}`, `${look.person} ${look.place}`, label); }
    if (before.thread !== look.thread) reply.moved(before.thread, look.thread, "Reply…");
    if (isReplying && look.thread) byId("reply-text").focus();
    else if (before.thread && !look.thread && !isNew) byId("composer-text").focus();
    isReplying = false;
    if (wanted) { main.offer(wanted); wanted = ""; }
    if (isNew && look.place === "home") ask("/_page/act", { kind: "open_home", person: look.person });
  };
  window.addEventListener("hashchange", follow);
  byId("act-as").addEventListener("change", (event) => { location.hash = `/${event.target.value}/${look.place}`; });
  byId("open-sidebar").addEventListener("click", () => openSidebar(!byId("columns").classList.contains("with-sidebar")));
  byId("close-thread").addEventListener("click", () => go(look.place));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (byId("columns").classList.contains("with-sidebar")) openSidebar(false);
    else if (look.thread) go(look.place);
  });
  // The address of a message, as the app got it, opens here.
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest?.("a[href]");
    const found = anchor?.href.match(/\/archives\/(\w+)\/p(\d+)(\d{6})(?:\?thread_ts=([\d.]+))?/);
    if (!found || !anchor.href.startsWith(location.origin)) return;
    event.preventDefault();
    go(found[1], found[4] ?? "");
  });
  await follow();
  lastToast = Math.max(0, ...(state?.toasts ?? []).map((each) => each.id));
  const stream = new EventSource("/_page/events");
  stream.onmessage = () => { refresh(); drawPassed(); };
  drawPassed = await outside(() => names);
}

start();
