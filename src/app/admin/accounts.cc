// pabal account ...
#include "account/password.h"
#include "app/admin/passwords.h"
#include "app/admin/tables.h"
#include "app/admin/views.h"

namespace pabal::app {
namespace {

using net::Task;

Task<Result<Json>> add_account(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Address address, params.address("address"));
  PABAL_CO_TRY(const NewPassword password, choose_password(params, services.random));
  account::NewAccount fresh{address, params.text("name"), std::nullopt};
  if (params.has("quota")) {
    PABAL_CO_TRY(fresh.quota, parse_quota(params, "quota"));
  }
  PABAL_CO_TRY_VOID(co_await require_domain(services, address.domain()));
  if (password.text) PABAL_CO_TRY_VOID(account::check_password(password.text->reveal(), address));

  PABAL_CO_TRY(const account::Account added, co_await services.directory.add_account(std::move(fresh)));
  if (password.text) {
    auto set = co_await services.credentials.set_password(added.id, password.text->copy());
    if (!set) {
      // An account that was not asked for: one without a password. Its address is given free again.
      (void)co_await services.directory.remove_account(added.id);
      co_return failure_of(std::move(set), "the account was not added");
    }
  }
  Json result = to_json(added);
  password.show_generated(result);
  co_return result;
}

Task<Result<Json>> list_accounts(AdminServices& services, const Params& params, Reply& reply) {
  std::optional<account::DomainName> domain;
  if (params.has("domain")) {
    PABAL_CO_TRY(domain, params.domain("domain"));
  }
  constexpr std::size_t kPage = 500;
  std::size_t count = 0;
  account::AccountId after;
  for (;;) {
    PABAL_CO_TRY(const auto page, co_await services.directory.list_accounts(after, kPage));
    for (const account::Account& account : page) {
      if (domain && account.login().domain() != *domain) continue;
      ++count;
      PABAL_CO_TRY_VOID(co_await reply.item(to_json(account)));
    }
    if (page.size() < kPage) co_return Json::object({{"count", count}});
    after = page.back().id;
  }
}

Task<Result<Json>> show_account(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY(const bool has_password, co_await services.credentials.has_password(account.id));
  PABAL_CO_TRY(const auto app_passwords, co_await services.credentials.list_app_passwords(account.id));
  PABAL_CO_TRY(const auto limit, co_await services.directory.load_quota_limit(account.id));
  Json result = to_json(account);
  result.set("effective_quota", to_json(limit));
  result.set("has_password", has_password);
  result.set("app_passwords", app_passwords.size());
  co_return result;
}

Task<Result<Json>> set_password(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY(const NewPassword password, choose_password(params, services.random));
  if (password.text) {
    PABAL_CO_TRY_VOID(account::check_password(password.text->reveal(), account.login()));
    PABAL_CO_TRY_VOID(co_await services.credentials.set_password(account.id, password.text->copy()));
  } else {
    PABAL_CO_TRY_VOID(co_await services.credentials.remove_password(account.id));
  }
  Json result = Json::object({{"address", account.login().to_display()}});
  password.show_generated(result);
  co_return result;
}

Task<Result<Json>> disable_account(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(account::Account account, co_await load_account(services, params));
  const std::string reason = params.text("reason");
  PABAL_CO_TRY_VOID(co_await services.directory.disable_account(account.id, reason));
  account.enabled = false;
  account.disabled_reason = reason;
  co_return to_json(account);
}

Task<Result<Json>> enable_account(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY_VOID(co_await services.directory.enable_account(account.id));
  account.enabled = true;
  co_return to_json(account);
}

Task<Result<Json>> rename_account(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(account::Account account, co_await load_account(services, params));
  account.display_name = params.text("name");
  PABAL_CO_TRY_VOID(co_await services.directory.set_display_name(account.id, account.display_name));
  co_return to_json(account);
}

Task<Result<Json>> remove_account(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY_VOID(co_await services.directory.remove_account(account.id));
  co_return Json::object({{"id", account.id.value()}, {"address", account.login().to_display()}});
}

Task<Result<Json>> set_quota(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY(account.quota, parse_quota(params, "quota"));
  PABAL_CO_TRY_VOID(co_await services.directory.set_quota(account.id, account.quota));
  PABAL_CO_TRY(const auto limit, co_await services.directory.load_quota_limit(account.id));
  Json result = to_json(account);
  result.set("effective_quota", to_json(limit));
  co_return result;
}

Task<Result<Json>> add_address(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY(const account::Address added, params.address("new_address"));
  PABAL_CO_TRY_VOID(co_await require_domain(services, added.domain()));
  PABAL_CO_TRY_VOID(co_await services.directory.add_address(account.id, added));
  if (params.flag("login")) PABAL_CO_TRY_VOID(co_await services.directory.set_login(account.id, added));
  co_return Json::object({{"address", account.login().to_display()}, {"new_address", added.to_display()}});
}

Task<Result<Json>> set_login(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY(const account::Address login, params.address("login"));
  PABAL_CO_TRY_VOID(co_await services.directory.set_login(account.id, login));
  co_return Json::object({{"address", login.to_display()}});
}

Task<Result<Json>> remove_address(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY(const account::Address gone, params.address("old_address"));
  PABAL_CO_TRY_VOID(co_await services.directory.remove_address(account.id, gone));
  co_return Json::object({{"address", account.login().to_display()}, {"old_address", gone.to_display()}});
}

const Param kAddress = {"address", ParamType::kAddress, Need::kRequired, "the account's address"};

const std::vector<Column> kDetails = {
    {"address", "Login"},
    {"addresses", "Addresses"},
    {"name", "Name"},
    {"state", "State"},
    {"disabled_reason", "Reason"},
    {"quota", "Own quota", Column::As::kSize},
    {"effective_quota", "Quota in force", Column::As::kSize},
    {"has_password", "Has a password"},
    {"app_passwords", "App passwords"},
    {"created", "Created", Column::As::kTime},
    {"id", "Id"},
};

const Param kQuota = {"quota", ParamType::kSize, Need::kRequired,
                      "a size such as 2GiB, 'unlimited' or 'default'"};

}  // namespace

