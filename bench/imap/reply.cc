#include "reply.h"

#include <charconv>

namespace pabal::bench {
namespace {

// The size of the literal that this line announces, if it does.
std::optional<std::uint64_t> literal_after(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  std::uint64_t size = 0;
  const char* const last = line.data() + line.size() - 1;
  const auto [end, error] = std::from_chars(line.data() + open + 1, last, size);
  if (error != std::errc() || end != last) return std::nullopt;
  return size;
}

bool is_digit(char each) { return each >= '0' && each <= '9'; }

std::uint64_t count_numbers(std::string_view line) {
  std::uint64_t total = 0;
  bool before = false;
  for (const char each : line) {
    const bool now = is_digit(each);
    total += now && !before;
    before = now;
  }
  return total;
}

}  // namespace

const Reply::Kind* Reply::find(std::string_view name) const {
  const auto found = std::ranges::find(kinds, name, &Kind::name);
  return found == kinds.end() ? nullptr : &*found;
}

void ReplyScanner::expect(std::string_view tag) {
  tag_ = tag;
  reply_ = {};
}

char* ReplyScanner::room(std::size_t size) {
  if (begin_ > 0 && begin_ == filled_) begin_ = scanned_ = filled_ = 0;
  if (buffer_.size() - filled_ < size && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, filled_ - begin_);
    filled_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - filled_ < size) buffer_.resize(std::max(filled_ + size, buffer_.size() * 2));
  return buffer_.data() + filled_;
}

bool ReplyScanner::received(std::size_t size) {
  filled_ += size;
  reply_.bytes += size;
  continues_ = false;
  return scan();
}

bool ReplyScanner::scan() {
  while (begin_ < filled_) {
    if (literal_left_ > 0) {
      const std::size_t skipped = std::min<std::uint64_t>(literal_left_, filled_ - begin_);
      literal_left_ -= skipped;
      begin_ += skipped;
      scanned_ = begin_;
      continue;
    }
    const void* const end = std::memchr(buffer_.data() + scanned_, '\n', filled_ - scanned_);
    if (end == nullptr) {
      scanned_ = filled_;
      return false;
    }
    const std::size_t next = static_cast<std::size_t>(static_cast<const char*>(end) - buffer_.data()) + 1;
    std::string_view line(buffer_.data() + begin_, next - 1 - begin_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin_ = scanned_ = next;
    if (take_line(line)) return true;
  }
  return false;
}

bool ReplyScanner::take_line(std::string_view line) {
  const std::optional<std::uint64_t> literal = literal_after(line);
  if (!std::exchange(inside_, literal.has_value())) {
    if (line.starts_with(tag_) && line.substr(tag_.size()).starts_with(' ')) {
      reply_.tagged = line.substr(tag_.size() + 1);
      return true;
    }
    if (line.starts_with('+')) {
      reply_.tagged = line;
      continues_ = true;
      return true;
    }
    take_untagged(line);
  }
  if (literal) {
    literal_left_ = *literal;
    reply_.literal_bytes += *literal;
  }
  return false;
}

void ReplyScanner::take_untagged(std::string_view line) {
  if (!line.starts_with("* ")) {
    ++kind("garbage").count;
    return;
  }
  const std::string_view whole = line;
  line.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error == std::errc())
    line.remove_prefix(std::min(line.size(), static_cast<std::size_t>(end - line.data()) + 1));
  Reply::Kind& said = kind(line.substr(0, line.find(' ')));
  ++said.count;
  said.sum += number;
  said.last = number;
  if (said.name == "SEARCH" || said.name == "SORT" || said.name == "THREAD") {
    reply_.numbers += count_numbers(whole);
    reply_.digest ^= std::hash<std::string_view>()(whole);
  }
}

Reply::Kind& ReplyScanner::kind(std::string_view name) {
  for (Reply::Kind& each : reply_.kinds)
    if (each.name == name) return each;
  return reply_.kinds.emplace_back(Reply::Kind{.name = std::string(name)});
}

}  // namespace pabal::bench
