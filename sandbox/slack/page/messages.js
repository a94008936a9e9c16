// Draws messages: who, when, what, and what hangs on them.
import { ask, avatar, el, renderKeyed } from "./dom.js";
import { contextFor } from "./context.js";
import { drawBlocks } from "./blocks.js";
import { clockTime, dayName, fullTime, ago } from "./dates.js";
import { mrkdwn } from "./mrkdwn.js";
import { EMOJI } from "./emoji.js";
import { icon } from "./icons.js";
import { sign } from "./signs.js";

const JOINED = 300;
const NEAR = 80;

// Whoever looks at the newest message keeps looking at it, also when the room for it changes.
function pinToEnd(parent) {
  if (parent.dataset.atEnd) return;
  parent.dataset.atEnd = "yes";
  const size = () => `${parent.clientWidth} ${parent.clientHeight}`;
  let known = size();
  parent.addEventListener("scroll", () => {
    if (size() !== known) return; // the room changed, nobody scrolled
    parent.dataset.atEnd = parent.scrollHeight - parent.scrollTop - parent.clientHeight < NEAR ? "yes" : "no";
  });
  new ResizeObserver(() => {
    known = size();
    if (parent.dataset.atEnd === "yes") parent.scrollTop = parent.scrollHeight;
  }).observe(parent);
}

export function drawMessages(parent, messages, names, { openThread, inThread, unread }) {
  pinToEnd(parent);
  const rows = [];
  let before;
  let wasNew = false;
  for (const message of messages) {
    const day = dayName(message.ts, names);
    if (!inThread && day !== before?.day) rows.push({ key: `day ${day}`, day });
    const isNew = unread && message.ts > unread.after && message.ts <= unread.to && message.user !== names.me;
    if (isNew && before && !wasNew) rows.push({ key: "new", isNew });
    wasNew ||= isNew;
    const follows = before?.day === day && before.user === message.user && !before.is_ephemeral && !message.is_ephemeral && !before.reply_count
      && Number(message.ts) - Number(before.ts) < JOINED;
    rows.push({ key: `${names.me} ${message.ts}`, message, follows });
    before = { ...message, day };
  }
  const changed = renderKeyed(parent, rows, (row) => row.key, (row) => (row.day
    ? el("div", { class: "day", role: "separator" }, el("span", {}, row.day))
    : row.isNew ? el("div", { class: "day new", role: "separator" }, el("span", {}, "New"))
    : drawMessage(row.message, row.follows, names, openThread, inThread)));
  if (changed && parent.dataset.atEnd === "yes") parent.scrollTop = parent.scrollHeight;
  return changed;
}

function drawMessage(message, follows, names, openThread, inThread) {
  const name = names.person(message.user);
  const isApp = Boolean(message.bot_id) || names.marks(message.user) === "app";
  const ctx = contextFor({ names, place: { channel: message.channel, ts: message.ts }, prefix: `m${message.ts}` });
  const mark = names.marks(message.user);
  const body = message.blocks?.length ? drawBlocks(message.blocks, ctx) : [el("div", { class: "text" }, mrkdwn(message.text ?? "", names))];
  const isGone = message.subtype === "tombstone";
  return el("article", { class: `message${follows ? " follows" : ""}${message.is_ephemeral ? " ephemeral" : ""}${isGone ? " gone" : ""}`, "aria-label": `${name}, ${clockTime(message.ts, names)}`, id: inThread ? undefined : `p${message.ts.replace(".", "")}` },
    follows ? el("span", { class: "gutter", "aria-hidden": "true" }, clockTime(message.ts, names)) : avatar(name, message.user),
    el("div", { class: "message-body" },
      message.is_ephemeral ? el("p", { class: "only-you" }, icon("eye"), " Only visible to you") : "",
      message.pinned_to ? el("p", { class: "only-you" }, "Pinned to this channel") : "",
      follows ? "" : el("p", { class: "byline" },
        el("strong", {}, name),
        isApp ? el("span", { class: "badge" }, "APP") : mark ? el("span", { class: "badge person" }, mark) : "",
        el("time", { datetime: new Date(Number(message.ts) * 1000).toISOString(), title: fullTime(message.ts, names) }, clockTime(message.ts, names))),
      message.subtype === "thread_broadcast" && !inThread ? el("p", { class: "only-you" }, "↳ replied to a thread") : "",
      body,
      message.edited ? el("span", { class: "edited" }, "(edited)") : "",
      (message.files ?? []).map(fileLink),
      message.reactions ? el("div", { class: "reactions" }, message.reactions.map((each) => el("span", { title: each.users.map(names.person).join(", ") }, [sign(each.name) ?? EMOJI[each.name] ?? `:${each.name}:`, ` ${each.count}`]))) : "",
      message.reply_count && !inThread ? el("button", { type: "button", class: "replies", onclick: () => openThread(message.ts) },
        (message.reply_users ?? []).slice(0, 4).map((id) => avatar(names.person(id), id)),
        el("b", {}, `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`),
        el("span", {}, `last ${ago(Number(message.latest_reply), names.now())}`)) : "",
      message.is_ephemeral ? el("button", { type: "button", class: "linklike", onclick: () => ask("/_page/dismiss", { person: names.me, ts: message.ts }) }, "Dismiss") : ""),
    message.is_ephemeral || inThread ? "" : el("div", { class: "hover-bar" },
      names.shortcuts.filter((each) => each.type === "message").map((each) => el("button", { type: "button", title: each.description, onclick: () => ctx.act("shortcut", { callback_id: each.callback_id }) }, each.name)),
      el("button", { type: "button", "aria-label": `Reply in thread to ${name}`, title: "Reply in thread", onclick: () => openThread(message.thread_ts ?? message.ts) }, icon("reply"))));
}

function fileLink(file) {
  const address = new URL(file.url_private);
  const isPicture = file.mimetype.startsWith("image/");
  return el("a", { class: "file-link", href: address.pathname, download: file.name },
    isPicture ? el("img", { class: "picture", src: address.pathname, alt: file.alt_txt ?? file.title }) : [icon("clip"), ` ${file.title}`]);
}
