// From an objective's text to its terms, and back to a text that is the same for the same objective.
#include "visualization/objective.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "graph/names.h"
#include "visualization/terms/forms.h"

namespace convscope {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
// Of a label in lower case; all that is not ASCII counts.
bool is_letter(char c) { return is_digit(c) || is_lower(c) || static_cast<unsigned char>(c) >= 0x80; }

class Parser {
public:
  // `before` bytes of what was given stand before the text.
  Parser(std::string_view text, std::size_t before, const Graph &graph, const std::vector<std::string> &labels,
         const VectorReader &read)
      : text_(text), before_(before), graph_(graph), labels_(labels), read_(read) {}

  std::vector<Term> parse() {
    std::vector<Term> terms;
    // "-conv1", unless that is a layer's name.
    double sign = layer_name_length(graph_, text_) > 0 ? 1 : read_sign().value_or(1);
    do {
      skip_spaces();
      const std::size_t from = at_;
      terms.push_back(read_term());
      terms.back().weight *= sign;
      terms.back().at = before_ + from;
      terms.back().length = at_ - from;
      const auto next = read_sign();
      if (!next && !at_end())
        fail("expected '+' or '-'");
      sign = next.value_or(0);
    } while (sign != 0);
    return terms;
  }

private:
  [[noreturn]] void fail(const std::string &what) const {
    const std::size_t end = std::min(text_.find_first_of(" :+-@,()*", at_), text_.size());
    throw ObjectiveError(fmt::format("objective '{}': {} at column {}", text_, what, at_ + 1), before_ + at_,
                         std::max<std::size_t>(end - at_, 1));
  }
  // Of so many bytes from here on.
  [[noreturn]] void reject(std::size_t length, const std::string &what) const {
    throw ObjectiveError(fmt::format("objective '{}': {}", text_, what), before_ + at_, length);
  }

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  void skip_spaces() {
    while (peek() == ' ' || peek() == '\t')
      ++at_;
  }
  bool accept(char c) {
    if (at_end() || peek() != c)
      return false;
    ++at_;
    return true;
  }

  std::optional<double> read_sign() {
    skip_spaces();
    if (accept('+'))
      return 1;
    if (accept('-'))
      return -1;
    return std::nullopt;
  }

  // "0.5*", where there is one: a layer's name may begin with digits, too.
  double read_factor() {
    const std::size_t star = text_.find('*', at_);
    if (star == std::string_view::npos)
      return 1;
    std::string_view number = text_.substr(at_, star - at_);
    while (!number.empty() && number.back() == ' ')
      number.remove_suffix(1);
    const auto numeric = [](char c) { return is_digit(c) || c == '.' || c == 'e' || c == 'E' || c == '-' || c == '+'; };
    if (!std::all_of(number.begin(), number.end(), numeric) ||
        at_ + layer_name_length(graph_, text_.substr(at_)) > star)
      return 1;
    const auto factor = parse_number(number);
    if (!factor)
      fail("expected a number before '*'");
    at_ = star + 1;
    return *factor;
  }

  int read_number(const char *what) {
    const std::size_t from = at_;
    while (is_digit(peek()))
      ++at_;
    const auto number = parse_integer(text_.substr(from, at_ - from));
    if (!number || *number > INT32_MAX) {
      at_ = from;
      fail(fmt::format("expected {}", what));
    }
    return static_cast<int>(*number);
  }

  Term read_term() {
    skip_spaces();
    Term term;
    term.weight = read_factor();
    skip_spaces();
    if (const TermForm *form = called_form()) {
      read_call(*form, term);
      return term;
    }
    if (layer_name_length(graph_, text_.substr(at_)) > 0) {
      term.layer = read_layer();
    } else if (text_.substr(at_, 6) == "logit:") {
      return read_logit(term);
    } else if (const TermForm *form = bare_form()) {
      term.kind = form->kind;
      at_ += form->name.size();
      return term;
    } else {
      unknown_layer();
    }
    if (!accept(':')) {
      term.kind = TermKind::mean_square;
      return term;
    }
    term.channel = read_number("a channel number");
    if (accept('@'))
      term.positions = read_positions(true);
    return term;
  }

  std::string_view word() const {
    std::size_t end = at_;
    while (end < text_.size() && (is_digit(text_[end]) || is_lower(text_[end]) || text_[end] == '_'))
      ++end;
    return text_.substr(at_, end - at_);
  }

  // "direction(", or no form.
  const TermForm *called_form() {
    const std::string_view name = word();
    if (name.empty() || text_.substr(at_ + name.size(), 1) != "(")
      return nullptr;
    std::vector<std::string> names;
    for (const TermForm &form : term_forms())
      if (!form.name.empty() && (form.layer || form.number)) {
        if (form.name == name)
          return &form;
        names.emplace_back(form.name);
      }
    if (layer_name_length(graph_, text_.substr(at_)) > 0)
      return nullptr;
    reject(name.size(), fmt::format("there is no {}(...){} (column {})", name, did_you_mean(name, names), at_ + 1));
  }

