// Draws the rich_text block.
import { el } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { formatDate } from "./dates.js";
import { link, mention } from "./mrkdwn.js";
import { sign } from "./signs.js";

const LEAVES = {
  text: (leaf) => leaf.text,
  link: (leaf) => link(leaf.url, leaf.text ?? leaf.url),
  user: (leaf, names) => mention(`@${names.person(leaf.user_id)}`, leaf.user_id === names.me),
  usergroup: (leaf, names) => mention(`@${names.group(leaf.usergroup_id) ?? leaf.usergroup_id}`, names.mine.has(leaf.usergroup_id)),
  channel: (leaf, names) => mention(`#${names.channel(leaf.channel_id) ?? leaf.channel_id}`),
  broadcast: (leaf) => mention(`@${leaf.range}`, true),
  emoji: (leaf) => sign(leaf.name) ?? EMOJI[leaf.name] ?? `:${leaf.name}:`,
  date: (leaf, names) => formatDate(leaf.timestamp, leaf.format, names) ?? leaf.fallback ?? "",
  color: (leaf) => leaf.value,
  team: (leaf) => leaf.team_id,
};
const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function leafNode(leaf, names) {
  let node = LEAVES[leaf.type]?.(leaf, names) ?? "";
  for (const [style, tag] of Object.entries(STYLES)) if (leaf.style?.[style]) node = el(tag, {}, node);
  return node;
}

const leaves = (part, names) => part.elements.map((leaf) => leafNode(leaf, names));
const PARTS = {
  rich_text_section: (part, names) => el("p", {}, leaves(part, names)),
  rich_text_quote: (part, names) => el("blockquote", {}, leaves(part, names)),
  rich_text_preformatted: (part, names) => el("pre", {}, leaves(part, names)),
  rich_text_list: (part, names) => el(part.style === "ordered" ? "ol" : "ul", { class: `indent-${part.indent ?? 0}` }, part.elements.map((item) => el("li", {}, leaves(item, names)))),
};

export function richText(block, names) {
  return block.elements.map((part) => PARTS[part.type]?.(part, names) ?? "");
}
