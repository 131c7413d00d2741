// Sections of letters (RFC 9051 §6.4.5, RFC 3516): which part a FETCH, or a URL of CATENATE, means.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/tokens.h"

namespace pabal::imap {

/// message::kMaxPartDepth parts stand within each other at most, so a longer path names nothing.
inline constexpr std::size_t kMaxSectionDepth = 100;
inline constexpr std::size_t kMaxHeaderFields = 500;

struct Section {
  enum class What : std::uint8_t { kWhole, kHeader, kHeaderFields, kHeaderFieldsNot, kText, kMime };

  std::vector<std::uint32_t> path;  ///< message::Structure::find_section reads it
  What what = What::kWhole;
  std::vector<std::string> fields = {};  ///< as the client wrote them

  bool operator==(const Section&) const = default;
};

/// Bytes [offset, offset + size); what is behind the end is cut off.
struct Partial {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool operator==(const Partial&) const = default;
};

/// section = "[" [section-spec] "]"
Result<Section> parse_section(Cursor& in, const Dialect& dialect);
/// section-binary = "[" [section-part] "]"
Result<Section> parse_section_binary(Cursor& in);
/// partial = "<" number64 "." nz-number64 ">", if one stands here
Result<std::optional<Partial>> parse_partial(Cursor& in);

/// "[1.HEADER.FIELDS (DATE)]", as a response names it.
void append_section(std::string& out, const Section& section);

}  // namespace pabal::imap
