// The page's own signs, drawn here so that they look the same on every machine.

const PATHS = {
  globe: "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13ZM1.5 8h13M8 1.5c2.2 2 3 4 3 6.5s-.8 4.5-3 6.5c-2.2-2-3-4-3-6.5s.8-4.5 3-6.5Z",
  eye: "M1.2 8S3.5 3.5 8 3.5S14.8 8 14.8 8S12.5 12.5 8 12.5S1.2 8 1.2 8ZM8 6a2 2 0 1 0 0 4a2 2 0 0 0 0-4Z",
  reply: "M2 3h12v8H7l-3 2.5V11H2Z",
  lock: "M3.5 7h9v6.5h-9ZM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
  clip: "M12.5 7.5l-5 5a3 3 0 0 1-4.3-4.3l5.8-5.7a2 2 0 0 1 2.8 2.8l-5.6 5.6a1 1 0 0 1-1.4-1.4l5-5",
  flag: "M3.5 14.5v-12h8.5l-1.8 3l1.8 3h-8.5",
  home: "M2 8l6-5.5L14 8M3.5 7v6.5h3.5v-4h2v4h3.5V7",
  mail: "M2 4h12v8.5H2ZM2 4.5l6 4.5l6-4.5",
  picture: "M2 3h12v10H2ZM2 11l3.5-3.5l3 3l2-2L14 12M10.5 5.5h.01",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "sign-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
