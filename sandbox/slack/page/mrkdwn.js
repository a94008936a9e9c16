// Draws Slack's mrkdwn, plain text and a little Markdown as elements.
import { el } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { formatDate } from "./dates.js";
import { sign } from "./signs.js";

const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
// As words where only text is possible, else as one of our own signs if there is one.
export const plainText = (text) => text.replace(/:([a-z0-9_+'-]+):/g, (all, name) => EMOJI[name] ?? all);
const shortcodes = (text) => text.split(/(:[a-z0-9_+'-]+:)/).map((part) => (/^:.+:$/.test(part) ? sign(part.slice(1, -1)) ?? EMOJI[part.slice(1, -1)] ?? part : part));
const WEB = /^(https?|mailto|tel):/i;

// Opening and closing marks must be at the edge of words, as in Slack.
const INLINE = new RegExp(
  [
    "<([^<>\\n]+)>",
    "`([^`\\n]+)`",
    "(?<![\\p{L}\\p{N}*])\\*(?![\\s*])([^*\\n]*[^*\\s])\\*(?![\\p{L}\\p{N}*])",
    "(?<![\\p{L}\\p{N}_])_(?![\\s_])([^_\\n]*[^_\\s])_(?![\\p{L}\\p{N}_])",
    "(?<![\\p{L}\\p{N}~])~(?![\\s~])([^~\\n]*[^~\\s])~(?![\\p{L}\\p{N}~])",
  ].join("|"),
  "gu",
);
const WRAPS = [null, null, "code", "strong", "em", "s"];

export function link(url, words) {
  if (!WEB.test(url)) return el("span", {}, words);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words);
}

export function mention(words, isMe = false) {
  return el("span", { class: isMe ? "mention me" : "mention" }, words);
}

function angled(inside, names) {
  const [target, ...rest] = inside.split("|");
  const label = rest.length ? unescape(rest.join("|")) : undefined;
  if (target.startsWith("@")) return mention(`@${names.person(target.slice(1))}`, target.slice(1) === names.me);
  if (target.startsWith("#")) return mention(`#${names.channel(target.slice(1)) ?? label ?? target.slice(1)}`);
  if (target.startsWith("!subteam^")) {
    const id = target.split("^")[1];
    return mention(`@${names.group(id) ?? label ?? id}`, names.mine.has(id));
  }
  if (target.startsWith("!date^")) {
    const [, seconds, format, url] = target.split("^");
    const words = formatDate(Number(seconds), unescape(format ?? ""), names) ?? label ?? "";
    const time = el("time", { datetime: new Date(Number(seconds) * 1000).toISOString(), title: label }, words);
    return url ? link(url, time) : time;
  }
  if (target.startsWith("!")) return mention(`@${target.slice(1)}`, true);
  return link(unescape(target), label ?? unescape(target));
}

function inline(text, names) {
  const out = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    out.push(shortcodes(unescape(text.slice(end, match.index))));
    end = match.index + match[0].length;
    const place = match.slice(1).findIndex((part) => part !== undefined) + 1;
    const inside = match[place];
    if (place === 1) out.push(angled(inside, names));
    else if (place === 2) out.push(el("code", {}, unescape(inside)));
    else out.push(el(WRAPS[place], {}, inline(inside, names)));
  }
  out.push(shortcodes(unescape(text.slice(end))));
  return out;
}

function lines(text, names) {
  const out = [];
  let quoted = [];
  const flush = () => {
    if (quoted.length) out.push(el("blockquote", {}, quoted.flatMap((each, i) => (i ? [el("br"), ...each] : each))));
    quoted = [];
  };
  const all = text.split("\n");
  all.forEach((line, i) => {
    const quote = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (quote) {
      quoted.push(inline(quote[1], names));
      return;
    }
    const hadQuote = quoted.length > 0;
    flush();
    if (i && !hadQuote) out.push(el("br"));
    out.push(...inline(line, names));
  });
  flush();
  return out;
}

export function mrkdwn(text, names) {
  return text.split("```").flatMap((part, i) => {
    if (i % 2) return el("pre", {}, unescape(part.replace(/^\n/, "")));
    return lines(part, names);
  });
}

export function plain(text) {
  return shortcodes(text);
}

export function textObject(object, names) {
  if (!object) return "";
  return object.type === "mrkdwn" ? mrkdwn(object.text, names) : plain(object.text);
}

// The markdown block: headings, lists and emphasis, enough for what apps send.
export function markdown(text, names) {
  const toSlack = (line) => line
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, "<$2|$1>")
    .replace(/\*\*(.+?)\*\*/g, "*$1*")
    .replace(/~~(.+?)~~/g, "~$1~");
  return text.split("\n").map((line) => {
    const heading = line.match(/^(#{1,6})\s+(.*)$/);
    if (heading) return el("p", { class: `md-h${heading[1].length}` }, el("strong", {}, inline(toSlack(heading[2]), names)));
    const item = line.match(/^\s*(?:[-*]|\d+\.)\s+(.*)$/);
    if (item) return el("p", { class: "md-item" }, inline(toSlack(item[1]), names));
    return el("p", {}, inline(toSlack(line), names));
  });
}