  // "tv", where no layer is called so.
  const TermForm *bare_form() const {
    const std::string_view name = word();
    for (const TermForm &form : term_forms())
      if (!name.empty() && form.name == name && !form.layer && !form.number)
        return &form;
    return nullptr;
  }

  void read_call(const TermForm &form, Term &term) {
    term.kind = form.kind;
    at_ += form.name.size() + 1;
    skip_spaces();
    bool first = true;
    const auto next = [&] { // argument
      skip_spaces();
      if (!first && !accept(','))
        fail(fmt::format("expected ',' in {}", form.syntax));
      first = false;
      skip_spaces();
    };
    if (form.layer) {
      next();
      if (layer_name_length(graph_, text_.substr(at_)) == 0)
        unknown_layer();
      term.layer = read_layer();
      if (form.positions && accept('@'))
        term.positions = read_positions(false);
    }
    if (form.vector) {
      next();
      const std::size_t from = at_;
      term.file = read_file();
      term.vector = read_vector(term.file, from);
    }
    if (form.number) {
      skip_spaces();
      if (peek() == ')' && form.number->otherwise) {
        term.number = *form.number->otherwise;
      } else {
        next();
        term.number = read_real(*form.number);
      }
    }
    skip_spaces();
    if (!accept(')'))
      fail(fmt::format("expected ')' of {}", form.syntax));
  }

  // `from`: where the file's name begins.
  Floats read_vector(const std::string &file, std::size_t from) const {
    if (!read_)
      return {};
    try {
      return read_(file);
    } catch (const UserError &error) {
      throw ObjectiveError(error.what(), before_ + from, at_ - from);
    }
  }

  // To the next ',' or ')', or between double quotes.
  std::string read_file() {
    const bool quoted = accept('"');
    const std::size_t end = quoted ? text_.find('"', at_) : text_.find_first_of(",) \t", at_);
    if (end == std::string_view::npos || end == at_)
      fail(quoted ? "expected a file's name and '\"'" : "expected the file of a vector, .npy");
    std::string file(text_.substr(at_, end - at_));
    at_ = end + (quoted ? 1 : 0);
    return file;
  }

  double read_real(const TermNumber &what) {
    const std::size_t end = std::min(text_.find_first_of(",) \t", at_), text_.size());
    const auto number = parse_number(text_.substr(at_, end - at_));
    if (!number)
      fail(fmt::format("expected a number for {}", what.name));
    if (*number < what.least || std::abs(*number) > 1e6)
      fail(fmt::format("{} is {} to 1e6, not {}", what.name, what.least, *number));
    at_ = end;
    return *number;
  }

  Positions read_positions(bool rectangles) {
    Positions positions;
    for (const std::string_view word : {"center", "centre"})
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        positions.kind = Positions::Kind::centre;
        return positions;
      }
    positions.kind = Positions::Kind::rectangle;
    positions.x = read_number("a position, such as @3,5 or @center,");
    if (!accept(','))
      fail("expected ',' between x and y");
    positions.y = read_number("a number for y");
    // ",4x2", where that is no argument that follows.
    if (rectangles && peek() == ',') {
      ++at_;
      positions.width = read_number("a width and a height, such as 4x2,");
      if (!accept('x'))
        fail("expected 'x' between width and height");
      positions.height = read_number("a number for the height");
      if (positions.width < 1 || positions.height < 1)
        fail("a rectangle has at least one position");
    }
    return positions;
  }

  NodeId read_layer() {
    const std::size_t length = layer_name_length(graph_, text_.substr(at_));
    const std::string_view name = text_.substr(at_, length);
    const NodeId layer = known_layer(name);
    if (layer == 0)
      reject(length, fmt::format("'{}' is the net's input, which does not respond to anything", name));
    at_ += length;
    return layer;
  }

  NodeId known_layer(std::string_view name) const {
    try {
      return find_layer(graph_, name);
    } catch (const UserError &error) {
      reject(name.size(), fmt::format("{} (column {})", error.what(), at_ + 1));
    }
  }

  [[noreturn]] void unknown_layer() const {
    const std::string_view word = text_.substr(at_, text_.find_first_of(" :+@,)", at_) - at_);
    if (word.empty())
      fail("expected a layer");
    for (const TermForm &form : term_forms())
      if (!form.name.empty() && lower(word.substr(0, word.find('('))) == form.name)
        reject(word.size(), fmt::format("'{}' is written {}", word, form.syntax));
    known_layer(word); // says what is wrong with it
    fail(fmt::format("can't read '{}'", word));
  }

