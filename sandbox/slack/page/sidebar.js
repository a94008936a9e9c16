// The places a person can go, with what is unread.
import { avatar, byId, el } from "./dom.js";
import { icon } from "./icons.js";

function item(place, isHere, go, sign, label) {
  const count = place.mentions;
  const words = `${label}${place.unread ? `, ${place.unread} unread` : ""}${place.is_archived ? ", archived" : ""}`;
  return el("li", {}, el("button", {
    type: "button", class: `place${isHere ? " here" : ""}${place.unread ? " unread" : ""}${place.is_archived ? " archived" : ""}`,
    "aria-current": isHere ? "page" : undefined, "aria-label": words, onclick: () => go(place.id), "data-place": place.id,
  }, el("span", { class: "sign", "aria-hidden": "true" }, sign), el("span", { class: "label" }, label),
  place.is_shared ? el("span", { class: "shared", title: "Shared with another workspace" }, "⇄") : "",
  count ? el("span", { class: "count" }, String(count)) : ""));
}

export function drawSidebar(state, here, workspace, names, go) {
  const channels = state.places.filter((each) => !each.is_im && !each.is_archived).sort((a, b) => a.name.localeCompare(b.name));
  const archived = state.places.filter((each) => each.is_archived);
  const direct = state.places.filter((each) => each.is_im);
  const me = workspace.people.find((each) => each.id === names.me);
  const section = (title, items) => el("section", {}, el("h2", {}, title), el("ul", {}, items));
  byId("sidebar").replaceChildren(
    el("div", { class: "myself" }, avatar(me.real_name, me.id), el("div", {}, el("strong", {}, me.real_name), el("small", {}, me.title), me.mark && me.mark !== "admin" ? el("small", { class: "mark" }, me.mark) : "")),
    section("Channels", channels.map((each) => item(each, here === each.id, go, each.is_private ? icon("lock") : "#", each.name))),
    section("Apps", [
      item({ id: "home" }, here === "home", go, icon("home"), `${workspace.app.name} Home`),
      ...direct.map((each) => item(each, here === each.id, go, icon("mail"), workspace.app.name)),
    ]),
    archived.length ? section("Archived", archived.map((each) => item(each, here === each.id, go, "#", each.name))) : "",
  );
}
