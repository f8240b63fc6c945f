// The two things that need a script: the switch of colours and the search. Without it the pages are whole.
(() => {
  const here = document.currentScript.src;
  const root = document.documentElement;
  const themes = ["", "light", "dark"];
  const names = { "": "auto", light: "light", dark: "dark" };
  let theme = "";
  try {
    theme = localStorage.getItem("theme") || "";
  } catch {
    // A browser may refuse to remember; the switch then lasts for one page.
  }

  const wear = () => (theme ? (root.dataset.theme = theme) : delete root.dataset.theme);
  wear();

  function offerThemes() {
    const button = document.querySelector(".theme");
    const say = () => (button.querySelector("span").textContent = names[theme]);
    button.hidden = false;
    say();
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      wear();
      say();
      try {
        localStorage.setItem("theme", theme);
      } catch {
        // As above.
      }
    });
  }

  function followReader() {
    const links = new Map([...document.querySelectorAll(".contents.wide a")].map((link) => [link.hash.slice(1), link]));
    const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
    if (!headings.length) return;
    const mark = () => {
      const passed = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
      links.forEach((link) => link.removeAttribute("aria-current"));
      if (passed.length) links.get(passed.at(-1).id).setAttribute("aria-current", "location");
    };
    new IntersectionObserver(mark, { rootMargin: "0px 0px -66% 0px" }).observe(headings[0]);
    addEventListener("scroll", mark, { passive: true });
  }

  async function search() {
    const found = document.getElementById("found");
    if (!found) return;
    const state = document.getElementById("state");
    if (location.protocol === "file:") {
      state.textContent = "The search needs the served site: run “uv run pactlab web serve”, or open the site on the web.";
      return;
    }
    const words = (new URLSearchParams(location.search).get("words") || "").trim();
    document.getElementById("words").value = words;
    if (!words) return;
    state.textContent = "Searching";
    const pagefind = await import(new URL("pagefind/pagefind.js", here));
    const { results } = await pagefind.search(words);
    const shown = await Promise.all(results.slice(0, 20).map((result) => result.data()));
    const more = results.length > shown.length ? `, the first ${shown.length} shown` : "";
    state.textContent = `${results.length} page${results.length === 1 ? "" : "s"} with “${words}”${more}`;
    found.replaceChildren(...shown.map(hit));
  }

  function hit(page) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    const place = (page.sub_results || []).find((one) => one.url.includes("#")) || page;
    link.href = place.url;
    link.textContent = place === page ? page.meta.title : `${page.meta.title}: ${place.title}`;
    const excerpt = document.createElement("p");
    excerpt.innerHTML = place.excerpt; // Written by our own index, where all but <mark> is escaped.
    item.append(link, excerpt);
    return item;
  }

  addEventListener("DOMContentLoaded", () => {
    offerThemes();
    followReader();
    search();
  });
})();
