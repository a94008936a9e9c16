// Emoji drawn here, for those that the app uses: machines without an emoji font show the same.

const WHITE = "#fff";
const line = (d, colour = WHITE, width = 2) => ({ d, stroke: colour, width });
const fill = (d, colour) => ({ d, fill: colour });
const disc = (colour) => fill("M10 1.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17Z", colour);
const tile = (colour) => fill("M4.5 1.5h11a3 3 0 0 1 3 3v11a3 3 0 0 1-3 3h-11a3 3 0 0 1-3-3v-11a3 3 0 0 1 3-3Z", colour);

const GREEN = "#2e9f57", RED = "#d33a4a", YELLOW = "#f2b824", BLUE = "#3b82d6", GREY = "#8b8b97", DARK = "#3a3326";

const SIGNS = {
  white_check_mark: [tile(GREEN), line("M5.5 10.5l3 3l6-7", WHITE, 2.2)],
  heavy_check_mark: [line("M3 11l4.5 4.5L17 4.5", GREEN, 3)],
  x: [line("M4 4l12 12M16 4L4 16", RED, 3.2)],
  no_entry: [disc(RED), line("M5.5 10h9", WHITE, 3)],
  octagonal_sign: [fill("M6.5 1.5h7l5 5v7l-5 5h-7l-5-5v-7Z", RED), line("M6 10h8", WHITE, 2.6)],
  arrow_up: [tile(BLUE), line("M10 15V5.5M6 9l4-4l4 4", WHITE, 2)],
  sunny: [fill("M10 6a4 4 0 1 0 0 8a4 4 0 0 0 0-8Z", YELLOW), line("M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M16 4l-1.4 1.4M5.400 14.600L4 16", YELLOW, 1.8)],
  no_entry_sign: [line("M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15ZM4.7 4.7l10.6 10.6", RED, 2.4)],
  warning: [fill("M10 1.5L19 18H1Z", YELLOW), line("M10 7.5v5M10 15v.6", DARK, 2)],
  leftwards_arrow_with_hook: [tile(BLUE), line("M8 6L4.5 9.5L8 13M4.8 9.5h7a2.7 2.7 0 0 1 0 5.4h-1", WHITE, 1.8)],
  arrows_counterclockwise: [tile(BLUE), line("M14.5 8A5 5 0 0 0 6 6.5L5 8M5 4.8V8h3.2M5.5 12A5 5 0 0 0 14 13.5L15 12M15 15.2V12h-3.2", WHITE, 1.6)],
  repeat: [tile(BLUE), line("M5 9V8a2 2 0 0 1 2-2h7M12 4l2 2l-2 2M15 11v1a2 2 0 0 1-2 2H6M8 16l-2-2l2-2", WHITE, 1.6)],
  grey_question: [line("M6 7a4 4 0 1 1 5.6 3.7c-1 .5-1.6 1-1.6 2.3M10 16.4v.6", GREY, 2.6)],
  question: [line("M6 7a4 4 0 1 1 5.6 3.7c-1 .5-1.6 1-1.6 2.3M10 16.4v.6", RED, 2.6)],
  exclamation: [line("M10 3v9M10 16v.8", RED, 3)],
  rotating_light: [fill("M5 15V9.5a5 5 0 0 1 10 0V15Z", RED), fill("M3 15h14v3H3Z", GREY), line("M10 .8v2M2.6 4l1.6 1.4M17.4 4l-1.6 1.4", RED, 1.6)],
  moneybag: [fill("M7.5 2h5l-1 3.2C15.5 7 17.5 11 17.5 14c0 3-2 4.2-7.5 4.2S2.5 17 2.5 14c0-3 2-7 6-8.800Z", "#c08a3e"), line("M12.6 9.800a3.2 3.2 0 1 0 0 4.400M6.5 11.300h4.500M6.5 12.900h4.5", WHITE, 1.4)],
  information_source: [tile(BLUE), line("M10 9v5.500M10 5.500v.700", WHITE, 2.3)],
  hourglass: [line("M5 2h10M5 18h10M6 2c0 5 3 6 4 8c1-2 4-3 4-8M6 18c0-5 3-6 4-8c1 2 4 3 4 8", "#a4753a", 1.7), fill("M7.3 16.500c.4-1.8 1.7-2.6 2.7-2.600s2.3.8 2.7 2.600Z", YELLOW)],
  hourglass_flowing_sand: [line("M5 2h10M5 18h10M6 2c0 5 3 6 4 8c1-2 4-3 4-8M6 18c0-5 3-6 4-8c1 2 4 3 4 8", "#a4753a", 1.7), line("M10 6.500v8", YELLOW, 2)],
  heavy_minus_sign: [line("M3.5 10h13", GREY, 3.2)],
  heavy_plus_sign: [line("M10 3.500v13M3.5 10h13", GREY, 3.2)],
  eyes: [fill("M6 4.500c2 0 3.3 2.5 3.3 5.500S8 15.5 6 15.500S2.7 13 2.7 10S4 4.5 6 4.500ZM14 4.500c2 0 3.3 2.5 3.3 5.500s-1.3 5.5-3.3 5.500s-3.3-2.5-3.3-5.500S12 4.5 14 4.500Z", "#e9e9ef"), fill("M4.8 8.300a1.7 2.2 0 1 0 .01 0ZM12.8 8.300a1.7 2.2 0 1 0 .01 0Z", "#2b2b35")],
  credit_card: [fill("M3 4h14a1.5 1.5 0 0 1 1.5 1.500v9A1.5 1.5 0 0 1 17 16H3a1.5 1.5 0 0 1-1.5-1.500v-9A1.5 1.5 0 0 1 3 4Z", "#4f8fd0"), line("M1.5 8h17", "#26384f", 2.4), line("M4 13h4", WHITE, 1.5)],
  bell: [fill("M10 2a1.3 1.3 0 0 1 1.3 1.400C14 4 15 6 15 8.500c0 3.5 1 4.5 2 6H3c1-1.5 2-2.5 2-6C5 6 6 4 8.7 3.400A1.3 1.3 0 0 1 10 2ZM8 16h4a2 2 0 0 1-4 0Z", YELLOW)],
  no_bell: [fill("M10 2a1.3 1.3 0 0 1 1.3 1.400C14 4 15 6 15 8.500c0 3.5 1 4.5 2 6H3c1-1.5 2-2.5 2-6C5 6 6 4 8.7 3.400A1.3 1.3 0 0 1 10 2ZM8 16h4a2 2 0 0 1-4 0Z", GREY), line("M3 3l14 14", RED, 2.2)],
  alarm_clock: [disc(RED), fill("M10 4a6 6 0 1 0 0 12a6 6 0 0 0 0-12Z", WHITE), line("M10 6.500V10l2.5 1.5", DARK, 1.5)],
  package: [fill("M10 1.500l8 4v9l-8 4l-8-4v-9Z", "#c08a4e"), line("M2 5.500l8 4l8-4M10 9.500v9M6 3.500l8 4", "#7d5527", 1.3)],
  lock: [fill("M4 9h12v9H4Z", YELLOW), line("M6.5 9V6a3.5 3.5 0 0 1 7 0v3", GREY, 1.9)],
  red_circle: [disc(RED)],
  large_yellow_circle: [disc(YELLOW)],
  large_green_circle: [disc(GREEN)],
  large_orange_circle: [disc("#e8833a")],
  large_blue_circle: [disc(BLUE)],
  zap: [fill("M11.5 1L3.5 11.500h5L7.5 19l9-11h-5.500Z", YELLOW)],
};

const NAMESPACE = "http://www.w3.org/2000/svg";

export function sign(name) {
  const paths = SIGNS[name];
  if (!paths) return undefined;
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "emoji");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name.replaceAll("_", " "));
  for (const { d, fill: colour, stroke, width } of paths) {
    const path = document.createElementNS(NAMESPACE, "path");
    path.setAttribute("d", d);
    path.setAttribute("fill", colour ?? "none");
    if (stroke) {
      path.setAttribute("stroke", stroke);
      path.setAttribute("stroke-width", width);
      path.setAttribute("stroke-linecap", "round");
      path.setAttribute("stroke-linejoin", "round");
    }
    svg.append(path);
  }
  return svg;
}
