// Light, dark, or as the system has it.

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const SIGNS = { auto: "◐", light: "☀", dark: "☾" };

export function theme(button) {
  const show = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.textContent = SIGNS[name];
    button.setAttribute("aria-label", `Theme: ${name}`);
    button.title = `Theme: ${name}`;
    localStorage.setItem("theme", name);
  };
  show(localStorage.getItem("theme") ?? "auto");
  button.addEventListener("click", () => show(NEXT[localStorage.getItem("theme") ?? "auto"]));
}
