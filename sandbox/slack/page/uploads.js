// The file_input: uploads the chosen files at once and submits their ids.
import { el } from "./dom.js";
import { icon } from "./icons.js";

export function upload(element, block, ctx, facts) {
  const kept = ctx.initial(block.block_id, element.action_id) ?? [];
  const ids = [...kept];
  const list = el("ul", { class: "files" });
  const show = (name, size) => list.append(el("li", {}, icon("clip"), " ", name, size === undefined ? "" : el("small", {}, ` ${Math.ceil(size / 1024)} kB`)));
  kept.forEach((id) => show(id));
  const types = element.filetypes?.map((each) => `.${each}`).join(",");
  const node = el("input", { id: facts.id, type: "file", class: "file", multiple: (element.max_files ?? 10) > 1, accept: types, "aria-describedby": facts.describedBy });
  node.addEventListener("change", async () => {
    ids.length = 0;
    list.replaceChildren();
    for (const file of node.files) {
      const query = new URLSearchParams({ person: ctx.names.me, name: file.name });
      const answer = await fetch(`/_page/upload?${query}`, { method: "POST", body: file });
      ids.push((await answer.json()).id);
      show(file.name, file.size);
    }
  });
  ctx.register(block.block_id, element.action_id, () => [...ids]);
  return el("div", { class: "upload" }, node, list);
}
