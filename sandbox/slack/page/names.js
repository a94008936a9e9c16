// What ids mean to the person who uses the page.

export function namesFor(workspace, me, clock) {
  const people = new Map(workspace.people.map((each) => [each.id, each]));
  const groups = new Map(workspace.groups.map((each) => [each.id, each.handle]));
  return {
    me,
    zone: people.get(me).tz,
    people: workspace.people,
    channels: workspace.channels,
    shortcuts: workspace.shortcuts,
    mine: new Set(people.get(me).groups),
    now: clock,
    person: (id) => people.get(id)?.real_name ?? (id === "USLACKBOT" ? "Slackbot" : id),
    marks: (id) => people.get(id)?.mark ?? "",
    group: (id) => groups.get(id),
    channel: (id) => workspace.channels[id],
  };
}
