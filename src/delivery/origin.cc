#include "delivery/origin.h"

#include "message/date.h"

namespace pabal::delivery {

Origin Origin::of(const smtp::SessionFacts& facts, bool smtputf8, std::optional<account::AccountId> account) {
  Origin origin;
  origin.profile = facts.profile;
  origin.protocol = smtp::protocol_word(facts, smtputf8);
  origin.host_name = facts.peer_host_name;
  if (const auto* tcp = facts.peer.tcp()) origin.address = tcp->address.to_string();
  origin.client = facts.peer_host_name.empty() ? facts.peer.to_string()
                                               : fmt::format("{} [{}]", facts.peer_host_name, origin.address);
  origin.helo = facts.helo.text;
  if (facts.tls) origin.tls = fmt::format("{} {}", facts.tls->version, facts.tls->cipher);
  origin.account = account;
  origin.login = facts.login;
  return origin;
}

Origin Origin::ours() {
  Origin origin;
  origin.is_ours = true;
  origin.protocol = "internal";
  return origin;
}

std::string received_line(const Origin& origin, std::string_view host_name, std::string_view id,
                          std::string_view recipient, WallTime now) {
  std::string line = "Received: ";
  const auto out = std::back_inserter(line);
  if (!origin.client.empty()) {
    // TCP-info = address-literal / ( Domain FWS address-literal ). A Unix socket has neither.
    const std::string_view family = origin.address.find(':') == std::string::npos ? "" : "IPv6:";
    fmt::format_to(out, "from {}", origin.helo.empty() ? "unknown" : origin.helo);
    if (!origin.address.empty()) {
      fmt::format_to(out, " ({}{}[{}{}])", origin.host_name, origin.host_name.empty() ? "" : " ", family,
                     origin.address);
    }
    line += "\r\n\t";
  }
  fmt::format_to(out, "by {} with {}", host_name, origin.protocol);
  if (!origin.tls.empty()) fmt::format_to(out, " ({})", origin.tls);
  fmt::format_to(out, "\r\n\tid {}", id);
  if (!recipient.empty()) fmt::format_to(out, " for <{}>", recipient);
  fmt::format_to(out, ";\r\n\t{}\r\n", message::format_date(now));
  return line;
}

std::string delivery_lines(const std::optional<account::Address>& sender, const account::Address& recipient) {
  return fmt::format("Return-Path: <{}>\r\nDelivered-To: {}\r\n", sender ? sender->to_string() : "",
                     recipient.to_string());
}

}  // namespace pabal::delivery
