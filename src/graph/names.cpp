#include "graph/names.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"

namespace convscope {

namespace {

// "model/conv1/Relu" of TensorFlow's "model/conv1/Relu:0"; else the name itself.
std::string_view without_port(std::string_view name) {
  return name.ends_with(":0") ? name.substr(0, name.size() - 2) : name;
}

// Calls `visit` with every name of every layer, and whether it is the layer's own.
template <typename Visit> void for_each_name(const Graph &graph, Visit visit) {
  for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
    const Node &node = graph.nodes[id];
    if (!node.layer)
      continue;
    visit(static_cast<NodeId>(id), std::string_view(node.name), true);
    for (const std::string &alias : node.aliases)
      visit(static_cast<NodeId>(id), std::string_view(alias), false);
  }
}

// Whether `part` is one or more whole parts of the path `name`.
bool has_parts(std::string_view name, std::string_view part) {
  for (std::size_t at = name.find(part); at != std::string_view::npos; at = name.find(part, at + 1)) {
    const std::size_t end = at + part.size();
    if ((at == 0 || name[at - 1] == '/') && (end == name.size() || name[end] == '/'))
      return true;
  }
  return false;
}

bool ends_in(std::string_view name, std::string_view part) {
  return name.ends_with(part) && (name.size() == part.size() || name[name.size() - part.size() - 1] == '/');
}

std::vector<NodeId> layers_where(const Graph &graph, bool (*fits)(std::string_view, std::string_view),
                                 std::string_view wanted) {
  std::vector<NodeId> found;
  for_each_name(graph, [&](NodeId id, std::string_view name, bool) {
    if ((fits(name, wanted) || fits(without_port(name), wanted)) && (found.empty() || found.back() != id))
      found.push_back(id);
  });
  return found;
}

[[noreturn]] void ambiguous(const Graph &graph, std::string_view name, const std::vector<NodeId> &layers) {
  constexpr std::size_t shown = 4;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(shown, layers.size()); ++i)
    names.push_back(fmt::format("'{}'", graph.nodes[static_cast<std::size_t>(layers[i])].name));
  const std::string more = layers.size() > shown ? fmt::format(" or {} others", layers.size() - shown) : "";
  throw UserError(
      fmt::format("'{}' could be more than one layer of {}: {}{}", name, graph.name, fmt::join(names, ", "), more));
}

bool ends_word(std::string_view text, std::size_t at) {
  return at == text.size() || std::string_view(" \t:+@,)").find(text[at]) != std::string_view::npos;
}

// The longest run of whole parts of `name` with which `text` begins and that ends a word there.
std::size_t longest_part(std::string_view name, std::string_view text) {
  std::size_t best = 0;
  for (std::size_t start = 0;;) {
    const std::string_view rest = name.substr(start);
    const auto common = static_cast<std::size_t>(
        std::mismatch(rest.begin(), rest.end(), text.begin(), text.end()).first - rest.begin());
    for (std::size_t end = common; end > best; --end)
      if ((end == rest.size() || rest[end] == '/') && ends_word(text, end))
        best = end;
    start = name.find('/', start);
    if (start == std::string_view::npos)
      return best;
    ++start;
  }
}

} // namespace

NodeId find_layer(const Graph &graph, std::string_view name) {
  std::vector<std::string> names;
  for (const Node &node : graph.nodes)
    if (node.layer)
      names.push_back(node.name);
  if (!name.empty()) {
    for (std::size_t id = 0; id < graph.nodes.size(); ++id)
      if (graph.nodes[id].layer && graph.nodes[id].name == name)
        return static_cast<NodeId>(id);
    const auto same = [](std::string_view a, std::string_view b) { return a == b; };
    for (const auto fits : {+same, ends_in, has_parts}) {
      const std::vector<NodeId> found = layers_where(graph, fits, name);
      if (found.size() > 1)
        ambiguous(graph, name, found);
      if (found.size() == 1)
        return found.front();
    }
  }
  for (std::size_t id = 0; id < graph.nodes.size(); ++id)
    if (!name.empty() && graph.nodes[id].name == name)
      return static_cast<NodeId>(id);
  std::string hint = did_you_mean(name, names);
  if (hint.empty())
    hint = fmt::format("; 'convscope layers --model {}' lists them", graph.name);
  throw UserError(fmt::format("no layer '{}' in {}{}", name, graph.name, hint));
}

std::vector<NodeId> find_layers(const Graph &graph, const std::string &text, const std::string &option) {
  const std::vector<std::string> names = split(text, ',');
  if (names.size() == 1)
    return {find_layer(graph, text)};
  try {
    return {find_layer(graph, text)}; // names may hold commas themselves
  } catch (const UserError &) {
    std::vector<NodeId> layers;
    for (const std::string &name : names) {
      if (name.empty())
        throw UserError(fmt::format("{} '{}': a layer's name is empty", option, text));
      if (const NodeId layer = find_layer(graph, name); std::ranges::find(layers, layer) == layers.end())
        layers.push_back(layer);
    }
    return layers;
  }
}

std::size_t layer_name_length(const Graph &graph, std::string_view text) {
  std::size_t own = 0, other = 0;
  for_each_name(graph, [&](NodeId, std::string_view name, bool is_own) {
    if (is_own && name.size() > own && text.starts_with(name) && ends_word(text, name.size()))
      own = name.size();
    other = std::max({other, longest_part(name, text), longest_part(without_port(name), text)});
  });
  for (const Node &node : graph.nodes)
    if (!node.layer && node.name.size() > own && text.starts_with(node.name) && ends_word(text, node.name.size()))
      own = node.name.size();
  const bool has_port = other > own && text.substr(0, other).ends_with(":0");
  return has_port && !text.substr(other).starts_with(':') ? other - 2 : std::max(own, other);
}

NodeId same_node(const Graph &from, NodeId node, const Graph &to) {
  const std::string &name = from.nodes[static_cast<std::size_t>(node)].name;
  const auto is_it = [&](const Node &other) { return other.name == name; };
  if (&from == &to ||
      (static_cast<std::size_t>(node) < to.nodes.size() && is_it(to.nodes[static_cast<std::size_t>(node)])))
    return node; // nearly always
  const auto found = std::find_if(to.nodes.begin(), to.nodes.end(), is_it);
  if (found == to.nodes.end())
    throw UserError(
        fmt::format("'{}' is no layer of {} where its input is {}x{}", name, to.name, to.input.w, to.input.h));
  return static_cast<NodeId>(found - to.nodes.begin());
}

} // namespace convscope
