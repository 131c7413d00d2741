#include "app/admin/views.h"

#include <fmt/chrono.h>

#include "app/units.h"

namespace pabal::app {

std::string to_text(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::floor<std::chrono::seconds>(time));
}

Json to_json(const account::QuotaLimit& quota) { return quota.bytes() ? Json(*quota.bytes()) : Json(); }

Json to_json(const std::vector<account::Address>& addresses) {
  Json out = Json::array();
  for (const account::Address& address : addresses) out.push(address.to_display());
  return out;
}

Json to_json(const account::Domain& domain) {
  const account::DomainOptions& options = domain.options;
  Json out = Json::object({
      {"name", domain.name.unicode()},
      {"ascii_name", domain.name.ascii()},
      {"enabled", options.enabled},
      {"addresses", domain.address_count},
      {"subaddress_separator",
       options.subaddress_separator ? Json(std::string(1, *options.subaddress_separator)) : Json()},
      {"catch_all", options.catch_all ? Json(options.catch_all->to_display()) : Json()},
      {"postmaster", options.postmaster ? Json(options.postmaster->to_display()) : Json()},
      {"created", to_text(domain.created)},
  });
  // No member: the server's default counts. Null: no limit.
  if (options.default_quota) out.set("default_quota", to_json(*options.default_quota));
  return out;
}

Json to_json(const account::Account& account) {
  Json out = Json::object({
      {"id", account.id.value()},
      {"address", account.login().to_display()},
      {"addresses", to_json(account.addresses)},
      {"name", account.display_name},
      {"enabled", account.enabled},
      {"state", account.enabled ? "enabled" : "disabled"},
      {"created", to_text(account.created)},
  });
  if (!account.enabled) out.set("disabled_reason", account.disabled_reason);
  if (account.quota) out.set("quota", to_json(*account.quota));
  return out;
}

Json to_json(const account::AppPassword& app_password) {
  Json protocols = Json::array();
  for (const auto protocol : {account::Protocol::kSubmission, account::Protocol::kImap,
                              account::Protocol::kPop3, account::Protocol::kJmap, account::Protocol::kWeb}) {
    if (app_password.protocols.has(protocol)) protocols.push(account::to_string(protocol));
  }
  return Json::object({
      {"id", app_password.id.value()},
      {"name", app_password.name},
      {"protocols", std::move(protocols)},
      {"created", to_text(app_password.created)},
      {"last_used", app_password.last_used ? Json(to_text(*app_password.last_used)) : Json()},
  });
}

Json to_json(const account::Alias& alias) {
  return Json::object({{"address", alias.address.to_display()}, {"targets", to_json(alias.targets)}});
}

Json to_json(const account::Group& group) {
  const auto posting = [&]() -> std::string_view {
    switch (group.posting) {
      case account::Group::Posting::kAnyone:
        return "anyone";
      case account::Group::Posting::kAccounts:
        return "accounts";
      case account::Group::Posting::kMembers:
        return "members";
      case account::Group::Posting::kNobody:
        return "nobody";
    }
    return "nobody";
  };
  return Json::object({
      {"address", group.address.to_display()},
      {"name", group.name},
      {"posting", posting()},
      {"members", to_json(group.members)},
      {"member_count", group.members.size()},
  });
}

Result<std::optional<account::QuotaLimit>> parse_quota(const Params& params, std::string_view name) {
  const std::string text = params.text(name);
  if (text == "default") return std::optional<account::QuotaLimit>();
  if (text == "unlimited") return account::QuotaLimit::unlimited();
  Result<std::uint64_t> bytes = params.size(name);
  if (!bytes) return fail(ErrorKind::kRefuse, "{}; or say 'unlimited' or 'default'", bytes.error().detail);
  return account::QuotaLimit::of_bytes(*bytes);
}

Result<std::optional<account::Address>> parse_address_or_none(const std::string& text) {
  if (text == "none") return std::optional<account::Address>();
  PABAL_TRY(account::Address address, account::Address::parse(text));
  return address;
}

net::Task<Result<account::Account>> load_account(AdminServices& services, const Params& params) {
  PABAL_CO_TRY(const account::Address address, params.address("address"));
  PABAL_CO_TRY(auto account, co_await services.directory.find_account_by_address(address));
  if (!account)
    co_return fail(ErrorKind::kRefuse,
                   "there is no account with the address {}; 'pabal account list' shows all",
                   address.to_display());
  co_return *std::move(account);
}

net::Task<Result<void>> require_domain(AdminServices& services, account::DomainName domain) {
  PABAL_CO_TRY(const auto found, co_await services.directory.find_domain(domain));
  if (!found)
    co_return fail(ErrorKind::kRefuse, "the domain {0} is not ours yet; add it first: pabal domain add {0}",
                   domain.unicode());
  co_return Result<void>();
}

}  // namespace pabal::app
