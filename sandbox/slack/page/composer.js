// Where people type: Enter sends, "/" completes commands with their hints.
import { ask, el } from "./dom.js";
import { toast } from "./toasts.js";

export function composer(form, { id, where, names, commands }) {
  let active = 0;
  let offered = [];
  const drafts = new Map();
  const text = el("textarea", { id, rows: "1", "aria-label": "Message", autocomplete: "off", "aria-controls": `${id}-list`, "aria-autocomplete": "list" });
  const list = el("ul", { class: "commands", id: `${id}-list`, role: "listbox", "aria-label": "Commands", tabindex: "0", hidden: true });
  const hint = el("p", { class: "command-hint", "aria-live": "polite" });
  const send = el("button", { class: "send", "aria-label": "Send" }, "➤");
  form.replaceChildren(list, el("div", { class: "composer-box" }, text, send), hint);

  const fit = () => { text.style.height = "auto"; text.style.height = `${Math.min(text.scrollHeight, 160)}px`; };
  const draw = () => {
    const typed = text.value;
    const isCommand = typed.startsWith("/") && !where().thread;
    const word = typed.split(/\s/)[0];
    offered = isCommand && !/\s/.test(typed) ? commands().filter((each) => each.command.startsWith(word)) : [];
    active = Math.min(active, Math.max(0, offered.length - 1));
    list.hidden = !offered.length;
    list.replaceChildren(...offered.map((each, i) => el("li", {
      role: "option", id: `${id}-option-${i}`, "aria-selected": String(i === active),
      onmousedown: (event) => { event.preventDefault(); complete(each); },
    }, el("b", {}, each.command), " ", el("code", {}, each.usage_hint), el("small", {}, each.description))));
    const known = isCommand && commands().find((each) => each.command === word);
    hint.textContent = known && !offered.length ? `${known.command} ${known.usage_hint}`.trim() : where().thread ? "" : "Enter sends · Shift+Enter for a new line · / for commands";
    if (offered.length) text.setAttribute("aria-activedescendant", `${id}-option-${active}`);
    else text.removeAttribute("aria-activedescendant");
    fit();
  };
  const complete = (command) => { text.value = `${command.command} `; active = 0; draw(); text.focus(); };
  const submit = async () => {
    const typed = text.value.trim();
    if (!typed) return;
    const place = where();
    text.value = "";
    draw();
    form.classList.add("busy");
    const answer = await ask("/_page/act", { kind: "type", person: names().me, text: typed, ...place });
    form.classList.remove("busy");
    // A failed command stays in the field, as it does in the client; its toast comes with the state.
    if (!answer.ok && !text.value) { text.value = typed; draw(); }
    if (!answer.ok && !answer.error && answer.shown) toast(answer.shown, "bad");
  };

  text.addEventListener("input", draw);
  text.addEventListener("keydown", (event) => {
    if (offered.length && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      active = (active + (event.key === "ArrowDown" ? 1 : -1) + offered.length) % offered.length;
      draw();
    } else if (offered.length && (event.key === "Tab" || (event.key === "Enter" && text.value !== offered[active].command))) {
      event.preventDefault();
      complete(offered[active]);
    } else if (offered.length && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      offered = [];
      list.hidden = true;
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  draw();
  return {
    // Puts a text there for the person to send.
    offer: (typed) => { text.value = typed; draw(); text.focus(); },
    // Each place keeps its own draft.
    moved: (from, to, label) => {
      drafts.set(from, text.value);
      text.value = drafts.get(to) ?? "";
      text.placeholder = label;
      text.setAttribute("aria-label", label);
      draw();
    },
  };
}
