// Draws blocks. `ctx` knows names, where the blocks are, what was entered, and how to notify the app.
import { el } from "./dom.js";
import { drawElement } from "./elements.js";
import { icon } from "./icons.js";
import { markdown, plain, textObject } from "./mrkdwn.js";
import { richText } from "./rich_text.js";

function picture(block, isSmall) {
  const source = block.image_url ?? "";
  const isOurs = source.startsWith("data:") || source.startsWith(location.origin);
  if (isOurs) return el("img", { class: isSmall ? "thumb" : "picture", src: source, alt: block.alt_text });
  // Nothing is fetched from elsewhere: an outside picture is shown by its description.
  return el("span", { class: isSmall ? "thumb absent" : "picture absent", title: source || "a file", role: "img", "aria-label": block.alt_text }, icon("picture"), isSmall ? "" : ` ${block.alt_text}`);
}

function cell(content, ctx) {
  return content.type === "rich_text" ? richText(content, ctx.names) : plain(content.text);
}

function table(block, ctx) {
  const settings = block.column_settings ?? [];
  const row = (cells, tag) => el("tr", {}, cells.map((each, i) => el(tag, { class: `align-${settings[i]?.align ?? "left"}${settings[i]?.is_wrapped ? " wraps" : ""}`, scope: tag === "th" ? "col" : undefined }, cell(each, ctx))));
  const [head, ...body] = block.rows;
  return el("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    el("table", {}, el("thead", {}, row(head, "th")), el("tbody", {}, body.map((each) => row(each, "td")))));
}

function input(block, ctx) {
  const id = `${ctx.prefix}-${block.block_id}-${block.element.action_id}`;
  const isGroup = ["checkboxes", "radio_buttons"].includes(block.element.type);
  const words = [plain(block.label.text), block.optional ? el("span", { class: "optional" }, " (optional)") : ""];
  const error = ctx.errors?.[block.block_id];
  const notes = [];
  if (block.hint) notes.push(el("p", { class: "hint", id: `${id}-hint` }, plain(block.hint.text)));
  if (error) notes.push(el("p", { class: "field-error", id: `${id}-error`, role: "alert" }, error));
  const describedBy = notes.map((each) => each.id).join(" ") || undefined;
  const element = drawElement(block.element, block, ctx, { id, describedBy, invalid: Boolean(error), required: !block.optional, dispatches: block.dispatch_action });
  if (isGroup) return el("fieldset", { class: "input-block", "data-block": block.block_id }, el("legend", {}, words), element, notes);
  return el("div", { class: "input-block", "data-block": block.block_id }, el("label", { for: id }, words), element, notes);
}

const BLOCKS = {
  section: (block, ctx) => el("div", { class: "section" },
    el("div", { class: "section-body" },
      block.text ? el("div", { class: "section-text" }, textObject(block.text, ctx.names)) : "",
      block.fields ? el("div", { class: "fields" }, block.fields.map((each) => el("div", {}, textObject(each, ctx.names)))) : ""),
    block.accessory ? el("div", { class: "accessory" }, block.accessory.type === "image" ? picture(block.accessory, true) : drawElement(block.accessory, block, ctx, { label: block.text?.text })) : ""),
  header: (block) => el(`h${Math.min(6, (block.level ?? 1) + 1)}`, { class: "header-block" }, plain(block.text.text)),
  divider: () => el("hr"),
  context: (block, ctx) => el("div", { class: "context" }, block.elements.map((each) => (each.type === "image" ? picture(each, true) : el("span", {}, textObject(each, ctx.names))))),
  actions: (block, ctx) => el("div", { class: "actions" }, block.elements.map((each) => drawElement(each, block, ctx, {}))),
  image: (block, ctx) => el("figure", {}, block.title ? el("figcaption", {}, textObject(block.title, ctx.names)) : "", picture(block, false)),
  rich_text: (block, ctx) => el("div", { class: "rich" }, richText(block, ctx.names)),
  markdown: (block, ctx) => el("div", { class: "markdown" }, markdown(block.text, ctx.names)),
  table,
  input,
};

export function drawBlocks(blocks, ctx) {
  return blocks.map((block) => {
    const draw = BLOCKS[block.type];
    const node = draw ? draw(block, ctx) : el("p", { class: "unknown" }, `[${block.type}]`);
    node.classList.add("block");
    return node;
  });
}
