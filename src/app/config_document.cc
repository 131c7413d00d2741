#include "app/config_document.h"

#include <fmt/format.h>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>

#include <array>
#include <iterator>
#include <optional>

#include "base/utf8.h"

namespace pabal::app {

namespace {

TextPlace place_of(const toml::source_position& position) { return {position.line, position.column}; }

/// A dotted key nests a table for each dot, and the library walks nested tables by recursion: a long
/// enough key takes the stack. It bounds nested values itself (TOML_MAX_NESTED_VALUES), but not these.
constexpr std::size_t kMaxDots = 64;

/// The first line with more dots than that between two delimiters. It does not care whether they lie in a
/// key or in a string, so nothing about quotes can be got wrong here.
std::optional<TextPlace> find_too_many_dots(std::string_view text) {
  TextPlace place{1, 1};
  std::size_t dots = 0;
  bool comment = false;
  bool line_begins = true;
  for (const char c : text) {
    if (c == '\n') {
      ++place.line;
      comment = false;
      line_begins = true;
    } else if (line_begins && c != ' ' && c != '\t') {
      comment = c == '#';
      line_begins = false;
    }
    if (std::string_view("\n=,[]{}").contains(c)) dots = 0;
    if (c == '.' && !comment && ++dots > kMaxDots) return place;
  }
  return std::nullopt;
}

// As deep as the text's tables and values nest, which is bounded as said above.
ConfigNode convert(const toml::node& node) {
  ConfigNode result;
  result.place = place_of(node.source().begin);
  if (const auto* table = node.as_table()) {
    ConfigNode::Table members;
    for (const auto& [key, value] : *table) {
      members.push_back({std::string(key.str()), place_of(key.source().begin), convert(value)});
    }
    result.value = std::move(members);
  } else if (const auto* array = node.as_array()) {
    ConfigNode::List elements;
    for (const toml::node& element : *array) elements.push_back(convert(element));
    result.value = std::move(elements);
  } else if (const auto* text = node.as_string()) {
    result.value = text->get();
  } else if (const auto* whole = node.as_integer()) {
    result.value = std::int64_t{whole->get()};
  } else if (const auto* real = node.as_floating_point()) {
    result.value = real->get();
  } else if (const auto* flag = node.as_boolean()) {
    result.value = flag->get();
  } else {
    result.value = ConfigNode::Moment{};
  }
  return result;
}

}  // namespace

std::string_view ConfigNode::kind_name() const {
  static constexpr std::array<std::string_view, 7> kNames = {
      "a table",       "a list",        "a string", "a whole number", "a number with a fraction",
      "true or false", "a date or time"};
  return kNames[value.index()];
}

std::expected<ConfigNode, SyntaxFault> parse_toml(std::string_view text) {
  if (const auto place = find_too_many_dots(text)) {
    return std::unexpected(SyntaxFault{*place, fmt::format("more than {} dots in a row of words", kMaxDots)});
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return std::unexpected(SyntaxFault{place_of(error.source().begin), repair_utf8(error.description())});
  }
  return convert(parsed.table());
}

std::string quote_toml(std::string_view text) {
  std::string out = "\"";
  for (const char c : repair_utf8(text)) {
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
  return out;
}

}  // namespace pabal::app
