// Draws the controls inside blocks: buttons, selects, fields; each notifies the app or waits for a submission.
import { byId, el } from "./dom.js";
import { combo } from "./combo.js";
import { plain, plainText, textObject } from "./mrkdwn.js";
import { upload } from "./uploads.js";

export function confirmed(confirm, names) {
  if (!confirm) return Promise.resolve(true);
  const dialog = byId("confirm");
  return new Promise((resolve) => {
    const done = (answer) => { dialog.close(); resolve(answer); };
    dialog.oncancel = (event) => { event.preventDefault(); done(false); };
    dialog.replaceChildren(
      el("h2", { id: "confirm-title" }, plain(confirm.title.text)),
      el("div", { class: "confirm-text" }, textObject(confirm.text, names)),
      el("div", { class: "dialog-buttons" },
        el("button", { type: "button", class: "button", onclick: () => done(false) }, plain(confirm.deny.text)),
        el("button", { type: "button", class: `button ${confirm.style === "danger" ? "danger solid" : "primary solid"}`, autofocus: true, onclick: () => done(true) }, plain(confirm.confirm.text))),
    );
    dialog.showModal();
  });
}

// Tells the app at once, unless the element waits in an input block.
function teller(element, block, ctx, facts) {
  const waits = block.type === "input" && !facts.dispatches;
  return async (value) => {
    if (waits || !(await confirmed(element.confirm, ctx.names))) return;
    await ctx.act("click", { action_id: element.action_id, block_id: block.block_id, value, values: ctx.values() });
  };
}

function button(element, block, ctx) {
  const tell = teller({ ...element, confirm: undefined }, block, ctx, {});
  const style = element.style ? ` ${element.style}` : "";
  const node = el("button", { type: "button", class: `button${style}`, "aria-label": element.accessibility_label }, plain(element.text.text));
  node.addEventListener("click", async () => {
    if (node.classList.contains("busy") || !(await confirmed(element.confirm, ctx.names))) return;
    if (element.url) window.open(element.url, "_blank", "noopener");
    // Not disabled: a keyboard user keeps the focus on it.
    node.classList.add("busy");
    node.setAttribute("aria-disabled", "true");
    await tell(undefined);
    node.classList.remove("busy");
    node.removeAttribute("aria-disabled");
  });
  return node;
}

function overflow(element, block, ctx) {
  const tell = teller(element, block, ctx, {});
  const menu = el("details", { class: "overflow" }, el("summary", { class: "button", "aria-label": "More actions" }, "⋯"));
  menu.append(el("div", { class: "menu", role: "menu" }, element.options.map((each) => el("button", {
    type: "button", role: "menuitem", onclick: () => {
      menu.open = false;
      if (each.url) window.open(each.url, "_blank", "noopener");
      tell(each.value);
    },
  }, plain(each.text.text)))));
  return menu;
}

function field(type, more = () => ({})) {
  return (element, block, ctx, facts) => {
    const multi = element.multiline;
    const node = el(multi ? "textarea" : "input", {
      id: facts.id, type: multi ? undefined : type, class: "field", placeholder: element.placeholder?.text,
      "aria-describedby": facts.describedBy, "aria-invalid": facts.invalid ? "true" : undefined,
      "aria-required": facts.required ? "true" : undefined, autofocus: element.focus_on_load, ...more(element),
    });
    const start = ctx.initial(block.block_id, element.action_id) ?? element[STARTS[element.type]] ?? "";
    node.value = start;
    ctx.register(block.block_id, element.action_id, () => (node.value === "" ? null : node.value));
    if (block.type !== "input" || facts.dispatches) {
      const tell = teller(element, block, ctx, facts);
      const at = element.type.includes("picker") ? "change" : "keydown";
      node.addEventListener(at, (event) => {
        if (at === "change" || (event.key === "Enter" && !multi)) { event.preventDefault(); tell(node.value || null); }
      });
    }
    return node;
  };
}

const STARTS = {
  plain_text_input: "initial_value", email_text_input: "initial_value", url_text_input: "initial_value",
  number_input: "initial_value", datepicker: "initial_date", timepicker: "initial_time",
};

