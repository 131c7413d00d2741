#include "app/output.h"

#include <locale.h>
#include <wchar.h>

#include "base/ascii.h"
#include "base/utf8.h"

namespace pabal::app {
namespace {

std::string harmless(std::string_view text) {
  std::string out = repair_utf8(text);
  for (std::size_t at = 0; at < out.size();) {
    const Utf8Step step = decode_utf8(std::string_view(out).substr(at));
    // C0 and C1 controls: what a terminal obeys instead of showing.
    const bool control =
        step.code_point && (*step.code_point < 0x20 || (*step.code_point >= 0x7f && *step.code_point < 0xa0));
    if (control) {
      out.replace(at, step.size, "?");
      at += 1;
    } else {
      at += step.size;
    }
  }
  return out;
}

// The C library knows the widths, but only while a UTF-8 locale is set; C.UTF-8 is part of every Debian.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_) previous_ = ::uselocale(locale_);
  }
  ~Utf8Locale() {
    if (!locale_) return;
    ::uselocale(previous_);
    ::freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t previous_{};
};

bool all_empty(const Column& column, const std::vector<Json>& items) {
  return std::ranges::all_of(items, [&](const Json& item) {
    const Json* value = item.find(column.field);
    return !value || value->is_null() || (value->as_text() && value->as_text()->empty());
  });
}

std::string cell_of(const Column& column, const Json& item) {
  const Json* value = item.find(column.field);
  return value ? to_cell(*value, column.as) : "-";
}

void append_padded(std::string& out, std::string_view text, std::size_t width) {
  out += text;
  const std::size_t taken = display_width(text);
  if (taken < width) out.append(width - taken, ' ');
}

}  // namespace

std::string print_rounded_size(std::uint64_t size_bytes) {
  constexpr std::string_view kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (size_bytes < 1024) return fmt::format("{} B", size_bytes);
  double value = static_cast<double>(size_bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  std::string number = fmt::format("{:.1f}", value);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return fmt::format("{} {}", number, kUnits[unit]);
}

std::string print_rounded_duration(std::chrono::seconds duration) {
  struct Unit {
    std::int64_t seconds;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}};
  std::int64_t left = duration.count();
  std::vector<std::string> parts;
  for (const Unit& unit : kUnits) {
    if (parts.size() == 2) break;
    const std::int64_t count = left / unit.seconds;
    left %= unit.seconds;
    if (count > 0)
      parts.push_back(fmt::format("{}{}", count, unit.name));
    else if (!parts.empty())
      break;
  }
  return parts.empty() ? "0s" : fmt::format("{}", fmt::join(parts, " "));
}

std::string to_cell(const Json& value, Column::As as) {
  if (value.is_null()) return as == Column::As::kSize ? "unlimited" : "-";
  if (const bool* flag = value.as_bool()) return *flag ? "yes" : "no";
  if (const std::int64_t* number = value.as_number()) {
    if (as == Column::As::kSize && *number >= 0)
      return print_rounded_size(static_cast<std::uint64_t>(*number));
    if (as == Column::As::kDuration) return print_rounded_duration(std::chrono::seconds(*number));
    return std::to_string(*number);
  }
  if (const double* number = value.as_fraction()) return fmt::format("{}", *number);
  if (const std::string* text = value.as_text()) return text->empty() ? "-" : harmless(*text);
  if (const Json::Array* items = value.as_array()) {
    std::vector<std::string> cells;
    for (const Json& item : *items) cells.push_back(to_cell(item, as));
    return cells.empty() ? "-" : fmt::format("{}", fmt::join(cells, ", "));
  }
  return harmless(value.to_text());
}

std::string fill_in(std::string_view sentence, const Json& result) {
  std::string out;
  while (!sentence.empty()) {
    const std::size_t open = sentence.find('{');
    const std::size_t close = open == std::string_view::npos ? open : sentence.find('}', open);
    if (close == std::string_view::npos) break;
    out += sentence.substr(0, open);
    const Json* value = result.find(sentence.substr(open + 1, close - open - 1));
    out += value ? to_cell(*value) : "?";
    sentence.remove_prefix(close + 1);
  }
  return out.append(sentence);
}

std::string render_details(const std::vector<Column>& columns, const Json& result) {
  std::size_t width = 0;
  for (const Column& column : columns) {
    if (result.find(column.field)) width = std::max(width, display_width(column.title));
  }
  std::string out;
  for (const Column& column : columns) {
    const Json* value = result.find(column.field);
    if (!value || (value->is_null() && column.as != Column::As::kSize)) continue;
    append_padded(out, column.title, width + 2);
    out += to_cell(*value, column.as) + "\n";
  }
  return out;
}

std::string render_table(const std::vector<Column>& columns, const std::vector<Json>& items) {
  std::vector<const Column*> shown;
  for (const Column& column : columns) {
    if (!all_empty(column, items)) shown.push_back(&column);
  }
  std::vector<std::vector<std::string>> rows(1);
  for (const Column* column : shown) rows[0].emplace_back(column->title);
  for (const Json& item : items) {
    auto& row = rows.emplace_back();
    for (const Column* column : shown) row.push_back(cell_of(*column, item));
  }
  std::vector<std::size_t> widths(shown.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i + 1 < row.size())
        append_padded(out, row[i], widths[i] + 2);
      else
        out += row[i];
    }
    out += '\n';
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  if (is_ascii(text)) return text.size();
  const Utf8Locale locale;
  std::size_t width = 0;
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    const int places = ::wcwidth(static_cast<wchar_t>(step.code_point.value_or(kReplacementCharacter)));
    width += places < 0 ? 1 : static_cast<std::size_t>(places);
    text.remove_prefix(step.size);
  }
  return width;
}

}  // namespace pabal::app
