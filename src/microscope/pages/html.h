// What all pages share: text made safe for HTML, scripts and addresses, the head and the bar on top.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "microscope/site.h"

namespace convscope::pages {

std::string escaped(std::string_view text); // for HTML, attributes too
std::string address(std::string_view text); // of a fragment, for an attribute: what is no plain letter as %XX, but '/'
std::string json_text(const nlohmann::ordered_json &json); // ASCII, and safe inside <script>
// "3.42", "1,152".
std::string number(double value);
std::string count(std::int64_t number);

// Replaces each {{name}} of a template; values are as they are.
std::string filled(std::string_view page, const std::vector<std::pair<std::string, std::string>> &values);
std::string bar(const std::string &net, const std::string &home); // on top of a page: the net, the search, the theme
// A file of src/microscope/web/.
std::string_view web_file(std::string_view name);

// One file an idea; each writes its part of the site.
void write_overview(const Site &site, const SiteStore &store); // index.html, with the view of a unit
void write_layer(const Site &site, std::size_t at, const SiteStore &store);
void write_data(const Site &site, const SiteStore &store);
void write_sprites(const Site &site, const SiteStore &store);

// Where a layer's unit is in its sheets: its place among the site's units.
std::string thumb(const SiteLayer &layer, std::size_t place, const std::string &root);
std::string shape_text(const Shape &shape);
// "256 units, 6 of them dead"
std::string state_text(const SiteLayer &layer);

} // namespace convscope::pages
