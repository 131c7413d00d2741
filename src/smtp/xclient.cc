#include "smtp/xclient.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "smtp/detail/server_core.h"
#include "smtp/xtext.h"

namespace pabal::smtp {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  Cursor in(text);
  const auto port = in.take_number(UINT16_MAX);
  if (!port || !in.at_end()) return {};
  return static_cast<std::uint16_t>(*port);
}

std::optional<net::IpAddress> parse_address(std::string_view text) {
  Cursor in(text);
  in.take_word_ignoring_case("IPV6:");
  return net::IpAddress::parse(in.rest());
}

/// False if the attribute is not known, or its value makes no sense.
bool read_attribute(std::string_view name, const std::string& value, XclientFacts& out) {
  const auto is = [&](std::string_view word) { return equals_ignoring_case(name, word); };
  if (is("NAME")) return (out.name = value).has_value();
  if (is("LOGIN")) return (out.login = value).has_value();
  if (is("ADDR")) return (out.address = parse_address(value)).has_value();
  if (is("PORT")) return (out.port = parse_port(value)).has_value();
  if (is("DESTADDR")) return (out.local_address = parse_address(value)).has_value();
  if (is("DESTPORT")) return (out.local_port = parse_port(value)).has_value();
  return is("PROTO") || is("HELO");  // the EHLO that follows tells both
}

net::Endpoint corrected(const net::Endpoint& endpoint, std::optional<net::IpAddress> address,
                        std::optional<std::uint16_t> port) {
  if (!address && !port) return endpoint;
  net::TcpEndpoint out = endpoint.tcp() != nullptr ? *endpoint.tcp() : net::TcpEndpoint{};
  if (address) out.address = *address;
  if (port) out.port = *port;
  return out;
}

}  // namespace

Parsed<XclientFacts> parse_xclient(std::string_view args) {
  const Reply bad{501, status::kBadArguments, "XCLIENT takes NAME=value pairs that it names in EHLO's reply"};
  XclientFacts out;
  Cursor in(args);
  while (!in.at_end()) {
    const std::string_view name = in.take_while([](char c) { return c != '=' && c != ' '; });
    if (!in.take_char('=')) return std::unexpected(bad);
    const std::string_view encoded = in.take_while([](char c) { return c != ' '; });
    in.take_while([](char c) { return c == ' '; });
    if (equals_ignoring_case(encoded, "[UNAVAILABLE]") || equals_ignoring_case(encoded, "[TEMPUNAVAIL]"))
      continue;
    const auto value = from_xtext(encoded);
    if (!value || !read_attribute(name, *value, out)) return std::unexpected(bad);
  }
  return out;
}

namespace detail {

ServerSession::Step ServerSession::xclient(std::string_view args) {
  if (!offers().has(Extension::kXclient)) {
    co_return co_await refuse({550, EnhancedCode{5, 7, 0}, "That is not for you to say"});
  }
  if (talks_ahead()) co_return co_await refuse_pipelining();
  auto told = parse_xclient(args);
  if (!told) co_return co_await refuse(std::move(told).error());
  forget_client();
  facts_.peer = corrected(facts_.peer, told->address, told->port);
  facts_.local = corrected(facts_.local, told->local_address, told->local_port);
  facts_.peer_host_name = std::move(told->name).value_or("");
  facts_.login = std::move(told->login).value_or("");
  Reply reply = co_await handler_.connected(facts_);
  if (!reply.accepted()) {
    state_ = State::kTurnedAway;
    co_return co_await say(std::move(reply));
  }
  co_return co_await say({220, {}, options_.host_name + " ESMTP Pabal"});
}

}  // namespace detail
}  // namespace pabal::smtp
