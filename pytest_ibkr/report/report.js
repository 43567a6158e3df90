// What pytest-html's page lacks: a language, labels on its filters, keys where it wants a mouse.
document.documentElement.lang = "en";
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
