// pabal alias ...
#include "app/admin/tables.h"
#include "app/admin/views.h"

namespace pabal::app {
namespace {

using net::Task;

Result<account::Alias> parse_alias(const Params& params) {
  PABAL_TRY(account::Address address, params.address("address"));
  PABAL_TRY(std::vector<account::Address> targets, params.addresses("targets"));
  return account::Alias{std::move(address), std::move(targets)};
}

Task<Result<Json>> add_alias(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(account::Alias alias, parse_alias(params));
  PABAL_CO_TRY_VOID(co_await require_domain(services, alias.address.domain()));
  Json result = to_json(alias);
  PABAL_CO_TRY_VOID(co_await services.directory.add_alias(std::move(alias)));
  co_return result;
}

Task<Result<Json>> set_alias(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(account::Alias alias, parse_alias(params));
  Json result = to_json(alias);
  PABAL_CO_TRY_VOID(co_await services.directory.set_alias(std::move(alias)));
  co_return result;
}

Task<Result<Json>> list_aliases(AdminServices& services, const Params& params, Reply& reply) {
  std::optional<account::DomainName> domain;
  if (params.has("domain")) {
    PABAL_CO_TRY(domain, params.domain("domain"));
  }
  PABAL_CO_TRY(const auto aliases, co_await services.directory.list_aliases(domain));
  for (const account::Alias& alias : aliases) PABAL_CO_TRY_VOID(co_await reply.item(to_json(alias)));
  co_return Json::object({{"count", aliases.size()}});
}

Task<Result<Json>> remove_alias(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Address address, params.address("address"));
  PABAL_CO_TRY_VOID(co_await services.directory.remove_alias(address));
  co_return Json::object({{"address", address.to_display()}});
}

const Param kAddress = {"address", ParamType::kAddress, Need::kRequired,
                        "the alias, in a domain that is ours"};
const Param kTargets = {"targets", ParamType::kAddresses, Need::kRequired,
                        "who gets its mail, here or elsewhere"};

}  // namespace

std::vector<Method> alias_methods() {
  return {
      {.name = "alias.add",
       .summary = "Add an address that stands for others",
       .params = {kAddress, kTargets},
       .show = {.sentence = "Mail to {address} goes to {targets} now."},
       .handler = add_alias,
       .example = "alias add sales@example.org bob@example.org carol@example.net"},
      {.name = "alias.set",
       .summary = "Give an alias other targets",
       .params = {kAddress, kTargets},
       .show = {.sentence = "Mail to {address} goes to {targets} now."},
       .handler = set_alias},
      {.name = "alias.list",
       .summary = "List the aliases",
       .params = {{"domain", ParamType::kDomain, Need::kOptional, "those in this domain"}},
       .show = {.shape = Show::Shape::kTable,
                .sentence = "There are no aliases.",
                .columns = {{"address", "ALIAS"}, {"targets", "GOES TO"}}},
       .handler = list_aliases},
      {.name = "alias.remove",
       .summary = "Remove an alias",
       .params = {kAddress},
       .show = {.sentence = "The alias {address} is removed."},
       .handler = remove_alias},
  };
}

}  // namespace pabal::app
