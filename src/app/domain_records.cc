// pabal domain records
#include <cstdio>

#include "account/address.h"
#include "app/client_settings.h"
#include "app/commands.h"
#include "app/place.h"
#include "app/printing.h"

namespace pabal::app {

ExitCode run_domain_records(const Invocation& invocation, const Method&) {
  const auto place = find_place(ConfigSchema(protocols_served()), invocation.global);
  if (!place) return print_faults(place.error(), invocation.global.json);
  const auto domain = account::DomainName::parse(*invocation.params.find("domain")->as_text());
  if (!domain) return print_error(domain.error(), invocation.global.json);
  const Config& config = place->config.values;
  const ClientSettings settings(config, host_name(config));
  Json records = Json::array();
  for (const std::string& record : settings.dns_records(domain->ascii())) {
    if (!invocation.global.json) std::printf("%s\n", record.c_str());
    records.push(record);
  }
  if (invocation.global.json)
    std::printf(
        "%s\n",
        Json::object({{"domain", domain->unicode()}, {"records", std::move(records)}}).to_text().c_str());
  return ExitCode::kOk;
}

}  // namespace pabal::app
