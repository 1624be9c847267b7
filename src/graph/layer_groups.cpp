#include "graph/layer_groups.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace convscope {

namespace {

// Up to so many layers are told at a glance. Paths and dots tell a structure, underscores often part mere words.
constexpr int small_path = 8, small_words = 16;

bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool separates(char c) { return c == '/' || c == '.' || c == '_'; }

// Where the name may be cut: how long what is before each separator is.
std::vector<std::size_t> cuts_of(std::string_view name) {
  std::vector<std::size_t> cuts;
  std::size_t begin = 0; // of the word
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (!separates(name[at]))
      continue;
    const std::string_view word = name.substr(begin, at - begin);
    std::size_t after = at + 1;
    while (after < name.size() && digit(name[after]))
      ++after;
    const bool number = after > at + 1 && (after == name.size() || separates(name[after]));
    const bool goes_on = name[at] == '_' && ((number && !word.empty() && !digit(word.back())) || word == "node");
    if (goes_on) // "block_1"; torch's newer exporter calls every node "node_..."
      continue;
    if (!word.empty())
      cuts.push_back(at);
    begin = at + 1;
  }
  return cuts;
}

class Grouping {
public:
  explicit Grouping(const std::vector<std::string> &names) : names_(names) {
    for (const std::string &name : names)
      cuts_.push_back(cuts_of(name));
  }

  void divide(LayerGroup &group) const {
    if (group.count < 2)
      return;
    for (int first = group.first; first < group.end();) {
      const std::string prefix = next_prefix(first, group);
      int end = first + 1;
      while (!prefix.empty() && end < group.end() && begins(end, prefix))
        ++end;
      const int count = end - first;
      LayerGroup part{prefix, first, count, {}};
      if (count > 1 && 10 * count >= 9 * group.count) { // that parts next to nothing: the next word does
        divide(part);
        std::move(part.groups.begin(), part.groups.end(), std::back_inserter(group.groups));
      } else if (count > 1) {
        if (count > (separator_after(first, prefix) == '_' ? small_words : small_path))
          divide(part);
        group.groups.push_back(std::move(part));
      }
      first = end;
    }
  }

private:
  // The layer's name up to the next cut behind the group's.
  std::string next_prefix(int layer, const LayerGroup &group) const {
    const auto &name = names_[static_cast<std::size_t>(layer)];
    for (const std::size_t cut : cuts_[static_cast<std::size_t>(layer)])
      if (cut > group.name.size())
        return name.substr(0, cut);
    return name.size() > group.name.size() ? name : std::string(); // what goes on from it: "mixed4c", "mixed4c_1x1"
  }
  bool begins(int layer, const std::string &prefix) const {
    const auto &name = names_[static_cast<std::size_t>(layer)];
    const auto &cuts = cuts_[static_cast<std::size_t>(layer)];
    return name == prefix ||
           (name.starts_with(prefix) && std::find(cuts.begin(), cuts.end(), prefix.size()) != cuts.end());
  }
  // By the first of its layers that goes on.
  char separator_after(int first, const std::string &prefix) const {
    for (auto i = static_cast<std::size_t>(first); i < names_.size(); ++i)
      if (names_[i].size() > prefix.size())
        return names_[i][prefix.size()];
    return '_';
  }

  const std::vector<std::string> &names_;
  std::vector<std::vector<std::size_t>> cuts_;
};

class Lines {
public:
  Lines(const std::vector<bool> &found, const std::function<bool(const LayerGroup &)> &open)
      : found_(found), open_(open) {}

  void put(const LayerGroup &group, int depth) {
    int at = group.first;
    for (const LayerGroup &inside : group.groups) {
      put_layers(at, inside.first, group, depth);
      at = inside.end();
      const auto count =
          static_cast<int>(std::count(found_.begin() + inside.first, found_.begin() + inside.end(), true));
      if (count > 0)
        lines_.push_back({-1, &inside, &group, depth, count});
      if (count > 0 && open_(inside))
        put(inside, depth + 1);
    }
    put_layers(at, group.end(), group, depth);
  }
  std::vector<LayerLine> take() { return std::move(lines_); }

private:
  void put_layers(int first, int end, const LayerGroup &around, int depth) {
    for (int layer = first; layer < end; ++layer)
      if (found_[static_cast<std::size_t>(layer)])
        lines_.push_back({layer, nullptr, &around, depth, 0});
  }

  const std::vector<bool> &found_;
  const std::function<bool(const LayerGroup &)> &open_;
  std::vector<LayerLine> lines_;
};

} // namespace

std::vector<LayerLine> layer_lines(const LayerGroup &root, const std::vector<bool> &found,
                                   const std::function<bool(const LayerGroup &)> &open) {
  Lines lines(found, open);
  lines.put(root, 0);
  return lines.take();
}

LayerGroup layer_groups(const std::vector<std::string> &names) {
  LayerGroup root{"", 0, static_cast<int>(names.size()), {}};
  Grouping(names).divide(root);
  return root;
}

std::string_view name_within(std::string_view name, const LayerGroup &group) {
  if (group.name.empty() || name.size() <= group.name.size() || !name.starts_with(group.name))
    return name;
  std::string_view rest = name.substr(group.name.size());
  while (!rest.empty() && separates(rest.front()))
    rest.remove_prefix(1);
  return rest.empty() ? name : rest;
}

std::vector<const LayerGroup *> groups_around(const LayerGroup &root, int layer) {
  std::vector<const LayerGroup *> around;
  for (const LayerGroup *at = &root; at;) {
    const auto inside = std::find_if(at->groups.begin(), at->groups.end(), [layer](const LayerGroup &group) {
      return group.first <= layer && layer < group.end();
    });
    at = inside == at->groups.end() ? nullptr : &*inside;
    if (at)
      around.push_back(at);
  }
  return around;
}

} // namespace convscope
