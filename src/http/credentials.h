// What a request shows to say who asks: a session's cookie, or an Authorization field. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/secret.h"
#include "http/request.h"

namespace pabal::http {

/// Nobody is named.
struct NoCredentials {};
/// RFC 7617; name and password in UTF-8.
struct BasicCredentials {
  std::string name;
  Secret password;
};
/// RFC 6750: a token in place of a password.
struct BearerCredentials {
  Secret token;
};
/// A browser's session.
struct CookieCredentials {
  Secret token;
};
/// More than one way at a time, or one that can't be read. `why` may be shown.
struct BadCredentials {
  std::string_view why;
};
using ShownCredentials =
    std::variant<NoCredentials, BasicCredentials, BearerCredentials, CookieCredentials, BadCredentials>;

/// A cookie and an Authorization field are never believed together: a page somewhere else could add the one
/// to the other.
ShownCredentials shown_credentials(const Request& request, std::string_view cookie_name);

/// The value of a cookie (RFC 6265 §5.4); nothing if it is not there, or twice.
std::optional<std::string_view> find_cookie(const Request& request, std::string_view name);

}  // namespace pabal::http
