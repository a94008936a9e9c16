// Dates as each reader sees them: in their own time zone.

const STYLES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
};

function styled(seconds, name, zone) {
  const locale = name === "date_num" ? "sv-SE" : "en-GB";
  return new Intl.DateTimeFormat(locale, { ...STYLES[name], timeZone: zone }).format(seconds * 1000);
}

function relativeDay(seconds, names) {
  const day = (at) => Date.parse(styled(at, "date_num", names.zone)) / 86400000;
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[Math.round(day(seconds) - day(names.now()))];
}

export function ago(seconds, now) {
  const away = Math.round(now - seconds);
  const size = Math.abs(away);
  const [count, unit] = size < 60 ? [size, "second"]
    : size < 3600 ? [Math.round(size / 60), "minute"]
      : size < 86400 ? [Math.round(size / 3600), "hour"] : [Math.round(size / 86400), "day"];
  return new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" }).format(away < 0 ? count : -count, unit);
}

export function formatDate(seconds, format, names) {
  if (!Number.isFinite(seconds)) return undefined;
  return format.replace(/\{(\w+)\}/g, (all, token) => {
    if (token === "ago") return ago(seconds, names.now());
    if (token.endsWith("_pretty")) {
      return relativeDay(seconds, names) ?? styled(seconds, token.slice(0, -"_pretty".length), names.zone);
    }
    return token in STYLES ? styled(seconds, token, names.zone) : all;
  });
}

export const clockTime = (ts, names) => styled(Number(ts), "time", names.zone);
export const secondTime = (ts, names) => styled(Number(ts), "time_secs", names.zone);
export const fullTime = (ts, names) => `${styled(Number(ts), "date_long", names.zone)}, ${styled(Number(ts), "time_secs", names.zone)}`;

export function dayName(ts, names) {
  const relative = relativeDay(Number(ts), names);
  if (relative) return relative[0].toUpperCase() + relative.slice(1);
  return styled(Number(ts), "date_long", names.zone);
}
