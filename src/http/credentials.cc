#include "http/credentials.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/utf8.h"

namespace pabal::http {
namespace {

/// Longer ones are no password and no token of ours.
constexpr std::size_t kMaxCredentialsBytes = 4096;

// token68 (RFC 9110 §11.2).
bool is_token68(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCredentialsBytes && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || std::string_view("-._~+/=").contains(c);
  });
}

ShownCredentials read_basic(std::string_view text) {
  auto decoded = from_base64(text);
  if (!decoded) return BadCredentials{"the Authorization field is not base64"};
  const Secret whole = Secret::taken_from(*decoded);
  const std::size_t colon = whole.reveal().find(':');
  if (colon == std::string_view::npos) return BadCredentials{"the Authorization field has no colon in it"};
  const std::string_view name = whole.reveal().substr(0, colon);
  if (!is_utf8(whole.reveal()) || std::ranges::any_of(whole.reveal(), [](char c) { return is_control(c); }))
    return BadCredentials{"name and password must be UTF-8 without control characters"};
  return BasicCredentials{std::string(name), Secret(whole.reveal().substr(colon + 1))};
}

ShownCredentials read_authorization(std::string_view value) {
  const std::size_t blank = value.find(' ');
  const std::string_view scheme = value.substr(0, blank);
  std::string_view rest = blank == value.npos ? std::string_view() : value.substr(blank);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (!is_token68(rest)) return BadCredentials{"the Authorization field can't be read"};
  if (equals_ignoring_case(scheme, "basic")) return read_basic(rest);
  if (equals_ignoring_case(scheme, "bearer")) return BearerCredentials{Secret(rest)};
  return BadCredentials{"only Basic and Bearer are understood in the Authorization field"};
}

}  // namespace

std::optional<std::string_view> find_cookie(const Request& request, std::string_view name) {
  std::optional<std::string_view> found;
  for (std::size_t i = 0; i < request.fields.size(); ++i) {
    const Fields::Field field = request.fields[i];
    if (field.name != "cookie") continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      std::string_view pair = rest.substr(0, end);
      rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      while (pair.ends_with(' ')) pair.remove_suffix(1);
      if (pair.size() <= name.size() || !pair.starts_with(name) || pair[name.size()] != '=') continue;
      if (found) return std::nullopt;
      found = pair.substr(name.size() + 1);
    }
  }
  return found;
}

ShownCredentials shown_credentials(const Request& request, std::string_view cookie_name) {
  const std::size_t authorizations = request.fields.count("authorization");
  const auto cookie = find_cookie(request, cookie_name);
  if (authorizations > 1) return BadCredentials{"there are two Authorization fields"};
  if (authorizations == 1 && cookie)
    return BadCredentials{"a session's cookie and an Authorization field are not accepted together"};
  if (cookie && cookie->size() <= kMaxCredentialsBytes) return CookieCredentials{Secret(*cookie)};
  if (cookie) return BadCredentials{"the session's cookie can't be read"};
  if (authorizations == 0) return NoCredentials{};
  return read_authorization(*request.find("authorization"));
}

}  // namespace pabal::http
