#include "message/detail/html_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/charset.h"
#include "message/detail/lexer.h"

namespace pabal::message::detail {
namespace {

constexpr std::size_t kMaxTagName = 32;
constexpr std::size_t kMaxEntity = 32;

struct Entity {
  std::string_view name;
  char32_t code_point;
};

// Sorted by name. Those of Latin-1 and the signs that letters use; of the two thousand others mail has next
// to none.
constexpr Entity kEntities[] = {
    {"AElig", 0xC6},   {"Aacute", 0xC1},   {"Acirc", 0xC2},   {"Agrave", 0xC0},   {"Aring", 0xC5},
    {"Atilde", 0xC3},  {"Auml", 0xC4},     {"Ccedil", 0xC7},  {"Dagger", 0x2021}, {"ETH", 0xD0},
    {"Eacute", 0xC9},  {"Ecirc", 0xCA},    {"Egrave", 0xC8},  {"Euml", 0xCB},     {"Iacute", 0xCD},
    {"Icirc", 0xCE},   {"Igrave", 0xCC},   {"Iuml", 0xCF},    {"Ntilde", 0xD1},   {"OElig", 0x152},
    {"Oacute", 0xD3},  {"Ocirc", 0xD4},    {"Ograve", 0xD2},  {"Oslash", 0xD8},   {"Otilde", 0xD5},
    {"Ouml", 0xD6},    {"Scaron", 0x160},  {"THORN", 0xDE},   {"Uacute", 0xDA},   {"Ucirc", 0xDB},
    {"Ugrave", 0xD9},  {"Uuml", 0xDC},     {"Yacute", 0xDD},  {"Yuml", 0x178},    {"aacute", 0xE1},
    {"acirc", 0xE2},   {"acute", 0xB4},    {"aelig", 0xE6},   {"agrave", 0xE0},   {"amp", '&'},
    {"apos", '\''},    {"aring", 0xE5},    {"atilde", 0xE3},  {"auml", 0xE4},     {"bdquo", 0x201E},
    {"brvbar", 0xA6},  {"bull", 0x2022},   {"ccedil", 0xE7},  {"cedil", 0xB8},    {"cent", 0xA2},
    {"circ", 0x2C6},   {"copy", 0xA9},     {"curren", 0xA4},  {"dagger", 0x2020}, {"darr", 0x2193},
    {"deg", 0xB0},     {"divide", 0xF7},   {"eacute", 0xE9},  {"ecirc", 0xEA},    {"egrave", 0xE8},
    {"emsp", 0x2003},  {"ensp", 0x2002},   {"eth", 0xF0},     {"euml", 0xEB},     {"euro", 0x20AC},
    {"frac12", 0xBD},  {"frac14", 0xBC},   {"frac34", 0xBE},  {"gt", '>'},        {"hellip", 0x2026},
    {"iacute", 0xED},  {"icirc", 0xEE},    {"iexcl", 0xA1},   {"igrave", 0xEC},   {"infin", 0x221E},
    {"iquest", 0xBF},  {"iuml", 0xEF},     {"laquo", 0xAB},   {"larr", 0x2190},   {"ldquo", 0x201C},
    {"lrm", 0x200E},   {"lsaquo", 0x2039}, {"lsquo", 0x2018}, {"lt", '<'},        {"macr", 0xAF},
    {"mdash", 0x2014}, {"micro", 0xB5},    {"middot", 0xB7},  {"minus", 0x2212},  {"nbsp", 0xA0},
    {"ndash", 0x2013}, {"ne", 0x2260},     {"not", 0xAC},     {"ntilde", 0xF1},   {"oacute", 0xF3},
    {"ocirc", 0xF4},   {"oelig", 0x153},   {"ograve", 0xF2},  {"ordf", 0xAA},     {"ordm", 0xBA},
    {"oslash", 0xF8},  {"otilde", 0xF5},   {"ouml", 0xF6},    {"para", 0xB6},     {"permil", 0x2030},
    {"plusmn", 0xB1},  {"pound", 0xA3},    {"quot", '"'},     {"raquo", 0xBB},    {"rarr", 0x2192},
    {"rdquo", 0x201D}, {"reg", 0xAE},      {"rlm", 0x200F},   {"rsaquo", 0x203A}, {"rsquo", 0x2019},
    {"sbquo", 0x201A}, {"scaron", 0x161},  {"sect", 0xA7},    {"shy", 0xAD},      {"sup1", 0xB9},
    {"sup2", 0xB2},    {"sup3", 0xB3},     {"szlig", 0xDF},   {"thinsp", 0x2009}, {"thorn", 0xFE},
    {"tilde", 0x2DC},  {"times", 0xD7},    {"trade", 0x2122}, {"uacute", 0xFA},   {"uarr", 0x2191},
    {"ucirc", 0xFB},   {"ugrave", 0xF9},   {"uml", 0xA8},     {"uuml", 0xFC},     {"yacute", 0xFD},
    {"yen", 0xA5},     {"yuml", 0xFF},     {"zwj", 0x200D},   {"zwnj", 0x200C},
};
static_assert(std::ranges::is_sorted(kEntities, {}, &Entity::name));

constexpr char32_t kWindows1252[32] = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
};

// What stands between two of these is a line of its own on the screen.
constexpr std::string_view kBlocks[] = {
    "address", "article", "aside", "blockquote", "br",  "center",  "dd",    "div", "dl",     "dt", "fieldset",
    "footer",  "form",    "h1",    "h2",         "h3",  "h4",      "h5",    "h6",  "header", "hr", "li",
    "main",    "nav",     "ol",    "p",          "pre", "section", "table", "tr",  "ul",
};
constexpr std::string_view kCells[] = {"option", "td", "th"};
constexpr std::string_view kNoText[] = {"script", "style", "template", "title"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::optional<char32_t> entity_value(std::string_view name) {
  if (name.starts_with('#')) {
    const bool hex = name.size() > 1 && to_lower(name[1]) == 'x';
    std::uint32_t value = 0;
    const std::string_view digits = name.substr(hex ? 2 : 1);
    if (digits.empty()) return std::nullopt;
    for (const char c : digits) {
      const char lower = to_lower(c);
      const bool letter = hex && lower >= 'a' && lower <= 'f';
      if (!is_digit(c) && !letter) return std::nullopt;
      value = value * (hex ? 16 : 10) + static_cast<std::uint32_t>(letter ? lower - 'a' + 10 : c - '0');
      if (value > 0x10FFFF) return 0xFFFD;
    }
    // Numbers of C1 controls mean what windows-1252 has there; so do browsers read them.
    if (value >= 0x80 && value < 0xA0) return kWindows1252[value - 0x80];
    return value == 0 ? 0xFFFD : value;
  }
  const auto* found = std::ranges::lower_bound(kEntities, name, {}, &Entity::name);
  if (found == std::end(kEntities) || found->name != name) return std::nullopt;
  return found->code_point;
}

}  // namespace

void HtmlText::put(std::string_view text, std::string& out) {
  if (text.empty() || !skipped_.empty()) return;
  if (any_ && pending_line_) {
    out.push_back('\n');
  } else if (any_ && pending_space_) {
    out.push_back(' ');
  }
  pending_space_ = pending_line_ = false;
  any_ = true;
  out.append(text);
}

void HtmlText::feed(std::string_view html, std::string& out) {
  for (std::size_t i = 0; i < html.size();) {
    if (state_ == State::kText) {
      i += feed_text(html.substr(i), out);
    } else {
      feed_char(html[i++], out);
    }
  }
}

/// Takes a run of text, or the one character that ends it.
std::size_t HtmlText::feed_text(std::string_view rest, std::string& out) {
  const char c = rest.front();
  if (c == '<') {
    state_ = State::kTagOpen;
    name_.clear();
    return 1;
  }
  if (c == '&') {
    state_ = State::kEntity;
    name_.clear();
    return 1;
  }
  if (is_space(c) || c == '\f') {
    pending_space_ = true;
    return 1;
  }
  const std::size_t size = std::min(rest.find_first_of("<& \t\r\n\f"), rest.size());
  put(rest.substr(0, size), out);
  return size;
}

void HtmlText::feed_char(char c, std::string& out) {
  switch (state_) {
    case State::kText:
      break;
    case State::kEntity:
      if ((is_alnum(c) || (c == '#' && name_.empty())) && name_.size() < kMaxEntity) {
        name_.push_back(c);
        break;
      }
      end_entity(c == ';', out);
      if (c != ';') feed(std::string_view(&c, 1), out);
      break;
    case State::kTagOpen:
      if (is_alpha(c) || c == '/') {
        name_.push_back(to_lower(c));
        state_ = State::kTagName;
      } else if ((c == '!' || c == '?') && skipped_.empty()) {
        dashes_ = 0;
        state_ = State::kMarkup;
      } else {
        state_ = State::kText;
        put("<", out);
        feed(std::string_view(&c, 1), out);
      }
      break;
    case State::kTagName:
      if (c == '>') {
        end_tag(out);
      } else if (is_space(c) || (c == '/' && name_ != "/")) {
        state_ = State::kTag;
      } else if (name_.size() < kMaxTagName) {
        name_.push_back(to_lower(c));
      }
      break;
    case State::kTag:
      if (c == '>') end_tag(out);
      if (c == '=') state_ = State::kValue;
      break;
    case State::kValue:
      if (c == '"' || c == '\'') {
        quote_ = c;
        state_ = State::kQuoted;
      } else if (c == '>') {
        end_tag(out);
      } else if (!is_space(c)) {
        state_ = State::kTag;
      }
      break;
    case State::kQuoted:
      if (c == quote_) state_ = State::kTag;
      break;
    case State::kMarkup:
      if (c == '>') {
        state_ = State::kText;
      } else if (c == '-' && ++dashes_ == 2) {
        state_ = State::kComment;
      } else if (c != '-') {
        dashes_ = 3;  // no comment: `<!DOCTYPE ...>`
      }
      break;
    case State::kComment:
      // `<!-->` ends at once, as browsers have it: the opening dashes count.
      if (c == '>' && dashes_ >= 2) state_ = State::kText;
      dashes_ = c == '-' ? std::min(dashes_ + 1, 2) : 0;
      break;
  }
}

void HtmlText::end_tag(std::string&) {
  state_ = State::kText;
  std::string_view name = name_;
  const bool closes = name.starts_with('/');
  if (closes) name.remove_prefix(1);
  if (!skipped_.empty()) {
    if (closes && name == skipped_) skipped_.clear();
    return;
  }
  if (is_one_of(kBlocks, name)) pending_line_ = true;
  if (is_one_of(kCells, name)) pending_space_ = true;
  if (!closes && is_one_of(kNoText, name)) skipped_ = name;
}

void HtmlText::end_entity(bool terminated, std::string& out) {
  state_ = State::kText;
  if (const auto value = entity_value(name_)) {
    std::string text;
    append_utf8(text, *value);
    put(text, out);
  } else {
    put("&" + name_ + (terminated ? ";" : ""), out);
  }
}

void HtmlText::finish(std::string& out) {
  if (state_ == State::kEntity) end_entity(false, out);
  if (state_ == State::kTagOpen) put("<", out);
}

}  // namespace pabal::message::detail