std::vector<Method> account_methods() {
  return {
      {.name = "account.add",
       .summary = "Add an account; asks for its password",
       .params = {{"address", ParamType::kAddress, Need::kRequired, "its address, in a domain that is ours"},
                  {"name", ParamType::kText, Need::kOptional, "the person's name"},
                  {"quota", ParamType::kSize, Need::kOptional, kQuota.doc},
                  kPasswordParam,
                  kGenerateParam,
                  kNoPasswordParam},
       .show = {.sentence = "The account {address} is added."},
       .handler = add_account,
       .example = "account add bob@example.org --name \"Bob Smith\" --generate"},
      {.name = "account.list",
       .summary = "List the accounts",
       .params = {{"domain", ParamType::kDomain, Need::kOptional, "those whose login is in this domain"}},
       .show = {.shape = Show::Shape::kTable,
                .sentence = "There are no accounts. Add one: pabal account add bob@example.org",
                .columns = {{"address", "ADDRESS"},
                            {"name", "NAME"},
                            {"state", "STATE"},
                            {"quota", "QUOTA", Column::As::kSize},
                            {"created", "CREATED", Column::As::kTime}}},
       .handler = list_accounts},
      {.name = "account.show",
       .summary = "Show one account",
       .params = {kAddress},
       .show = {.shape = Show::Shape::kDetails, .columns = kDetails},
       .handler = show_account},
      {.name = "account.passwd",
       .summary = "Set an account's password; asks for it",
       .params = {kAddress, kPasswordParam, kGenerateParam, kNoPasswordParam},
       .show = {.sentence = "The password of {address} is set."},
       .handler = set_password,
       .example = "account passwd bob@example.org"},
      {.name = "account.disable",
       .summary = "Let nobody log in to an account; its mail still arrives",
       .params = {kAddress,
                  {"reason", ParamType::kText, Need::kOptional, "told to the owner who tries to log in"}},
       .show = {.sentence = "The account {address} is disabled."},
       .handler = disable_account,
       .example = "account disable bob@example.org --reason \"Left the company\""},
      {.name = "account.enable",
       .summary = "Let the owner log in again",
       .params = {kAddress},
       .show = {.sentence = "The account {address} is enabled."},
       .handler = enable_account},
      {.name = "account.rename",
       .summary = "Change the name that stands beside the address",
       .params = {kAddress, {"name", ParamType::kText, Need::kRequired, "the person's name"}},
       .show = {.sentence = "The account {address} is now called {name}."},
       .handler = rename_account},
      {.name = "account.remove",
       .summary = "Remove an account, for good",
       .params = {kAddress},
       .show = {.sentence = "The account {address} is removed."},
       .handler = remove_account},
      {.name = "account.quota",
       .summary = "Limit how much an account may keep",
       .params = {kAddress, kQuota},
       .show = {.shape = Show::Shape::kDetails,
                .columns = {{"address", "Login"},
                            {"quota", "Own quota", Column::As::kSize},
                            {"effective_quota", "Quota in force", Column::As::kSize}}},
       .handler = set_quota,
       .example = "account quota bob@example.org 2GiB"},
      {.name = "account.login",
       .summary = "Make another of its addresses an account's login",
       .params = {kAddress,
                  {"login", ParamType::kAddress, Need::kRequired, "one of the account's addresses"}},
       .show = {.sentence = "The account logs in as {address} now."},
       .handler = set_login},
      {.name = "account.address.add",
       .summary = "Give an account one more address",
       .params = {kAddress,
                  {"new_address", ParamType::kAddress, Need::kRequired, "the further address"},
                  {"login", ParamType::kFlag, Need::kOptional, "make it the account's login"}},
       .show = {.sentence = "Mail to {new_address} goes to {address} now."},
       .handler = add_address,
       .example = "account address add bob@example.org robert@example.org"},
      {.name = "account.address.remove",
       .summary = "Take one of its addresses from an account",
       .params = {kAddress,
                  {"old_address", ParamType::kAddress, Need::kRequired, "the address; not the login"}},
       .show = {.sentence = "The address {old_address} is free again."},
       .handler = remove_address},
  };
}

}  // namespace pabal::app
