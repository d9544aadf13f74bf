"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const el = (tag, cls, ...inside) => {
    const e = document.createElement(tag);
    if (cls) e.className = cls;
    e.append(...inside);
    return e;
  };
  const unpack = async (text) => {
    const raw = atob(text.trim()), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const { rows, texts } = await unpack($("rows").textContent);
  const named = (v) => typeof v === "number" ? texts[v] : v;
  for (const r of rows) {
    for (const key of "azrspylch") if (r[key] !== undefined) r[key] = named(r[key]);
    if (r.k) r.k = r.k.map(named);
  }
  const graver = ["error", "still signed in", "take-over", "rename", "switch-off", "delete", "unlink", "relink", "switch-on", "clear"];
  const rank = (r) => r.a === "error" ? 0 : graver.indexOf(r.r) + 1 || graver.length + (r.a === "warning" ? 2 : 1);
  for (const r of rows) r.g = rank(r);
  rows.sort((x, y) => x.g - y.g);
  $("rows").textContent = "";
  const chosen = { q: "", action: "", risk: "", code: "", place: "", attribute: "" };
  let found = rows, drawn = 0, words = null;

  // What a search looks through: everything that a row says, in small letters.
  const haystack = (r) => [r.w, r.d, r.p, r.s, r.y, r.c, r.v, r.t, ...(r.o || []), ...(r.k || [])].join("\n").toLowerCase();
  const passes = (r, i) => (!chosen.action || r.a === chosen.action) && (!chosen.risk || r.r === chosen.risk) &&
    (!chosen.code || r.c === chosen.code) && (!chosen.place || r.p === chosen.place) &&
    (!chosen.attribute || (r.k || []).includes(chosen.attribute)) && (!chosen.q || words[i].includes(chosen.q));

  // The part that two texts have in common at both ends stays unmarked.
  const differences = (before, after) => {
    let a = 0, z = 0;
    const most = Math.min(before.length, after.length);
    while (a < most && before[a] === after[a]) a++;
    while (z < most - a && before[before.length - 1 - z] === after[after.length - 1 - z]) z++;
    const cut = (s, tag) => [s.slice(0, a), el(tag, "", s.slice(a, s.length - z)), s.slice(s.length - z)];
    if (!before || !after) return [[before], [after]];
    return 2 * (a + z) < most ? [[el("del", "", before)], [el("ins", "", after)]] : [cut(before, "del"), cut(after, "ins")];
  };

  const attributes = (r) => {
    const body = el("tbody");
    for (const [i, [before, after, drift]] of JSON.parse(r.t).entries()) {
      const name = r.k[i];
      const [was, is] = before === after ? [[before], [after]] : differences(before, after);
      body.append(el("tr", "", el("td", "", name, ...(drift ? [el("span", "tag alters", "changed outside dirform")] : [])),
        el("td", "", ...was), el("td", "", ...is)));
    }
    const head = el("tr", "");
    for (const h of ["Attribute", "Before", "After"]) head.append(el("th", "", h));
    return el("table", "", el("thead", "", head), body);
  };

  const inside = (r) => {
    const box = el("div", "inner");
    for (const line of [r.y, r.l && "Declared at " + r.l, r.h && "Fix: " + r.h]) if (line) box.append(el("p", "", line));
    if (r.v) box.append(el("p", "", r.v));
    for (const o of r.o || []) {
      const b = el("button", "link", o);
      b.type = "button";
      b.onclick = () => { $("q").value = o; choose("q", o.toLowerCase()); };
      box.append(el("p", "", b));
    }
    if (r.t) box.append(attributes(r));
    if (r.n) box.append(el("pre", "", r.n));
    return box;
  };

  const draw = (r) => {
    const head = el("summary", "", el("span", "tag " + r.z, r.c || r.a));
    if (r.r) head.append(el("span", "tag takes", r.r));
    head.append(el("b", "", r.w || r.c), [r.d, r.p].filter(Boolean).map((s) => " · " + s).join(""));
    const d = el("details", "row", head);
    d.ontoggle = () => { if (d.open && !d.querySelector(".inner")) d.append(inside(r)); };
    return d;
  };

  const page = 100;
  const more = () => {
    const part = document.createDocumentFragment();
    for (const r of found.slice(drawn, drawn + page)) part.append(draw(r));
    $("list").append(part);
    drawn = Math.min(found.length, drawn + page);
    $("more").hidden = drawn === found.length;
    $("count").textContent = found.length === rows.length ? rows.length + " in all" : found.length + " of " + rows.length;
  };
  const choose = (name, value) => {
    chosen[name] = value;
    if (chosen.q && !words) words = rows.map(haystack);
    found = Object.values(chosen).some(Boolean) ? rows.filter(passes) : rows;
    drawn = 0;
    $("list").replaceChildren();
    for (const t of document.querySelectorAll("[data-filter]")) t.setAttribute("aria-pressed", String(chosen[t.dataset.filter] === t.dataset.value));
    more();
  };

  const values = { action: new Set(), risk: new Set(), code: new Set(), place: new Set(), attribute: new Set() };
  for (const r of rows) {
    values.action.add(r.a);
    values.risk.add(r.r);
    values.code.add(r.c);
    values.place.add(r.p);
    for (const name of r.k || []) values.attribute.add(name);
  }
  for (const name of Object.keys(values)) {
    for (const v of [...values[name]].filter(Boolean).sort()) $(name).append(new Option(v, v));
    $(name).onchange = () => choose(name, $(name).value);
  }
  for (const t of document.querySelectorAll("[data-filter]")) {
    t.onclick = () => {
      const { filter, value } = t.dataset, to = chosen[filter] === value ? "" : value;
      $(filter).value = to;
      choose(filter, to);
      $("objects").scrollIntoView();
    };
  }
  let waiting;
  $("q").oninput = () => { clearTimeout(waiting); waiting = setTimeout(() => choose("q", $("q").value.trim().toLowerCase()), 80); };
  $("reset").onclick = () => {
    for (const name of Object.keys(chosen)) { chosen[name] = ""; $(name).value = ""; }
    choose("q", "");
  };
  $("more").onclick = more;
  new IntersectionObserver((list) => { if (list[0].isIntersecting && drawn < found.length) more(); }).observe($("end"));
  for (const e of document.querySelectorAll("[data-live]")) e.hidden = false;
  more();
  document.body.dataset.ready = "yes";
})();
