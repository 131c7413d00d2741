// pabal account app-password ...
#include "app/admin/tables.h"
#include "app/admin/views.h"

namespace pabal::app {
namespace {

using net::Task;

constexpr std::string_view kProtocols[] = {"submission", "imap", "pop3", "jmap", "web"};

// All of them, if none is named. The table has checked the names already.
account::ProtocolSet chosen_protocols(const Params& params) {
  const std::vector<std::string> names = params.texts("protocol");
  if (names.empty()) return account::ProtocolSet::all();
  account::ProtocolSet chosen;
  for (std::size_t i = 0; i < std::size(kProtocols); ++i) {
    if (std::ranges::find(names, kProtocols[i]) != names.end())
      chosen = chosen.with(static_cast<account::Protocol>(i));
  }
  return chosen;
}

Task<Result<Json>> add_app_password(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY(const Secret password, co_await services.credentials.add_app_password(
                                          account.id, params.text("name"), chosen_protocols(params)));
  co_return Json::object({{"address", account.login().to_display()},
                          {"name", params.text("name")},
                          {"password", password.reveal()}});
}

Task<Result<Json>> list_app_passwords(AdminServices& services, const Params& params, Reply& reply) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  PABAL_CO_TRY(const auto app_passwords, co_await services.credentials.list_app_passwords(account.id));
  for (const auto& each : app_passwords) PABAL_CO_TRY_VOID(co_await reply.item(to_json(each)));
  co_return Json::object({{"count", app_passwords.size()}});
}

Task<Result<Json>> revoke_app_password(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  const std::int64_t id = params.find_number("id").value_or(0);
  if (id <= 0) co_return fail(ErrorKind::kRefuse, "an app password's id is a number above zero");
  PABAL_CO_TRY_VOID(co_await services.credentials.revoke_app_password(
      account.id, account::AppPasswordId(static_cast<std::uint64_t>(id))));
  co_return Json::object({{"address", account.login().to_display()}, {"id", id}});
}

const Param kAddress = {"address", ParamType::kAddress, Need::kRequired, "the account's address"};

}  // namespace

std::vector<Method> app_password_methods() {
  return {
      {.name = "account.app_password.add",
       .summary = "Make an app password, and show it this once",
       .params = {kAddress,
                  {"name", ParamType::kText, Need::kRequired, "what it is for, such as \"Bob's phone\""},
                  {"protocol",
                   ParamType::kTexts,
                   Need::kOptional,
                   "only for these; all if none is given",
                   {std::begin(kProtocols), std::end(kProtocols)}}},
       .show = {.sentence = "The app password '{name}' of {address} is made."},
       .handler = add_app_password,
       .example = "account app-password add bob@example.org \"Bob's phone\" --protocol imap"},
      {.name = "account.app_password.list",
       .summary = "List an account's app passwords",
       .params = {kAddress},
       .show = {.shape = Show::Shape::kTable,
                .sentence = "The account has no app passwords.",
                .columns = {{"id", "ID"},
                            {"name", "NAME"},
                            {"protocols", "PROTOCOLS"},
                            {"created", "CREATED", Column::As::kTime},
                            {"last_used", "LAST USED", Column::As::kTime}}},
       .handler = list_app_passwords},
      {.name = "account.app_password.revoke",
       .summary = "Make an app password worthless",
       .params = {kAddress, {"id", ParamType::kNumber, Need::kRequired, "its number in the list"}},
       .show = {.sentence = "The app password {id} of {address} is revoked."},
       .handler = revoke_app_password},
  };
}

}  // namespace pabal::app
