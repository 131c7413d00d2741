// Result references (RFC 8620 §3.7).
#include <algorithm>

#include "base/cursor.h"
#include "jmap/detail/call.h"

namespace pabal::jmap::detail {
namespace {

/// Everything that one path may lead to: a list of ids that a client could give as well.
constexpr std::size_t kMaxItems = 100'000;

// RFC 6901 §4
std::optional<std::string> unescape(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out.push_back(token[i]);
      continue;
    }
    if (++i == token.size() || (token[i] != '0' && token[i] != '1')) return {};
    out.push_back(token[i] == '0' ? '~' : '/');
  }
  return out;
}

const Json* find_item(const Json::Array& items, std::string_view token) {
  Cursor in(token);
  const auto index = in.take_number(items.size());
  const bool is_index = index && in.at_end() && (token.size() == 1 || token.front() != '0');
  return is_index && *index < items.size() ? &items[*index] : nullptr;
}

std::optional<Json> evaluate(const Json& value, std::string_view path) {
  if (path.empty()) return value;
  if (path.front() != '/') return {};
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view token = path.substr(0, end);
  const std::string_view rest = path.substr(end);
  if (const Json::Array* items = value.as_array()) {
    if (token != "*") {
      const Json* item = find_item(*items, token);
      return item != nullptr ? evaluate(*item, rest) : std::nullopt;
    }
    Json::Array out;
    for (const Json& item : *items) {
      auto found = evaluate(item, rest);
      if (!found || out.size() > kMaxItems) return {};
      if (const Json::Array* more = found->as_array()) {
        out.insert(out.end(), more->begin(), more->end());
      } else {
        out.push_back(*std::move(found));
      }
    }
    return Json(std::move(out));
  }
  const auto name = unescape(token);
  const Json* member = name ? value.find(*name) : nullptr;
  return member != nullptr ? evaluate(*member, rest) : std::nullopt;
}

std::expected<Json, MethodError> resolve(const Json& reference, std::span<const Response> responses,
                                         std::string_view out) {
  const auto unresolved = [](std::string why) {
    return method_error("invalidResultReference", std::move(why));
  };
  if (reference.as_object() == nullptr) return unresolved("a reference must be an object");
  Arguments in(*reference.as_object());
  const std::string_view of = in.required_text("resultOf");
  const std::string_view name = in.required_text("name");
  const std::string_view path = in.required_text("path");
  if (!in.complete()) return unresolved("a reference has resultOf, name and path, which are strings");
  const auto found = std::ranges::find(responses, of, &Response::call_id);
  if (found == responses.end()) return unresolved(fmt::format("there is no call {} before this one", of));
  if (found->name != name) return unresolved(fmt::format("the call {} answered {}", of, found->name));
  const auto answer = Json::parse(out.substr(found->begin, found->end - found->begin), {.max_depth = 128});
  if (!answer) return unresolved("the answer can't be read");
  auto value = evaluate(*answer, path);
  if (!value) return unresolved(fmt::format("nothing is at {}", path));
  return *std::move(value);
}

}  // namespace

std::expected<Json, MethodError> resolve_references(const Json& arguments,
                                                    std::span<const Response> responses,
                                                    std::string_view out) {
  Json::Object resolved;
  for (const Json::Member& member : *arguments.as_object()) {
    if (!member.name.starts_with('#')) {
      resolved.push_back(member);
      continue;
    }
    std::string name = member.name.substr(1);
    if (arguments.find(name) != nullptr)
      return method_error("invalidArguments", fmt::format("{} is given twice", name));
    auto value = resolve(member.value, responses, out);
    if (!value) return std::unexpected(std::move(value).error());
    resolved.push_back({std::move(name), *std::move(value)});
  }
  return Json(std::move(resolved));
}

}  // namespace pabal::jmap::detail
