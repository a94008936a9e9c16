// Makes elements and asks the server; text always goes in as text, never as markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((each) => each !== undefined && each !== null && each !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

export async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  return answer.json();
}

// Keeps the nodes of a list that did not change, so that what people are doing in them survives.
export function renderKeyed(parent, items, keyOf, make) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const wanted = items.map((item) => {
    const key = String(keyOf(item));
    const signature = JSON.stringify(item);
    const old = known.get(key);
    if (old && old.signature === signature) return old;
    const fresh = make(item);
    fresh.dataset.key = key;
    fresh.signature = signature;
    return fresh;
  });
  const same = wanted.length === parent.children.length && wanted.every((node, i) => node === parent.children[i]);
  if (!same) place(parent, wanted);
  return !same;
}

// Moves only what must move; if the focus was in a node that was redrawn, it is in the new node afterwards.
function place(parent, wanted) {
  const key = [...parent.children].find((node) => node.contains(document.activeElement))?.dataset.key;
  for (const node of [...parent.children]) if (!wanted.includes(node)) node.remove();
  wanted.forEach((node, i) => { if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null); });
  const fresh = key && document.activeElement === document.body && wanted.find((node) => node.dataset.key === key);
  if (!fresh) return;
  fresh.tabIndex = -1;
  fresh.focus({ preventScroll: true });
}

const COLOURS = ["#7a4fb5", "#2f7d6d", "#b5532f", "#2c6cb0", "#9c3d6f", "#5b7a2a", "#8a6a1d", "#3f5f8a"];

export function avatar(name, id) {
  const sum = [...id].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  const initials = name.split(/\s+/).slice(0, 2).map((part) => part[0] ?? "").join("").toUpperCase();
  const node = el("span", { class: "avatar", "aria-hidden": "true" }, initials);
  node.style.background = COLOURS[sum % COLOURS.length];
  return node;
}
