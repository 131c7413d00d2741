// Where mail programs find this server's services, in the forms in which they ask for that: Mozilla's
// autoconfig, Outlook's autodiscover, Apple's profiles, and SRV records (RFC 6186, RFC 8314, RFC 8620 §2.2).
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "app/config.h"

namespace pabal::app {

/// A service for mail programs, and where it is.
struct ClientService {
  enum class Kind : std::uint8_t { kImap, kPop3, kSubmission, kHttps };
  Kind kind;
  bool implicit_tls;
  std::uint16_t port;
};

class ClientSettings {
 public:
  /// Of the listeners that encrypt: each kind's usual port if it is there, else its first. Those that only
  /// this machine reaches count where there are no others.
  ClientSettings(const Config& config, std::string host_name);

  const std::string& host_name() const { return host_name_; }
  const std::vector<ClientService>& services() const { return services_; }

  /// TLS from the first byte is better than STARTTLS (RFC 8314 §3).
  std::string mozilla_autoconfig(std::string_view domain) const;
  std::string outlook_autodiscover(const account::Address& address) const;
  std::string apple_profile(const account::Address& address) const;
  /// As lines of a zone file: MX, and SRV for what there is and, with the target ".", for what there is not.
  std::vector<std::string> dns_records(std::string_view domain) const;

 private:
  std::optional<ClientService> find(ClientService::Kind kind, bool implicit_tls) const;
  std::optional<ClientService> best(ClientService::Kind kind) const;

  const std::string host_name_;
  std::vector<ClientService> services_;
};

std::string escape_xml(std::string_view text);

}  // namespace pabal::app
