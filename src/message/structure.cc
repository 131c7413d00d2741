#include "message/structure.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "message/detail/bytes.h"
#include "message/detail/part_header.h"
#include "message/header.h"

namespace pabal::message {
namespace {

/// A longer line is no delimiter, and its first bytes are enough to tell a field from text.
constexpr std::size_t kMaxDelimiterLine = 1024;
static_assert(kMaxDelimiterLine > kMaxBoundaryBytes + 4);
/// How much of a line is kept until the rest of it comes: a delimiter and its CR. What is longer is no
/// delimiter however the line goes on, so that cutting a letter into pieces differently never changes what is
/// found.
constexpr std::size_t kMaxHeldLine = kMaxDelimiterLine + 1;

std::string_view line_end_of(std::string_view line) {
  if (line.ends_with("\r\n")) return "\r\n";
  if (line.ends_with('\n')) return "\n";
  return {};
}

}  // namespace

StructureParser::StructureParser(PartVisitor* visitor) : visitor_(visitor) { open_part(kNoPart, 0); }

void StructureParser::feed(std::string_view bytes) {
  // A line that a piece cut is put together first. Only the start of a line is ever kept, so this copies
  // little.
  while (!partial_.empty() && !bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::size_t rest = newline == std::string_view::npos ? bytes.size() : newline + 1;
    const std::size_t taken = std::min(rest, kMaxHeldLine + 1 - partial_.size());
    std::string line = std::exchange(partial_, {});
    const std::uint64_t begin = offset_ - line.size();
    line.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    offset_ += taken;
    scan(line, begin, false);
  }
  if (bytes.empty()) return;
  const std::uint64_t begin = offset_;
  offset_ += bytes.size();
  scan(bytes, begin, false);
}

Structure StructureParser::finish() {
  const std::string line = std::exchange(partial_, {});
  scan(line, offset_ - line.size(), true);
  while (state_ == State::kHeader) end_header(window_.size(), offset_);
  flush(window_.size());
  close_parts_within(kNoPart, offset_, lines_);
  structure_.size = offset_;
  return std::move(structure_);
}

/// Walks the lines of a window. What stands behind the last line end is held for the next one, unless this is
/// the end.
void StructureParser::scan(std::string_view window, std::uint64_t offset, bool at_end) {
  window_ = window;
  window_offset_ = offset;
  run_ = 0;
  std::size_t begin = 0;
  while (begin < window_.size()) {
    const auto* newline =
        static_cast<const char*>(std::memchr(window_.data() + begin, '\n', window_.size() - begin));
    if (!newline && !at_end) break;
    const std::size_t end = newline ? static_cast<std::size_t>(newline - window_.data()) + 1 : window_.size();
    on_line(begin, end);
    begin = end;
  }
  if (!at_end) hold_tail(begin);
}

void StructureParser::on_line(std::size_t begin, std::size_t end) {
  const std::string_view line = window_.substr(begin, end - begin);
  const std::string_view line_end = line_end_of(line);
  const std::string_view text = line.substr(0, line.size() - line_end.size());
  if (std::exchange(mid_line_bytes_, 0) + text.size() > kMaxLineBytes) current().traits.long_lines = true;

  if (std::exchange(mid_line_, false)) {
    lines_ += !line_end.empty();
    last_line_end_ = line_end;
    return;
  }
  if (!boundaries_.empty() && text.starts_with("--") && on_possible_delimiter(text, begin, end)) {
    last_line_end_ = line_end;
    return;
  }
  if (state_ == State::kHeader && lines_ == header_lines_ &&
      !may_begin_header(text.substr(0, kMaxDelimiterLine))) {
    end_header(begin, window_offset_ + begin);
  }
  lines_ += !line_end.empty();
  last_line_end_ = line_end;
  if (state_ == State::kHeader && text.empty()) end_header(end, window_offset_ + end);
}

/// Hands over the window but for what a delimiter in the next one may turn out to own: the line end before
/// it, and the start of its line.
void StructureParser::hold_tail(std::size_t begin) {
  const std::string_view tail = window_.substr(begin);
  if (!mid_line_ && tail.size() <= kMaxHeldLine) {
    partial_ = tail;
    if (begin == run_) return;
    flush(begin - last_line_end_.size());
    held_line_end_ = last_line_end_;
    return;
  }
  if (tail.empty()) return;
  if (!mid_line_ && state_ == State::kHeader && lines_ == header_lines_ &&
      !may_begin_header(tail.substr(0, kMaxDelimiterLine))) {
    end_header(begin, window_offset_ + begin);
  }
  mid_line_ = true;
  partial_ = tail.ends_with('\r') ? "\r" : "";  // it may belong to the line end
  mid_line_bytes_ += tail.size() - partial_.size();
  flush(window_.size() - partial_.size());
}

/// The longest delimiter that the line begins with: RFC 2046 §5.1.1 has lines compared so, and one boundary
/// may begin with another. Of equal ones the innermost, which is the last.
std::size_t StructureParser::match_delimiter(std::string_view line) const {
  std::size_t best = boundaries_.size();
  for (std::size_t i = 0; i < boundaries_.size(); ++i) {
    const std::string& candidate = boundaries_[i].delimiter;
    if (best != boundaries_.size() && candidate.size() < boundaries_[best].delimiter.size()) continue;
    if (line.starts_with(candidate)) best = i;
  }
  return best;
}

bool StructureParser::on_possible_delimiter(std::string_view line, std::size_t begin, std::size_t end) {
  if (line.size() > kMaxDelimiterLine) return false;
  const std::size_t matched = match_delimiter(line);
  if (matched == boundaries_.size()) return false;
  const PartIndex multipart = boundaries_[matched].multipart;
  const bool closes = line.substr(boundaries_[matched].delimiter.size()).starts_with("--");
  if (!closes && structure_.parts.size() >= kMaxParts) {
    boundaries_.clear();
    return false;
  }

  // The line end in front is the delimiter's, unless it is what ended a header.
  const std::uint64_t at = window_offset_ + begin;
  const std::uint64_t earliest = state_ == State::kHeader ? current().header_begin : current().body_begin;
  const std::size_t owned = at - earliest >= last_line_end_.size() ? last_line_end_.size() : 0;
  if (owned > begin - run_) {
    held_line_end_ = {};
  } else {
    flush(begin - owned);
  }
  run_ = begin;
  while (state_ == State::kHeader) end_header(begin, at - owned);
  close_parts_within(multipart, at - owned, lines_ - (owned > 0 ? 1 : 0));
  Part::Traits& traits = structure_.parts[multipart].traits;
  traits.body_8bit = traits.body_8bit || detail::has_8bit(line);
  traits.body_nul = traits.body_nul || detail::has_nul(line);
  run_ = end;
  lines_ += end > begin + line.size();
  boundaries_.resize(matched + (closes ? 0 : 1));
  if (!closes) open_part(multipart, window_offset_ + end);
  return true;
}

/// Gives the visitor, or the header, all of the window up to `end` that it has not had.
void StructureParser::flush(std::size_t end) {
  hand_over(std::exchange(held_line_end_, {}));
  hand_over(window_.substr(run_, end - run_));
  run_ = end;
}

void StructureParser::hand_over(std::string_view bytes) {
  if (bytes.empty()) return;
  Part& part = current();
  if (state_ == State::kHeader) {
    part.traits.header_8bit = part.traits.header_8bit || detail::has_8bit(bytes);
    header_.append(bytes.substr(0, kMaxHeaderBytes - header_.size()));
    return;
  }
  part.traits.body_8bit = part.traits.body_8bit || detail::has_8bit(bytes);
  part.traits.body_nul = part.traits.body_nul || detail::has_nul(bytes);
  if (visitor_ && !open_.back().holds_parts) visitor_->on_body(structure_, open_.back().part, bytes);
}

void StructureParser::open_part(PartIndex parent, std::uint64_t offset) {
  open_.push_back({.part = static_cast<PartIndex>(structure_.parts.size())});
  Part& part = structure_.parts.emplace_back();
  part.parent = parent;
  part.header_begin = part.body_begin = part.body_end = offset;
  state_ = State::kHeader;
  header_lines_ = lines_;
}

/// The header of the current part ends at `end` in the window, its empty line with it. Its body begins there
/// too, unless a delimiter took the line end.
void StructureParser::end_header(std::size_t end, std::uint64_t body_begin) {
  Part& part = current();
  std::string_view header = window_.substr(run_, end - run_);
  if (header_.empty() && held_line_end_.empty()) {
    part.traits.header_8bit = detail::has_8bit(header);
    header = header.substr(0, kMaxHeaderBytes);
    run_ = end;
  } else {
    flush(end);
    header = header_;
  }
  part.body_begin = part.body_end = body_begin;
  open_.back().lines_before = lines_;
  const bool in_digest = part.parent != kNoPart && structure_.parts[part.parent].is("multipart", "digest");
  detail::read_part_header(header, in_digest, part);
  state_ = State::kBody;
  if (visitor_) visitor_->on_header(structure_, open_.back().part, header);
  header_.clear();
  begin_body();
}

void StructureParser::begin_body() {
  const PartIndex index = open_.back().part;
  const Part& part = current();
  if (open_.size() >= kMaxPartDepth || structure_.parts.size() >= kMaxParts) return;
  if (std::string delimiter = detail::delimiter_of(part); !delimiter.empty()) {
    open_.back().holds_parts = true;
    boundaries_.push_back({.multipart = index, .delimiter = std::move(delimiter)});
  } else if (part.is_message() && is_identity(part.encoding)) {
    open_.back().holds_parts = true;
    open_part(index, part.body_begin);
  }
}

/// Closes the innermost parts up to, and without, `multipart`; all of them for kNoPart.
void StructureParser::close_parts_within(PartIndex multipart, std::uint64_t end, std::uint64_t lines) {
  while (!open_.empty() && open_.back().part != multipart) {
    const Open closing = open_.back();
    Part& part = structure_.parts[closing.part];
    part.body_end = std::max(end, part.body_begin);
    part.body_lines = lines - std::min(lines, closing.lines_before);
    part.subtree_end = static_cast<PartIndex>(structure_.parts.size());
    if (visitor_) visitor_->on_end(structure_, closing.part);
    detail_bytes_ += detail::detail_size(part);
    if (detail_bytes_ > kMaxDetailBytes) {
      detail::drop_details(part);
      detail_bytes_ = kMaxDetailBytes;
    }
    open_.pop_back();
  }
}

std::string_view Part::charset() const {
  const Parameter* found = find_parameter(parameters, "charset");
  return found ? std::string_view(found->value) : std::string_view();
}

std::string Part::file_name() const {
  std::string name = parameter_text(disposition.parameters, "filename");
  return name.empty() ? parameter_text(parameters, "name") : name;
}

bool Part::is_attachment() const {
  if (disposition.type == "inline") return false;
  if (!disposition.type.empty()) return true;  // RFC 2183 §2.8: an unknown disposition is an attachment
  return !is_text() && !is_multipart() && !file_name().empty();
}

PartIndex Structure::next_sibling(PartIndex part) const {
  const PartIndex parent = parts[part].parent;
  if (parent == kNoPart) return kNoPart;
  const PartIndex next = parts[part].subtree_end;
  return next < parts[parent].subtree_end ? next : kNoPart;
}

bool Structure::is_letter(PartIndex part) const {
  const PartIndex parent = parts[part].parent;
  return parent == kNoPart || parts[parent].is_message();
}

std::optional<PartIndex> Structure::find_section(std::span<const std::uint32_t> path) const {
  PartIndex at = 0;
  bool within_letter = true;  // the next number counts the parts of the letter `at`, not those of the part
  for (const std::uint32_t number : path) {
    if (!within_letter && parts[at].is_message() && has_children(at)) {
      at = first_child(at);
      within_letter = true;
    }
    if (parts[at].is_multipart() && has_children(at)) {
      PartIndex child = first_child(at);
      for (std::uint32_t i = 1; i < number && child != kNoPart; ++i) child = next_sibling(child);
      if (child == kNoPart || number == 0) return std::nullopt;
      at = child;
    } else if (!within_letter || number != 1) {
      return std::nullopt;  // RFC 9051 §6.4.5: a letter of one part has that part as number 1
    }
    within_letter = false;
  }
  return at;
}

std::vector<std::uint32_t> Structure::section_of(PartIndex part) const {
  std::vector<std::uint32_t> path;
  const auto counts_parts = [&](PartIndex i) { return parts[i].is_multipart() && has_children(i); };
  if (is_letter(part) && !counts_parts(part)) path.push_back(1);
  for (PartIndex at = part; parts[at].parent != kNoPart; at = parts[at].parent) {
    const PartIndex parent = parts[at].parent;
    if (parts[parent].is_message()) {
      if (is_letter(parent)) path.push_back(1);
      continue;
    }
    std::uint32_t number = 1;
    for (PartIndex i = first_child(parent); i != at; i = next_sibling(i)) ++number;
    path.push_back(number);
  }
  std::ranges::reverse(path);
  return path;
}

Structure parse_structure(std::string_view letter, PartVisitor* visitor) {
  StructureParser parser(visitor);
  parser.feed(letter);
  return parser.finish();
}

}  // namespace pabal::message