function dateTime(element, block, ctx, facts) {
  const node = el("input", { id: facts.id, type: "datetime-local", class: "field", "aria-describedby": facts.describedBy });
  const start = ctx.initial(block.block_id, element.action_id) ?? element.initial_date_time;
  if (start) node.value = new Date((start - new Date().getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 16);
  const value = () => (node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null);
  ctx.register(block.block_id, element.action_id, value);
  const tell = teller(element, block, ctx, facts);
  node.addEventListener("change", () => tell(value()));
  return node;
}

function nativeSelect(element, block, ctx, facts, groups, start) {
  const words = element.placeholder?.text ?? "Choose…";
  const node = el("select", { id: facts.id, class: "field", "aria-label": facts.id ? undefined : words, "aria-describedby": facts.describedBy, "aria-invalid": facts.invalid ? "true" : undefined },
    el("option", { value: "" }, words),
    groups.map(([label, options]) => {
      const made = options.map(([value, text]) => el("option", { value }, text));
      return label ? el("optgroup", { label }, made) : made;
    }));
  node.value = ctx.initial(block.block_id, element.action_id) ?? start ?? "";
  ctx.register(block.block_id, element.action_id, () => node.value || null);
  const tell = teller(element, block, ctx, facts);
  node.addEventListener("change", () => node.value && tell(node.value));
  return node;
}

const pairs = (options) => options.map((each) => [each.value, plainText(each.text.text)]);

function staticSelect(element, block, ctx, facts) {
  const groups = element.option_groups ? element.option_groups.map((group) => [group.label.text, pairs(group.options)]) : [["", pairs(element.options)]];
  return nativeSelect(element, block, ctx, facts, groups, element.initial_option?.value);
}

const directory = (list, start) => (element, block, ctx, facts) => nativeSelect(element, block, ctx, facts, [["", list(ctx)]], element[start]);
const peopleOf = (ctx) => ctx.names.people.filter((each) => !each.mark.match(/deactivated|app/)).map((each) => [each.id, each.real_name]);
const channelsOf = (ctx) => Object.entries(ctx.names.channels).map(([id, name]) => [id, `#${name}`]);

const asOptions = (list) => (ctx) => list(ctx).map(([value, text]) => ({ value, text: { type: "plain_text", text } }));

function searched(isMany, source, start) {
  return (element, block, ctx, facts) => combo({
    id: facts.id, isMany, placeholder: element.placeholder?.text ?? (source ? "Choose…" : "Type to search…"), describedBy: facts.describedBy, invalid: facts.invalid,
    most: element.max_selected_items,
    chosen: ctx.initial(block.block_id, element.action_id) ?? start?.(element, ctx) ?? [],
    find: async (query) => {
      if (source) return source(ctx, element).filter((each) => each.text.text.toLowerCase().includes(query.toLowerCase()));
      const least = element.min_query_length ?? 3;
      if (query.length < least) return `Type at least ${least} character${least === 1 ? "" : "s"}`;
      const answer = await ctx.act("search", { action_id: element.action_id, block_id: block.block_id, query });
      return answer.shown || answer.options;
    },
    // Directory selects send ids; the others send the whole option, or its value.
    asValue: (options) => {
      const values = options.map((each) => (source ? each.value : each));
      return isMany ? values : values[0] ?? null;
    },
    register: (getter, chosen) => ctx.register(block.block_id, element.action_id, getter, chosen),
    changed: teller(element, block, ctx, facts),
  });
}

const offered = (ctx, element) => element.options ?? element.option_groups.flatMap((group) => group.options);

function boxes(type) {
  return (element, block, ctx, facts) => {
    const start = ctx.initial(block.block_id, element.action_id) ?? (type === "checkbox" ? (element.initial_options ?? []).map((each) => each.value) : element.initial_option?.value);
    const group = el("div", { class: "boxes", id: facts.id, role: type === "radio" ? "radiogroup" : "group", "aria-describedby": facts.describedBy });
    const name = `${ctx.prefix}-${block.block_id}-${element.action_id}`;
    group.append(...element.options.map((each) => el("label", {},
      el("input", { type, name, value: each.value, checked: type === "checkbox" ? start.includes(each.value) : start === each.value }),
      el("span", {}, textObject(each.text, ctx.names), each.description ? el("small", {}, textObject(each.description, ctx.names)) : ""))));
    const value = () => {
      const on = [...group.querySelectorAll("input:checked")].map((each) => each.value);
      return type === "checkbox" ? on : on[0] ?? null;
    };
    ctx.register(block.block_id, element.action_id, value);
    const tell = teller(element, block, ctx, facts);
    group.addEventListener("change", () => tell(value()));
    return group;
  };
}

const ELEMENTS = {
  button,
  overflow,
  plain_text_input: field("text", (each) => ({ maxlength: each.max_length && String(each.max_length) })),
  email_text_input: field("email"),
  url_text_input: field("url"),
  // A text field: the browser's own number field would swallow what people typed wrongly.
  number_input: field("text", () => ({ inputmode: "decimal" })),
  datepicker: field("date"),
  timepicker: field("time"),
  datetimepicker: dateTime,
  static_select: staticSelect,
  users_select: directory(peopleOf, "initial_user"),
  conversations_select: directory(channelsOf, "initial_conversation"),
  channels_select: directory(channelsOf, "initial_channel"),
  external_select: searched(false, null, (each) => (each.initial_option ? [each.initial_option] : [])),
  multi_external_select: searched(true, null, (each) => each.initial_options ?? []),
  multi_static_select: searched(true, offered, (each) => each.initial_options ?? []),
  multi_users_select: searched(true, asOptions(peopleOf), (each, ctx) => asOptions(peopleOf)(ctx).filter((one) => each.initial_users?.includes(one.value))),
  multi_conversations_select: searched(true, asOptions(channelsOf), (each, ctx) => asOptions(channelsOf)(ctx).filter((one) => each.initial_conversations?.includes(one.value))),
  multi_channels_select: searched(true, asOptions(channelsOf), (each, ctx) => asOptions(channelsOf)(ctx).filter((one) => each.initial_channels?.includes(one.value))),
  checkboxes: boxes("checkbox"),
  radio_buttons: boxes("radio"),
  file_input: upload,
};

export function drawElement(element, block, ctx, facts) {
  const draw = ELEMENTS[element.type];
  return draw ? draw(element, block, ctx, facts) : el("span", { class: "unknown" }, `[${element.type}]`);
}
