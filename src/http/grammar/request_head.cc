#include "http/grammar/request_head.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"

namespace pabal::http {
namespace {

// tchar (RFC 9110 §5.6.2).
bool is_token_char(char c) {
  return is_alnum(c) || (is_vchar(c) && std::string_view("!#$%&'*+-.^_`|~").contains(c));
}

std::unexpected<HeadFault> refuse(std::string_view why, Status status = Status::kBadRequest) {
  return std::unexpected(HeadFault{status, why});
}

// Takes the authority out of an absolute form (RFC 9112 §3.2.2): it goes before the Host field.
std::expected<void, HeadFault> take_target(std::string_view target, Request& request) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() || !equals_ignoring_case(target.substr(0, scheme.size()), scheme))
      continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    request.host = to_lower(target.substr(0, end));
    if (request.host.empty() || !is_authority(request.host)) return refuse("the target names no host");
    target.remove_prefix(end);
    request.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
    return {};
  }
  const bool whole_server = target == "*" && request.method == Method::kOptions;
  if (!target.starts_with('/') && !whole_server) return refuse("the target is neither a path nor a URL");
  request.target = target;
  return {};
}

std::expected<void, HeadFault> take_request_line(std::string_view line, const HeadLimits& limits,
                                                 RequestHead& head) {
  Cursor cursor(line);
  const std::string_view method = cursor.take_while(is_token_char);
  if (method.empty() || !cursor.take_char(' ')) return refuse("the request line begins with no method");
  const std::string_view target = cursor.take_while([](char c) { return c != ' '; });
  if (target.size() > limits.max_target_bytes) return refuse("the target is too long", Status::kUriTooLong);
  if (!is_target(target) || !cursor.take_char(' ')) return refuse("the request line has no target");
  const std::string_view version = cursor.rest();
  if (!version.starts_with("HTTP/") || version.size() != 8 || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return refuse("the request line ends with no version");
  }
  if (version[5] != '1')
    return refuse("this is a version that is not spoken here", Status::kHttpVersionNotSupported);
  // A later minor version is read as ours (RFC 9110 §2.5).
  head.request.version = version[7] == '0' ? Version::kHttp10 : Version::kHttp11;
  head.request.method = method_of(method);
  return take_target(target, head.request);
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::expected<void, HeadFault> take_field(std::string_view line, Fields& fields) {
  // obs-fold: a server must refuse it or undo it (RFC 9112 §5.2).
  if (line.starts_with(' ') || line.starts_with('\t')) return refuse("a field goes on in a second line");
  const std::size_t colon = line.find(':');
  // White space before the colon: must be refused (RFC 9112 §5.1).
  if (colon == line.npos || !is_token(line.substr(0, colon))) return refuse("a line is no header field");
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_field_value(value)) return refuse("a field's value holds a control character");
  fields.add(line.substr(0, colon), value);
  return {};
}

std::expected<void, HeadFault> judge_host(Request& request) {
  const std::size_t hosts = request.fields.count("host");
  // RFC 9112 §3.2: none in 1.1, two, or a wrong one is 400.
  if (hosts > 1 || (hosts == 0 && request.version == Version::kHttp11))
    return refuse("a request has exactly one Host field");
  if (hosts == 0) return {};
  const std::string_view host = *request.find("host");
  if (!is_authority(host)) return refuse("the Host field names no host");
  if (request.host.empty()) request.host = to_lower(host);
  return {};
}

// How long the body is (RFC 9112 §6.3). What could be read in two ways is refused, also where the RFC would
// let a server choose.
std::expected<void, HeadFault> judge_framing(RequestHead& head) {
  Request& request = head.request;
  const std::size_t lengths = request.fields.count("content-length");
  const std::size_t codings = request.fields.count("transfer-encoding");
  if (codings > 0) {
    if (lengths > 0) return refuse("Content-Length and Transfer-Encoding stand in one request");
    if (request.version == Version::kHttp10) return refuse("HTTP/1.0 knows no Transfer-Encoding");
    if (codings > 1 || !equals_ignoring_case(*request.find("transfer-encoding"), "chunked"))
      return refuse("only the transfer coding 'chunked' is understood", Status::kNotImplemented);
    head.chunked = request.has_body = true;
    return {};
  }
  if (lengths == 0) return {};
  Cursor cursor(*request.find("content-length"));
  const auto length = cursor.take_number(INT64_MAX);
  if (lengths > 1 || !length || !cursor.at_end()) return refuse("Content-Length is not one number");
  request.content_length = *length;
  request.has_body = *length > 0;
  return {};
}

std::expected<void, HeadFault> judge_expectations(RequestHead& head) {
  const Request& request = head.request;
  head.keep_alive = !request.fields.lists("connection", "close") &&
                    (request.version != Version::kHttp10 || request.fields.lists("connection", "keep-alive"));
  const auto expect = request.find("expect");
  if (!expect || request.version == Version::kHttp10) return {};  // RFC 9110 §10.1.1
  if (!equals_ignoring_case(*expect, "100-continue"))
    return refuse("only '100-continue' can be expected", Status::kExpectationFailed);
  head.expects_continue = request.has_body;
  return {};
}

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

bool is_target(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return is_vchar(c) && c != '#' && c != '\\'; });
}

bool is_authority(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return is_alnum(c) || std::string_view("-._~:[]%").contains(c); });
}

bool is_field_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return is_control(c) && c != '\t'; });
}

std::optional<std::size_t> find_head_end(std::string_view bytes, std::size_t& searched) {
  if (searched == 0 && !bytes.empty() && !is_token_char(bytes.front())) return 1;
  for (;;) {
    const std::size_t lf = bytes.find('\n', searched);
    if (lf == bytes.npos) {
      searched = bytes.size();
      return std::nullopt;
    }
    const bool bare = lf == 0 || bytes[lf - 1] != '\r';
    const bool empty_line = lf >= 3 && bytes[lf - 2] == '\n';
    if (bare || empty_line) return lf + 1;
    searched = lf + 1;
  }
}

std::expected<RequestHead, HeadFault> parse_request_head(std::string_view head, const HeadLimits& limits) {
  RequestHead parsed;
  bool first = true;
  while (true) {
    const std::size_t lf = head.find('\n');
    if (lf == head.npos || lf == 0 || head[lf - 1] != '\r') return refuse("a line does not end with CR LF");
    const std::string_view line = head.substr(0, lf - 1);
    head.remove_prefix(lf + 1);
    if (line.empty() && !first) break;
    if (!first && parsed.request.fields.size() == limits.max_fields)
      return refuse("there are too many header fields", Status::kRequestHeaderFieldsTooLarge);
    const auto taken =
        first ? take_request_line(line, limits, parsed) : take_field(line, parsed.request.fields);
    if (!taken) return std::unexpected(taken.error());
    first = false;
  }
  for (const auto& judged : {judge_host(parsed.request), judge_framing(parsed), judge_expectations(parsed)}) {
    if (!judged) return std::unexpected(judged.error());
  }
  return parsed;
}

}  // namespace pabal::http
