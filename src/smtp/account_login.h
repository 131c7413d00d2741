// The house's own logins at an SMTP door: an exchange of account::Authenticator as a LoginExchange. A handler
// begins its logins with it.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "account/authenticator.h"
#include "smtp/server_handler.h"

namespace pabal::smtp {

/// Whoever logs in is put into `who`; `domain` is whose door this is. It and the authenticator must outlive
/// the exchange.
std::unique_ptr<LoginExchange> begin_account_login(account::Authenticator& authenticator,
                                                   std::string_view mechanism, const SessionFacts& facts,
                                                   std::optional<account::Login>& who,
                                                   std::vector<account::ChannelBinding> bindings = {},
                                                   std::optional<account::DomainName> domain = {});

/// A closed door as RFC 4954 §6 words it.
Reply reply_for(const account::LoginRefused& refused);

}  // namespace pabal::smtp
