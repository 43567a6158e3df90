// What pytest-html's page lacks: a language, a width for phones, labels on its filters, keys where
// it wants a mouse.
document.documentElement.lang = "en";
document.head.append(Object.assign(document.createElement("meta"),
  { name: "viewport", content: "width=device-width, initial-scale=1" }));
addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll("input[data-test-result]")) {
    box.setAttribute("aria-label", "show " + box.dataset.testResult);
  }
  const clickable = "#results-table th.sortable, #results-table td.col-result, #environment-header";
  const mark = () => {
    for (const one of document.querySelectorAll(clickable)) {
      if (one.tabIndex < 0) one.tabIndex = 0;
    }
  };
  new MutationObserver(mark).observe(document.body, { childList: true, subtree: true });
  mark();
  // A link to a test's place unfolds it.
  const unfold = () => {
    const place = location.hash.startsWith("#ibkr-") && document.getElementById(location.hash.slice(1));
    if (!place) return;
    place.open = true;
    place.scrollIntoView();
    place.querySelector("summary").focus();
  };
  addEventListener("hashchange", unfold);
  unfold();
  // A table that is too wide scrolls by itself instead of the page.
  const table = document.getElementById("results-table");
  const wide = Object.assign(document.createElement("div"), { className: "ibkr-wide", tabIndex: 0 });
  wide.setAttribute("role", "region");
  wide.setAttribute("aria-label", "Results of all tests");
  table.replaceWith(wide);
  wide.append(table);
  // The verdict comes first; what the machine was comes last.
  const environment = ["environment-header", "environment"].map((id) => document.getElementById(id));
  document.querySelector("footer").before(...environment.filter(Boolean));
  addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    if (!event.target.matches || !event.target.matches(clickable)) return;
    event.preventDefault();
    const inner = event.target.id === "environment-header" && event.target.querySelector("h2");
    (inner || event.target).click();
  });
});
