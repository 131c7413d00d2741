// For tests of the grammar: a command's arguments as text in, the struct or the refusal out.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/tokens.h"

namespace pabal::imap {

inline Dialect strict() { return {.leniency = Leniency::none()}; }
inline Dialect with_utf8() { return {.utf8 = true}; }

/// Reads `args` with `parse(Cursor&, ...)`, which must take all of it.
template <class Parse, class... More>
auto read_all(Parse parse, std::string_view args, const More&... more) {
  Cursor in(args);
  auto out = parse(in, more...);
  EXPECT_TRUE(out) << args << ": " << (out ? "" : out.error().detail);
  EXPECT_TRUE(!out || in.at_end()) << args << ": " << in.rest() << " is left";
  return out ? *std::move(out) : typename decltype(out)::value_type{};
}

/// The refusal of `args`; empty when they are not refused or when something is left over, which a caller
/// would refuse.
template <class Parse, class... More>
std::string refusal(Parse parse, std::string_view args, const More&... more) {
  Cursor in(args);
  auto out = parse(in, more...);
  if (!out) return out.error().detail;
  return in.at_end() ? "" : "left over";
}

/// Every beginning of `args` is refused or read, and never looked behind.
template <class Parse, class... More>
void read_truncated(Parse parse, std::string_view args, const More&... more) {
  for (std::size_t size = 0; size < args.size(); ++size) {
    const std::string piece(args.substr(0, size));  // of its own, so that a sanitizer sees its end
    Cursor in(piece);
    const auto out = parse(in, more...);
    EXPECT_TRUE(out || !out.error().detail.empty()) << piece;
  }
}

}  // namespace pabal::imap
