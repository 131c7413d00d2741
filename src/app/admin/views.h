// How the directory's values look in JSON, and what several tables of methods share.
#pragma once

#include <string>

#include "app/admin.h"

namespace pabal::app {

/// RFC 3339 in UTC, to the second: 2026-11-21T12:00:00Z.
std::string to_text(WallTime time);

/// A number of bytes, or null for no limit.
Json to_json(const account::QuotaLimit& quota);
Json to_json(const account::Domain& domain);
Json to_json(const account::Account& account);
Json to_json(const account::AppPassword& app_password);
Json to_json(const account::Alias& alias);
Json to_json(const account::Group& group);
Json to_json(const std::vector<account::Address>& addresses);

/// A quota parameter: a size, "unlimited", or "default" for what the domain or the server says.
Result<std::optional<account::QuotaLimit>> parse_quota(const Params& params, std::string_view name);
/// An address, or nothing for "none".
Result<std::optional<account::Address>> parse_address_or_none(const std::string& text);

/// The account with the address in `address`; kRefuse says that there is none, and what to look at.
net::Task<Result<account::Account>> load_account(AdminServices& services, const Params& params);
/// kRefuse for a domain that is not ours, with the command that adds it.
net::Task<Result<void>> require_domain(AdminServices& services, account::DomainName domain);

}  // namespace pabal::app
