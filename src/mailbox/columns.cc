#include "mailbox/columns.h"

#include <algorithm>

#include "base/cursor.h"

namespace pabal::mailbox {

namespace {

// A shorter run is not worth ending a group of single values for.
constexpr std::size_t kMinRun = 4;

std::size_t run_at(std::span<const std::uint64_t> values, std::size_t at) {
  std::size_t end = at + 1;
  while (end < values.size() && values[end] == values[at]) ++end;
  return end - at;
}

// Like Cursor::take_varint; here because the hot loop of opening a folder is nothing else.
bool take_varint(const char*& at, const char* end, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*at++);
    const std::uint64_t bits = byte & 0x7f;
    if (shift == 63 && bits > 1) return false;
    value |= bits << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

}  // namespace

void append_column(std::string& out, std::span<const std::uint64_t> values) {
  std::size_t told = 0;
  const auto tell_singles = [&](std::size_t end) {
    if (told == end) return;
    append_varint(out, (end - told) * 2);
    for (; told < end; ++told) append_varint(out, values[told]);
  };
  for (std::size_t at = 0; at < values.size();) {
    const std::size_t run = run_at(values, at);
    if (run >= kMinRun) {
      tell_singles(at);
      append_varint(out, run * 2 + 1);
      append_varint(out, values[at]);
      told = at + run;
    }
    at += run;
  }
  tell_singles(values.size());
}

bool read_column(std::string_view bytes, std::span<std::uint64_t> values) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (std::size_t told = 0; told < values.size();) {
    std::uint64_t group = 0;
    if (!take_varint(at, end, group)) return false;
    const std::uint64_t count = group / 2;
    if (count == 0 || count > values.size() - told) return false;
    const std::span<std::uint64_t> part = values.subspan(told, count);
    if (group % 2 == 1) {
      std::uint64_t value = 0;
      if (!take_varint(at, end, value)) return false;
      std::ranges::fill(part, value);
    } else {
      for (std::uint64_t& value : part) {
        if (!take_varint(at, end, value)) return false;
      }
    }
    told += count;
  }
  return at == end;
}

}  // namespace pabal::mailbox
