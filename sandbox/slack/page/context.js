// What blocks need to know about their place: names, entered values, and how to notify the app.
import { toast } from "./toasts.js";
import { ask } from "./dom.js";

export function contextFor({ names, place, prefix, kept = new Map(), errors = {}, after = () => {} }) {
  const getters = new Map();
  const keyOf = (block, action) => `${block}\n${action}`;
  const act = async (kind, facts) => {
    const answer = await ask("/_page/act", { kind, person: names.me, ...place, ...facts });
    if (!answer.ok && answer.shown && kind !== "submit" && kind !== "search") toast(answer.shown, "bad");
    after(answer);
    return answer;
  };
  return {
    names, prefix, errors, act,
    initial: (block, action) => kept.get(keyOf(block, action)),
    register: (block, action, value, display = value) => getters.set(keyOf(block, action), { block, action, value, display }),
    values: () => {
      const all = {};
      for (const { block, action, value } of getters.values()) (all[block] ??= {})[action] = value();
      return all;
    },
    // What was entered, to be put back when the same fields are drawn again.
    entered: () => new Map([...getters].map(([key, { display }]) => [key, display()])),
  };
}
