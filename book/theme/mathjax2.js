// The widget manager speaks to MathJax 2, the site serves MathJax 3: pass its one request on.
// This script stands before the widget manager's, so its listener runs first.
window.addEventListener("load", () => {
  if (window.MathJax?.startup)
    MathJax.Hub = { Queue: ([, , element]) => MathJax.startup.promise.then(() => MathJax.typesetPromise([element])) };
});
