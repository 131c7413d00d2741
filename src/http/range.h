// Parts of a thing (RFC 9110 §14), and whether a client has it already (§13): for downloads and static files.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"
#include "http/response.h"

namespace pabal::http {

/// Whether an If-None-Match of the request names this entity tag, quotes included: then 304 is the answer to
/// GET.
bool has_already(const Request& request, std::string_view entity_tag);

/// What to send of something with that size.
struct Slice {
  Status status = Status::kOk;  ///< or 206, or 416: then nothing
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  /// Accept-Ranges, and Content-Range if it is a part.
  void describe(std::uint64_t whole_size, Fields& fields) const;
};

/// By the Range and If-Range fields of a GET. Several ranges are answered with the whole, as RFC 9110 §14.2
/// allows; so is what is no range at all.
Slice choose_slice(const Request& request, std::uint64_t whole_size, std::string_view entity_tag);

}  // namespace pabal::http
