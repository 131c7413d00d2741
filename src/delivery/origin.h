// Where a letter comes from: what its Received line, its journey and the decisions about it know of the
// client. A value; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "account/address.h"
#include "account/ids.h"
#include "net/endpoint.h"
#include "smtp/server_handler.h"

namespace pabal::delivery {

struct Origin {
  bool is_ours = false;  ///< a letter that we make ourselves, or that waited in our queue
  smtp::Profile profile = smtp::Profile::kMx;
  std::string protocol = {};   ///< ESMTPSA, LMTP, ...: RFC 3848
  std::string client = {};     ///< "mail.crepes.fr [192.0.2.1]:40112"; empty for our own letters
  std::string address = {};    ///< "192.0.2.1"; empty for a Unix socket and for our own
  std::string host_name = {};  ///< of the client, if it is known
  std::string helo = {};
  std::string tls = {};                            ///< "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty for none
  std::optional<account::AccountId> account = {};  ///< who logged in
  std::string login = {};                          ///< their address

  static Origin of(const smtp::SessionFacts& facts, bool smtputf8, std::optional<account::AccountId> account);
  /// Reports that we make ourselves.
  static Origin ours();
};

/// The Received line (RFC 5321 §4.4), folded, with its CRLF. `recipient`: "for", if it is the only one; more
/// would tell each who else got the letter (§7.2).
std::string received_line(const Origin& origin, std::string_view host_name, std::string_view id,
                          std::string_view recipient, WallTime now);

/// Return-Path and Delivered-To, which final delivery puts in front of all (RFC 5321 §4.4).
std::string delivery_lines(const std::optional<account::Address>& sender, const account::Address& recipient);

}  // namespace pabal::delivery
