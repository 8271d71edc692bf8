"use strict";
(() => {
  // The colours: as the system has them, until somebody chooses.
  const root = document.documentElement;
  const toggle = document.createElement("button");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const label = () => { toggle.textContent = isDark() ? "Light" : "Dark"; };
  toggle.type = "button";
  toggle.className = "theme";
  toggle.title = "Switch between light and dark";
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
  });
  system.addEventListener("change", label);
  label();
  document.querySelector("header").append(toggle);

  // What a cell is compared by: its number where it is one, else its text. Long numbers may be equal as such, not as text.
  const numeric = /^[+−-]?[\d,]+(\.\d+)?(e[+-]?\d+)?( %)?( of .*)?$/i;
  const valueOf = (cell) => {
    const text = cell.textContent.trim();
    return [numeric.test(text) ? parseFloat(text.replaceAll(",", "").replace("−", "-")) : NaN, text];
  };
  const compare = ([a, left], [b, right]) => {
    if (!isNaN(a) && !isNaN(b) && a !== b) return a - b;
    if (isNaN(a) !== isNaN(b)) return isNaN(a) ? 1 : -1;
    if (left === "" || right === "") return (left === "") - (right === "");
    return left < right ? -1 : left > right ? 1 : 0;
  };

  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const first = [...body.rows];
    heads.forEach((head, place) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const next = now === "ascending" ? "descending" : now === "descending" ? null : "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        let rows = first;
        if (next) {
          head.setAttribute("aria-sort", next);
          const sign = next === "ascending" ? 1 : -1;
          rows = first
            .map((row) => [valueOf(row.cells[place]), row])
            .sort((a, b) => sign * compare(a[0], b[0]))
            .map((pair) => pair[1]);
        }
        body.append(...rows);
      });
    });
  };

  const filterable = (table, scroll) => {
    const rows = [...table.tBodies[0].rows];
    const box = document.createElement("div");
    const name = document.createElement("label");
    const input = document.createElement("input");
    const count = document.createElement("span");
    box.className = "filter";
    input.type = "search";
    input.spellcheck = false;
    input.setAttribute("aria-label", `Filter: ${table.caption.textContent}`);
    name.append("Filter ", input);
    count.setAttribute("role", "status");
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      let left = 0;
      for (const row of rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        left += !row.hidden;
      }
      count.textContent = wanted ? `${left.toLocaleString("en")} of ${rows.length.toLocaleString("en")} lines` : "";
    });
    box.append(name, count);
    scroll.before(box);
  };

  for (const scroll of document.querySelectorAll(".scroll")) {
    const table = scroll.querySelector("table");
    if (!table || table.tBodies[0].rows.length < 2) continue;
    sortable(table);
    if (table.tBodies[0].rows.length > 5) filterable(table, scroll);
  }
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details")) part.open = true;
  });
})();
