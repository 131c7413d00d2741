#include "app/config_document.h"

#include <fmt/format.h>

// The library asserts what it then checks and reports in words (`[;x]`, toml++ 3.3): without the assertion a
// slip in the file is a fault like any other. With NDEBUG it would even promise the compiler that it can't
// happen.
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>

#include <array>
#include <iterator>
#include <optional>

#include "base/ascii.h"
#include "base/utf8.h"

namespace pabal::app {

namespace {

TextPlace place_of(const toml::source_position& position) { return {position.line, position.column}; }

// Three things that toml++ 3.3 does badly with, and that no configuration of ours needs, are refused before
// it looks: a key of very many parts (each dot nests a table, and it walks those by recursion until the stack
// ends), a letter outside ASCII where no string is (it reaches code that it declares unreachable), and
// strings of several lines (where the same can happen).
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  std::optional<SyntaxFault> find_fault() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '"' || c == '\'') {
        if (rest_.starts_with(std::string(3, c))) return fault("strings of several lines have no use here");
        skip_string(c);
      } else if (c == '#') {
        while (!rest_.empty() && rest_.front() != '\n') step();
      } else if (!is_ascii(c)) {
        return fault("outside of quotes there are only ASCII letters");
      } else if (c == '.' && ++dots_ > kMaxDots) {
        return fault("a key of so many parts has no use here");
      } else {
        if (std::string_view("\n=,[]{}").contains(c)) dots_ = 0;
        step();
      }
    }
    return std::nullopt;
  }

 private:
  static constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  static constexpr std::size_t kMaxDots = 16;  // between two delimiters

  SyntaxFault fault(std::string message) const { return {place_, std::move(message)}; }

  void step() {
    const bool continues = (static_cast<unsigned char>(rest_.front()) & 0xc0) == 0x80;
    if (rest_.front() == '\n') {
      place_ = {place_.line + 1, 1};
    } else if (!continues) {
      ++place_.column;
    }
    rest_.remove_prefix(1);
  }

  /// Stops after the closing quote, or before the line's end if there is none: the library will say so.
  void skip_string(char quote) {
    step();
    while (!rest_.empty() && rest_.front() != '\n' && rest_.front() != quote) {
      const bool escape = quote == '"' && rest_.front() == '\\';
      step();
      if (escape && !rest_.empty() && rest_.front() != '\n') step();
    }
    if (!rest_.empty() && rest_.front() == quote) step();
  }

  std::string_view rest_;
  TextPlace place_{1, 1};
  std::size_t dots_ = 0;
};

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
  if (auto fault = Scanner(text).find_fault()) return std::unexpected(*std::move(fault));
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
