// What pages do with a script: a unit's page, search, sorting, keys, the theme. Data come as calls of convscope.*.
var convscope = (function () {
  "use strict";
  var body = document.body, root = body.dataset.root, onLayer = body.dataset.page === "layer";
  var site = { net: "", layers: [] }, tables = {}, blocks = {}, loading = {};
  var columns = 8, cells = columns * columns;
  var $ = function (id) { return document.getElementById(id); };

  function make(tag, attributes, children) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (key) {
      if (key === "text") element.textContent = attributes[key];
      else if (key === "style") element.style.cssText = attributes[key];
      else element.setAttribute(key, attributes[key]);
    });
    (children || []).forEach(function (child) { if (child) element.append(child); });
    return element;
  }
  function short(value) {
    if (value === 0) return "0";
    var size = Math.abs(value);
    return size >= 1000 ? Math.round(value).toLocaleString("en") : size < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  }
  function number(n) { return n.toLocaleString("en"); }

  // ---- Layers and units ----
  function layerOf(name) { return site.layers.find(function (layer) { return layer.name === name; }); }
  function countOf(layer) { return layer.units ? layer.units.length : layer.channels; }
  function unitAt(layer, place) { return layer.units ? layer.units[place] : place; }
  function placeOf(layer, unit) {
    if (layer.units) return layer.units.indexOf(unit);
    return Number.isInteger(unit) && unit >= 0 && unit < layer.channels ? unit : -1;
  }
  function plain(text) { return encodeURIComponent(text).replace(/%2F/g, "/"); }
  function addressOf(layer, unit) { return (onLayer ? root + "index.html" : "") + "#" + plain(layer.name + "/" + unit); }
  function pageOf(layer) { return root + "layers/" + layer.folder + ".html"; }
  function spriteStyle(layer, place) {
    var cell = place % cells, x = cell % columns, y = Math.floor(cell / columns);
    return "background-image:url(" + root + "sprites/" + layer.folder + "/" + Math.floor(place / cells) + ".jpg);background-position:" +
      x * 100 / (columns - 1) + "% " + y * 100 / (columns - 1) + "%";
  }
  function load(path) {
    if (!loading[path]) {
      loading[path] = true;
      document.head.append(make("script", { src: root + path }));
    }
  }

  // ---- A unit's page ----
  function wanted() {
    var text = location.hash.slice(1);
    try { text = decodeURIComponent(text); } catch (ignored) { /* as it is */ }
    var slash = text.lastIndexOf("/"), layer = layerOf(text.slice(0, slash));
    if (slash > 0 && layer && /^\d+$/.test(text.slice(slash + 1))) return { layer: layer, unit: Number(text.slice(slash + 1)) };
    layer = layerOf(text);
    return layer ? { layer: layer } : text ? { unknown: text } : null;
  }
  function route() {
    if (onLayer) return;
    var aim = wanted();
    if (aim && aim.layer && aim.unit === undefined) { location.replace(pageOf(aim.layer)); return; }
    $("overview").hidden = !!aim;
    $("unit").hidden = !aim;
    document.title = aim && aim.layer ? aim.layer.name + "/" + aim.unit + " of " + site.net : site.net + ": every unit";
    if (aim) { showUnit(aim); window.scrollTo(0, 0); } else { $("unit").replaceChildren(); }
  }
  function figure(view, caption, objective) {
    if (!view) return null;
    var picture = view.state === "dead"
      ? make("div", { class: "nothing", text: "no response" })
      : make("img", { src: view.picture, width: view.width, height: view.height, alt: caption });
    return make("figure", {}, [make("a", { href: view.picture }, [picture]),
      make("figcaption", {}, [make("strong", { text: caption }), objective ? make("code", { text: objective }) : null,
        make("span", { text: view.state === "dead" ? "no image was found that excites it" :
          "value " + short(view.value) + ", " + number(view.steps) + " steps" + (view.state === "stopped" ? ", stopped: not a number" : "") }),
        view.preview ? make("span", { class: "badge", text: "preview" }) : null])]);
  }
  function tieList(title, note, ties) {
    if (!ties.length) return null;
    var most = ties[0][2];
    return make("section", { class: "ties" }, [make("h2", { text: title }), make("p", { class: "facts", text: note }),
      make("ol", {}, ties.map(function (tie) {
        var layer = layerOf(tie[0]), place = layer ? placeOf(layer, tie[1]) : -1, name = tie[0] + "/" + tie[1];
        var bar = make("i", { style: "width:" + Math.max(2, 100 * tie[2] / most) + "%" });
        var label = make("span", { class: "name", text: name, title: name });
        var weight = make("span", { class: "weight", text: short(tie[2]) });
        if (place < 0) return make("li", {}, [make("span", { class: "thumb wait", title: "not in this site" }), make("span", { class: "tie" }, [label, bar]), weight]);
        return make("li", {}, [make("a", { class: "thumb", href: addressOf(layer, tie[1]), style: spriteStyle(layer, place), tabindex: "-1", "aria-hidden": "true" }),
          make("a", { class: "tie", href: addressOf(layer, tie[1]) }, [label, bar]), weight]);
      }))]);
  }
  function exampleList(examples) {
    if (!examples) return null;
    var share = examples.photos ? examples.excited / examples.photos : 0;
    var crops = examples.top.map(function (example, i) {
      var scale = 1, w = example.size[0], h = example.size[1];
      var tile = make("div", { class: "crop", role: "img", "aria-label": "part of " + example.file,
        style: "width:" + w * scale + "px;height:" + h * scale + "px;background-image:url(" + examples.sheet + ");background-position:-" + (i % 3) * 128 + "px -" + Math.floor(i / 3) * 128 + "px" });
      if (!w || !h) tile = make("div", { class: "crop nothing", text: "gone" });
      return make("figure", { title: example.file + ": " + example.box[2] + " × " + example.box[3] + " pixels at " + example.box[0] + ", " + example.box[1] },
        [tile, make("figcaption", {}, [make("span", { class: "file", text: example.file }), make("span", { text: short(example.value) })])]);
    });
    return make("section", { class: "examples" }, [make("h2", { text: "Photos that excite it most" }),
      make("p", { class: "facts", text: number(examples.excited) + " of " + number(examples.photos) + " photos excite it (" + short(100 * share) + " %). Each is cut to what the unit can see." }),
      crops.length ? make("div", { class: "crops" }, crops) : make("p", { class: "none", text: "None of the photos excites it." }), histogram(examples)]);
  }
  function histogram(examples) {
    var counts = examples.counts, edges = examples.edges, most = Math.max.apply(null, counts.concat([1]));
    if (counts.length < 2) return null;
    var ns = "http://www.w3.org/2000/svg", width = 320, height = 72, step = width / counts.length;
    var svg = document.createElementNS(ns, "svg");
    svg.setAttribute("viewBox", "0 0 " + width + " " + (height + 16));
    svg.setAttribute("class", "histogram");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "Histogram of the photos' maxima, from " + short(edges[0]) + " to " + short(edges[edges.length - 1]));
    counts.forEach(function (count, i) {
      var tall = count ? Math.max(1, height * count / most) : 0, bar = document.createElementNS(ns, "rect");
      bar.setAttribute("x", i * step); bar.setAttribute("y", height - tall);
      bar.setAttribute("width", Math.max(0.5, step - 0.5)); bar.setAttribute("height", tall);
      var title = document.createElementNS(ns, "title");
      title.textContent = short(edges[i]) + " to " + short(edges[i + 1]) + ": " + number(count);
      bar.append(title); svg.append(bar);
    });
    [[0, edges[0], "start"], [width, edges[edges.length - 1], "end"]].forEach(function (end) {
      var text = document.createElementNS(ns, "text");
      text.setAttribute("x", end[0]); text.setAttribute("y", height + 13); text.setAttribute("text-anchor", end[2]);
      text.textContent = short(end[1]);
      svg.append(text);
    });
    return make("figure", { class: "distribution" }, [svg, make("figcaption", { text: "The channel's maximum in each photo" })]);
  }
  function showUnit(aim) {
    var main = $("unit"), place = aim.layer ? placeOf(aim.layer, aim.unit) : -1;
    if (place < 0) {
      main.replaceChildren(make("h1", { text: "Not here" }), make("p", { class: "lead", text: aim.layer
        ? aim.layer.name + " has no unit " + aim.unit + " in this site."
        : "There is no layer or unit called “" + aim.unknown + "” in this site." }), make("p", {}, [make("a", { href: "#", text: "All layers" })]));
      return;
    }
    var layer = aim.layer, block = Math.floor(place / cells), key = layer.name + "\n" + block;
    if (!blocks[key]) { main.replaceChildren(make("p", { class: "lead", text: "…" })); load("data/layers/" + layer.folder + "/" + block + ".js"); return; }
    var unit = blocks[key][place % cells], name = layer.name + ":" + aim.unit, last = countOf(layer) - 1;
    var step = function (to, relation, arrow) {
      return to < 0 || to > last ? make("span", { class: "end", text: arrow })
        : make("a", { rel: relation, href: addressOf(layer, unitAt(layer, to)), title: "unit " + unitAt(layer, to), text: arrow });
    };
    var faces = (unit.faces || []).map(function (face, i) { return figure(face, "Face " + (i + 1)); });
    var views = [figure(unit.channel, "The channel", name), figure(unit.negative, "Its opposite", "-" + (layer.negative || layer.name) + ":" + aim.unit), figure(unit.neuron, "One unit, at the centre", name + "@center")].filter(Boolean);
    main.replaceChildren(
      make("div", { class: "title" }, [make("h1", {}, [make("a", { href: pageOf(layer), text: layer.name }), make("span", { class: "slash", text: " / " }), String(aim.unit)]),
        make("nav", { class: "steps", "aria-label": "Units" }, [step(place - 1, "prev", "←"), step(place + 1, "next", "→")])]),
      make("p", { class: "lead", text: (unit.channel && unit.channel.state === "dead" ? "A dead unit: nothing was found that it responds to. " : "") + "Unit " + aim.unit + " of " + number(layer.channels) + " in " + layer.name + (layer.kind ? " (" + layer.kind + ")" : "") + "." }),
      views.length ? make("div", { class: "figures" }, views) : make("p", { class: "none", text: "Its pictures are not made yet." }));
    if (faces.length) main.append(make("section", {}, [make("h2", { text: "Faces" }),
      make("p", { class: "facts" }, ["Images that excite it and are to differ in what " + layer.name + " sees: ", make("code", { text: name + " - " + (unit.faces[0].difference || 100) + "*diversity(" + layer.name + ")" })]),
      make("div", { class: "figures small" }, faces)]));
    [exampleList(unit.examples),
      make("div", { class: "both" }, [tieList("Fed by", "Channels before it, by the norm of the weights that lead from them.", unit.before),
        tieList("Feeds", "Channels behind it, by the norm of the weights that lead to them.", unit.behind)])].forEach(function (part) { if (part) main.append(part); });
    if (unit.channel) main.append(make("p", { class: "replay" }, ["Make it again: ", make("code", { text: "convscope replay " + unit.channel.picture + " -o again.png" })]));
  }

  // ---- Search ----
  function find(text) {
    var words = text.toLowerCase().trim().split(/[\s:#]+|\/(?=\d+$)/).filter(Boolean), unit = -1, results = [];
    if (!words.length) return results;
    if (/^\d+$/.test(words[words.length - 1])) unit = Number(words[words.length - 1]);
    var named = unit >= 0 ? words.slice(0, -1) : words;
    var has = function (layer, list) { var name = layer.name.toLowerCase(); return list.every(function (word) { return name.includes(word); }); };
    site.layers.forEach(function (layer) {
      if (unit >= 0 && has(layer, named) && placeOf(layer, unit) >= 0) results.push({ text: layer.name + "/" + unit, href: addressOf(layer, unit), layer: layer, place: placeOf(layer, unit) });
    });
    site.layers.forEach(function (layer) { if (has(layer, words)) results.push({ text: layer.name, href: pageOf(layer) }); });
    // As it is written, then in any case, then what begins so.
    var written = text.trim().replace(/[\s:#]+(?=\d+$)/, "/"), folded = written.toLowerCase();
    var rank = function (result) { var low = result.text.toLowerCase(); return result.text === written ? 0 : low === folded ? 1 : low.indexOf(folded) === 0 ? 2 : 3; };
    return results.map(function (result, i) { return { result: result, key: rank(result) * 1e6 + i }; })
      .sort(function (a, b) { return a.key - b.key; }).slice(0, 12).map(function (one) { return one.result; });
  }
  function showFound() {
    var list = $("found"), results = find($("search").value);
    list.replaceChildren.apply(list, results.map(function (result, i) {
      return make("a", { href: result.href, class: i ? "" : "first" }, [result.layer ? make("span", { class: "thumb", style: spriteStyle(result.layer, result.place) }) : null, make("span", { text: result.text })]);
    }));
    if (!results.length && $("search").value.trim()) list.append(make("p", { class: "none", text: "Nothing by that name" }));
    list.hidden = !list.children.length;
  }
  function closeSearch() { $("search").value = ""; $("search").blur(); $("found").hidden = true; }

  // ---- A layer's page ----
  function arrange() {
    var layer = layerOf(body.dataset.layer), table = tables[body.dataset.layer];
    if (!layer || !table) return;
    var by = $("sort").value, only = $("filter").value, places = [];
    for (var i = 0; i < table.states.length; ++i)
      if (only === "all" || (only === "dead") === (table.states[i] === "x") && table.states[i] !== "-") places.push(i);
    var key = by === "value" ? table.values : by === "excited" ? table.excited : null;
    if (key) places.sort(function (a, b) { return (table.states[b] !== "x" && table.states[b] !== "-") - (table.states[a] !== "x" && table.states[a] !== "-") || key[b] - key[a] || a - b; });
    var flat = make("div", { class: "sheet flat" });
    if (by === "unit" && only === "all") {
      $("cells").replaceChildren.apply($("cells"), arrange.sheets);
    } else {
      places.forEach(function (place) {
        var unit = unitAt(layer, place), state = table.states[place], children = [make("i", state === "o" || state === "s" ? { style: spriteStyle(layer, place) } : {})];
        flat.append(make("a", Object.assign({ class: state === "x" ? "dead" : state === "-" ? "wait" : "" }, state === "-" ? {} : { href: addressOf(layer, unit) }), children.concat([String(unit)])));
      });
      $("cells").replaceChildren(flat);
    }
    $("shown").textContent = places.length === table.states.length ? "" : number(places.length) + " of " + number(table.states.length);
  }
  function openLayer() {
    var layer = layerOf(body.dataset.layer), table = tables[body.dataset.layer];
    if (!layer || !table || arrange.sheets) return;
    arrange.sheets = Array.prototype.slice.call($("cells").children);
    document.querySelectorAll("#cells a[href]").forEach(function (a) { a.href = addressOf(layer, a.textContent); });
    if (!table.excited) $("sort").querySelector("[value=excited]").remove();
    if (table.states.indexOf("x") < 0) $("filter").querySelector("[value=dead]").disabled = true;
    $("sort").addEventListener("change", arrange);
    $("filter").addEventListener("change", arrange);
    $("size").addEventListener("input", function () { $("cells").style.setProperty("--cell", $("size").value + "px"); });
    arrange();
  }

  // ---- Keys, theme ----
  function step(relation) { var link = document.querySelector(".steps a[rel=" + relation + "]"); if (link) link.click(); }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      if (typing || !$("found").hidden) closeSearch();
      else if (onLayer) location.href = root + "index.html";
      else if (location.hash) location.hash = "";
      return;
    }
    if (typing) return;
    if (event.key === "/") { event.preventDefault(); $("search").focus(); }
    if (event.key === "ArrowLeft") step("prev");
    if (event.key === "ArrowRight") step("next");
  });
  function isDark() {
    var theme = document.documentElement.dataset.theme;
    return theme ? theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  }
  function nameTheme() { $("theme").textContent = isDark() ? "Light" : "Dark"; }
  $("theme").addEventListener("click", function () {
    var theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try { localStorage.setItem("convscope-theme", theme); } catch (ignored) { /* for this page alone */ }
    nameTheme();
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", nameTheme);
  $("search").addEventListener("input", showFound);
  document.querySelector(".search").addEventListener("submit", function (event) {
    event.preventDefault();
    var first = document.querySelector("#found a");
    if (first) { first.click(); }
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest("#found a")) setTimeout(closeSearch, 0);
    else if (!event.target.closest(".search")) $("found").hidden = true;
  });
  document.querySelectorAll(".script").forEach(function (element) { element.hidden = false; });
  document.querySelectorAll("a[data-to]").forEach(function (a) { a.href = "#" + a.dataset.to; });
  nameTheme();
  window.addEventListener("hashchange", route);

  return {
    site: function (data) { site = data; route(); openLayer(); },
    layer: function (name, table) { tables[name] = table; openLayer(); },
    units: function (name, block, units) { blocks[name + "\n" + block] = units; route(); }
  };
})();