  Term read_logit(Term term) {
    if (graph_.logits < 0)
      reject(
          text_.substr(at_, 6).size(),
          fmt::format("{} has no classifier, so no logits; LAYER:CHANNEL is one of any layer's channels", graph_.name));
    at_ += 6;
    term.layer = graph_.logits;
    const std::size_t digits = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
    const bool is_number = digits > at_ && (digits == text_.size() ||
                                            std::string_view(" \t+-").find(text_[digits]) != std::string_view::npos);
    if (is_number || labels_.empty()) {
      term.channel = read_number("a class's number");
      return term;
    }
    // A class's name may hold spaces and signs: the longest that stands here as it is, else up to the next sign.
    std::size_t length = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i)
      if (labels_[i].size() > length && text_.substr(at_).starts_with(labels_[i]) &&
          ends_class(at_ + labels_[i].size())) {
        term.channel = static_cast<int>(i);
        length = labels_[i].size();
      }
    if (length == 0) {
      length = std::min({text_.find('+', at_), text_.find(" -", at_), text_.size()}) - at_;
      while (length > 0 && text_[at_ + length - 1] == ' ')
        --length;
      term.channel = find_class(text_.substr(at_, length));
    }
    at_ += length;
    return term;
  }

  bool ends_class(std::size_t at) const {
    return at == text_.size() || text_[at] == ' ' || text_[at] == '+' || text_[at] == '-';
  }

  // A class by a part of its name: one of its synonyms, whole words, letters; the first of these that any class has.
  int find_class(std::string_view name) const {
    const std::string wanted = lower(name);
    std::vector<int> found[3];
    for (std::size_t i = 0; i < labels_.size() && !wanted.empty(); ++i) {
      const std::string label = lower(labels_[i]);
      for (std::size_t at = label.find(wanted); at != std::string::npos; at = label.find(wanted, at + 1)) {
        const std::string before = ' ' + label.substr(0, at), after = label.substr(at + wanted.size()) + ' ';
        const bool words = !is_letter(before.back()) && !is_letter(after.front());
        const bool synonym = (at == 0 || before.ends_with(", ")) && (after == " " || after.front() == ',');
        std::vector<int> &list = found[synonym ? 0 : words ? 1 : 2];
        if (list.empty() || list.back() != static_cast<int>(i))
          list.push_back(static_cast<int>(i));
      }
    }
    for (const std::vector<int> &list : found) {
      if (list.size() == 1)
        return list.front();
      if (!list.empty())
        ambiguous_class(name, list);
    }
    reject(name.size(), fmt::format("no class '{}' in {}{}", name, graph_.name, did_you_mean(name, labels_)));
  }

  [[noreturn]] void ambiguous_class(std::string_view name, const std::vector<int> &classes) const {
    constexpr std::size_t shown = 4;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(shown, classes.size()); ++i)
      names.push_back(fmt::format("{} ({})", classes[i], labels_[static_cast<std::size_t>(classes[i])]));
    const std::string more = classes.size() > shown ? fmt::format(" or {} others", classes.size() - shown) : "";
    reject(name.size(), fmt::format("class '{}' could be {}{}", name, fmt::join(names, ", "), more));
  }

  std::string_view text_;
  std::size_t before_;
  const Graph &graph_;
  const std::vector<std::string> &labels_;
  const VectorReader &read_;
  std::size_t at_ = 0;
};

std::string positions_text(const Positions &positions) {
  switch (positions.kind) {
  case Positions::Kind::all:
    return "";
  case Positions::Kind::centre:
    return "@center";
  default:
    return fmt::format("@{},{}", positions.x, positions.y) +
           (positions.width == 1 && positions.height == 1 ? ""
                                                          : fmt::format(",{}x{}", positions.width, positions.height));
  }
}

// A vector goes by its numbers: a file may be called otherwise tomorrow.
std::string vector_text(const Term &term) {
  return term.vector.empty() ? term.file
                             : hash_text(fnv1a(std::as_bytes(std::span(term.vector.data(), term.vector.size()))));
}

std::string term_text(const Term &term, const Graph &graph) {
  const TermForm &form = form_of(term.kind);
  std::string text = term.layer < 0 ? "" : graph.nodes[static_cast<std::size_t>(term.layer)].name;
  if (term.channel >= 0)
    text += fmt::format(":{}", term.channel);
  text += positions_text(term.positions);
  if (form.name.empty())
    return text;
  if (form.vector)
    text += fmt::format(", {}", vector_text(term));
  if (form.number && term.number != form.number->otherwise)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", term.number);
  return text.empty() ? std::string(form.name) : fmt::format("{}({})", form.name, text);
}

std::string canonical_text(const std::vector<Term> &terms, const Graph &graph) {
  std::string text;
  for (const Term &term : terms) {
    if (!text.empty())
      text += " + ";
    if (term.weight != 1)
      text += fmt::format("{}*", term.weight);
    text += term_text(term, graph);
  }
  return text;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return text;
}

} // namespace

Objective parse_objective(std::string_view text, const Graph &graph, const std::vector<std::string> &labels,
                          const VectorReader &read) {
  const std::string_view given = text;
  text = trimmed(text);
  if (text.empty())
    throw ObjectiveError("objective '': expected a layer, such as conv1:0", 0, given.size());
  Objective objective;
  objective.text = text;
  objective.terms = Parser(text, static_cast<std::size_t>(text.data() - given.data()), graph, labels, read).parse();
  std::stable_sort(objective.terms.begin(), objective.terms.end(),
                   [](const Term &a, const Term &b) { return a.layer < b.layer; });
  objective.canonical = canonical_text(objective.terms, graph);
  return objective;
}

} // namespace convscope
