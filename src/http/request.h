// A request's head: what was asked for, by whom, over what. The body is read through its exchange
// (http/exchange.h). A value; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/fields.h"
#include "net/endpoint.h"

namespace pabal::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
/// Methods are case-sensitive (RFC 9110 §9.1).
Method method_of(std::string_view name);
std::string_view to_string(Method method);

enum class Version : std::uint8_t { kHttp10, kHttp11, kHttp2 };

struct Request {
  Method method = Method::kGet;
  Version version = Version::kHttp11;
  std::string target = "/";  ///< origin form, or `*`: of an absolute form the authority went to `host`
  std::string host = {};     ///< of the Host field or :authority, lower case, with its port if it has one
  Fields fields = {};
  bool has_body = false;
  std::optional<std::uint64_t> content_length = {};  ///< nothing if there is no body or its size is not told
  bool tls = false;
  net::Endpoint peer = {};
  net::Endpoint local = {};

  /// The target without its query, as it was sent: percent-encoding still in it. A path with `..` or `//` in
  /// it is a name like others, and nobody's.
  std::string_view path() const;
  /// What stands behind the `?`.
  std::string_view query() const;
  /// The first parameter of that name, decoded; nothing if it is not there or its encoding is broken.
  std::optional<std::string> query_parameter(std::string_view name) const;

  std::optional<std::string_view> find(std::string_view name) const { return fields.find(name); }
  /// The media type of the body without its parameters, in lower case; empty if none was told.
  std::string content_type() const;
  /// `host` without its port.
  std::string_view host_name() const;
};

/// Percent-decoding (RFC 3986 §2.1). Nothing for a broken `%`, or where a NUL would come out.
std::optional<std::string> percent_decode(std::string_view text);
/// All but unreserved characters are encoded: for one segment of a path, or a parameter.
std::string percent_encode(std::string_view text);

}  // namespace pabal::http
