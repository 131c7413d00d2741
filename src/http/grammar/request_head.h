// The head of an HTTP/1.1 request (RFC 9112 §2 to §6), read as strictly as the RFC lets a server read:
// wherever two readers could see two different requests in the same bytes, there is none (RFC 9112 §11.2).
// Pure.
//
//     request-line CRLF *( field-name ":" OWS field-value OWS CRLF ) CRLF
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string_view>

#include "http/request.h"
#include "http/status.h"

namespace pabal::http {

struct HeadLimits {
  std::size_t max_bytes = 16 * 1024;        ///< a connection's input block
  std::size_t max_target_bytes = 8 * 1024;  ///< RFC 9112 §3 recommends 8000 octets at least
  std::size_t max_fields = 100;             ///< browsers send about 20
};

/// Why a head is no request, with the status that says so. The connection's framing is lost with it.
struct HeadFault {
  Status status;
  std::string_view why;
};

struct RequestHead {
  Request request;  ///< without what the connection knows: tls, peer, local
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

/// Where a head ends: behind its empty line, or behind the first bytes that can't be in one, so that nobody
/// waits for more of them. `searched` is what earlier calls looked at.
std::optional<std::size_t> find_head_end(std::string_view bytes, std::size_t& searched);

/// `head` up to the end that find_head_end told.
std::expected<RequestHead, HeadFault> parse_request_head(std::string_view head, const HeadLimits& limits);

bool is_token(std::string_view text);
/// What may stand in a target: visible ASCII. A fragment is never sent (RFC 9112 §3.2); a backslash is a
/// slash to some readers.
bool is_target(std::string_view text);
/// uri-host [ ":" port ], by its characters.
bool is_authority(std::string_view text);
/// What may stand in a field's value (RFC 9110 §5.5): no control but HTAB.
bool is_field_value(std::string_view text);

}  // namespace pabal::http
