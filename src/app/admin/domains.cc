// pabal domain ...
#include "app/admin/tables.h"
#include "app/admin/views.h"

namespace pabal::app {
namespace {

using net::Task;

// A separator is one sign that needs no quoting in a local part (RFC 5322 §3.2.3 atext).
Result<std::optional<char>> parse_separator(const std::string& text) {
  constexpr std::string_view kSigns = "+-_=.";
  if (text == "none") return std::optional<char>();
  if (text.size() == 1 && kSigns.find(text[0]) != std::string_view::npos) return text[0];
  return fail(ErrorKind::kRefuse, "a subaddress separator is one of {}, or 'none'", kSigns);
}

Result<void> apply_options(const Params& params, account::DomainOptions& options) {
  if (const auto separator = params.find_text("subaddress_separator")) {
    PABAL_TRY(options.subaddress_separator, parse_separator(*separator));
  }
  if (const auto catch_all = params.find_text("catch_all")) {
    PABAL_TRY(options.catch_all, parse_address_or_none(*catch_all));
  }
  if (const auto postmaster = params.find_text("postmaster")) {
    PABAL_TRY(options.postmaster, parse_address_or_none(*postmaster));
  }
  if (params.has("default_quota")) {
    PABAL_TRY(options.default_quota, parse_quota(params, "default_quota"));
  }
  if (params.has("enabled")) options.enabled = params.flag("enabled");
  return {};
}

Task<Result<account::Domain>> load_domain(AdminServices& services, account::DomainName name) {
  PABAL_CO_TRY(auto domain, co_await services.directory.find_domain(name));
  if (!domain)
    co_return fail(ErrorKind::kRefuse, "there is no domain {}; 'pabal domain list' shows all",
                   name.unicode());
  co_return *std::move(domain);
}

Task<Result<Json>> add_domain(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::DomainName name, params.domain("domain"));
  account::DomainOptions options;
  PABAL_CO_TRY_VOID(apply_options(params, options));
  PABAL_CO_TRY_VOID(co_await services.directory.add_domain(name, std::move(options)));
  PABAL_CO_TRY(const account::Domain added, co_await load_domain(services, name));
  co_return to_json(added);
}

Task<Result<Json>> list_domains(AdminServices& services, const Params&, Reply& reply) {
  PABAL_CO_TRY(const auto domains, co_await services.directory.list_domains());
  for (const account::Domain& domain : domains) PABAL_CO_TRY_VOID(co_await reply.item(to_json(domain)));
  co_return Json::object({{"count", domains.size()}});
}

Task<Result<Json>> show_domain(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::DomainName name, params.domain("domain"));
  PABAL_CO_TRY(const account::Domain domain, co_await load_domain(services, name));
  co_return to_json(domain);
}

Task<Result<Json>> set_domain(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::DomainName name, params.domain("domain"));
  PABAL_CO_TRY(account::Domain domain, co_await load_domain(services, name));
  PABAL_CO_TRY_VOID(apply_options(params, domain.options));
  PABAL_CO_TRY_VOID(co_await services.directory.set_domain_options(name, domain.options));
  co_return to_json(domain);
}

Task<Result<Json>> remove_domain(AdminServices& services, const Params& params, Reply&) {
  PABAL_CO_TRY(const account::DomainName name, params.domain("domain"));
  PABAL_CO_TRY_VOID(co_await services.directory.remove_domain(name));
  co_return Json::object({{"name", name.unicode()}});
}

const Param kDomain = {"domain", ParamType::kDomain, Need::kRequired,
                       "its name, such as example.org or 한국.kr"};

std::vector<Param> with_options(Param domain) {
  return {
      std::move(domain),
      {"catch_all", ParamType::kText, Need::kOptional,
       "who gets what nobody here is named for; 'none' for nobody"},
      {"postmaster", ParamType::kText, Need::kOptional, "who gets postmaster@ and abuse@; 'none' for nobody"},
      {"subaddress_separator", ParamType::kText, Need::kOptional,
       "the sign before the tag in bob+tag@: one of +-_=. or 'none'"},
      {"default_quota", ParamType::kSize, Need::kOptional,
       "how much an account may keep: a size, 'unlimited' or 'default'"},
      {"enabled", ParamType::kBool, Need::kOptional, "false puts its mail off and lets nobody log in"},
  };
}

const std::vector<Column> kDetails = {
    {"name", "Domain"},
    {"ascii_name", "In DNS"},
    {"enabled", "Enabled"},
    {"addresses", "Addresses in it"},
    {"catch_all", "Catch-all"},
    {"postmaster", "Postmaster"},
    {"subaddress_separator", "Subaddress separator"},
    {"default_quota", "Default quota", Column::As::kSize},
    {"created", "Created", Column::As::kTime},
};

}  // namespace

std::vector<Method> domain_methods() {
  return {
      {.name = "domain.add",
       .summary = "Add a domain whose mail is ours",
       .params = with_options(kDomain),
       .show = {.sentence = "The domain {name} is ours now."},
       .handler = add_domain,
       .example = "domain add example.org"},
      {.name = "domain.list",
       .summary = "List the domains",
       .params = {},
       .show = {.shape = Show::Shape::kTable,
                .sentence = "There are no domains yet. Add one: pabal domain add example.org",
                .columns = {{"name", "DOMAIN"},
                            {"enabled", "ENABLED"},
                            {"addresses", "ADDRESSES"},
                            {"catch_all", "CATCH-ALL"},
                            {"postmaster", "POSTMASTER"},
                            {"default_quota", "DEFAULT QUOTA", Column::As::kSize}}},
       .handler = list_domains},
      {.name = "domain.show",
       .summary = "Show one domain",
       .params = {kDomain},
       .show = {.shape = Show::Shape::kDetails, .columns = kDetails},
       .handler = show_domain},
      {.name = "domain.set",
       .summary = "Change a domain's options",
       .params = with_options(kDomain),
       .show = {.shape = Show::Shape::kDetails, .columns = kDetails},
       .handler = set_domain,
       .example = "domain set example.org --catch-all bob@example.org --default-quota 2GiB"},
      {.name = "domain.remove",
       .summary = "Remove a domain that nobody has an address in",
       .params = {kDomain},
       .show = {.sentence = "The domain {name} is no longer ours."},
       .handler = remove_domain},
  };
}

}  // namespace pabal::app
