// Before anything is drawn: the theme that was chosen, else the system's.
(function () {
  "use strict";
  try {
    var theme = localStorage.getItem("convscope-theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch (ignored) { /* no storage here */ }
})();
