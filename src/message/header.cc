#include "message/header.h"

#include <algorithm>

#include "base/ascii.h"

namespace pabal::message {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// ftext (RFC 5322 §3.6.8), and bytes over ASCII, which no field name has and which junk names do.
constexpr bool is_field_name_char(char c) { return is_vchar(c) && c != ':'; }

/// Behind the line that starts at `begin`.
std::size_t line_end(std::string_view text, std::size_t begin) {
  const std::size_t newline = text.find('\n', begin);
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The size of the name when `line` opens a field, blanks before the colon allowed (RFC 5322 §4.5); 0 when it
/// doesn't.
std::size_t field_name_size(std::string_view line, std::size_t& colon) {
  std::size_t size = 0;
  while (size < line.size() && is_field_name_char(line[size])) ++size;
  colon = size;
  while (colon < line.size() && is_blank(line[colon])) ++colon;
  return colon < line.size() && line[colon] == ':' ? size : 0;
}

}  // namespace

bool Field::is(std::string_view wanted) const { return equals_ignoring_case(name, wanted); }

std::optional<Field> FieldReader::next() {
  while (position_ < block_.size()) {
    const std::size_t begin = position_;
    std::size_t end = line_end(block_, begin);
    const std::string_view line = block_.substr(begin, end - begin);
    if (without_line_end(line).empty()) {
      position_ = block_.size();
      return std::nullopt;
    }
    std::size_t colon = 0;
    const std::size_t name_size = field_name_size(line, colon);
    while (end < block_.size() && is_blank(block_[end])) end = line_end(block_, end);
    position_ = end;
    if (name_size == 0) continue;
    const std::size_t value_begin = begin + colon + 1;
    return Field{.name = line.substr(0, name_size),
                 .value = without_line_end(block_.substr(value_begin, end - value_begin)),
                 .begin = begin,
                 .end = end};
  }
  return std::nullopt;
}

std::optional<Field> find_field(std::string_view block, std::string_view name) {
  FieldReader fields(block);
  while (auto field = fields.next()) {
    if (field->is(name)) return field;
  }
  return std::nullopt;
}

std::string unfold(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\n') continue;
    if (c == '\r' && (i + 1 == value.size() || value[i + 1] == '\n')) continue;
    if (out.empty() && is_blank(c)) continue;
    out.push_back(c);
  }
  while (!out.empty() && is_blank(out.back())) out.pop_back();
  return out;
}

bool may_begin_header(std::string_view line) {
  if (line.empty()) return true;
  if (is_blank(line.front())) return true;
  if (line.starts_with("From ") || line.starts_with(">From ")) return true;
  // Looser than a field name, so that a byte order mark in front of the first field does not hide the header.
  const std::size_t stop = std::min(line.find(':'), line.size());
  if (stop == 0 || stop == line.size()) return false;
  std::string_view name = line.substr(0, stop);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
  return !name.empty() && std::ranges::none_of(name, [](char c) { return is_blank(c) || is_control(c); });
}

std::size_t header_size(std::string_view letter) {
  std::size_t position = 0;
  while (position < letter.size()) {
    const std::size_t end = line_end(letter, position);
    const std::string_view line = without_line_end(letter.substr(position, end - position));
    if (line.empty()) return end;
    if (position == 0 && !may_begin_header(line)) return 0;
    position = end;
  }
  return position;
}

void HeaderCollector::feed(std::string_view bytes) {
  if (complete_) return;
  bytes_.append(bytes);
  while (!complete_) {
    const std::size_t newline = bytes_.find('\n', searched_);
    if (newline == std::string::npos) {
      searched_ = bytes_.size();
      break;
    }
    const std::string_view line =
        without_line_end(std::string_view(bytes_).substr(line_begin_, newline + 1 - line_begin_));
    if (line.empty()) return end_at(newline + 1);
    if (line_begin_ == 0 && !may_begin_header(line)) return end_at(0);
    line_begin_ = searched_ = newline + 1;
  }
  over_limit_ = bytes_.size() > kMaxHeaderBytes;
  if (over_limit_) end_at(line_begin_);
}

void HeaderCollector::finish() {
  if (!complete_) end_at(header_size(bytes_));
}

void HeaderCollector::end_at(std::size_t size) {
  header_size_ = size;
  over_limit_ = size > kMaxHeaderBytes || over_limit_;
  complete_ = true;
}

std::string without_fields(std::string_view block, std::initializer_list<std::string_view> names) {
  std::string out;
  out.reserve(block.size());
  std::size_t copied = 0;
  FieldReader fields(block);
  while (auto field = fields.next()) {
    if (std::ranges::none_of(names, [&](std::string_view name) { return field->is(name); })) continue;
    out.append(block.substr(copied, field->begin - copied));
    copied = field->end;
  }
  out.append(block.substr(copied));
  return out;
}

}  // namespace pabal::message
