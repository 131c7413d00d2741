#include "http/range.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"

namespace pabal::http {

bool has_already(const Request& request, std::string_view entity_tag) {
  // Weak comparison (RFC 9110 §13.1.2); our tags hold no comma.
  const std::string weak = "W/" + std::string(entity_tag);
  return request.fields.lists("if-none-match", entity_tag) || request.fields.lists("if-none-match", weak) ||
         request.find("if-none-match") == "*";
}

void Slice::describe(std::uint64_t whole_size, Fields& fields) const {
  fields.add("accept-ranges", "bytes");
  if (status == Status::kPartialContent)
    fields.add("content-range", fmt::format("bytes {}-{}/{}", first, first + size - 1, whole_size));
  if (status == Status::kRangeNotSatisfiable)
    fields.add("content-range", fmt::format("bytes */{}", whole_size));
}

Slice choose_slice(const Request& request, std::uint64_t whole_size, std::string_view entity_tag) {
  const Slice whole{Status::kOk, 0, whole_size};
  const auto range = request.find("range");
  if (!range || request.method != Method::kGet || request.fields.count("range") > 1) return whole;
  // A date can't be a strong validator here, so only our own tag lets a part be sent (RFC 9110 §13.1.5).
  if (const auto condition = request.find("if-range"); condition && *condition != entity_tag) return whole;

  Cursor cursor(*range);
  if (!cursor.take_word_ignoring_case("bytes=")) return whole;
  const auto first = cursor.take_number();
  if (!cursor.take_char('-')) return whole;
  const auto last = cursor.take_number();
  if (!cursor.at_end() || (!first && !last) || (first && last && *last < *first)) return whole;
  if (!first) {  // the last so many bytes
    const std::uint64_t size = std::min(*last, whole_size);
    if (size == 0) return {Status::kRangeNotSatisfiable, 0, 0};
    return {Status::kPartialContent, whole_size - size, size};
  }
  if (*first >= whole_size) return {Status::kRangeNotSatisfiable, 0, 0};
  const std::uint64_t end = std::min(last.value_or(UINT64_MAX), whole_size - 1);
  return {Status::kPartialContent, *first, end - *first + 1};
}

}  // namespace pabal::http
