#include "app/client_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"

namespace pabal::app {
namespace {

using Kind = ClientService::Kind;

std::optional<ClientService> service_of(const Config::Listener& listener) {
  const std::string& protocol = listener.protocol;
  const bool implicit_tls = protocol.ends_with('s') || listener.tls == TlsMode::kImplicit;
  // Passwords go over encrypted lines alone.
  if (!implicit_tls && listener.tls != TlsMode::kStartTls) return std::nullopt;
  if (protocol.starts_with("imap")) return ClientService{Kind::kImap, implicit_tls, 0};
  if (protocol.starts_with("pop3")) return ClientService{Kind::kPop3, implicit_tls, 0};
  if (protocol == "submission") return ClientService{Kind::kSubmission, implicit_tls, 0};
  if (protocol.starts_with("http") && implicit_tls) return ClientService{Kind::kHttps, true, 0};
  return std::nullopt;
}

std::uint16_t usual_port(const ClientService& service) {
  switch (service.kind) {
    case Kind::kImap:
      return service.implicit_tls ? 993 : 143;
    case Kind::kPop3:
      return service.implicit_tls ? 995 : 110;
    case Kind::kSubmission:
      return service.implicit_tls ? 465 : 587;
    case Kind::kHttps:
      return 443;
  }
  return 0;
}

std::string_view mozilla_name(Kind kind) {
  return kind == Kind::kImap ? "imap" : kind == Kind::kPop3 ? "pop3" : "smtp";
}

std::string mozilla_server(const ClientService& service, std::string_view host) {
  const std::string_view element = service.kind == Kind::kSubmission ? "outgoingServer" : "incomingServer";
  return fmt::format(
      "    <{0} type=\"{1}\">\n"
      "      <hostname>{2}</hostname>\n"
      "      <port>{3}</port>\n"
      "      <socketType>{4}</socketType>\n"
      "      <authentication>password-cleartext</authentication>\n"
      "      <username>%EMAILADDRESS%</username>\n"
      "    </{0}>\n",
      element, mozilla_name(service.kind), escape_xml(host), service.port,
      service.implicit_tls ? "SSL" : "STARTTLS");
}

// A name that stays the same for the same thing, so that a profile replaces the one before it.
std::string uuid_of(std::string_view text) {
  const Sha256::Digest digest = Sha256::of(text);
  std::string hex = to_hex({digest.data(), 16});
  hex[12] = '8';  // RFC 9562 §5.8
  hex[16] = "89ab"[hex[16] % 4];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

std::string apple_server(std::string_view direction, const ClientService& service, std::string_view host,
                         std::string_view login) {
  return fmt::format(
      "      <key>{0}MailServerAuthentication</key><string>EmailAuthPassword</string>\n"
      "      <key>{0}MailServerHostName</key><string>{1}</string>\n"
      "      <key>{0}MailServerPortNumber</key><integer>{2}</integer>\n"
      "      <key>{0}MailServerUseSSL</key><true/>\n"
      "      <key>{0}MailServerUsername</key><string>{3}</string>\n",
      direction, escape_xml(host), service.port, escape_xml(login));
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

ClientSettings::ClientSettings(const Config& config, std::string host_name)
    : host_name_(std::move(host_name)) {
  for (const bool local : {false, true}) {
    if (!services_.empty()) break;
    for (const Config::Listener& listener : config.listener) {
      auto service = service_of(listener);
      if (!service) continue;
      for (const net::Endpoint& address : listener.address) {
        if (address.is_local() != local || !address.tcp()) continue;
        const std::uint16_t port = address.tcp()->port;
        if (service->port == 0 || port == usual_port(*service)) service->port = port;
      }
      if (service->port == 0) continue;
      const auto same = std::ranges::find_if(services_, [&](const ClientService& other) {
        return other.kind == service->kind && other.implicit_tls == service->implicit_tls;
      });
      if (same == services_.end()) {
        services_.push_back(*service);
      } else if (service->port == usual_port(*service)) {
        *same = *service;
      }
    }
  }
}

std::optional<ClientService> ClientSettings::find(Kind kind, bool implicit_tls) const {
  const auto found = std::ranges::find_if(services_, [&](const ClientService& service) {
    return service.kind == kind && service.implicit_tls == implicit_tls;
  });
  return found == services_.end() ? std::nullopt : std::optional(*found);
}

std::optional<ClientService> ClientSettings::best(Kind kind) const {
  const auto implicit = find(kind, true);
  return implicit ? implicit : find(kind, false);
}

std::string ClientSettings::mozilla_autoconfig(std::string_view domain) const {
  std::string servers;
  for (const Kind kind : {Kind::kImap, Kind::kPop3, Kind::kSubmission}) {
    for (const bool implicit_tls : {true, false}) {
      if (const auto service = find(kind, implicit_tls)) servers += mozilla_server(*service, host_name_);
    }
  }
  const std::string name = escape_xml(domain);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<clientConfig version=\"1.1\">\n"
      "  <emailProvider id=\"{0}\">\n"
      "    <domain>{0}</domain>\n"
      "    <displayName>{0}</displayName>\n"
      "    <displayShortName>{0}</displayShortName>\n"
      "{1}"
      "  </emailProvider>\n"
      "</clientConfig>\n",
      name, servers);
}

std::string ClientSettings::outlook_autodiscover(const account::Address& address) const {
  std::string protocols;
  for (const Kind kind : {Kind::kImap, Kind::kPop3, Kind::kSubmission}) {
    const auto service = best(kind);
    if (!service) continue;
    const std::string_view type = kind == Kind::kImap ? "IMAP" : kind == Kind::kPop3 ? "POP3" : "SMTP";
    protocols += fmt::format(
        "      <Protocol>\n"
        "        <Type>{}</Type>\n"
        "        <Server>{}</Server>\n"
        "        <Port>{}</Port>\n"
        "        <LoginName>{}</LoginName>\n"
        "        <SPA>off</SPA>\n"
        "        <SSL>{}</SSL>\n"
        "        <Encryption>{}</Encryption>\n"
        "        <AuthRequired>on</AuthRequired>\n"
        "      </Protocol>\n",
        type, escape_xml(host_name_), service->port, escape_xml(address.to_string()),
        service->implicit_tls ? "on" : "off", service->implicit_tls ? "SSL" : "TLS");
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n"
      "  <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\">\n"
      "    <Account>\n"
      "      <AccountType>email</AccountType>\n"
      "      <Action>settings</Action>\n"
      "{}"
      "    </Account>\n"
      "  </Response>\n"
      "</Autodiscover>\n",
      protocols);
}

std::string ClientSettings::apple_profile(const account::Address& address) const {
  const std::string login = address.to_string();
  const auto incoming = best(Kind::kImap);
  const auto outgoing = best(Kind::kSubmission);
  std::string servers;
  if (incoming) servers += apple_server("Incoming", *incoming, host_name_, login);
  if (outgoing) servers += apple_server("Outgoing", *outgoing, host_name_, login);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
      "<plist version=\"1.0\">\n"
      "<dict>\n"
      "  <key>PayloadContent</key>\n"
      "  <array>\n"
      "    <dict>\n"
      "      <key>EmailAccountType</key><string>EmailTypeIMAP</string>\n"
      "      <key>EmailAccountDescription</key><string>{0}</string>\n"
      "      <key>EmailAddress</key><string>{0}</string>\n"
      "{1}"
      "      <key>OutgoingPasswordSameAsIncomingPassword</key><true/>\n"
      "      <key>PayloadType</key><string>com.apple.mail.managed</string>\n"
      "      <key>PayloadIdentifier</key><string>pabal.mail.{2}</string>\n"
      "      <key>PayloadUUID</key><string>{2}</string>\n"
      "      <key>PayloadVersion</key><integer>1</integer>\n"
      "    </dict>\n"
      "  </array>\n"
      "  <key>PayloadDisplayName</key><string>Mail of {0}</string>\n"
      "  <key>PayloadType</key><string>Configuration</string>\n"
      "  <key>PayloadIdentifier</key><string>pabal.{3}</string>\n"
      "  <key>PayloadUUID</key><string>{3}</string>\n"
      "  <key>PayloadVersion</key><integer>1</integer>\n"
      "</dict>\n"
      "</plist>\n",
      escape_xml(login), servers, uuid_of("account " + login + host_name_),
      uuid_of("profile " + login + host_name_));
}

std::vector<std::string> ClientSettings::dns_records(std::string_view domain) const {
  struct Label {
    std::string_view name;
    Kind kind;
    bool implicit_tls;
  };
  constexpr Label kLabels[] = {
      {"_imaps", Kind::kImap, true},
      {"_imap", Kind::kImap, false},
      {"_pop3s", Kind::kPop3, true},
      {"_pop3", Kind::kPop3, false},
      {"_submissions", Kind::kSubmission, true},
      {"_submission", Kind::kSubmission, false},
      {"_jmap", Kind::kHttps, true},
  };
  std::vector<std::string> out = {fmt::format("{}. MX 10 {}.", domain, host_name_)};
  for (const Label& label : kLabels) {
    const auto service = find(label.kind, label.implicit_tls);
    out.push_back(
        service ? fmt::format("{}._tcp.{}. SRV 0 1 {} {}.", label.name, domain, service->port, host_name_)
                : fmt::format("{}._tcp.{}. SRV 0 0 0 .", label.name, domain));
  }
  if (const auto web = find(Kind::kHttps, true)) {
    out.push_back(fmt::format("_autodiscover._tcp.{}. SRV 0 1 {} {}.", domain, web->port, host_name_));
    out.push_back(fmt::format("autoconfig.{}. CNAME {}.", domain, host_name_));
  }
  return out;
}

}  // namespace pabal::app
