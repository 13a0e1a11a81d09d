"use strict";
// Draws the verdicts that match the filters, a page at a time. Texts become text nodes only, never markup.
(() => {
  const PAGE = 60, ON_PAPER = 500;
  const LABELS = { not_applicable: "not applicable" };
  const { rules, verdicts } = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("filters"), list = document.getElementById("list");
  const count = document.getElementById("count"), more = document.getElementById("more");
  let matching = [], shown = 0;

  const add = (parent, tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  };

  const options = (name, values) => {
    for (const [value, label] of values) {
      const option = add(form.elements[name], "option", "", label);
      option.value = value;
    }
    form.elements[name].parentElement.hidden = values.length === 0;
  };

  const card = (verdict) => {
    const rule = rules[verdict.r] || { title: verdict.r, severity: "", remedy: "", controls: [] };
    const article = document.createElement("article");
    article.className = `verdict ${verdict.s}`;
    const head = add(article, "h3");
    add(head, "span", "status", LABELS[verdict.s] || verdict.s);
    add(head, "span", "", rule.title);
    add(head, "code", "", verdict.r);
    const facts = [rule.severity, verdict.b ? "mandatory" : "advisory", verdict.g, verdict.t && `site ${verdict.t}`];
    add(article, "p", "meta", [...facts, ...rule.controls].filter(Boolean).join(" · "));
    const found = add(article, "p");
    const passed = verdict.s === "pass" || verdict.s === "not_applicable";
    add(found, "span", "subject", passed && !verdict.m ? `${verdict.o}: ${verdict.n.toLocaleString("en")} judged` : verdict.o);
    if (verdict.m) found.append(`: ${verdict.m}`);
    if (verdict.p) {
      const path = add(article, "ol", "path");
      path.setAttribute("aria-label", "Path");
      for (const hop of verdict.p) add(path, "li", "", hop);
    }
    if (verdict.f) add(add(article, "p"), "code", "", verdict.f);
    if (verdict.w) add(article, "p", "meta", verdict.w);
    if (verdict.s === "fail" || verdict.s === "unknown") add(article, "p", "remedy", rule.remedy);
    return article;
  };

  const draw = (number) => {
    const page = document.createDocumentFragment();
    for (const verdict of matching.slice(shown, shown + number)) page.append(card(verdict));
    list.append(page);
    shown = Math.min(shown + number, matching.length);
    more.hidden = shown >= matching.length;
  };

  const haystack = (verdict) =>
    [verdict.r, verdict.o, verdict.m, verdict.f, ...(verdict.p || [])].join("\n").toLowerCase();

  const filter = () => {
    const wanted = new FormData(form);
    const statuses = new Set(wanted.getAll("status"));
    const [rule, control, site] = ["rule", "control", "site"].map((name) => wanted.get(name));
    const text = (wanted.get("text") || "").trim().toLowerCase();
    matching = verdicts.filter((verdict) =>
      statuses.has(verdict.s) && (!rule || verdict.r === rule) && (!site || verdict.t === site) &&
      (!control || (rules[verdict.r] && rules[verdict.r].controls.includes(control))) &&
      (!text || haystack(verdict).includes(text)));
    list.replaceChildren();
    shown = 0;
    draw(PAGE);
    count.textContent = `${matching.length.toLocaleString("en")} of ${verdicts.length.toLocaleString("en")} verdicts`;
  };

  const sorted = (values) => [...new Set(values)].filter(Boolean).sort();
  options("rule", Object.keys(rules).map((id) => [id, `${id} ${rules[id].title}`]));
  options("control", sorted(Object.values(rules).flatMap((rule) => rule.controls)).map((id) => [id, id]));
  options("site", sorted(verdicts.map((verdict) => verdict.t)).map((name) => [name, name]));
  const bad = verdicts.some((verdict) => ["fail", "unknown", "waived"].includes(verdict.s));
  for (const box of form.querySelectorAll("[name=status]")) {
    box.checked = bad ? ["fail", "unknown", "waived"].includes(box.value) : true;
  }
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => draw(PAGE));
  if ("IntersectionObserver" in window) {
    new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) draw(PAGE); },
      { rootMargin: "600px" }).observe(more);
  }
  window.addEventListener("beforeprint", () => { if (shown < ON_PAPER) draw(ON_PAPER - shown); });
  filter();
})();
