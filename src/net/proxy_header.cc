#include "net/proxy_header.h"

#include <algorithm>

#include "base/cursor.h"

namespace pabal::net {

namespace {

constexpr std::string_view kSignatureV2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedV2 = 16;
constexpr std::string_view kSignatureV1 = "PROXY ";
constexpr std::size_t kMaxV1 = 107;
constexpr std::string_view kShortestV1 = "PROXY UNKNOWN\r\n";

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorKind::kRefuse, "PROXY header: {}", why);
}

ProxyHeaderProgress need(std::size_t bytes) { return {std::nullopt, bytes}; }
ProxyHeaderProgress done(std::optional<ProxyHeader::Endpoints> endpoints) {
  return {ProxyHeader{std::move(endpoints)}, 0};
}

/// Decimal, no sign, no leading zero.
std::optional<std::uint16_t> take_port(Cursor& cursor) {
  const std::string_view rest = cursor.rest();
  if (rest.size() > 1 && rest[0] == '0' && rest[1] >= '0' && rest[1] <= '9') return std::nullopt;
  const auto port = cursor.take_number(UINT16_MAX);
  if (!port) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

std::optional<IpAddress> take_address(Cursor& cursor, bool v4) {
  const std::string_view text = cursor.take_while([](char c) { return c != ' '; });
  const auto address = IpAddress::parse(text);
  const bool written_as_v4 = text.find(':') == text.npos;
  if (!address || written_as_v4 != v4) return std::nullopt;
  return address;
}

Result<ProxyHeaderProgress> parse_v1_line(std::string_view line) {
  Cursor cursor(line.substr(kSignatureV1.size()));
  // What follows UNKNOWN must be ignored.
  if (cursor.take_word("UNKNOWN") && (cursor.at_end() || cursor.peek_is(' '))) return done(std::nullopt);
  cursor.rewind_to(0);
  const bool v4 = cursor.take_word("TCP4 ");
  if (!v4 && !cursor.take_word("TCP6 ")) return refuse("neither TCP4, TCP6 nor UNKNOWN");
  const auto source = take_address(cursor, v4);
  if (!source || !cursor.take_char(' ')) return refuse("a bad source address");
  const auto destination = take_address(cursor, v4);
  if (!destination || !cursor.take_char(' ')) return refuse("a bad destination address");
  const auto source_port = take_port(cursor);
  if (!source_port || !cursor.take_char(' ')) return refuse("a bad source port");
  const auto destination_port = take_port(cursor);
  if (!destination_port || !cursor.at_end()) return refuse("a bad destination port");
  return done(ProxyHeader::Endpoints{TcpEndpoint{*source, *source_port},
                                     TcpEndpoint{*destination, *destination_port}});
}

Result<ProxyHeaderProgress> parse_v1(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n");
  if (end != bytes.npos) {
    if (end + 2 != bytes.size()) return refuse("bytes behind its end");
    return parse_v1_line(bytes.substr(0, end));
  }
  if (bytes.find('\n') != bytes.npos) return refuse("a line end without CR");
  if (bytes.size() >= kMaxV1) return refuse("its line does not end");
  if (bytes.size() < kShortestV1.size()) return need(kShortestV1.size() - bytes.size());
  return need(bytes.back() == '\r' ? 1 : std::min<std::size_t>(2, kMaxV1 - bytes.size()));
}

template <std::size_t N>
std::array<std::uint8_t, N> take_array(Cursor& cursor) {
  std::array<std::uint8_t, N> out{};
  for (auto& byte : out) byte = cursor.take_u8().value_or(0);
  return out;
}

std::string take_path(Cursor& cursor) {
  const std::string_view field = cursor.take_bytes(108).value_or(std::string_view());
  return std::string(field.substr(0, field.find('\0')));
}

Result<ProxyHeaderProgress> parse_v2_addresses(unsigned command, unsigned family, std::string_view body) {
  if (command == 0) return done(std::nullopt);  // LOCAL
  if (command != 1) return refuse("an unknown command");
  Cursor cursor(body);
  switch (family) {
    case 0x00:  // unspecified
      return done(std::nullopt);
    case 0x11: {  // TCP over IPv4
      if (body.size() < 12) return refuse("too short for its addresses");
      const auto source = IpAddress::v4(take_array<4>(cursor));
      const auto destination = IpAddress::v4(take_array<4>(cursor));
      const std::uint16_t source_port = cursor.take_u16().value_or(0);
      return done(ProxyHeader::Endpoints{TcpEndpoint{source, source_port},
                                         TcpEndpoint{destination, cursor.take_u16().value_or(0)}});
    }
    case 0x21: {  // TCP over IPv6
      if (body.size() < 36) return refuse("too short for its addresses");
      const auto source = IpAddress::v6(take_array<16>(cursor));
      const auto destination = IpAddress::v6(take_array<16>(cursor));
      const std::uint16_t source_port = cursor.take_u16().value_or(0);
      return done(ProxyHeader::Endpoints{TcpEndpoint{source, source_port},
                                         TcpEndpoint{destination, cursor.take_u16().value_or(0)}});
    }
    case 0x31: {  // Unix stream
      if (body.size() < 216) return refuse("too short for its addresses");
      UnixEndpoint source{take_path(cursor)};
      return done(ProxyHeader::Endpoints{std::move(source), UnixEndpoint{take_path(cursor)}});
    }
    default:
      return refuse("not a stream of TCP or Unix");
  }
}

Result<ProxyHeaderProgress> parse_v2(std::string_view bytes) {
  if (bytes.size() < kFixedV2) return need(kFixedV2 - bytes.size());
  Cursor cursor(bytes.substr(kSignatureV2.size()));
  const unsigned version_command = cursor.take_u8().value_or(0);
  const unsigned family = cursor.take_u8().value_or(0);
  const std::size_t length = cursor.take_u16().value_or(0);
  if (version_command >> 4 != 2) return refuse("an unknown version");
  if (length > kMaxProxyHeaderBytes - kFixedV2) return refuse("longer than anybody needs");
  const std::string_view body = cursor.rest();
  if (body.size() > length) return refuse("bytes behind its end");
  if (body.size() < length) return need(length - body.size());
  return parse_v2_addresses(version_command & 0x0f, family, body);
}

}  // namespace

Result<ProxyHeaderProgress> parse_proxy_header(std::string_view bytes) {
  const auto begins_like = [&](std::string_view signature) {
    return signature.starts_with(bytes.substr(0, signature.size()));
  };
  // The shorter of both minimal sizes, so that neither is read past.
  if (bytes.empty()) return need(std::min(kFixedV2, kShortestV1.size()));
  if (begins_like(kSignatureV2)) return parse_v2(bytes);
  if (begins_like(kSignatureV1)) return parse_v1(bytes);
  return refuse("there is none");
}

}  // namespace pabal::net
