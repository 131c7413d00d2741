#include "jmap/detail/comparator.h"

#include <algorithm>

#include "jmap/snapshot.h"

namespace pabal::jmap::detail {

std::expected<std::vector<Comparator>, MethodError> read_sort(
    Arguments& in, std::span<const std::string_view> known, std::span<const std::string_view> with_keyword) {
  std::vector<Comparator> out;
  const Json::Array* items = in.array("sort");
  if (items == nullptr) return out;
  for (const Json& item : *items) {
    if (item.as_object() == nullptr)
      return method_error("invalidArguments", "sort: must be a list of objects");
    Arguments fields(*item.as_object());
    Comparator each{.property = fields.required_text("property"),
                    .ascending = fields.flag("isAscending", true)};
    const auto collation = fields.text("collation");
    const bool wants_keyword = std::ranges::find(with_keyword, each.property) != with_keyword.end();
    if (wants_keyword) {
      each.keyword = fields.required_text("keyword");
      if (!is_keyword(each.keyword)) fields.spoil("keyword", "is no keyword");
    }
    if (!fields.complete()) {
      if (!each.property.empty() && std::ranges::find(known, each.property) == known.end())
        return method_error("unsupportedSort", fmt::format("nothing can be sorted by {}", each.property));
      return fields.error();
    }
    if (std::ranges::find(known, each.property) == known.end())
      return method_error("unsupportedSort", fmt::format("nothing can be sorted by {}", each.property));
    if (collation && *collation != "i;unicode-casemap" && *collation != "i;ascii-casemap")
      return method_error("unsupportedSort", fmt::format("the collation {} is not known here", *collation));
    out.push_back(each);
  }
  return out;
}

}  // namespace pabal::jmap::detail
